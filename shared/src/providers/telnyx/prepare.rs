//! What the numbers of an account share: calls go to a call control application, texts to a messaging
//! profile, and both have our URL.

use form_urlencoded::Serializer;
use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::audit::HOME;
use super::client::{Client, created, strange};
use super::config::{is_connection, is_uuid};
use super::paging;
use crate::domain::secret::Secret;
use crate::provider::account::AccountConfig;
use crate::provider::error::ProviderError;

/// Seconds that our answer to an event of a call may take before the other URL is asked.
const PATIENCE: u32 = 10;

/// OpenAPI, CallControlApplication and MessagingProfile.
#[derive(Deserialize)]
struct WireShared {
    id: String,
    application_name: Option<String>,
    name: Option<String>,
}

/// An application and a profile of this name, found or made.
pub(super) async fn prepare(
    client: &Client,
    name: &str,
    webhooks: &str,
) -> Result<AccountConfig, ProviderError> {
    let url = format!("{webhooks}/api/webhooks/telnyx");
    let mut config = AccountConfig::default();
    config.set("connection_id", Secret::new(application(client, name, &url).await?));
    config.set("messaging_profile_id", Secret::new(profile(client, name, &url).await?));
    Ok(config)
}

async fn application(client: &Client, name: &str, url: &str) -> Result<String, ProviderError> {
    const OPERATION: &str = "prepare application";
    const PATH: &str = "/call_control_applications";
    // The filter finds names that hold this one, in any case (OpenAPI, FilterConsolidated).
    let query =
        Serializer::new(String::new()).append_pair("filter[application_name][contains]", name).finish();
    let known: Vec<WireShared> = paging::all(client, OPERATION, PATH, &query).await?;
    let found = known.into_iter().find(|known| known.application_name.as_deref() == Some(name));
    let wire = match found {
        Some(wire) => wire,
        None => {
            let body = json!({
                "application_name": name,
                "webhook_event_url": url,
                "webhook_event_failover_url": url,
                // The old version's events have other members.
                "webhook_api_version": "2",
                "webhook_timeout_secs": PATIENCE,
            });
            created(OPERATION, &client.call(OPERATION, Method::POST, PATH, Some(&body)).await?)?
        }
    };
    if is_connection(&wire.id) { Ok(wire.id) } else { Err(strange(OPERATION)) }
}

async fn profile(client: &Client, name: &str, url: &str) -> Result<String, ProviderError> {
    const OPERATION: &str = "prepare profile";
    const PATH: &str = "/messaging_profiles";
    let query = Serializer::new(String::new()).append_pair("filter[name]", name).finish();
    let known: Vec<WireShared> = paging::all(client, OPERATION, PATH, &query).await?;
    let wire = match known.into_iter().find(|known| known.name.as_deref() == Some(name)) {
        Some(wire) => wire,
        None => {
            let body = json!({
                "name": name,
                "webhook_url": url,
                "webhook_failover_url": url,
                "webhook_api_version": "2",
                // Without a destination no text leaves (error 40331).
                "whitelisted_destinations": HOME,
            });
            client.send(OPERATION, Method::POST, PATH, &body).await?
        }
    };
    if is_uuid(&wire.id) { Ok(wire.id) } else { Err(strange(OPERATION)) }
}
