//! The writes that move money. Each moves the wallet and explains it in the ledger, in one transaction
//! with what it is paid for: there is no other way to change a wallet.

use telephony::domain::ids::{EntryId, TenantId};
use telephony::domain::money::Micros;
use telephony::domain::spending::{Day, SpendCap};
use telephony::domain::timestamp::Timestamp;
use telephony::domain::wallet::{
    Amounts, EntryKind, HoldState, LedgerEntry, Posting, Subject, Wallet, posting, posting_of,
};
use telephony::ports::StoreError;

use super::Store;
use super::spending;
use super::write::Write;
use crate::item::{Fields, Item, corrupt, json, keyed, number, text, word};
use crate::keys::{self, Key};

/// The value of `ent` on a hold.
pub(super) const HOLD: &str = "hold";
const LEDGER: &str = "led";
const WALLET: &str = "wal";

/// The money of one message or purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hold {
    /// How much.
    pub(super) amount: Micros,
    /// What became of it.
    pub(super) state: HoldState,
    /// The day on which it counts.
    pub(super) day: Option<Day>,
}

impl Hold {
    pub(super) fn read(item: &Item) -> Result<Self, StoreError> {
        let fields = Fields(item);
        let state = fields.maybe_word("state")?.ok_or_else(|| corrupt("state"))?;
        let day = spending::read_day(item);
        Ok(Self { amount: Micros::new(fields.number("amount")?), state, day })
    }

    /// What a new state moves.
    pub(super) fn moves(self, to: HoldState) -> Option<(HoldState, Posting)> {
        posting(Some(self.state), to, self.amount).map(|posting| (to, posting))
    }

    /// The same, where so much is `taken` by now and so much is `due`.
    pub(super) fn moves_of(self, to: HoldState, taken: Micros, due: Micros) -> Option<(HoldState, Posting)> {
        let amounts = Amounts { held: self.amount, taken, due };
        posting_of(Some(self.state), to, amounts).map(|posting| (to, posting))
    }
}

/// The wallet of an item.
pub(super) fn read_wallet(item: &Item) -> Result<Wallet, StoreError> {
    let fields = Fields(item);
    let amount = |name: &str| fields.number(name).map(Micros::new);
    Ok(Wallet {
        balance: amount("balance")?,
        held: amount("held")?,
        available: amount("available")?,
        spending: spending::read(item),
    })
}

/// Adds a posting to the wallet as it was read, and counts it on this day, if on any. The ledger tells the
/// balance after each entry exactly, so the balance must still be what was read.
fn wallet_write(
    tenant: &TenantId,
    before: Option<Wallet>,
    moved: Posting,
    counts: Option<Day>,
) -> Result<Write, StoreError> {
    let too_large = || corrupt("balance");
    let Wallet { balance, spending, .. } = before.unwrap_or_default();
    balance.checked_add(moved.balance).ok_or_else(too_large)?;
    let spent = moved.spent().ok_or_else(too_large)?;
    let available = spent.negated();
    let write = Write::update(keys::wallet(tenant))
        .set(crate::item::ENTITY, text(WALLET))
        .add("balance", number(moved.balance.get()))
        .add("held", number(moved.held.get()))
        .add("available", number(available.get()));
    let write = match counts {
        Some(day) => spending::count(write, &spending, spent, day)?,
        None => write,
    };
    Ok(match before {
        Some(_) => write.when("#balance = :read").with("read", number(balance.get())),
        None => write.if_absent(),
    })
}

fn ledger_write(tenant: &TenantId, entry: &LedgerEntry) -> Result<Write, StoreError> {
    let mut item = keyed(&keys::ledger_entry(tenant, entry.created_at, entry.id), LEDGER);
    item.insert("doc".into(), json(entry)?);
    // For sums over the ledger, which must not depend on reading every document.
    item.insert("amount".into(), number(entry.amount.get()));
    item.insert("held".into(), number(entry.held.get()));
    Ok(Write::put(item).if_absent())
}

/// The id of an entry follows from what it is about: a status only rises, so that a message has at most
/// one hold, one capture and one release of what was held, one refund, and one capture after either.
/// Corrections, of which there may be more, are named by [`Taking`].
fn entry_id(kind: EntryKind, of_held: bool, tenant: &TenantId, subject: &str) -> EntryId {
    let word = match (kind, of_held) {
        (EntryKind::Deposit, _) => "deposit",
        (EntryKind::Hold, _) => "hold",
        (EntryKind::Capture, true) => "capture",
        (EntryKind::Capture, false) => "capture-again",
        (EntryKind::Release, true) => "release",
        (EntryKind::Release, false) => "refund",
        (EntryKind::Rental | EntryKind::Usage | EntryKind::Correction, _) => kind.as_str(),
    };
    EntryId::derived(&[word, tenant.as_str(), subject])
}

fn subject_entry(
    tenant: &TenantId,
    subject: Subject,
    before: Wallet,
    moved: Posting,
    at: Timestamp,
) -> Result<LedgerEntry, StoreError> {
    let subject = subject.to_string();
    Ok(LedgerEntry {
        id: entry_id(moved.kind, moved.held != Micros::ZERO, tenant, &subject),
        kind: moved.kind,
        amount: moved.balance,
        held: moved.held,
        balance_after: before.balance.checked_add(moved.balance).ok_or_else(|| corrupt("balance"))?,
        resource: Some(subject),
        reference: None,
        created_at: at,
    })
}

