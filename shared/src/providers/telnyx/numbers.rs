//! Held numbers. Where their events go is not a setting of the number: calls go to its connection,
//! texts to its messaging profile, and both have our URL.

use std::sync::Arc;

use async_trait::async_trait;
use form_urlencoded::Serializer;
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::{Client, strange};
use super::config::Config;
use super::control::segment;
use super::paging;
use crate::domain::ids::ProviderSid;
use crate::domain::phone::E164;
use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::numbers::{
    HeldNumbers, NumberCapabilities, NumberSettings, NumberUrls, RemoteNumber, RemotePage,
};
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

/// Our URLs: those of the connection and of the messaging profile, because a number has none itself.
pub fn urls(base: &str) -> NumberUrls {
    let url = format!("{base}/api/webhooks/{}", ProviderId::Telnyx);
    NumberUrls { voice: Some(url.clone()), messaging: Some(url), status_callback: None }
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
    let config = Config::of(account, environment)?;
    Ok(Box::new(Numbers::of(config, transport)))
}

/// The numbers of an account, and where it wants their events.
pub(crate) struct Numbers {
    client: Client,
    connection: Option<String>,
    profile: Option<String>,
}

/// OpenAPI, PhoneNumberDetailed.
#[derive(Deserialize)]
struct WireNumber {
    id: String,
    phone_number: String,
    status: Option<String>,
    connection_id: Option<String>,
    messaging_profile_id: Option<String>,
    customer_reference: Option<String>,
}

/// OpenAPI, PhoneNumberWithMessagingSettings.
#[derive(Deserialize)]
struct WireMessaging {
    features: Option<WireFeatures>,
}

/// What a number can carry; a kind that it cannot is `null`.
#[derive(Deserialize)]
struct WireFeatures {
    sms: Option<Value>,
    mms: Option<Value>,
}

/// Numbers that are not held any more, or not yet (OpenAPI, PhoneNumberDetailed, `status`).
pub(super) const GONE: [&str; 4] = ["purchase-failed", "port-failed", "deleted", "ported-out"];

impl Numbers {
    pub(crate) fn of(config: Config, transport: Arc<dyn HttpTransport>) -> Self {
        Self {
            client: Client::new(&config.base, &config.authorization, transport),
            connection: config.connection_id,
            profile: config.messaging_profile_id,
        }
    }

    /// The number by itself does not say what texts it carries; its messaging settings do.
    async fn complete(
        &self,
        operation: &'static str,
        mut number: RemoteNumber,
    ) -> Result<RemoteNumber, ProviderError> {
        let path = format!("/phone_numbers/{}/messaging", segment(number.sid.as_str()));
        match self.client.get::<WireMessaging>(operation, &path).await {
            Ok(wire) => {
                let features = wire.features.unwrap_or(WireFeatures { sms: None, mms: None });
                number.capabilities.sms = features.sms.is_some();
                number.capabilities.mms = features.mms.is_some();
                Ok(number)
            }
            // A number without messaging has no such settings.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(number),
            Err(error) => Err(error),
        }
    }
}

/// A number as we read it. In a list its texts are judged by its profile: a number without one carries
/// none.
fn remote(wire: WireNumber) -> Option<RemoteNumber> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let messaging = filled(wire.messaging_profile_id);
    Some(RemoteNumber {
        sid: wire.id.parse().ok()?,
        phone: wire.phone_number.parse().ok()?,
        capabilities: NumberCapabilities { voice: true, sms: messaging.is_some(), mms: messaging.is_some() },
        mark: filled(wire.customer_reference),
        active: wire.status.as_deref() == Some("active"),
        voice: filled(wire.connection_id),
        messaging,
        status_callback: None,
    })
}

fn is_held(wire: &WireNumber) -> bool {
    !wire.status.as_deref().is_some_and(|status| GONE.contains(&status))
}

