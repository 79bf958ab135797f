//! Charges for what was not reserved before.

use async_trait::async_trait;
use telephony::domain::ids::EntryId;
use telephony::domain::money::Micros;
use telephony::domain::timestamp::Timestamp;
use telephony::domain::usage::Usage;
use telephony::domain::wallet::EntryKind;
use telephony::ports::{Charges, StoreError, Total};

use super::Store;
use super::money::{self, Taking};
use super::requests::Transacted;
use super::tries::Tries;
use super::usage;
use super::write::Write;
use crate::item::{Fields, Item, corrupt, json, keyed, millis, number};
use crate::keys;

/// What was set last.
struct Before {
    version: Option<i64>,
    usage: Usage,
}

impl Before {
    fn read(item: Option<&Item>) -> Result<Self, StoreError> {
        let Some(item) = item else { return Ok(Self { version: None, usage: Usage::default() }) };
        let fields = Fields(item);
        Ok(Self { version: Some(fields.number("v")?), usage: fields.json("doc")? })
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
            let set = Write::put(item.clone());
            let mut writes = vec![match before.version {
                None => set.if_absent(),
                Some(known) => set.when("#v = :known").with("known", number(known)),
            }];
            let added = total.usage.since(&before.usage);
            if added.charge != Micros::ZERO {
                let subject = total.subject.to_string();
                let first = before.usage.charge == Micros::ZERO;
                let taking = Taking {
                    tenant,
                    kind: if first { EntryKind::Usage } else { EntryKind::Correction },
                    id: EntryId::derived(&["usage", tenant.as_str(), &subject, &version.to_string()]),
                    resource: subject,
                    amount: added.charge,
                    at: now,
                };
                writes.extend(money::take(&taking, self.read_wallet(tenant).await?)?);
            }
            writes.extend(usage::write(&total.line, &added));
            match self.transact(writes).await? {
                Transacted::Done => return Ok(true),
                // The wallet moved, or another total was faster.
                Transacted::Refused(_) | Transacted::Conflict => tries.again().await?,
            }
        }
    }
}
