//! The only place that knows which providers there are. One function per capability; a provider
//! without a capability has no arm there.

use std::sync::Arc;

use super::account::ProviderAccount;
use super::capabilities::Capabilities;
use super::error::{ErrorKind, ProviderError};
use super::media::MediaSource;
use super::messaging::Messaging;
use super::transport::HttpTransport;
use super::webhooks::Webhooks;
use super::{Environment, ProviderId};
use crate::providers::{signalwire, twilio};

/// The receiving half.
pub fn webhooks(provider: ProviderId) -> &'static dyn Webhooks {
    match provider {
        ProviderId::Twilio => &twilio::webhook::TwilioWebhooks,
        ProviderId::SignalWire => &signalwire::webhook::SignalWireWebhooks,
    }
}

/// The sending half, for one account.
///
/// # Errors
/// [`ErrorKind::Config`] when the account lacks what it needs to send.
pub fn messaging(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Messaging>, ProviderError> {
    match account.provider {
        ProviderId::Twilio => twilio::messages::messaging(account, environment, transport),
        ProviderId::SignalWire => signalwire::messages::messaging(account, environment, transport),
    }
}

/// The media half, for one account.
///
/// # Errors
/// [`ErrorKind::Config`] when the account lacks what it needs.
pub fn media(
    account: &ProviderAccount,
    environment: &Environment,
) -> Result<Box<dyn MediaSource>, ProviderError> {
    match account.provider {
        ProviderId::Twilio => twilio::media::media(account, environment),
        ProviderId::SignalWire => signalwire::media::media(account, environment),
    }
}

/// What the provider can do.
pub fn capabilities(provider: ProviderId) -> &'static Capabilities {
    match provider {
        ProviderId::Twilio => &twilio::CAPABILITIES,
        ProviderId::SignalWire => &signalwire::CAPABILITIES,
    }
}

/// What a provider's error code means, when it comes with a status report.
pub fn error_kind(provider: ProviderId, code: &str) -> Option<ErrorKind> {
    match provider {
        ProviderId::Twilio => twilio::error::kind_of(code),
        ProviderId::SignalWire => signalwire::error::kind_of(code),
    }
}
