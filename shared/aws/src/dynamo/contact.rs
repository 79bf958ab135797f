//! What a contact allows, as an item, and how a change alters it. Pure.

use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};
use telephony::domain::consent::{Block, ConsentChange, ContactConsent, Evidence};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::StoreError;

use super::write::Write;
use crate::item::{Fields, Item, json, keyed, millis, number, text};
use crate::keys::{self, GSI1PK, GSI1SK};

const ENTITY: &str = "opt";
const HISTORY: &str = "oph";

/// One of the two blocks: since when it is in force, and when it was last changed, so that a change
/// that arrives late does not undo a newer one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Side {
    at: Option<Timestamp>,
    changed: Option<Timestamp>,
}

impl Side {
    fn after(self, blocked: bool, at: Timestamp) -> Option<Self> {
        // At the same moment the block wins: a doubt is decided for the contact.
        let late = self.changed.is_some_and(|changed| at < changed || (at == changed && !blocked));
        if late {
            return None;
        }
        let since = if blocked { Some(self.at.unwrap_or(at)) } else { None };
        Some(Self { at: since, changed: Some(at) })
    }
}

/// The stored state of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contact {
    text: Side,
    do_not_contact: Side,
    evidence: Evidence,
    updated_at: Timestamp,
    /// Counts the writes; each is conditioned on it.
    version: i64,
}

/// The contact of an item, as users see it.
pub(super) fn read(item: &Item) -> Result<ContactConsent, StoreError> {
    let fields = Fields(item);
    let contact = Contact::read(item)?;
    Ok(ContactConsent {
        contact: fields.json("contact")?,
        text_blocked_at: contact.text.at,
        do_not_contact_at: contact.do_not_contact.at,
        evidence: contact.evidence,
        updated_at: contact.updated_at,
    })
}

impl Contact {
    fn read(item: &Item) -> Result<Self, StoreError> {
        let fields = Fields(item);
        let side =
            |at: &str, changed: &str| Side { at: fields.maybe_time(at), changed: fields.maybe_time(changed) };
        Ok(Self {
            text: side("text_at", "text_ch"),
            do_not_contact: side("dnc_at", "dnc_ch"),
            evidence: fields.json("ev")?,
            updated_at: fields.time("ua")?,
            version: fields.number("v")?,
        })
    }

    /// The state after a change: only the block that is meant, and only if nothing newer is known.
    fn after(before: Option<Self>, change: &ConsentChange) -> Self {
        let fresh = || Self {
            text: Side::default(),
            do_not_contact: Side::default(),
            evidence: change.evidence.clone(),
            updated_at: change.at,
            version: 0,
        };
        let mut contact = before.unwrap_or_else(fresh);
        let side = match change.block {
            Block::Text => &mut contact.text,
            Block::DoNotContact => &mut contact.do_not_contact,
        };
        if let Some(after) = side.after(change.blocked, change.at) {
            *side = after;
            contact.evidence = change.evidence.clone();
            contact.updated_at = contact.updated_at.max(change.at);
        }
        contact.version += 1;
        contact
    }

    fn item(&self, change: &ConsentChange) -> Result<Item, StoreError> {
        let mut item = keyed(&keys::consent(&change.tenant, &change.contact), ENTITY);
        let mut put = |name: &str, value: AttributeValue| item.insert(name.to_owned(), value);
        put("contact", json(&change.contact)?);
        put("ev", json(&self.evidence)?);
        put("ua", millis(self.updated_at));
        put("v", number(self.version));
        for (name, at) in [
            ("text_at", self.text.at),
            ("text_ch", self.text.changed),
            ("dnc_at", self.do_not_contact.at),
            ("dnc_ch", self.do_not_contact.changed),
        ] {
            if let Some(at) = at {
                put(name, millis(at));
            }
        }
        if self.text.at.is_some() || self.do_not_contact.at.is_some() {
            put(GSI1PK, text(keys::blocked(&change.tenant)));
            put(GSI1SK, text(keys::moment(self.updated_at, keys::encoded(change.contact.as_str()))));
        }
        Ok(item)
    }
}

/// The two writes of a change: the contact, conditioned on its being as it was read, and its history.
pub(super) fn writes(change: &ConsentChange, stored: Option<&Item>) -> Result<[Write; 2], StoreError> {
    let before = stored.map(Contact::read).transpose()?;
    let version = before.as_ref().map(|contact| contact.version);
    let write = Write::put(Contact::after(before, change).item(change)?);
    let write = match version {
        Some(version) => write.when("#v = :before").with("before", number(version)),
        None => write.if_absent(),
    };
    Ok([write, Write::put(history(change)?)])
}

fn history(change: &ConsentChange) -> Result<Item, StoreError> {
    let block = serde_json::to_string(&(change.block, change.blocked, &change.evidence));
    let block = block.map_err(|_| crate::item::corrupt("evidence"))?;
    let cause = match &change.evidence {
        Evidence::Text { message, .. } => message.to_string(),
        Evidence::User { .. } => {
            let digest = Sha256::digest(block.as_bytes());
            digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
        }
    };
    let mut item = keyed(&keys::consent_history(&change.tenant, &change.contact, change.at, &cause), HISTORY);
    item.insert("doc".into(), text(block));
    Ok(item)
}

#[cfg(test)]
mod tests {
    use super::{Contact, Side};
    use proptest::prelude::*;
    use telephony::domain::address::Address;
    use telephony::domain::consent::{Block, ConsentChange, Evidence};
    use telephony::domain::ids::MessageId;
    use telephony::domain::timestamp::Timestamp;

    fn change(block: Block, blocked: bool, at: i64) -> ConsentChange {
        ConsentChange {
            tenant: "demo".parse().unwrap(),
            contact: Address::parse("+14155550123"),
            block,
            blocked,
            evidence: Evidence::Text { message: MessageId::from_bits(7), free_text: false },
            at: Timestamp::from_millis(at),
        }
    }

    #[test]
    fn start_lifts_the_text_block_only() {
        let stopped = Contact::after(None, &change(Block::Text, true, 1));
        let listed = Contact::after(Some(stopped), &change(Block::DoNotContact, true, 2));
        let started = Contact::after(Some(listed), &change(Block::Text, false, 3));
        assert_eq!(started.text.at, None);
        assert_eq!(started.do_not_contact.at, Some(Timestamp::from_millis(2)));
    }

    #[test]
    fn a_late_start_does_not_undo_a_newer_stop() {
        let stopped = Contact::after(None, &change(Block::Text, true, 5));
        let late = Contact::after(Some(stopped), &change(Block::Text, false, 4));
        assert_eq!(late.text.at, Some(Timestamp::from_millis(5)));
    }

    proptest! {
        #[test]
        fn whether_it_is_blocked_does_not_depend_on_the_order(
            mut events in proptest::collection::vec((any::<bool>(), 0_i64..6), 1..7),
            seed: u64,
        ) {
            let run = |events: &[(bool, i64)]| {
                events.iter().fold(Side::default(), |side, (blocked, at)| {
                    side.after(*blocked, Timestamp::from_millis(*at)).unwrap_or(side)
                }).at.is_some()
            };
            let expected = run(&events);
            let turn = (seed as usize) % events.len();
            events.rotate_left(turn);
            if seed % 2 == 0 { events.reverse(); }
            prop_assert_eq!(run(&events), expected);
        }
    }
}
