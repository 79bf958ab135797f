//! Recordings.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use form_urlencoded::Serializer;
use serde::Deserialize;

use super::client::{Client, strange};
use super::config::Config;
use super::control::segment;
use super::events::channels;
use super::media::download;
use super::paging;
use crate::domain::ids::ProviderSid;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::error::ProviderError;
use crate::provider::media::MediaRequest;
use crate::provider::recordings::{Recordings, RemoteRecording};
use crate::provider::transport::HttpTransport;

/// Recordings of one account.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the account's settings cannot be used.
pub fn recordings(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Recordings>, ProviderError> {
    let config = Config::of(account, environment)?;
    let local = config.local_host();
    Ok(Box::new(Kept { client: Client::new(&config.base, &config.authorization, transport), local }))
}

struct Kept {
    client: Client,
    local: Option<url::Host>,
}

/// OpenAPI, RecordingResponseData.
#[derive(Deserialize)]
struct WireRecording {
    id: String,
    call_leg_id: Option<String>,
    status: Option<String>,
    channels: Option<String>,
    duration_millis: Option<u64>,
    download_urls: Option<WireUrls>,
}

/// One of the two formats is there.
#[derive(Deserialize)]
struct WireUrls {
    mp3: Option<String>,
    wav: Option<String>,
}

#[async_trait]
impl Recordings for Kept {
    async fn of_call(&self, call: &ProviderSid) -> Result<Vec<RemoteRecording>, ProviderError> {
        const OPERATION: &str = "of_call";
        let query = Serializer::new(String::new()).append_pair("filter[call_leg_id]", call.as_str()).finish();
        let list: Vec<WireRecording> = paging::all(&self.client, OPERATION, "/recordings", &query).await?;
        list.into_iter()
            // A filter that was ignored must not make a stranger's recording ours.
            .filter(|wire| wire.call_leg_id.as_deref() == Some(call.as_str()))
            .map(|wire| {
                Ok(RemoteRecording {
                    sid: wire.id.parse().map_err(|_| strange(OPERATION))?,
                    call: Some(call.clone()),
                    ready: wire.status.as_deref() == Some("completed"),
                    duration: wire.duration_millis.map(Duration::from_millis),
                    channels: channels(wire.channels.as_deref()),
                })
            })
            .collect()
    }

    /// The links are made anew with every answer, and are signed: nothing of ours goes along.
    async fn link(&self, recording: &ProviderSid) -> Result<MediaRequest, ProviderError> {
        const OPERATION: &str = "link";
        let path = format!("/recordings/{}", segment(recording.as_str()));
        let wire: WireRecording = self.client.get(OPERATION, &path).await?;
        let url =
            wire.download_urls.and_then(|urls| urls.mp3.or(urls.wav)).ok_or_else(|| strange(OPERATION))?;
        download(&url, self.local.as_ref()).ok_or_else(|| strange(OPERATION))
    }

    async fn delete(&self, recording: &ProviderSid) -> Result<(), ProviderError> {
        self.client.delete("delete", &format!("/recordings/{}", segment(recording.as_str()))).await
    }
}
