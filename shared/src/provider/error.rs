//! What went wrong at a provider, and whether it took effect. Retry and failover are derived from
//! the two; nothing else is asked.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ProviderId;
use super::transport::TransportError;

/// What went wrong: a closed set, the same for every provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// We have no usable credentials for it.
    Config,
    /// The provider does not accept our credentials, or the account is suspended.
    Authentication,
    /// The request is wrong (content, media, parameters).
    InvalidRequest,
    /// A number is wrong or cannot receive.
    InvalidNumber,
    /// The recipient has opted out at the provider.
    OptedOut,
    /// The handset or carrier cannot be reached now.
    Unreachable,
    /// A carrier or the provider refuses the content or the sender (filtering, registration).
    Rejected,
    /// The account has no money.
    InsufficientFunds,
    /// It is sold only against an address or documents.
    AddressRequired,
    /// There is no such thing.
    NotFound,
    /// It is in a state that does not allow this.
    Conflict,
    /// Too many requests, or a full queue.
    RateLimited,
    /// The provider is having trouble.
    Unavailable,
    /// No answer in time.
    Timeout,
    /// The provider does not offer this.
    Unsupported,
    /// An answer that is not what the provider documents.
    UnexpectedResponse,
}

/// Did the provider act?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It did not: the request never arrived, or was turned away untouched. Safe to send again.
    NotSent,
    /// It decided against it. Sending the same again leads to the same.
    Refused,
    /// We cannot know. Never sent again; resolved by the callback or by asking.
    Unknown,
}

/// A provider's own error code, kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProviderCode(pub String);

impl fmt::Display for ProviderCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A failed operation at a provider.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{provider} {operation}: {kind:?} ({effect:?}){}", .code.as_ref().map(|code| format!(" code {code}")).unwrap_or_default())]
pub struct ProviderError {
    provider: ProviderId,
    operation: &'static str,
    kind: ErrorKind,
    effect: Effect,
    code: Option<ProviderCode>,
    status: Option<u16>,
    message: Option<String>,
    retry_after: Option<Duration>,
    #[source]
    source: Option<TransportError>,
}

impl ProviderError {
    /// A failure of this kind and effect.
    pub fn new(provider: ProviderId, operation: &'static str, kind: ErrorKind, effect: Effect) -> Self {
        Self {
            provider,
            operation,
            kind,
            effect,
            code: None,
            status: None,
            message: None,
            retry_after: None,
            source: None,
        }
    }

    /// A request that got no answer: not connected is `NotSent`, everything later is `Unknown`.
    pub fn transport(provider: ProviderId, operation: &'static str, source: TransportError) -> Self {
        let (kind, effect) = match source {
            TransportError::NotConnected => (ErrorKind::Unavailable, Effect::NotSent),
            TransportError::Timeout => (ErrorKind::Timeout, Effect::Unknown),
            TransportError::Broken => (ErrorKind::Unavailable, Effect::Unknown),
        };
        let mut error = Self::new(provider, operation, kind, effect);
        error.source = Some(source);
        error
    }

    /// With the provider's code.
    #[must_use]
    pub fn with_code(mut self, code: Option<ProviderCode>) -> Self {
        self.code = code;
        self
    }

    /// With the HTTP status of the answer.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// With the provider's own words, for the customer's eyes, never parsed. They may quote a phone
    /// number: they are stored with the message and not logged.
    #[must_use]
    pub fn with_message(mut self, message: Option<String>) -> Self {
        self.message = message;
        self
    }

    /// With the time that the provider asks us to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Whose error.
    pub fn provider(&self) -> ProviderId {
        self.provider
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether it took effect.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// The provider's code.
    pub fn code(&self) -> Option<&ProviderCode> {
        self.code.as_ref()
    }

    /// The HTTP status.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The provider's words.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// How long to wait, when the provider said so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// It may be tried again as it is: it did not take effect, and the cause passes.
    pub fn is_retryable(&self) -> bool {
        self.effect == Effect::NotSent && self.kind.is_passing()
    }
}

impl ErrorKind {
    /// A cause that passes by itself.
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable | Self::Timeout)
    }
}
