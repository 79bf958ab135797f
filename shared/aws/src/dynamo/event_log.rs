//! Events: an item in its thread under its number, and a pointer under its id that makes it one.

use std::time::Duration;

use async_trait::async_trait;
use telephony::domain::event::{Event, NewEvent, Thread};
use telephony::domain::ids::{EventId, TenantId};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{EventLog, Page, StoreError};

use super::Store;
use super::failure::failure;
use super::requests::{Transacted, key_of};
use super::tries::Tries;
use super::write::Write;
use crate::item::{Fields, Item, corrupt, json, keyed, millis, number, text};
use crate::keys::{self, GSI1PK, GSI1SK, PK, SK, TIMELINE, TTL};

/// How long an event can be told again.
pub(super) const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The value of `ent` of an event.
const ENTITY: &str = "evt";

/// A number of ours as an attribute; sequence numbers stay far below the limit.
pub(super) fn counted(value: u64) -> aws_sdk_dynamodb::types::AttributeValue {
    number(i64::try_from(value).unwrap_or(i64::MAX))
}

fn item(event: &NewEvent, sequence: u64) -> Result<Item, StoreError> {
    let mut item = keyed(&keys::event(&event.tenant, event.thread, sequence), ENTITY);
    item.insert("id".into(), text(event.id.to_string()));
    item.insert("ty".into(), text(event.kind.as_str()));
    item.insert("doc".into(), text(event.data.to_string()));
    item.insert("at".into(), millis(event.at));
    if let Some(turn) = &event.turn {
        item.insert("turn".into(), json(turn)?);
    }
    item.insert(GSI1PK.into(), text(keys::events(&event.tenant)));
    item.insert(GSI1SK.into(), text(keys::moment(event.at, event.id)));
    item.insert(TTL.into(), number(event.at.plus(KEPT).seconds()));
    Ok(item)
}

fn read(item: &Item) -> Result<Event, StoreError> {
    let fields = Fields(item);
    let (tenant, thread) = keys::read_thread_partition(fields.text(PK)?).ok_or_else(|| corrupt(PK))?;
    let sequence = keys::event_number(fields.text(SK)?).ok_or_else(|| corrupt(SK))?;
    let what = NewEvent {
        id: fields.parsed("id")?,
        tenant,
        kind: fields.parsed("ty")?,
        thread,
        data: fields.json("doc")?,
        turn: fields.maybe_json("turn")?,
        at: fields.time("at")?,
    };
    Ok(Event { what, sequence })
}

fn last_number(counter: Option<&Item>) -> Result<u64, StoreError> {
    counter.map_or(Ok(0), |item| Fields(item).count("n"))
}

/// The pointer, the event, and the counter's step from `last` to the next number.
fn writes(event: &NewEvent, last: u64) -> Result<Vec<Write>, StoreError> {
    let sequence = last.saturating_add(1);
    let mut pointer = keyed(&keys::event_pointer(&event.tenant, event.id), "evp");
    pointer.insert("th".into(), text(event.thread.to_string()));
    pointer.insert("seq".into(), counted(sequence));
    pointer.insert(TTL.into(), number(event.at.plus(KEPT).seconds()));
    let counter =
        Write::update(keys::thread_counter(&event.tenant, event.thread)).set("n", counted(sequence));
    let counter = match last {
        0 => counter.when("attribute_not_exists(#n)"),
        last => counter.when("#n = :last").with("last", counted(last)),
    };
    Ok(vec![Write::put(pointer).if_absent(), counter, Write::put(item(event, sequence)?).if_absent()])
}

#[async_trait]
impl EventLog for Store {
    async fn record_event(&self, event: &NewEvent) -> Result<bool, StoreError> {
        let counter = keys::thread_counter(&event.tenant, event.thread);
        let mut last = last_number(self.read(&counter, true).await?.as_ref())?;
        let mut tries = Tries::default();
        loop {
            match self.transact(writes(event, last)?).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(refusals) if refusals.at(0).is_some() => return Ok(false),
                Transacted::Refused(_) | Transacted::Conflict => tries.again().await?,
            }
            last = last_number(self.read(&counter, true).await?.as_ref())?;
        }
    }

    async fn not_handed_out(
        &self,
        tenant: &TenantId,
        thread: Thread,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let Some(counter) = self.read(&keys::thread_counter(tenant, thread), true).await? else {
            return Ok(Vec::new());
        };
        let done = Fields(&counter).maybe_number("d").and_then(|done| u64::try_from(done).ok()).unwrap_or(0);
        if last_number(Some(&counter))? <= done {
            return Ok(Vec::new());
        }
        let answer = self
            .client
            .query()
            .table_name(&*self.table)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", text(keys::thread_partition(tenant, thread)))
            .expression_attribute_values(
                ":from",
                text(keys::event(tenant, thread, done.saturating_add(1)).sk),
            )
            .expression_attribute_values(":to", text("E#~"))
            .limit(i32::try_from(limit.max(1)).unwrap_or(1))
            .send()
            .await
            .map_err(|error| failure(&error))?;
        answer.items.unwrap_or_default().iter().map(read).collect()
    }

    async fn handed_out(&self, tenant: &TenantId, thread: Thread, sequence: u64) -> Result<(), StoreError> {
        let write = Write::update(keys::thread_counter(tenant, thread))
            .set("d", counted(sequence))
            .when("attribute_exists(#PK) AND (attribute_not_exists(#d) OR #d < :d)");
        self.wrote(write).await.map(|_| ())
    }

    async fn event(&self, tenant: &TenantId, id: EventId) -> Result<Option<Event>, StoreError> {
        let Some(pointer) = self.read(&keys::event_pointer(tenant, id), true).await? else { return Ok(None) };
        let fields = Fields(&pointer);
        self.numbered(tenant, fields.parsed("th")?, fields.count("seq")?).await
    }

    async fn numbered(
        &self,
        tenant: &TenantId,
        thread: Thread,
        sequence: u64,
    ) -> Result<Option<Event>, StoreError> {
        self.read(&keys::event(tenant, thread, sequence), true).await?.as_ref().map(read).transpose()
    }

    async fn since(
        &self,
        tenant: &TenantId,
        since: Timestamp,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Event>, StoreError> {
        // A time alone sorts before everything that happened then.
        let after = cursor.map_or_else(|| since.to_string(), str::to_owned);
        let answer = self
            .client
            .query()
            .table_name(&*self.table)
            .index_name(TIMELINE)
            .key_condition_expression("#pk = :pk AND #sk > :after")
            .expression_attribute_names("#pk", GSI1PK)
            .expression_attribute_names("#sk", GSI1SK)
            .expression_attribute_values(":pk", text(keys::events(tenant)))
            .expression_attribute_values(":after", text(after))
            .limit(i32::try_from(limit.clamp(1, 100)).unwrap_or(1))
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let entries = answer.items.unwrap_or_default();
        let last = entries.last().map(|entry| Fields(entry).text(GSI1SK).map(str::to_owned)).transpose()?;
        let keys = entries.iter().map(key_of).collect::<Result<Vec<_>, _>>()?;
        let items = self.read_many(keys).await?;
        let next = if answer.last_evaluated_key.is_some() { last } else { None };
        Ok(Page { items: items.iter().map(read).collect::<Result<_, _>>()?, next })
    }
}
