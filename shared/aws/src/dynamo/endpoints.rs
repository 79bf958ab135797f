//! Endpoints that events go to, and how many a tenant has.

use async_trait::async_trait;
use telephony::domain::endpoint::{Endpoint, Health, Sealed};
use telephony::domain::ids::{EndpointId, TenantId};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{EndpointChange, Endpoints, StoreError};

use super::Store;
use super::requests::{Transacted, Written};
use super::tries::Tries;
use super::write::Write;
use crate::item::{Fields, Item, corrupt, json, keyed, millis, number, text};
use crate::keys::{self, ENDPOINT, SK};

/// The value of `ent`.
const ENTITY: &str = "epo";

fn flag(value: bool) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::Bool(value)
}

fn item(endpoint: &Endpoint) -> Result<Item, StoreError> {
    let mut item = keyed(&keys::endpoint(&endpoint.tenant, endpoint.id), ENTITY);
    item.insert("tenant".into(), text(endpoint.tenant.as_str()));
    item.insert("url".into(), text(endpoint.url.clone()));
    item.insert("ev".into(), json(&endpoint.events)?);
    item.insert("sec".into(), text(endpoint.secret.0.clone()));
    item.insert("on".into(), flag(endpoint.is_active));
    item.insert("ca".into(), millis(endpoint.created_at));
    item.insert("ua".into(), millis(endpoint.updated_at));
    Ok(item)
}

fn read(item: &Item) -> Result<Endpoint, StoreError> {
    let fields = Fields(item);
    let id = fields.text(SK)?.strip_prefix(ENDPOINT).ok_or_else(|| corrupt(SK))?;
    let previous = fields.owned("old").map(Sealed).zip(fields.maybe_time("ou"));
    Ok(Endpoint {
        id: id.parse().map_err(|_| corrupt(SK))?,
        tenant: fields.parsed("tenant")?,
        url: fields.text("url")?.to_owned(),
        events: fields.json("ev")?,
        secret: Sealed(fields.text("sec")?.to_owned()),
        previous,
        is_active: fields.flag("on"),
        disabled_reason: fields.owned("why"),
        health: Health { failing_since: fields.maybe_time("fs"), failed_at: fields.maybe_time("fl") },
        created_at: fields.time("ca")?,
        updated_at: fields.time("ua")?,
    })
}

#[async_trait]
impl Endpoints for Store {
    async fn endpoints(&self, tenant: &TenantId) -> Result<Vec<Endpoint>, StoreError> {
        self.read_partition(&keys::endpoints(tenant), ENDPOINT).await?.iter().map(read).collect()
    }

    async fn endpoint(&self, tenant: &TenantId, id: EndpointId) -> Result<Option<Endpoint>, StoreError> {
        self.read(&keys::endpoint(tenant, id), true).await?.as_ref().map(read).transpose()
    }

    async fn add_endpoint(&self, endpoint: &Endpoint, most: u32) -> Result<bool, StoreError> {
        let mut tries = Tries::default();
        loop {
            let count = Write::update(keys::endpoint_count(&endpoint.tenant))
                .add("n", number(1))
                .when("attribute_not_exists(#n) OR #n < :most")
                .with("most", number(most));
            let writes = vec![count, Write::put(item(endpoint)?).if_absent()];
            match self.transact(writes).await? {
                Transacted::Done => return Ok(true),
                // An earlier try of this very call was written after all: ids are drawn afresh.
                Transacted::Refused(refusals) if refusals.at(1).is_some() => return Ok(true),
                Transacted::Refused(_) => return Ok(false),
                Transacted::Conflict => tries.again().await?,
            }
        }
    }

    async fn change_endpoint(
        &self,
        tenant: &TenantId,
        id: EndpointId,
        change: &EndpointChange,
        now: Timestamp,
    ) -> Result<Option<Endpoint>, StoreError> {
        let mut write = Write::update(keys::endpoint(tenant, id))
            .set("ua", millis(now))
            .set_some("url", change.url.clone().map(text))
            .set_some("ev", change.events.as_ref().map(json).transpose()?)
            .set_some("on", change.is_active.map(flag))
            .if_present();
        if change.is_active.is_some() {
            write = write.remove("why").remove("fs").remove("fl");
        }
        if let Some((secret, until)) = &change.secret {
            let Some(stored) = self.endpoint(tenant, id).await? else { return Ok(None) };
            write = write
                .set("sec", text(secret.0.clone()))
                .set("old", text(stored.secret.0.clone()))
                .set("ou", millis(*until))
                .when("#sec = :was_sec")
                .with("was_sec", text(stored.secret.0));
        }
        match self.write(write, true).await? {
            Written::Done(item) => read(&item).map(Some),
            Written::Refused(stored) if stored.is_empty() => Ok(None),
            // Two rotations at once: the other one has its own secret, and this one may be asked again.
            Written::Refused(_) => Err(StoreError::Contended),
        }
    }

    async fn remove_endpoint(&self, tenant: &TenantId, id: EndpointId) -> Result<bool, StoreError> {
        let mut tries = Tries::default();
        loop {
            let count = Write::update(keys::endpoint_count(tenant)).add("n", number(-1));
            let writes = vec![Write::delete(keys::endpoint(tenant, id)).if_present(), count];
            match self.transact(writes).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(_) => return Ok(!tries.is_first()),
                Transacted::Conflict => tries.again().await?,
            }
        }
    }

    async fn note_health(&self, tenant: &TenantId, id: EndpointId, health: Health) -> Result<(), StoreError> {
        let write = Write::update(keys::endpoint(tenant, id))
            .assign("fs", health.failing_since.map(millis))
            .assign("fl", health.failed_at.map(millis))
            .if_present();
        self.wrote(write).await.map(|_| ())
    }

    async fn disable_endpoint(
        &self,
        tenant: &TenantId,
        id: EndpointId,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let write = Write::update(keys::endpoint(tenant, id))
            .set("on", flag(false))
            .set("why", text(reason))
            .when("#on = :yes")
            .with("yes", flag(true));
        self.wrote(write).await
    }
}
