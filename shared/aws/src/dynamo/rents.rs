//! Rent that is charged.

use async_trait::async_trait;
use telephony::domain::ids::EntryId;
use telephony::domain::money::Micros;
use telephony::domain::number::PhoneNumber;
use telephony::domain::timestamp::Timestamp;
use telephony::domain::usage::{Usage, UsageLine};
use telephony::domain::wallet::EntryKind;
use telephony::ports::{MonthCharged, NumberChange, RentBook, StoreError};

use super::Store;
use super::inventory;
use super::money::{self, Taking};
use super::requests::Transacted;
use super::tries::Tries;
use super::usage;
use super::write::Write;
use crate::item::{corrupt, keyed, millis, number as integer};
use crate::keys;

#[async_trait]
impl RentBook for Store {
    async fn charge_month(
        &self,
        before: &PhoneNumber,
        after: &PhoneNumber,
        amount: Micros,
        now: Timestamp,
    ) -> Result<MonthCharged, StoreError> {
        let (tenant, id) = (&before.tenant, before.id);
        let rent = before.holding.rent.as_ref().ok_or_else(|| corrupt("rent"))?;
        let month = rent.paid_until().month();
        let receipt = keys::rent(tenant, id, &month);
        let number = inventory::writes(&NumberChange { before: before.clone(), after: after.clone() })?;
        let mut paid = keyed(&receipt, "rent");
        paid.insert("amount".into(), integer(amount.get()));
        paid.insert("ua".into(), millis(now));
        let mut taking = Taking {
            tenant,
            kind: EntryKind::Rental,
            id: EntryId::derived(&["rental", tenant.as_str(), &id.to_string(), &month]),
            resource: format!("number/{id}/{month}"),
            amount,
            day: None,
            at: now,
        };
        let line = UsageLine {
            tenant: tenant.clone(),
            day: rent.paid_until().day(),
            provider: before.provider,
            number: before.phone.expose().to_owned(),
            user: before.user.clone(),
        };
        let used = Usage { months: 1, charge: amount, ..Usage::default() };
        let mut tries = Tries::default();
        loop {
            let mut writes = number.clone();
            if self.read(&receipt, true).await?.is_some() {
                writes.push(Write::check(receipt.clone()).if_present());
            } else {
                writes.push(Write::put(paid.clone()).if_absent());
                writes.extend(usage::write(&line, &used));
                if amount > Micros::ZERO {
                    let wallet = self.read_wallet(tenant).await?;
                    let Some(wallet) = wallet.filter(|wallet| wallet.available >= amount) else {
                        return Ok(MonthCharged::Insufficient);
                    };
                    taking.day = Some(wallet.spending.day_at(now));
                    let [wallet, ledger] = money::take(&taking, Some(wallet))?;
                    writes.extend([money::if_available(wallet, amount), ledger]);
                }
            }
            match self.transact(writes).await? {
                Transacted::Done => return Ok(MonthCharged::Paid),
                Transacted::Refused(refusals) if (0..number.len()).any(|at| refusals.at(at).is_some()) => {
                    return Ok(MonthCharged::Changed);
                }
                // The wallet moved, or somebody was faster with the receipt.
                Transacted::Refused(_) | Transacted::Conflict => tries.again().await?,
            }
        }
    }
}
