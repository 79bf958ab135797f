//! Charges for what was not reserved before.

use async_trait::async_trait;
use telephony::domain::ids::EntryId;
use telephony::domain::money::Micros;
use telephony::domain::spending::Day;
use telephony::domain::timestamp::Timestamp;
use telephony::domain::usage::Usage;
use telephony::domain::wallet::EntryKind;
use telephony::ports::{Charges, StoreError, Total};

use super::Store;
use super::money::{self, Taking};
use super::requests::Transacted;
use super::spending;
use super::tries::Tries;
use super::usage;
use super::write::Write;
use crate::item::{Fields, Item, corrupt, json, keyed, millis, number};
use crate::keys;

/// What was set last.
struct Before {
    version: Option<i64>,
    usage: Usage,
    /// The day on which what it came to counts.
    day: Option<Day>,
}

impl Before {
    fn read(item: Option<&Item>) -> Result<Self, StoreError> {
        let Some(item) = item else { return Ok(Self { version: None, usage: Usage::default(), day: None }) };
        let (fields, day) = (Fields(item), spending::read_day(item));
        Ok(Self { version: Some(fields.number("v")?), usage: fields.json("doc")?, day })
    }
}

#[async_trait]
impl Charges for Store {
    async fn set_total(&self, total: &Total, now: Timestamp) -> Result<bool, StoreError> {
        let tenant = &total.line.tenant;
        let key = keys::charged(tenant, total.subject);
        let version = i64::try_from(total.version).map_err(|_| corrupt("version"))?;
        let mut item = keyed(&key, "chg");
        item.insert("v".into(), number(version));
        item.insert("doc".into(), json(&total.usage)?);
        item.insert("ua".into(), millis(now));
        let mut tries = Tries::default();
        loop {
            let before = Before::read(self.read(&key, true).await?.as_ref())?;
            if before.version.is_some_and(|known| known >= version) {
                return Ok(false);
            }
            let added = total.usage.since(&before.usage);
            let (mut day, mut money) = (before.day, Vec::new());
            if added.charge != Micros::ZERO {
                let wallet = self.read_wallet(tenant).await?;
                let subject = total.subject.to_string();
                let first = before.usage.charge == Micros::ZERO;
                if first {
                    day = Some(wallet.unwrap_or_default().spending.day_at(now));
                }
                let taking = Taking {
                    tenant,
                    kind: if first { EntryKind::Usage } else { EntryKind::Correction },
                    id: EntryId::derived(&["usage", tenant.as_str(), &subject, &version.to_string()]),
                    resource: subject,
                    amount: added.charge,
                    day,
                    at: now,
                };
                money.extend(money::take(&taking, wallet)?);
            }
            let mut item = item.clone();
            if let Some(day) = day {
                spending::note_day(&mut item, day);
            }
            let set = Write::put(item);
            let mut writes = vec![match before.version {
                None => set.if_absent(),
                Some(known) => set.when("#v = :known").with("known", number(known)),
            }];
            writes.extend(money);
            writes.extend(usage::write(&total.line, &added));
            match self.transact(writes).await? {
                Transacted::Done => return Ok(true),
                // The wallet moved, or another total was faster.
                Transacted::Refused(_) | Transacted::Conflict => tries.again().await?,
            }
        }
    }
}