#[async_trait]
impl HeldNumbers for Numbers {
    /// By number, an order that stays (OpenAPI, GET /phone_numbers, `sort`).
    async fn list(&self, page: Option<&str>) -> Result<RemotePage<RemoteNumber>, ProviderError> {
        const OPERATION: &str = "list";
        let number = match page {
            None => 1,
            Some(text) => text.parse::<u32>().ok().filter(|number| *number > 0).ok_or_else(|| {
                ProviderError::new(ProviderId::Telnyx, OPERATION, ErrorKind::InvalidRequest, Effect::NotSent)
            })?,
        };
        let got = paging::page::<WireNumber>(
            &self.client,
            OPERATION,
            "/phone_numbers",
            "sort=phone_number",
            number,
        )
        .await?;
        let items =
            got.items.into_iter().filter(is_held).map(|wire| remote(wire).ok_or_else(|| strange(OPERATION)));
        Ok(RemotePage {
            items: items.collect::<Result<_, _>>()?,
            next: got.next.map(|next| next.to_string()),
        })
    }

    async fn find(&self, phone: &E164) -> Result<Option<RemoteNumber>, ProviderError> {
        const OPERATION: &str = "find";
        // "Non-numerical characters will result in no values being returned" (OpenAPI): without the `+`.
        let digits = phone.expose().trim_start_matches('+');
        let query = Serializer::new(String::new()).append_pair("filter[phone_number]", digits).finish();
        let list: Vec<WireNumber> = paging::all(&self.client, OPERATION, "/phone_numbers", &query).await?;
        // The filter finds numbers that hold these digits; a number can be there twice, deleted and held.
        let held = list.into_iter().find(|wire| wire.phone_number == phone.expose() && is_held(wire));
        match held {
            Some(wire) => {
                let number = remote(wire).ok_or_else(|| strange(OPERATION))?;
                self.complete(OPERATION, number).await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Attaches the account's connection and messaging profile, in two requests: they are two
    /// resources. Without webhooks in the settings only the mark is written.
    async fn configure(
        &self,
        sid: &ProviderSid,
        settings: &NumberSettings,
    ) -> Result<RemoteNumber, ProviderError> {
        const OPERATION: &str = "configure_number";
        let path = format!("/phone_numbers/{}", segment(sid.as_str()));
        if let (Some(_), Some(profile)) = (&settings.webhooks, &self.profile) {
            let body = json!({ "messaging_profile_id": profile });
            let _: Value =
                self.client.send(OPERATION, Method::PATCH, &format!("{path}/messaging"), &body).await?;
        }
        let mut body = Map::new();
        if let (Some(_), Some(connection)) = (&settings.webhooks, &self.connection) {
            body.insert("connection_id".to_owned(), json!(connection));
        }
        if let Some(mark) = &settings.mark {
            body.insert("customer_reference".to_owned(), json!(mark));
        }
        let wire: WireNumber = if body.is_empty() {
            self.client.get(OPERATION, &path).await?
        } else {
            self.client.send(OPERATION, Method::PATCH, &path, &Value::Object(body)).await?
        };
        let number = remote(wire).ok_or_else(|| strange(OPERATION))?;
        self.complete(OPERATION, number).await
    }

    fn shows(&self, number: &RemoteNumber, settings: &NumberSettings) -> bool {
        let attached = |wanted: &Option<String>, shown: &Option<String>| {
            settings.webhooks.is_none() || wanted.is_none() || wanted == shown
        };
        attached(&self.connection, &number.voice)
            && attached(&self.profile, &number.messaging)
            && (settings.mark.is_none() || settings.mark == number.mark)
    }

    /// A number under `deletion_lock_enabled` is refused by Telnyx, and stays held.
    async fn release(&self, sid: &ProviderSid) -> Result<(), ProviderError> {
        self.client.delete("release", &format!("/phone_numbers/{}", segment(sid.as_str()))).await
    }
}
