//! Receiving.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use telephony::domain::consent::ConsentChange;
use telephony::domain::message::Message;
use telephony::domain::status::MessageStatus;
use telephony::ports::{Inbox, ParkedText, Recorded, StoreError, Unrouted};
use telephony::provider::webhooks::WebhookKind;

use super::Store;
use super::contact;
use super::message_item::{self, fingerprint};
use super::moves;
use super::requests::{Transacted, Written};
use super::tries::Tries;
use super::write::Write;
use crate::item::{Item, json, keyed, millis, number, text};
use crate::keys::{self, TTL};

/// How long after its arrival a message's media may be missing before the sweeper looks. The stream
/// starts the copies within a second.
const MEDIA_GRACE: Duration = Duration::from_secs(120);
const UNROUTED_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// What a refused write means: the same message again, or another one under its id.
fn repeated(stored: &Item, message: &Message) -> Recorded {
    let same = stored.get("fp").and_then(|value| value.as_b().ok());
    if same.is_some_and(|stored| stored.as_ref() == fingerprint(message)) {
        Recorded::Replay
    } else {
        Recorded::Mismatch
    }
}

impl Store {
    /// Puts what comes of a message, if it is not there, with what it changes.
    async fn once(
        &self,
        item: Item,
        message: &Message,
        consent: Option<&ConsentChange>,
    ) -> Result<Recorded, StoreError> {
        let Some(change) = consent else {
            return match self.write(Write::put(item).if_absent(), false).await? {
                Written::Done(_) => Ok(Recorded::New),
                Written::Refused(stored) => Ok(repeated(&stored, message)),
            };
        };
        let mut tries = Tries::default();
        loop {
            let stored = self.read(&keys::consent(&change.tenant, &change.contact), true).await?;
            let mut writes = vec![Write::put(item.clone()).if_absent()];
            writes.extend(contact::writes(change, stored.as_ref())?);
            match self.transact(writes).await? {
                Transacted::Done => return Ok(Recorded::New),
                Transacted::Refused(refusals) => match refusals.at(0) {
                    Some(stored) => return Ok(repeated(stored, message)),
                    None => tries.again().await?,
                },
                Transacted::Conflict => tries.again().await?,
            }
        }
    }
}

#[async_trait]
impl Inbox for Store {
    async fn record(
        &self,
        message: &Message,
        consent: Option<&ConsentChange>,
    ) -> Result<Recorded, StoreError> {
        let due = (!message.media.is_empty()).then(|| message.created_at.plus(MEDIA_GRACE));
        let item = message_item::item(message, MessageStatus::Received, due)?;
        self.once(item, message, consent).await
    }

    async fn park(
        &self,
        parked: &ParkedText,
        message: &Message,
        consent: Option<&ConsentChange>,
    ) -> Result<Recorded, StoreError> {
        let mut item = keyed(&keys::parked(&parked.tenant, parked.number, parked.message), moves::PARKED);
        item.insert("doc".into(), json(parked)?);
        item.insert("fp".into(), AttributeValue::B(Blob::new(fingerprint(message))));
        self.once(item, message, consent).await
    }

    async fn record_unrouted(&self, unrouted: &Unrouted) -> Result<(), StoreError> {
        let kind = match unrouted.kind {
            WebhookKind::StatusCallback => "status",
            WebhookKind::Events => "event",
            other => other.path(),
        };
        let mut item = keyed(&keys::unrouted(&unrouted.account, unrouted.at, kind, &unrouted.sid), "unr");
        item.insert("sid".into(), text(unrouted.sid.clone()));
        item.insert("reason".into(), text(unrouted.reason));
        item.insert("ua".into(), millis(unrouted.at));
        item.insert(TTL.into(), number(unrouted.at.plus(UNROUTED_FOR).seconds()));
        if let Some(own) = &unrouted.own {
            item.insert("own".into(), text(own.clone()));
        }
        self.wrote(Write::put(item)).await.map(|_| ())
    }

    async fn record_consent(&self, change: &ConsentChange) -> Result<(), StoreError> {
        self.change_consent(change).await
    }
}
