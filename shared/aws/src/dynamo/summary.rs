//! Adding a message to its conversation's summary and to the tenant's log, exactly once.

use aws_sdk_dynamodb::types::AttributeValue;
use telephony::domain::conversation::PREVIEW_CHARS;
use telephony::domain::message::{Direction, Message};
use telephony::ports::StoreError;

use super::Store;
use super::requests::Transacted;
use super::tries::Tries;
use super::write::Write;
use crate::item::{ENTITY, Item, json, keyed, millis, number, text};
use crate::keys::{self, GSI1PK, GSI1SK};

/// The value of `ent` of a summary.
const SUMMARY: &str = "cnv";

/// This many noted months are remembered; then they are forgotten, which costs a write each.
const NOTED: usize = 4096;

/// Counters and our number: what every message adds, however late it is.
fn counted(message: &Message) -> Write {
    let unread = i64::from(message.direction == Direction::Inbound);
    Write::update(keys::conversation(&message.tenant, message.conversation))
        .add("cnt", number(1))
        .add("unread", number(unread))
        .add("own", AttributeValue::Ss(vec![message.own().as_str().to_owned()]))
}

/// What a message that is the newest says about its conversation.
fn newest(message: &Message) -> Result<Write, StoreError> {
    let preview: String = message.body.chars().take(PREVIEW_CHARS).collect();
    Ok(counted(message)
        .set(ENTITY, text(SUMMARY))
        .set("contact", json(message.remote())?)
        .set("lon", text(message.own().as_str()))
        .assign("usr", message.user.as_ref().map(|user| text(user.as_str())))
        .assign("agt", message.agent.as_ref().map(|agent| text(agent.as_str())))
        .set("lm", text(message.id.to_string()))
        .set("ld", crate::item::word(&message.direction)?)
        .set("pv", text(preview))
        .set("la", millis(message.created_at))
        .set(GSI1PK, text(keys::conversations(&message.tenant)))
        .set(GSI1SK, text(keys::moment(message.created_at, message.conversation)))
        .when("attribute_not_exists(#la) OR #la < :la OR (#la = :la AND #lm < :lm)"))
}

impl Store {
    /// False: it was added before.
    pub(super) async fn add_to_conversation(&self, message: &Message) -> Result<bool, StoreError> {
        self.note_month(message).await?;
        let logged: Item = keyed(&keys::log(&message.tenant, message.created_at, message.id), "log");
        let mut tries = Tries::default();
        let mut late = false;
        loop {
            let summary = if late {
                counted(message)
                    .when("#la > :la OR (#la = :la AND #lm >= :lm)")
                    .with("la", millis(message.created_at))
                    .with("lm", text(message.id.to_string()))
            } else {
                newest(message)?
            };
            match self.transact(vec![Write::put(logged.clone()).if_absent(), summary]).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(refusals) if refusals.at(0).is_some() => return Ok(false),
                // An older message that arrives late changes the counters only; should the summary
                // change in between, the other form is tried again.
                Transacted::Refused(_) => late = !late,
                Transacted::Conflict => {}
            }
            tries.again().await?;
        }
    }

    /// Notes that the tenant has messages in this month, before the first one is logged, so that a
    /// list over all months asks only for months that have any. One write for each process, tenant
    /// and month.
    async fn note_month(&self, message: &Message) -> Result<(), StoreError> {
        let key = keys::month(&message.tenant, &message.created_at.month());
        let name = format!("{}#{}", key.pk, key.sk);
        let known = self.noted_months.lock().is_ok_and(|noted| noted.contains(&name));
        if known {
            return Ok(());
        }
        self.wrote(Write::put(keyed(&key, "mon"))).await?;
        if let Ok(mut noted) = self.noted_months.lock() {
            if noted.len() >= NOTED {
                noted.clear();
            }
            noted.insert(name);
        }
        Ok(())
    }
}
