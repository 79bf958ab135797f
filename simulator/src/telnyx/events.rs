//! Events: the one envelope of all of Telnyx's webhooks.

use std::time::Duration;

use serde_json::{Value, json};

use super::{message_json, stamp_z};
use crate::{
    delivery::{Body, Delivery},
    ids,
    model::{AccountStatus, Message, Provider, Status},
    state::State,
};

/// Where an event goes and what it is about.
pub(super) struct Envelope<'a> {
    pub(super) account: &'a str,
    pub(super) kind: &'static str,
    pub(super) event: &'a str,
    pub(super) about: &'a str,
    pub(super) status: Option<String>,
    pub(super) last: bool,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    /// The first is tried first.
    pub(super) urls: Vec<String>,
    pub(super) timeout: Option<Duration>,
}

/// `None` where nobody listens.
pub(super) fn event(state: &State, envelope: Envelope<'_>, payload: &Value) -> Option<Delivery> {
    let active = state.accounts.get(envelope.account)?.status == AccountStatus::Active;
    let mut urls = envelope.urls.into_iter().filter(|_| active);
    let url = urls.next()?;
    let data = json!({
        "record_type": "event",
        "event_type": envelope.event,
        "id": ids::uuid(),
        "occurred_at": stamp_z(state.now()),
        "payload": payload,
    });
    Some(Delivery {
        provider: Provider::Telnyx,
        account: envelope.account.to_owned(),
        kind: envelope.kind,
        message_sid: envelope.about.to_owned(),
        status: envelope.status,
        event: Some(envelope.event.to_owned()),
        last: envelope.last,
        from: envelope.from.to_owned(),
        to: envelope.to.to_owned(),
        method: "POST".to_owned(),
        url,
        fallbacks: urls.collect(),
        body: Body::Event(data),
        token: String::new(),
        timeout: envelope.timeout,
        faulted: false,
        redelivery_of: None,
    })
}

/// `webhook_url` and `webhook_failover_url` of a profile.
pub(super) fn profile_urls(state: &State, account: &str, profile: Option<&String>) -> Vec<String> {
    let profile = profile.and_then(|id| state.telnyx.profiles.get(account, id));
    let urls = ["webhook_url", "webhook_failover_url"];
    urls.iter().filter_map(|name| profile?.text(name).map(str::to_owned)).collect()
}

/// The message's own URLs first, then those of the profile (spec3, `use_profile_webhooks`).
fn message_urls(state: &State, message: &Message) -> Vec<String> {
    let Some(details) = message.telnyx.as_deref() else { return Vec::new() };
    let own = [&details.webhook_url, &details.webhook_failover_url];
    let mut urls: Vec<String> = own.into_iter().flatten().filter(|url| !url.is_empty()).cloned().collect();
    if details.use_profile_webhooks {
        urls.extend(profile_urls(state, &message.account, details.messaging_profile_id.as_ref()));
    }
    urls
}

/// `message.sent` or `message.finalized`, whatever the message's own status is. Any other status has no event.
pub(crate) fn status_webhook(state: &State, message: &Message, status: Status) -> Option<Delivery> {
    let event_type = match status {
        Status::Sent => "message.sent",
        status if status.is_final() && status != Status::Canceled => "message.finalized",
        _ => return None,
    };
    let envelope = Envelope {
        account: &message.account,
        kind: "status",
        event: event_type,
        about: &message.sid,
        status: Some(message_json::word(status).to_owned()),
        last: status.is_final(),
        from: message.from.as_deref().unwrap_or_default(),
        to: &message.to,
        urls: message_urls(state, message),
        timeout: None,
    };
    event(state, envelope, &message_json::show_as(state, message, status))
}
