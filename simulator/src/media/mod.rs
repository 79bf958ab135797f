//! Media that the simulator holds: small valid files made here, bytes given by the test, or large synthetic ones.

pub(crate) mod cdn;
mod samples;
mod synthetic;

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};

use crate::{clock::later, ids, model::Provider, state::State};

pub(crate) struct Media {
    pub(crate) provider: Provider,
    pub(crate) sid: String,
    pub(crate) account: String,
    pub(crate) message_sid: String,
    pub(crate) content_type: String,
    pub(crate) created: OffsetDateTime,
    content: Content,
    /// Telnyx: the link in the webhook, good for everybody who knows it.
    pub(crate) public_url: Option<String>,
    /// How many more requests are answered 404.
    pub(crate) not_ready: u32,
}

#[derive(Clone)]
enum Content {
    Bytes(Bytes),
    Synthetic(u64),
}

/// How a test describes one medium.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMedia {
    /// What the provider claims; the default is what it is.
    #[serde(default)]
    content_type: Option<String>,
    #[serde(default)]
    kind: Option<samples::Kind>,
    #[serde(default)]
    base64: Option<String>,
    /// Pseudo-random bytes behind a JPEG header; never held in memory.
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    not_ready: u32,
}

/// The longest that a signed CDN address works: about four hours (twilio.md, trap 3).
const CDN_TOKEN_LIFE: Duration = Duration::hours(4);

pub(crate) fn add(
    state: &mut State,
    provider: Provider,
    account: &str,
    message_sid: &str,
    new: &NewMedia,
) -> Result<String, String> {
    let (content, content_type) = match (&new.base64, new.size) {
        (Some(_), Some(_)) => return Err("give base64 or size, not both".to_owned()),
        (Some(text), None) => {
            let bytes = STANDARD.decode(text).map_err(|error| format!("base64: {error}"))?;
            (Content::Bytes(bytes.into()), "application/octet-stream")
        }
        (None, Some(size)) => (Content::Synthetic(size), "image/jpeg"),
        (None, None) => {
            let kind = new.kind.unwrap_or_default();
            (Content::Bytes(kind.bytes()), kind.content_type())
        }
    };
    let sid = provider.new_sid("ME");
    let media = Media {
        provider,
        sid: sid.clone(),
        account: account.to_owned(),
        message_sid: message_sid.to_owned(),
        content_type: new.content_type.clone().unwrap_or_else(|| content_type.to_owned()),
        created: state.now(),
        content,
        public_url: None,
        not_ready: new.not_ready,
    };
    state.media.insert(sid.clone(), media);
    Ok(sid)
}

/// A short recording, as `wav` or `mp3`.
pub(crate) fn add_recording(
    state: &mut State,
    provider: Provider,
    account: &str,
    format: &str,
) -> Result<String, String> {
    let (bytes, content_type) = match format {
        "mp3" => (samples::mp3(), "audio/mpeg"),
        _ => (samples::wav(), "audio/wav"),
    };
    let new = NewMedia {
        content_type: Some(content_type.to_owned()),
        kind: None,
        base64: Some(STANDARD.encode(bytes)),
        size: None,
        not_ready: 0,
    };
    add(state, provider, account, "", &new)
}

impl Media {
    pub(crate) fn len(&self) -> u64 {
        match &self.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Synthetic(size) => *size,
        }
    }

    /// Of bytes that are held; not of synthetic ones, which are made while they are sent.
    pub(crate) fn sha256(&self) -> Option<String> {
        match &self.content {
            Content::Bytes(bytes) => Some(hex::encode(Sha256::digest(bytes))),
            Content::Synthetic(_) => None,
        }
    }

    pub(crate) fn body(&self) -> Body {
        match &self.content {
            Content::Bytes(bytes) => Body::from(bytes.clone()),
            Content::Synthetic(size) => Body::new(synthetic::Synthetic::new(*size)),
        }
    }
}

/// A fresh CDN address for a medium.
pub(crate) fn cdn_url(state: &mut State, origin: &str, media_sid: &str) -> String {
    link(state, origin, media_sid, CDN_TOKEN_LIFE)
}

/// Gives a medium an address of its own that needs no credentials.
pub(crate) fn publish(state: &mut State, origin: &str, media_sid: &str, life: Duration) {
    let url = link(state, origin, media_sid, life);
    if let Some(media) = state.media.get_mut(media_sid) {
        media.public_url = Some(url);
    }
}

pub(crate) fn link(state: &mut State, origin: &str, media_sid: &str, life: Duration) -> String {
    let token = ids::hex64();
    let until = later(state.now(), life);
    state.cdn_tokens.insert(token.clone(), (media_sid.to_owned(), until));
    format!("{origin}/_cdn/{token}")
}
