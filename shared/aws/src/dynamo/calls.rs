//! Calls and their legs.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use telephony::domain::call::{Call, CallRef, Leg};
use telephony::domain::ids::{AccountId, CallId, ProviderSid, TenantId};
use telephony::domain::recording::Recording;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{
    CallHistory, CallRecords, CallView, LegChange, Merged, Page, PageRequest, StoreError,
};

use super::listing::Listing;
use super::requests::Written;
use super::write::Write;
use super::{Store, leg_item, recording_item};
use crate::item::{ENTITY as KIND, Fields, Item, corrupt, json, keyed, millis, number, text};
use crate::keys::{self, GSI1PK, GSI1SK, PK, TIMELINE, TTL};

/// The value of `ent`.
const ENTITY: &str = "call";
/// How long a step that was taken is remembered.
const DONE_FOR: Duration = Duration::from_secs(24 * 3600);

/// A call with its plan.
pub(super) fn read(item: &Item) -> Result<Call, StoreError> {
    let fields = Fields(item);
    Ok(Call { plan: fields.maybe_json("plan")?, ..fields.json("doc")? })
}

#[async_trait]
impl CallRecords for Store {
    async fn open(&self, call: &Call) -> Result<Call, StoreError> {
        let write = Write::update(keys::call(&CallRef { tenant: call.tenant.clone(), call: call.id }))
            .set(KIND, text(ENTITY))
            .set_once("doc", json(call)?)
            .set_once(GSI1PK, text(keys::calls(&call.tenant)))
            .set_once(GSI1SK, text(keys::moment(call.created_at, call.id)));
        let write = match &call.plan {
            Some(plan) => write.set_once("plan", json(plan)?),
            None => write,
        };
        match self.write(write, true).await? {
            Written::Done(item) => read(&item),
            Written::Refused(_) => Err(corrupt("unconditional write")),
        }
    }

    async fn merge_leg(&self, call: &CallRef, change: &LegChange) -> Result<Merged, StoreError> {
        let leg = || Write::update(keys::leg(call, &change.sid));
        let whole = leg_item::status(leg_item::facts(leg(), change)?, change)?;
        let stored = match self.write(whole, false).await? {
            Written::Done(_) => return Ok(Merged::Applied),
            Written::Refused(stored) => stored,
        };
        let owner = Fields(&stored).maybe_text("acct");
        if owner.is_some_and(|owner| owner != change.account.as_str()) {
            return Ok(Merged::Foreign);
        }
        // Not higher; and yet it may be the first to tell when it was answered, or what it cost.
        match self.write(leg_item::facts(leg(), change)?, false).await? {
            Written::Done(_) => Ok(Merged::Stale),
            Written::Refused(_) => Ok(Merged::Foreign),
        }
    }

    async fn call(&self, call: &CallRef) -> Result<Option<(Call, Vec<Leg>)>, StoreError> {
        Ok(self.view(call).await?.map(|view| (view.call, view.legs)))
    }

    async fn grant(&self, call: &CallRef, token_hash: &str, until: Timestamp) -> Result<(), StoreError> {
        let hashes = AttributeValue::Ss(vec![token_hash.to_owned()]);
        let write = Write::update(keys::call(call)).add("tok", hashes).set("tku", millis(until));
        self.wrote(write.if_present()).await.map(|_| ())
    }

    async fn granted(
        &self,
        call: &CallRef,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<Call>, StoreError> {
        let Some(item) = self.read(&keys::call(call), true).await? else { return Ok(None) };
        let hashes = item.get("tok").and_then(|value| value.as_ss().ok());
        let known = hashes.is_some_and(|hashes| hashes.iter().any(|hash| hash == token_hash));
        let in_time = Fields(&item).maybe_time("tku").is_some_and(|until| now < until);
        if known && in_time { read(&item).map(Some) } else { Ok(None) }
    }

    async fn handed_to(&self, call: &CallRef) -> Result<Option<String>, StoreError> {
        let item = self.read(&keys::call(call), true).await?;
        Ok(item.and_then(|item| Fields(&item).owned("ho")))
    }

    async fn note_handover(&self, call: &CallRef, to: &str) -> Result<String, StoreError> {
        let write = Write::update(keys::call(call)).set_once("ho", text(to)).if_present();
        match self.write(write, true).await? {
            Written::Done(item) => Ok(Fields(&item).text("ho")?.to_owned()),
            Written::Refused(_) => Err(corrupt("ho")),
        }
    }

    async fn was_done(&self, account: &AccountId, step: &str) -> Result<bool, StoreError> {
        Ok(self.read(&keys::done(account, step), true).await?.is_some())
    }

    async fn done(&self, account: &AccountId, step: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut item = keyed(&keys::done(account, step), "done");
        item.insert("ua".into(), millis(now));
        item.insert(TTL.into(), number(now.plus(DONE_FOR).seconds()));
        self.wrote(Write::put(item)).await.map(|_| ())
    }
}

#[async_trait]
impl CallHistory for Store {
    async fn of_tenant(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<CallView>, StoreError> {
        let listing = Listing::newest_first(keys::calls(tenant)).on(TIMELINE);
        let page = self.list(&listing, page).await?;
        let partition =
            |item: &Item| keys::read_call_partition(Fields(item).text(PK)?).ok_or_else(|| corrupt(PK));
        let named: Vec<CallRef> = page.items.iter().map(partition).collect::<Result<_, _>>()?;
        let found = try_join_all(named.iter().map(|call| self.view(call))).await?;
        Ok(Page { items: found.into_iter().flatten().collect(), next: page.next })
    }

    async fn view(&self, call: &CallRef) -> Result<Option<CallView>, StoreError> {
        let mut found = None;
        let (mut legs, mut recordings) = (Vec::new(), Vec::new());
        for item in self.read_partition(&keys::call_partition(call), "").await? {
            match Fields(&item).entity() {
                ENTITY => found = Some(read(&item)?),
                leg_item::ENTITY => legs.push(leg_item::read(&item)?),
                recording_item::ENTITY => recordings.push(recording_item::read(&item)?),
                _ => {}
            }
        }
        recordings.sort_by_key(|recording: &Recording| recording.created_at);
        Ok(found.map(|call| CallView { call, legs, recordings }))
    }

    async fn by_sid(&self, tenant: &TenantId, sid: &ProviderSid) -> Result<Option<CallId>, StoreError> {
        let item = self.read(&keys::call_of_leg(tenant, sid), true).await?;
        item.as_ref().map(|item| Fields(item).parsed("call")).transpose()
    }

    async fn note_sid(&self, call: &CallRef, sid: &ProviderSid) -> Result<(), StoreError> {
        let mut item = keyed(&keys::call_of_leg(&call.tenant, sid), "ksid");
        item.insert("call".into(), text(call.call.to_string()));
        self.wrote(Write::put(item)).await.map(|_| ())
    }
}
