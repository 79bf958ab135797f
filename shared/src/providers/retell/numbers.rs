//! Numbers. Retell knows a number by itself, not by an id of the holding; our name for the holding is
//! its digits.

use std::sync::Arc;

use async_trait::async_trait;
use form_urlencoded::Serializer;
use http::Method;
use serde_json::{Map, Value, json};

use super::client::{Client, error, garbled, json, page};
use super::error::failed;
use super::wire::text;
use crate::domain::ids::ProviderSid;
use crate::domain::phone::E164;
use crate::domain::secret::Secret;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::numbers::{
    HeldNumbers, NumberCapabilities, NumberSettings, NumberUrls, RemoteNumber, RemotePage, TrunkNumber,
    TrunkNumbers,
};
use crate::provider::transport::HttpTransport;

/// How many numbers a page may have (OpenAPI, `LimitParam`: at most 1000).
const PAGE_SIZE: &str = "200";

/// Our URLs: one, for calls.
pub fn urls(base: &str) -> NumberUrls {
    NumberUrls { voice: Some(format!("{base}/api/webhooks/retell")), ..NumberUrls::default() }
}

/// HeldNumbers of one account.
///
/// # Errors
/// [`ErrorKind::Config`] when the account's settings cannot be used.
pub fn held_numbers(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn HeldNumbers>, ProviderError> {
    Ok(Box::new(RetellNumbers(Client::of(account, environment, transport)?)))
}

/// TrunkNumbers of one account.
///
/// # Errors
/// [`ErrorKind::Config`] when the account's settings cannot be used.
pub fn trunk_numbers(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn TrunkNumbers>, ProviderError> {
    Ok(Box::new(RetellNumbers(Client::of(account, environment, transport)?)))
}

struct RetellNumbers(Client);

#[async_trait]
impl HeldNumbers for RetellNumbers {
    /// OpenAPI, listPhoneNumbersV2. What is no number that can be dialled (Retell takes internal
    /// names along) is left out: it cannot be one of ours.
    async fn list(&self, from: Option<&str>) -> Result<RemotePage<RemoteNumber>, ProviderError> {
        const OPERATION: &str = "list numbers";
        let answer = self.0.get(OPERATION, &list_path(from)).await?;
        let page = page(OPERATION, answer)?;
        let mut items = Vec::with_capacity(page.items.len());
        for item in &page.items {
            text(item, "phone_number").ok_or_else(|| garbled(OPERATION))?;
            items.extend(number(item));
        }
        Ok(RemotePage { items, next: page.next })
    }

    async fn find(&self, phone: &E164) -> Result<Option<RemoteNumber>, ProviderError> {
        let held = self.held("find number", phone).await?;
        held.map(|wire| number(&wire).ok_or_else(|| garbled("find number"))).transpose()
    }

    async fn configure(
        &self,
        sid: &ProviderSid,
        settings: &NumberSettings,
    ) -> Result<RemoteNumber, ProviderError> {
        const OPERATION: &str = "configure number";
        let mut body = Map::new();
        if let Some(base) = &settings.webhooks {
            body.insert("inbound_webhook_url".to_owned(), format!("{base}/api/webhooks/retell").into());
        }
        if let Some(mark) = &settings.mark {
            body.insert("nickname".to_owned(), mark.as_str().into());
        }
        let path = format!("/update-phone-number/{}", segment(&phone_of(OPERATION, sid)?));
        let answer = self.0.send(OPERATION, Method::PATCH, &path, Some(&body.into())).await?;
        number(&json(OPERATION, 200, &answer)?).ok_or_else(|| garbled(OPERATION))
    }

    async fn release(&self, sid: &ProviderSid) -> Result<(), ProviderError> {
        const OPERATION: &str = "release number";
        let path = format!("/delete-phone-number/{}", segment(&phone_of(OPERATION, sid)?));
        let answer = self.0.send(OPERATION, Method::DELETE, &path, None).await?;
        match answer.status().as_u16() {
            204 | 404 | 422 => Ok(()),
            _ => json(OPERATION, 204, &answer).map(drop),
        }
    }
}

#[async_trait]
impl TrunkNumbers for RetellNumbers {
    /// How Retell refuses a number that it has already is not documented, so a refusal is followed by
    /// a look at what it has.
    async fn import(&self, number: &TrunkNumber) -> Result<RemoteNumber, ProviderError> {
        const OPERATION: &str = "import number";
        let body = import_body(number);
        let answer = self.0.send(OPERATION, Method::POST, "/import-phone-number", Some(&body)).await?;
        match answer.status().as_u16() {
            400 | 409 | 412 | 422 => {}
            _ => return self::number(&json(OPERATION, 201, &answer)?).ok_or_else(|| garbled(OPERATION)),
        }
        match self.held(OPERATION, &number.phone).await? {
            Some(held) if is_same(&held, number) => self::number(&held).ok_or_else(|| garbled(OPERATION)),
            Some(_) => Err(error(OPERATION, ErrorKind::Conflict, Effect::Refused)),
            None => Err(failed(OPERATION, &answer)),
        }
    }
}

impl RetellNumbers {
    async fn held(&self, operation: &'static str, phone: &E164) -> Result<Option<Value>, ProviderError> {
        match self.0.get(operation, &format!("/get-phone-number/{}", segment(phone))).await {
            Ok(wire) if text(&wire, "phone_number") == Some(phone.expose()) => Ok(Some(wire)),
            Ok(_) => Err(garbled(operation)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

pub(super) fn list_path(from: Option<&str>) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", PAGE_SIZE).append_pair("sort_order", "ascending");
    if let Some(key) = from {
        query.append_pair("pagination_key", key);
    }
    format!("/v2/list-phone-numbers?{}", query.finish())
}

/// A number as a part of a path.
pub(super) fn segment(phone: &E164) -> String {
    phone.expose().replace('+', "%2B")
}

fn phone_of(operation: &'static str, sid: &ProviderSid) -> Result<E164, ProviderError> {
    let phone = format!("+{sid}").parse();
    phone.map_err(|_| error(operation, ErrorKind::InvalidRequest, Effect::NotSent))
}

/// The one agent of a direction, with all of the weight (OpenAPI, `AgentWeight`).
fn only(agent: Option<&String>) -> Value {
    agent.map_or(Value::Null, |id| json!([{"agent_id": id, "weight": 1}]))
}

fn import_body(number: &TrunkNumber) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            body.insert(name.to_owned(), value);
        }
    };
    put("phone_number", number.phone.expose().into());
    put("ignore_e164_validation", false.into());
    put("termination_uri", number.termination_uri.as_str().into());
    put("sip_trunk_auth_username", number.user.as_ref().map(Secret::expose).into());
    put("sip_trunk_auth_password", number.password.as_ref().map(Secret::expose).into());
    put("inbound_agents", only(number.inbound_agent.as_ref()));
    put("outbound_agents", only(number.outbound_agent.as_ref()));
    put("inbound_webhook_url", number.lookup_url.as_deref().into());
    put("nickname", number.mark.as_deref().into());
    body.into()
}

/// What Retell has is what is to be imported, as far as it tells: a password is never told.
fn is_same(held: &Value, number: &TrunkNumber) -> bool {
    let trunk = held.get("sip_outbound_trunk_config").unwrap_or(&Value::Null);
    let user = number.user.as_ref().map(Secret::expose);
    text(held, "phone_number_type") == Some("custom")
        && text(trunk, "termination_uri") == Some(number.termination_uri.as_str())
        && text(trunk, "auth_username") == user
        && agent(held, "inbound_agents") == number.inbound_agent.as_deref()
        && agent(held, "outbound_agents") == number.outbound_agent.as_deref()
        && text(held, "inbound_webhook_url") == number.lookup_url.as_deref()
        && text(held, "nickname") == number.mark.as_deref()
}

fn agent<'v>(wire: &'v Value, list: &str) -> Option<&'v str> {
    text(wire.get(list)?.get(0)?, "agent_id")
}

/// OpenAPI, `PhoneNumberResponse`. `None`: no number that can be dialled.
pub(super) fn number(wire: &Value) -> Option<RemoteNumber> {
    let phone: E164 = text(wire, "phone_number")?.parse().ok()?;
    Some(RemoteNumber {
        sid: phone.expose().trim_start_matches('+').parse().ok()?,
        phone,
        // Texts are its chat agents' business and not ours.
        capabilities: NumberCapabilities { voice: true, sms: false, mms: false },
        mark: text(wire, "nickname").map(str::to_owned),
        active: true,
        voice: text(wire, "inbound_webhook_url").or_else(|| agent(wire, "inbound_agents")).map(str::to_owned),
        messaging: None,
        status_callback: None,
    })
}
