//! Accounts as items. The settings are an [`Envelope`]; everything else is plain, and none of it is a
//! secret.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use telephony::domain::account::{AccountRecord, AccountState, DEFAULT_PRIORITY, NextKeyUse, Owner};
use telephony::domain::ids::{AccountId, TenantId};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::StoreError;
use telephony::provider::ProviderId;
use telephony::provider::account::AccountConfig;

use crate::envelope::Envelope;
use crate::item::{Fields, Item, bytes, corrupt};
use crate::keys::SK;

pub(crate) const ENTITY: &str = "acc";

/// What is stored of an account. Over an account of the deployment, everything may be missing.
#[derive(Clone, Debug)]
pub(crate) struct StoredAccount {
    pub(crate) id: AccountId,
    provider: Option<ProviderId>,
    item: Item,
    /// Its settings, where it has any of its own.
    pub(crate) envelope: Option<Envelope>,
}

fn blob(item: &Item, name: &str) -> Option<Vec<u8>> {
    item.get(name)?.as_b().ok().map(|blob| blob.as_ref().to_vec())
}

pub(crate) fn set_of(names: &BTreeSet<String>) -> Option<AttributeValue> {
    (!names.is_empty()).then(|| AttributeValue::Ss(names.iter().cloned().collect()))
}

pub(crate) fn sealed(envelope: &Envelope) -> [(&'static str, AttributeValue); 2] {
    [("ek", bytes(envelope.wrapped.clone())), ("cfg", bytes(envelope.sealed.clone()))]
}

impl StoredAccount {
    pub(crate) fn read(item: Item) -> Result<Self, StoreError> {
        let fields = Fields(&item);
        let envelope = match (blob(&item, "ek"), blob(&item, "cfg")) {
            (Some(wrapped), Some(sealed)) => Some(Envelope { wrapped, sealed }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(corrupt("cfg")),
        };
        Ok(Self { id: fields.parsed(SK)?, provider: fields.maybe_parsed("prov")?, envelope, item })
    }

    /// What is stored.
    pub(crate) fn item(&self) -> &Item {
        &self.item
    }

    /// The record without its settings. `deployed`: what the deployment says of this account, if it
    /// names it. `None`: only a note about an account that the deployment does not name any more.
    pub(crate) fn record(
        &self,
        owner: &Owner,
        deployed: Option<&(ProviderId, Owner, AccountConfig)>,
    ) -> Result<Option<AccountRecord>, StoreError> {
        let fields = Fields(&self.item);
        let (provider, owner) = match (deployed, self.provider) {
            (Some((provider, owner, _)), _) => (*provider, owner),
            // What was laid over a tenant's account of the deployment must not become the platform's.
            (None, Some(provider)) if fields.maybe_text("ten").is_none() => (provider, owner),
            (None, Some(_) | None) => return Ok(None),
        };
        let mut record = AccountRecord::new(self.id.clone(), provider, owner.clone());
        record.deployed = deployed.map(|(_, _, config)| config.clone());
        record.display_name = fields.owned("name");
        record.priority = match fields.maybe_number("prio") {
            Some(priority) => u16::try_from(priority).map_err(|_| corrupt("prio"))?,
            None => DEFAULT_PRIORITY,
        };
        record.active = !fields.flag("off");
        record.parent = fields.maybe_parsed("par")?;
        record.state = fields.maybe_word::<AccountState>("st")?.unwrap_or_default();
        if let Some(names) = self.item.get("nms").and_then(|names| names.as_ss().ok()) {
            record.indexed = names.iter().cloned().collect();
        }
        record.proven_at = fields.maybe_time("pa");
        record.last_test = fields.maybe_json("lt")?;
        record.next_key_used = match (fields.maybe_time("nk"), fields.owned("nkf")) {
            (Some(at), Some(key)) => Some(NextKeyUse { at, key }),
            (None, _) | (_, None) => None,
        };
        record.created_at = fields.maybe_time("ca");
        record.updated_at = fields.maybe_time("ua");
        record.version = match fields.maybe_number("v") {
            Some(version) => u64::try_from(version).map_err(|_| corrupt("v"))?,
            None => 0,
        };
        Ok(Some(record))
    }
}

/// Who claims a name, as far as their order needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) tenant: TenantId,
    pub(crate) account: AccountId,
    pub(crate) proven: Option<Timestamp>,
    pub(crate) created: Timestamp,
}

impl Holder {
    pub(crate) fn read(item: &Item) -> Result<Self, StoreError> {
        let fields = Fields(item);
        Ok(Self {
            tenant: fields.parsed("tenant")?,
            account: fields.parsed("acct")?,
            proven: fields.maybe_time("pa"),
            created: fields.time("ca")?,
        })
    }

    /// Proven ones first, then by age: who merely says that an account is theirs stands behind whoever
    /// could use it.
    pub(crate) fn rank(&self) -> (bool, Timestamp, &AccountId) {
        (self.proven.is_none(), self.created, &self.account)
    }
}
