//! Where events go: a number names a connection and a messaging profile, and those have the URL. Both
//! are named by the account's settings as well, so that they are looked at once and not per number.

use std::sync::Arc;

use async_trait::async_trait;
use http::Method;
use serde_json::{Map, Value, json};

use super::client::{Client, strange};
use super::config::Config;
use super::control::segment;
use super::numbers::GONE;
use super::paging;
use crate::domain::phone::E164;
use crate::provider::account::ProviderAccount;
use crate::provider::audit::{Comparison, Drift, Found, NUMBER, Subject, Wanted, WebhookAudit};
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::numbers::RemotePage;
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

/// WebhookAudit of one account.
///
/// # Errors
/// [`ErrorKind::Config`] when the account's settings cannot be used.
pub fn webhook_audit(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn WebhookAudit>, ProviderError> {
    let config = Config::of(account, environment)?;
    Ok(Box::new(Audit {
        client: Client::new(&config.base, &config.authorization, transport),
        connection: config.connection_id,
        profile: config.messaging_profile_id,
    }))
}

const APPLICATION: &str = "call_control_application";
const PROFILE: &str = "messaging_profile";
/// OpenAPI, PhoneNumberDetailed.
const NUMBER_SETTINGS: [&str; 3] = ["connection_id", "messaging_profile_id", "status"];
/// OpenAPI, CallControlApplication.
const APPLICATION_SETTINGS: [&str; 5] = [
    "active",
    "webhook_api_version",
    "webhook_event_url",
    "webhook_event_failover_url",
    "webhook_timeout_secs",
];
/// OpenAPI, MessagingProfile.
const PROFILE_SETTINGS: [&str; 4] = ["enabled", "webhook_api_version", "webhook_url", "webhook_failover_url"];
/// OpenAPI, PhoneNumberWithVoiceSettings: where calls are forwarded, always.
const FORWARDING: &str = "call_forwarding";
/// The same: another number is told to us in place of the one that was called.
const TRANSLATED: &str = "translated_number";
/// OpenAPI, MessagingProfile.
const DESTINATIONS: &str = "whitelisted_destinations";
/// Without a destination no text leaves (error 40331): what an empty list gets, the countries that
/// local numbers of ours are in.
pub(super) const HOME: [&str; 2] = ["US", "CA"];
/// Seconds that our answer to an event of a call may take before the other URL is asked.
const PATIENCE: &str = "10";

struct Audit {
    client: Client,
    connection: Option<String>,
    profile: Option<String>,
}

/// What a resource says of these settings.
fn found(wire: &Value, settings: &[&'static str]) -> Found {
    let mut found = Found::default();
    for field in settings {
        match wire.get(field) {
            Some(Value::String(text)) => found.set(field, text.as_str()),
            Some(Value::Bool(flag)) => found.set(field, flag.to_string()),
            Some(Value::Number(number)) => found.set(field, number.to_string()),
            _ => {}
        }
    }
    found
}

fn text<'v>(wire: &'v Value, name: &str) -> Option<&'v str> {
    wire.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// `None`: a member is missing that every number has.
fn number(wire: &Value) -> Option<Subject> {
    let phone: E164 = text(wire, "phone_number")?.parse().ok()?;
    Some(Subject {
        kind: NUMBER,
        id: text(wire, "id")?.to_owned(),
        phone: Some(phone),
        used_by: Vec::new(),
        mark: text(wire, "customer_reference").map(str::to_owned),
        found: found(wire, &NUMBER_SETTINGS),
    })
}

fn is_held(wire: &Value) -> bool {
    !text(wire, "status").is_some_and(|status| GONE.contains(&status))
}

impl Audit {
    /// A resource; `None`: there is none of this id.
    async fn get(&self, operation: &'static str, path: &str) -> Result<Option<Value>, ProviderError> {
        match self.client.get::<Map<String, Value>>(operation, path).await {
            Ok(wire) => Ok(Some(Value::Object(wire))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn patch(&self, operation: &'static str, path: &str, body: &Value) -> Result<(), ProviderError> {
        self.client.send::<Map<String, Value>>(operation, Method::PATCH, path, body).await.map(drop)
    }

    async fn application(&self, id: &str) -> Result<Option<Subject>, ProviderError> {
        let wire = self.get("audit application", &application_path(id)).await?;
        Ok(wire.map(|wire| Subject {
            kind: APPLICATION,
            id: id.to_owned(),
            phone: None,
            used_by: Vec::new(),
            mark: text(&wire, "application_name").map(str::to_owned),
            found: found(&wire, &APPLICATION_SETTINGS),
        }))
    }

    async fn messaging_profile(&self, id: &str) -> Result<Option<Subject>, ProviderError> {
        let wire = self.get("audit profile", &profile_path(id)).await?;
        Ok(wire.map(|wire| {
            let mut found = found(&wire, &PROFILE_SETTINGS);
            let countries = wire.get(DESTINATIONS).and_then(Value::as_array).into_iter().flatten();
            let countries: Vec<&str> = countries.filter_map(Value::as_str).collect();
            found.set(DESTINATIONS, countries.join(","));
            Subject {
                kind: PROFILE,
                id: id.to_owned(),
                phone: None,
                used_by: Vec::new(),
                mark: text(&wire, "name").map(str::to_owned),
                found,
            }
        }))
    }

    fn compare_number(&self, subject: &Subject, wanted: &Wanted) -> Vec<Drift> {
        let mut comparison = Comparison::of(&subject.found);
        // Without its id among the account's settings nobody knows what is right.
        if let Some(profile) = self.profile.as_ref().filter(|_| wanted.messaging) {
            comparison.expect("messaging_profile_id", profile.as_str());
        }
        if wanted.voice {
            if let Some(connection) = &self.connection {
                comparison.expect("connection_id", connection.as_str());
            }
            comparison.expect(FORWARDING, "");
            comparison.expect(TRANSLATED, "");
        }
        comparison.expect_of_provider("status", "active");
        comparison.drifts()
    }
}

fn number_path(id: &str) -> String {
    format!("/phone_numbers/{}", segment(id))
}

fn application_path(id: &str) -> String {
    format!("/call_control_applications/{}", segment(id))
}

fn profile_path(id: &str) -> String {
    format!("/messaging_profiles/{}", segment(id))
}

/// Where calls go before they reach the connection. Forwarding that only steps in on failure leaves
/// them to us.
fn forwarding(wire: &Value) -> Option<String> {
    let forwarding = wire.get(FORWARDING)?;
    let on = forwarding.get("call_forwarding_enabled").and_then(Value::as_bool).unwrap_or_default();
    let always = text(forwarding, "forwarding_type").is_none_or(|kind| kind == "always");
    text(forwarding, "forwards_to").filter(|_| on && always).map(|to| format!("always to {to}"))
}

#[async_trait]
impl WebhookAudit for Audit {
    /// By number, an order that stays (OpenAPI, GET /phone_numbers, `sort`).
    async fn numbers(&self, page: Option<&str>) -> Result<RemotePage<Subject>, ProviderError> {
        const OPERATION: &str = "audit numbers";
        let at = match page {
            None => 1,
            Some(text) => text.parse::<u32>().ok().filter(|number| *number > 0).ok_or_else(|| {
                ProviderError::new(ProviderId::Telnyx, OPERATION, ErrorKind::InvalidRequest, Effect::NotSent)
            })?,
        };
        let got =
            paging::page::<Value>(&self.client, OPERATION, "/phone_numbers", "sort=phone_number", at).await?;
        let items = got.items.iter().filter(|wire| is_held(wire));
        Ok(RemotePage {
            items: items
                .map(|wire| number(wire).ok_or_else(|| strange(OPERATION)))
                .collect::<Result<_, _>>()?,
            next: got.next.map(|next| next.to_string()),
        })
    }

    async fn shared(&self) -> Result<Vec<Subject>, ProviderError> {
        let mut shared = Vec::new();
        if let Some(id) = &self.connection {
            shared.push(self.application(id).await?.unwrap_or_else(|| Subject::absent(APPLICATION, id)));
        }
        if let Some(id) = &self.profile {
            shared.push(self.messaging_profile(id).await?.unwrap_or_else(|| Subject::absent(PROFILE, id)));
        }
        Ok(shared)
    }

    /// Forwarding is told by a resource of its own.
    async fn complete(&self, mut subject: Subject) -> Result<Option<Subject>, ProviderError> {
        let path = format!("{}/voice", number_path(&subject.id));
        let Some(wire) = self.get("audit forwarding", &path).await? else { return Ok(None) };
        subject.found.set(FORWARDING, forwarding(&wire).unwrap_or_default());
        subject.found.set(TRANSLATED, text(&wire, TRANSLATED).unwrap_or_default());
        Ok(Some(subject))
    }

    async fn read(&self, subject: &Subject) -> Result<Option<Subject>, ProviderError> {
        const OPERATION: &str = "audit number";
        match subject.kind {
            APPLICATION => return self.application(&subject.id).await,
            PROFILE => return self.messaging_profile(&subject.id).await,
            _ => {}
        }
        match self.get(OPERATION, &number_path(&subject.id)).await?.filter(is_held) {
            Some(wire) => self.complete(number(&wire).ok_or_else(|| strange(OPERATION))?).await,
            None => Ok(None),
        }
    }

    /// An application and a profile ask the same address again, a little later, before an event is lost.
    fn drifts(&self, subject: &Subject, wanted: &Wanted) -> Vec<Drift> {
        if let Some(absence) = subject.absence() {
            return vec![absence];
        }
        let url = format!("{}/api/webhooks/telnyx", wanted.base);
        let mut comparison = Comparison::of(&subject.found);
        match subject.kind {
            APPLICATION => {
                comparison.expect("active", "true");
                // The old version's events have other members.
                comparison.expect("webhook_api_version", "2");
                comparison.expect("webhook_event_url", url.as_str());
                comparison.expect("webhook_event_failover_url", url);
                comparison.expect("webhook_timeout_secs", PATIENCE);
            }
            PROFILE => {
                comparison.expect("enabled", "true");
                comparison.expect("webhook_api_version", "2");
                comparison.expect("webhook_url", url.as_str());
                comparison.expect("webhook_failover_url", url);
                if subject.found.get(DESTINATIONS).is_empty() {
                    comparison.drift(DESTINATIONS, HOME.join(","), true);
                }
            }
            _ => return self.compare_number(subject, wanted),
        }
        comparison.drifts()
    }

    async fn repair(&self, subject: &Subject, drifts: &[Drift]) -> Result<(), ProviderError> {
        let mut body = Map::new();
        for drift in drifts {
            body.insert(drift.field.to_owned(), written(drift));
        }
        match subject.kind {
            APPLICATION => {
                // Both are demanded in every change (OpenAPI, UpdateCallControlApplicationRequest).
                let name = subject.mark.as_deref().ok_or_else(|| strange("repair application"))?;
                body.insert("application_name".to_owned(), json!(name));
                body.entry("webhook_event_url")
                    .or_insert_with(|| json!(subject.found.get("webhook_event_url")));
                self.patch("repair application", &application_path(&subject.id), &body.into()).await
            }
            PROFILE => self.patch("repair profile", &profile_path(&subject.id), &body.into()).await,
            _ => self.repair_number(&subject.id, body).await,
        }
    }
}

impl Audit {
    /// A number's settings are three resources.
    async fn repair_number(&self, id: &str, mut body: Map<String, Value>) -> Result<(), ProviderError> {
        const OPERATION: &str = "repair number";
        let path = number_path(id);
        let parts = [
            (format!("{path}/messaging"), vec!["messaging_profile_id"]),
            (format!("{path}/voice"), vec![FORWARDING, TRANSLATED]),
            (path, vec!["connection_id"]),
        ];
        for (path, fields) in parts {
            let part: Map<String, Value> =
                fields.into_iter().filter_map(|field| body.remove_entry(field)).collect();
            if !part.is_empty() {
                self.patch(OPERATION, &path, &part.into()).await?;
            }
        }
        Ok(())
    }
}

/// The value of a setting as the API takes it.
fn written(drift: &Drift) -> Value {
    match drift.field {
        "active" | "enabled" => json!(true),
        "webhook_timeout_secs" => drift.expected.parse::<u32>().map_or(Value::Null, Value::from),
        FORWARDING => json!({ "call_forwarding_enabled": false }),
        DESTINATIONS => json!(drift.expected.split(',').collect::<Vec<_>>()),
        _ => json!(drift.expected),
    }
}
