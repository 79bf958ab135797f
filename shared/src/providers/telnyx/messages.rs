//! The Messages resource.

use std::sync::Arc;

use async_trait::async_trait;
use http::Method;
use serde_json::{Value, json};

use super::client::{Client, strange, unsupported};
use super::config::Config;
use super::status;
use super::wire::WireMessage;
use crate::domain::ids::ProviderSid;
use crate::domain::status::MessageStatus;
use crate::domain::timestamp::Timestamp;
use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ProviderCode, ProviderError};
use crate::provider::messaging::{Accepted, Callback, MessageQuery, Messaging, OutboundText, RemoteMessage};
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

/// Messaging of one account, with its messaging key where it has one.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the account's settings cannot be used.
pub fn messaging(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Messaging>, ProviderError> {
    let config = Config::of(account, environment)?;
    let client = Client::new(&config.base, &config.messaging_authorization, transport);
    Ok(Box::new(Messages { client, profile: config.messaging_profile_id }))
}

struct Messages {
    client: Client,
    profile: Option<String>,
}

#[async_trait]
impl Messaging for Messages {
    /// There is no idempotency here (OpenAPI, POST /messages): once is once.
    async fn send(&self, text: &OutboundText) -> Result<Accepted, ProviderError> {
        const OPERATION: &str = "send";
        let wire: WireMessage =
            self.client.send(OPERATION, Method::POST, "/messages", &self.body(text)).await?;
        let sid = wire.id.parse().map_err(|_| strange(OPERATION))?;
        let word = wire.to.and_then(|to| to.into_list().into_iter().next()).and_then(|to| to.status);
        // A first status that we do not know is still a message that was taken.
        let status = word.as_deref().and_then(status::from_word).unwrap_or(MessageStatus::Queued);
        Ok(Accepted { sid, status })
    }

    /// Ten days long (OpenAPI, GET /messages/{id}).
    async fn fetch(&self, sid: &ProviderSid) -> Result<RemoteMessage, ProviderError> {
        const OPERATION: &str = "fetch";
        let wire: WireMessage = self.client.get(OPERATION, &format!("/messages/{sid}")).await?;
        remote(wire).ok_or_else(|| strange(OPERATION))
    }

    /// Telnyx cannot be asked this. There is no list of messages, and the detail records (OpenAPI, GET
    /// /detail_records, record_type `messaging`) are no stand-in: they know only *final* statuses, so that a
    /// message on its way is not among them, and no text, so that two to one person look alike. Absent
    /// there is not unsent, and an empty list would be taken for just that and the text sent a second
    /// time. What is left is the callback, whose URL carries our id; until it comes the question stays
    /// open, and after the lane's window a person is called.
    async fn find(&self, _query: &MessageQuery) -> Result<Vec<RemoteMessage>, ProviderError> {
        Err(unsupported("find", Effect::Unknown))
    }
}

impl Messages {
    fn body(&self, text: &OutboundText) -> Value {
        let mut body = json!({
            "from": text.from,
            "to": text.to,
            "webhook_url": callback_url(&text.callback),
            // What the profile has set is not ours: reports go to the URL with our id, or nowhere.
            "use_profile_webhooks": false,
        });
        if let Value::Object(members) = &mut body {
            if let Some(profile) = &self.profile {
                members.insert("messaging_profile_id".to_owned(), json!(profile));
            }
            if !text.body.is_empty() {
                members.insert("text".to_owned(), json!(text.body));
            }
            if !text.media_urls.is_empty() {
                members.insert("media_urls".to_owned(), json!(text.media_urls));
            }
            let kind = if text.media_urls.is_empty() { "SMS" } else { "MMS" };
            members.insert("type".to_owned(), json!(kind));
        }
        body
    }
}

/// Where the reports of one message or leg go. Telnyx does not sign the URL, only the body: see
/// [`super::webhook`] for what our id in it is good for.
pub(crate) fn callback_url(callback: &Callback) -> String {
    let id: String = form_urlencoded::byte_serialize(callback.id.as_bytes()).collect();
    format!("{}/api/webhooks/{}?m={id}", callback.base, ProviderId::Telnyx)
}

/// A message as we read it. `None`: it has no usable id.
fn remote(wire: WireMessage) -> Option<RemoteMessage> {
    let first = wire.to.and_then(|to| to.into_list().into_iter().next());
    let (to, word) = first.map(|to| (to.phone_number, to.status)).unwrap_or_default();
    let code = wire.errors.into_iter().flatten().next().and_then(|error| error.code).map(|code| code.text());
    let code = code.filter(|code| !code.is_empty());
    Some(RemoteMessage {
        sid: wire.id.parse().ok()?,
        from: wire.from.and_then(|from| from.phone_number).unwrap_or_default(),
        to: to.unwrap_or_default(),
        body: wire.text.unwrap_or_default(),
        status: word.and_then(|word| status::of(&word, code.as_deref())),
        error: code.map(ProviderCode),
        created_at: wire.received_at.as_deref().and_then(Timestamp::parse_rfc3339),
        cost: wire.cost.and_then(|cost| cost.read()),
        segments: wire.parts.filter(|parts| *parts > 0),
    })
}
