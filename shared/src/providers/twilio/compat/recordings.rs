//! The Recordings resource: what was recorded of a call, the way to its bytes, and its end.

use async_trait::async_trait;
use http::Method;
use serde::Deserialize;
use std::time::Duration;
use url::Url;

use super::answer::{self, Listing};
use super::rest::{MAX_PAGES, PAGE_SIZE, Rest};
use crate::domain::ids::ProviderSid;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::media::MediaRequest;
use crate::provider::recordings::{Recordings, RemoteRecording};
use crate::providers::twilio::wire::Figure;

/// A recording (OpenAPI api_v2010, `api.v2010.account.recording`; SignalWire's compatibility
/// API, `Recording`).
#[derive(Debug, Deserialize)]
struct WireRecording {
    sid: Option<String>,
    call_sid: Option<String>,
    status: Option<String>,
    duration: Option<Figure>,
    channels: Option<Figure>,
}

/// The recordings of one account.
pub(crate) struct Kept(pub(crate) Rest);

#[async_trait]
impl Recordings for Kept {
    /// The account's list, sifted by call: the list below a call is not documented by every provider.
    async fn of_call(&self, call: &ProviderSid) -> Result<Vec<RemoteRecording>, ProviderError> {
        const OPERATION: &str = "of_call";
        let dialect = self.0.dialect;
        let call_id = self.0.checked(OPERATION, call.as_str())?;
        let list = self.0.resource("Recordings");
        let mut found = Vec::new();
        let mut url = format!("{}?CallSid={call_id}&PageSize={PAGE_SIZE}", self.0.url(&list));
        for _ in 0..MAX_PAGES {
            let answer = self.0.get(OPERATION, &url).await?;
            let strange = || answer::unexpected(dialect, OPERATION, &answer);
            let page: Listing<WireRecording> = answer::listing(dialect, OPERATION, "recordings", &answer)?;
            for wire in page.items {
                // A filter that a provider ignored must not make a stranger's recording ours.
                if wire.call_sid.as_deref() == Some(call.as_str()) {
                    found.push(remote(wire).ok_or_else(strange)?);
                }
            }
            match page.next {
                None => return Ok(found),
                Some(next) => url = self.0.next_url(&list, &next).ok_or_else(strange)?,
            }
        }
        Err(self.0.error(OPERATION, ErrorKind::UnexpectedResponse, Effect::Unknown))
    }

    /// The bytes stand beside the resource, under its path with an ending, and take the same credentials
    /// (https://www.twilio.com/docs/voice/api/recording, "Fetch a Recording media file"; SignalWire's
    /// compatibility API says the same of its own). Nothing is asked.
    async fn link(&self, recording: &ProviderSid) -> Result<MediaRequest, ProviderError> {
        const OPERATION: &str = "link";
        let path = self.resource(OPERATION, recording)?;
        let url = Url::parse(&format!("{path}.mp3"));
        let url = url.map_err(|_| self.0.error(OPERATION, ErrorKind::Config, Effect::NotSent))?;
        Ok(MediaRequest { url, authorization: Some(self.0.authorization.clone()) })
    }

    async fn delete(&self, recording: &ProviderSid) -> Result<(), ProviderError> {
        const OPERATION: &str = "delete";
        let url = self.0.url(&self.resource(OPERATION, recording)?);
        let answer = self.0.call(OPERATION, &Method::DELETE, &url, String::new()).await?;
        match answer.status().as_u16() {
            204 | 404 => Ok(()),
            _ if answer.status().is_success() => Err(answer::unexpected(self.0.dialect, OPERATION, &answer)),
            _ => Err(answer::failed(self.0.dialect, OPERATION, &answer)),
        }
    }
}

impl Kept {
    fn resource(&self, operation: &'static str, recording: &ProviderSid) -> Result<String, ProviderError> {
        Ok(self.0.resource(&format!("Recordings/{}", self.0.checked(operation, recording.as_str())?)))
    }
}

fn remote(wire: WireRecording) -> Option<RemoteRecording> {
    let figure = |figure: Option<Figure>| figure.map(|figure| figure.text());
    Some(RemoteRecording {
        sid: wire.sid?.parse().ok()?,
        call: wire.call_sid.and_then(|sid| sid.parse().ok()),
        ready: wire.status.as_deref() == Some("completed"),
        // `-1` while it is not known.
        duration: figure(wire.duration).and_then(|text| text.parse().ok()).map(Duration::from_secs),
        channels: figure(wire.channels).and_then(|text| text.parse().ok()),
    })
}
