//! Deliveries: beside the pointer of their event, in `timeline` by their target, in `pending` while
//! somebody is to look after them.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use telephony::domain::endpoint::{Delivery, DeliveryRef, DeliveryState, Target};
use telephony::domain::event::Event;
use telephony::domain::ids::{EndpointId, ReplayId, TenantId};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{
    Deliveries, OverdueDeliveries, OverdueDelivery, Page, PageRequest, StoreError, TryEnd,
};

use super::Store;
use super::event_log::{KEPT, counted};
use super::failure::failure;
use super::listing::Listing;
use super::requests::Written;
use super::write::Write;
use crate::item::{ENTITY, Fields, Item, corrupt, keyed, millis, number, text, word};
use crate::keys::{self, GSI1PK, GSI1SK, GSI2PK, GSI2SK, PENDING, PK, SHARDS, SK, TIMELINE, TTL};

/// The value of `ent`.
const DELIVERY: &str = "evd";

fn read(item: &Item) -> Result<Delivery, StoreError> {
    let fields = Fields(item);
    let (tenant, event) = keys::read_event_partition(fields.text(PK)?).ok_or_else(|| corrupt(PK))?;
    let target = keys::delivery_target(fields.text(SK)?).ok_or_else(|| corrupt(SK))?;
    Ok(Delivery {
        key: DeliveryRef { tenant, event, target },
        kind: fields.parsed("ty")?,
        thread: fields.parsed("th")?,
        sequence: fields.count("seq")?,
        event_at: fields.time("at")?,
        state: fields.maybe_word("st")?.ok_or_else(|| corrupt("st"))?,
        tries: fields.count("n")?,
        run: fields.count("run")?,
        last_status: fields.maybe_number("ls").and_then(|status| u16::try_from(status).ok()),
        last_error: fields.owned("le"),
        next_at: fields.maybe_time("na"),
        lease_until: fields.maybe_time("lu"),
    })
}

/// Where a delivery is found while somebody is to look after it.
fn marked(write: Write, key: &DeliveryRef, due: Option<Timestamp>) -> Write {
    match due {
        Some(due) => write
            .set(GSI2PK, text(keys::pending_deliveries(keys::delivery_shard(key.event))))
            .set(GSI2SK, text(keys::delivery_due(due, key))),
        None => write.remove(GSI2PK).remove(GSI2SK),
    }
}

/// Only if no other try and no replay came in between.
fn unchanged(write: Write, delivery: &Delivery) -> Result<Write, StoreError> {
    Ok(write
        .when("#n = :was_n AND #run = :was_run AND #st = :was_st")
        .with("was_n", number(delivery.tries))
        .with("was_run", number(delivery.run))
        .with("was_st", word(&DeliveryState::Pending)?))
}

#[async_trait]
impl Deliveries for Store {
    async fn open(
        &self,
        event: &Event,
        key: &DeliveryRef,
        state: DeliveryState,
        due: Timestamp,
    ) -> Result<Delivery, StoreError> {
        let mut item = keyed(&keys::delivery(key), DELIVERY);
        item.insert("ty".into(), text(event.what.kind.as_str()));
        item.insert("th".into(), text(event.what.thread.to_string()));
        item.insert("seq".into(), counted(event.sequence));
        item.insert("at".into(), millis(event.what.at));
        item.insert("st".into(), word(&state)?);
        item.insert("n".into(), number(0));
        item.insert("run".into(), number(0));
        item.insert(GSI1PK.into(), text(keys::deliveries(&key.tenant, &key.target)));
        item.insert(GSI1SK.into(), text(keys::moment(event.what.at, key.event)));
        item.insert(TTL.into(), number(event.what.at.plus(KEPT).seconds()));
        if state == DeliveryState::Pending {
            item.insert("na".into(), millis(event.what.at));
            item.insert(GSI2PK.into(), text(keys::pending_deliveries(keys::delivery_shard(key.event))));
            item.insert(GSI2SK.into(), text(keys::delivery_due(due, key)));
        }
        let fresh = read(&item)?;
        match self.write(Write::put(item).if_absent(), false).await? {
            Written::Done(_) => Ok(fresh),
            Written::Refused(stored) => read(&stored),
        }
    }

    async fn delivery(&self, key: &DeliveryRef) -> Result<Option<Delivery>, StoreError> {
        self.read(&keys::delivery(key), true).await?.as_ref().map(read).transpose()
    }