/// A write of the wallet, only while so much may be spent.
pub(super) fn if_available(write: Write, price: Micros) -> Write {
    write.when("#available >= :price").with("price", number(price.get()))
}

/// The three writes that reserve money: wallet, hold, ledger, in this order. Refused when
/// the wallet cannot pay, or a cap is in the way. A wallet that is not there is one with nothing in it.
pub(super) fn reserve(
    tenant: &TenantId,
    subject: Subject,
    price: Micros,
    wallet: Wallet,
    at: Timestamp,
) -> Result<[Write; 3], StoreError> {
    let moved = posting(None, HoldState::Held, price).ok_or_else(|| corrupt("posting"))?;
    let entry = subject_entry(tenant, subject, wallet, moved, at)?;
    let (spent, day) = (wallet.spending, wallet.spending.day_at(at));
    let wallet = if_available(wallet_write(tenant, Some(wallet), moved, Some(day))?, price);
    let wallet = spending::if_within(wallet, &spent, price, day);
    let mut hold = keyed(&keys::hold(tenant, subject), HOLD);
    hold.insert("amount".into(), number(price.get()));
    hold.insert("state".into(), word(&HoldState::Held)?);
    spending::note_day(&mut hold, day);
    Ok([wallet, Write::put(hold).if_absent(), ledger_write(tenant, &entry)?])
}

/// The three writes that take or give back what was reserved.
pub(super) fn settle(
    tenant: &TenantId,
    subject: Subject,
    hold: Hold,
    (to, moved): (HoldState, Posting),
    wallet: Wallet,
    at: Timestamp,
) -> Result<[Write; 3], StoreError> {
    let entry = subject_entry(tenant, subject, wallet, moved, at)?;
    let held = Write::update(keys::hold(tenant, subject))
        .set("state", word(&to)?)
        .when("#state = :before")
        .with("before", word(&hold.state)?);
    Ok([wallet_write(tenant, Some(wallet), moved, hold.day)?, held, ledger_write(tenant, &entry)?])
}

/// Money that is taken without having been held.
pub(super) struct Taking<'t> {
    /// Whose.
    pub(super) tenant: &'t TenantId,
    /// What it is.
    pub(super) kind: EntryKind,
    /// The entry's id: it follows from what is paid for.
    pub(super) id: EntryId,
    /// What is paid for, as the ledger names it.
    pub(super) resource: String,
    /// How much; given back when negative.
    pub(super) amount: Micros,
    /// The day on which it counts.
    pub(super) day: Option<Day>,
    /// When.
    pub(super) at: Timestamp,
}

/// The two writes that take it: wallet, ledger. The balance may end below zero.
pub(super) fn take(taking: &Taking<'_>, wallet: Option<Wallet>) -> Result<[Write; 2], StoreError> {
    let moved = Posting { kind: taking.kind, balance: taking.amount.negated(), held: Micros::ZERO };
    let balance = wallet.unwrap_or_default().balance;
    let entry = LedgerEntry {
        id: taking.id,
        kind: taking.kind,
        amount: moved.balance,
        held: moved.held,
        balance_after: balance.checked_add(moved.balance).ok_or_else(|| corrupt("balance"))?,
        resource: Some(taking.resource.clone()),
        reference: None,
        created_at: taking.at,
    };
    Ok([wallet_write(taking.tenant, wallet, moved, taking.day)?, ledger_write(taking.tenant, &entry)?])
}

/// A deposit: its entry, and the three writes of wallet, reference and ledger.
pub(super) fn deposit(
    tenant: &TenantId,
    amount: Micros,
    reference: &str,
    wallet: Option<Wallet>,
    at: Timestamp,
) -> Result<(LedgerEntry, [Write; 3]), StoreError> {
    let before = wallet.unwrap_or_default();
    let moved = Posting { kind: EntryKind::Deposit, balance: amount, held: Micros::ZERO };
    let entry = LedgerEntry {
        id: entry_id(EntryKind::Deposit, false, tenant, reference),
        kind: EntryKind::Deposit,
        amount,
        held: Micros::ZERO,
        balance_after: before.balance.checked_add(amount).ok_or_else(|| corrupt("balance"))?,
        resource: None,
        reference: Some(reference.to_owned()),
        created_at: at,
    };
    let mut noted = keyed(&keys::deposit(tenant, reference), "dep");
    noted.insert("doc".into(), json(&entry)?);
    let wallet = wallet_write(tenant, wallet, moved, None)?;
    let writes = [Write::put(noted).if_absent(), wallet, ledger_write(tenant, &entry)?];
    Ok((entry, writes))
}

/// The write that sets a tenant's caps. It moves no money.
pub(super) fn cap_write(tenant: &TenantId, cap: &SpendCap) -> Write {
    spending::set_cap(Write::update(keys::wallet(tenant)).set(crate::item::ENTITY, text(WALLET)), cap)
}

/// The key of the entry by which what was held for something was taken at a moment.
pub(super) fn capture_key(tenant: &TenantId, subject: Subject, at: Timestamp) -> Key {
    let id = entry_id(EntryKind::Capture, true, tenant, &subject.to_string());
    keys::ledger_entry(tenant, at, id)
}

impl Store {
    /// The wallet as it is; `None` when nothing was ever paid in.
    pub(super) async fn read_wallet(&self, tenant: &TenantId) -> Result<Option<Wallet>, StoreError> {
        self.read(&keys::wallet(tenant), true).await?.as_ref().map(read_wallet).transpose()
    }
}
