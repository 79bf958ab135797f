//! What is spent in a day and in a month, and the caps: attributes of the wallet's own item, so that they
//! move and are looked at in the write that moves the wallet.

use telephony::domain::ids::TenantId;
use telephony::domain::money::Micros;
use telephony::domain::spending::{CapReached, Day, SpendCap, Spending};
use telephony::domain::timestamp::Timestamp;
use telephony::domain::wallet::Wallet;
use telephony::ports::StoreError;

use super::Store;
use super::money::read_wallet;
use super::write::Write;
use crate::item::{Fields, Item, corrupt, number};

const DAY: &str = "day";
const OF_DAY: &str = "spd";
const OF_MONTH: &str = "spm";
const DAILY: &str = "cpd";
const MONTHLY: &str = "cpm";

/// What a wallet's item says.
pub(super) fn read(item: &Item) -> Spending {
    let amount = |name: &str| Fields(item).maybe_number(name).map(Micros::new);
    Spending {
        cap: SpendCap { daily: amount(DAILY), monthly: amount(MONTHLY) },
        day: read_day(item),
        of_day: amount(OF_DAY).unwrap_or_default(),
        of_month: amount(OF_MONTH).unwrap_or_default(),
    }
}

/// The day on which a hold or a charge counts. `None`: it is older than the sums, and counts on none.
pub(super) fn read_day(item: &Item) -> Option<Day> {
    Fields(item).maybe_number(DAY).map(Day::from_number)
}

/// The same, to be written.
pub(super) fn note_day(item: &mut Item, day: Day) {
    item.insert(DAY.into(), number(day.number()));
}

/// Counts an amount on a day. The sums are added to while their day stays what was read, so that writers
/// at once do not disturb each other.
pub(super) fn count(write: Write, before: &Spending, amount: Micros, day: Day) -> Result<Write, StoreError> {
    let after = before.with(amount, day).ok_or_else(|| corrupt("spent"))?;
    if after == *before {
        return Ok(write);
    }
    let write = match before.day {
        Some(last) => write.when("#day = :counted").with("counted", number(last.number())),
        None => write.when("attribute_not_exists(#day)"),
    };
    let is_of_month = before.day.is_some_and(|last| day.is_in_month_of(last));
    let write = if is_of_month {
        write.add(OF_MONTH, number(amount.get()))
    } else {
        write.set(OF_MONTH, number(amount.get()))
    };
    Ok(match before.day {
        Some(last) if day < last => write,
        Some(last) if day == last => write.add(OF_DAY, number(amount.get())),
        _ => write.set(DAY, number(day.number())).set(OF_DAY, number(amount.get())),
    })
}

/// Only while a price passes no cap. The write counts it as well, by [`count`], so that the day is still
/// the one that was read.
pub(super) fn if_within(write: Write, before: &Spending, price: Micros, day: Day) -> Write {
    let is_of_month = before.day.is_some_and(|last| day.is_in_month_of(last));
    let write = capped(write, (DAILY, before.cap.daily), (OF_DAY, before.day == Some(day)), price);
    capped(write, (MONTHLY, before.cap.monthly), (OF_MONTH, is_of_month), price)
}

/// Only while this cap is what was read, and a price does not take this sum beyond it. A sum that is not of
/// the day or month counts as nothing.
fn capped(
    write: Write,
    (cap_name, cap): (&str, Option<Micros>),
    (sum_name, is_of_day): (&str, bool),
    price: Micros,
) -> Write {
    let Some(cap) = cap else { return write.when(&format!("attribute_not_exists(#{cap_name})")) };
    let room = cap.get().saturating_sub(price.get());
    let write = write.when(&format!("#{cap_name} = :{cap_name}")).with(cap_name, number(cap.get()));
    if room < 0 {
        // The price is more than the whole cap: a wallet that is there never pays it.
        return write.when("attribute_not_exists(#PK)");
    }
    if !is_of_day {
        return write;
    }
    let limit = format!("max_{sum_name}");
    write.when(&format!("#{sum_name} <= :{limit}")).with(&limit, number(room))
}

/// Why a wallet does not pay for an outbound act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unpaid {
    /// There is too little in it.
    InsufficientBalance,
    /// A cap is in the way.
    SpendCapReached(CapReached),
}

/// Why a wallet does not pay this price now. `None`: it does.
fn unpaid(wallet: &Wallet, price: Micros, now: Timestamp) -> Option<Unpaid> {
    if wallet.available < price {
        return Some(Unpaid::InsufficientBalance);
    }
    wallet.spending.refusal(price, now).map(Unpaid::SpendCapReached)
}

impl Store {
    /// Why the wallet that refused a write does not pay. `None`: it moved in between, and the write may be
    /// tried again.
    pub(super) async fn unpaid(
        &self,
        tenant: &TenantId,
        refused: &Item,
        price: Micros,
        now: Timestamp,
    ) -> Result<Option<Unpaid>, StoreError> {
        let wallet = match refused.is_empty() {
            true => self.read_wallet(tenant).await?.unwrap_or_default(),
            false => read_wallet(refused)?,
        };
        Ok(unpaid(&wallet, price, now))
    }
}

/// Sets the caps of a wallet, which is there afterwards.
pub(super) fn set_cap(write: Write, cap: &SpendCap) -> Write {
    let amount = |cap: Option<Micros>| cap.map(|cap| number(cap.get()));
    let write = write.assign(DAILY, amount(cap.daily)).assign(MONTHLY, amount(cap.monthly));
    ["balance", "held", "available"].into_iter().fold(write, |write, name| write.add(name, number(0)))
}