    async fn begin_try(&self, delivery: &Delivery, lease: Timestamp) -> Result<Option<Delivery>, StoreError> {
        let write = Write::update(keys::delivery(&delivery.key))
            .set("n", number(delivery.tries.saturating_add(1)))
            .set("lu", millis(lease));
        let write = unchanged(marked(write, &delivery.key, Some(lease)), delivery)?;
        match self.write(write, true).await? {
            Written::Done(item) => read(&item).map(Some),
            Written::Refused(_) => Ok(None),
        }
    }

    async fn end_try(&self, delivery: &Delivery, end: &TryEnd) -> Result<bool, StoreError> {
        let write = Write::update(keys::delivery(&delivery.key))
            .set("st", word(&end.state)?)
            .assign("ls", end.status.map(number))
            .assign("le", end.error.clone().map(text))
            .assign("na", end.next_at.map(millis))
            .remove("lu");
        self.wrote(unchanged(marked(write, &delivery.key, end.due), delivery)?).await
    }

    async fn restart(
        &self,
        event: &Event,
        key: &DeliveryRef,
        replay: ReplayId,
        now: Timestamp,
        due: Timestamp,
    ) -> Result<bool, StoreError> {
        let write = Write::update(keys::delivery(key))
            .set(ENTITY, text(DELIVERY))
            .set("ty", text(event.what.kind.as_str()))
            .set("th", text(event.what.thread.to_string()))
            .set("seq", counted(event.sequence))
            .set("at", millis(event.what.at))
            .set("st", word(&DeliveryState::Pending)?)
            .set("n", number(0))
            .set("na", millis(now))
            .remove("lu")
            .set("rid", text(replay.to_string()))
            .add("run", number(1))
            .set(GSI1PK, text(keys::deliveries(&key.tenant, &key.target)))
            .set(GSI1SK, text(keys::moment(event.what.at, key.event)))
            .set(TTL, number(event.what.at.plus(KEPT).seconds()))
            .when("attribute_not_exists(#rid) OR #rid <> :rid");
        self.wrote(marked(write, key, Some(due))).await
    }

    async fn of_endpoint(
        &self,
        tenant: &TenantId,
        endpoint: EndpointId,
        page: &PageRequest,
    ) -> Result<Page<Delivery>, StoreError> {
        let partition = keys::deliveries(tenant, &Target::Endpoint(endpoint));
        let page = self.list_whole(&Listing::newest_first(partition).on(TIMELINE), page).await?;
        Ok(Page { items: page.items.iter().map(read).collect::<Result<_, _>>()?, next: page.next })
    }
}

impl Store {
    async fn overdue_in(
        &self,
        shard: u32,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<OverdueDelivery>, StoreError> {
        let request = self.client.query().table_name(&*self.table).index_name(PENDING);
        let answer = request
            .key_condition_expression("#pk = :pk AND #sk < :now")
            .expression_attribute_names("#pk", GSI2PK)
            .expression_attribute_names("#sk", GSI2SK)
            .expression_attribute_values(":pk", text(keys::pending_deliveries(shard)))
            .expression_attribute_values(":now", text(now.to_string()))
            .limit(i32::try_from(limit.max(1)).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let read = |item| {
            let (due, key) =
                keys::read_delivery_due(Fields(item).text(GSI2SK)?).ok_or_else(|| corrupt(GSI2SK))?;
            Ok(OverdueDelivery { key, due })
        };
        answer.items.unwrap_or_default().iter().map(read).collect()
    }
}

#[async_trait]
impl OverdueDeliveries for Store {
    async fn overdue(&self, now: Timestamp, limit: u32) -> Result<Vec<OverdueDelivery>, StoreError> {
        let shards = try_join_all((0..SHARDS).map(|shard| self.overdue_in(shard, now, limit))).await?;
        let mut all: Vec<OverdueDelivery> = shards.into_iter().flatten().collect();
        all.sort_by_key(|delivery| delivery.due);
        Ok(all)
    }

    async fn postpone_delivery(
        &self,
        delivery: &OverdueDelivery,
        next: Timestamp,
    ) -> Result<bool, StoreError> {
        let write = Write::update(keys::delivery(&delivery.key))
            .set(GSI2SK, text(keys::delivery_due(next, &delivery.key)))
            .when("#GSI2SK = :was")
            .with("was", text(keys::delivery_due(delivery.due, &delivery.key)));
        self.wrote(write).await
    }
}
