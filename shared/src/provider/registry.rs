//! The only place that knows which providers there are. One function per capability: a provider
//! without it answers `None`, so that nobody can ask Retell to send a text.

use std::sync::Arc;

use serde::Serialize;

use super::account::ProviderAccount;
use super::agents::Agents;
use super::audit::WebhookAudit;
use super::calling::{CallControl, Calling};
use super::capabilities::Capabilities;
use super::connection::Connection;
use super::error::{ErrorKind, ProviderError};
use super::history::InboundHistory;
use super::media::MediaSource;
use super::messaging::Messaging;
use super::numbers::{HeldNumbers, NumberMarket, NumberTransfers, NumberUrls, TrunkNumbers};
use super::recordings::Recordings;
use super::subaccounts::Subaccounts;
use super::transport::HttpTransport;
use super::webhooks::Webhooks;
use super::{Environment, ProviderId};
use crate::providers::{retell, signalwire, telnyx, twilio};

/// Makes one capability of one account. Fails with [`ErrorKind::Config`] when the account lacks what
/// it takes.
pub type Factory<T> =
    fn(&ProviderAccount, &Environment, Arc<dyn HttpTransport>) -> Result<Box<T>, ProviderError>;

/// Makes the media half of one account, which never dials.
pub type MediaFactory = fn(&ProviderAccount, &Environment) -> Result<Box<dyn MediaSource>, ProviderError>;

/// The receiving half.
pub fn webhooks(provider: ProviderId) -> &'static dyn Webhooks {
    match provider {
        ProviderId::Twilio => &twilio::webhook::TwilioWebhooks,
        ProviderId::SignalWire => &signalwire::webhook::SignalWireWebhooks,
        ProviderId::Telnyx => &telnyx::webhook::TelnyxWebhooks,
        ProviderId::Retell => &retell::webhook::RetellWebhooks,
    }
}

/// Sending texts.
pub fn messaging(provider: ProviderId) -> Option<Factory<dyn Messaging>> {
    match provider {
        ProviderId::Twilio => Some(twilio::messages::messaging),
        ProviderId::SignalWire => Some(signalwire::messages::messaging),
        ProviderId::Telnyx => Some(telnyx::messages::messaging),
        ProviderId::Retell => None,
    }
}

/// The texts that an account has received. Telnyx has no list of messages, and its detail records have no
/// text (`docs/providers.md`).
pub fn inbound_history(provider: ProviderId) -> Option<Factory<dyn InboundHistory>> {
    match provider {
        ProviderId::Twilio => Some(twilio::messages::inbound_history),
        ProviderId::SignalWire => Some(signalwire::messages::inbound_history),
        ProviderId::Telnyx | ProviderId::Retell => None,
    }
}

/// Fetching attachments.
pub fn media(provider: ProviderId) -> Option<MediaFactory> {
    match provider {
        ProviderId::Twilio => Some(twilio::media::media),
        ProviderId::SignalWire => Some(signalwire::media::media),
        ProviderId::Telnyx => Some(telnyx::media::media),
        ProviderId::Retell => None,
    }
}

/// Placing calls.
pub fn calling(provider: ProviderId) -> Option<Factory<dyn Calling>> {
    match provider {
        ProviderId::Twilio => Some(twilio::calls::calling),
        ProviderId::SignalWire => Some(signalwire::calls::calling),
        ProviderId::Telnyx => Some(telnyx::calls::calling),
        ProviderId::Retell => Some(retell::calls::calling),
    }
}

/// Steering calls by commands; the others are steered by documents.
pub fn call_control(provider: ProviderId) -> Option<Factory<dyn CallControl>> {
    match provider {
        ProviderId::Telnyx => Some(telnyx::control::call_control),
        ProviderId::Twilio | ProviderId::SignalWire | ProviderId::Retell => None,
    }
}

/// Fetching recordings.
pub fn recordings(provider: ProviderId) -> Option<Factory<dyn Recordings>> {
    match provider {
        ProviderId::Twilio => Some(twilio::recordings::recordings),
        ProviderId::SignalWire => Some(signalwire::recordings::recordings),
        ProviderId::Telnyx => Some(telnyx::recordings::recordings),
        ProviderId::Retell => None,
    }
}

/// The numbers that an account holds.
pub fn held_numbers(provider: ProviderId) -> Option<Factory<dyn HeldNumbers>> {
    match provider {
        ProviderId::Twilio => Some(twilio::numbers::held_numbers),
        ProviderId::SignalWire => Some(signalwire::numbers::held_numbers),
        ProviderId::Telnyx => Some(telnyx::numbers::held_numbers),
        ProviderId::Retell => Some(retell::numbers::held_numbers),
    }
}

/// Our URLs on a number of this provider, from what stands before `/api/` in them.
pub fn number_urls(provider: ProviderId) -> fn(&str) -> NumberUrls {
    match provider {
        ProviderId::Twilio => twilio::numbers::urls,
        ProviderId::SignalWire => signalwire::numbers::urls,
        ProviderId::Telnyx => telnyx::numbers::urls,
        ProviderId::Retell => retell::numbers::urls,
    }
}

/// Numbers for sale.
pub fn number_market(provider: ProviderId) -> Option<Factory<dyn NumberMarket>> {
    match provider {
        ProviderId::Twilio => Some(twilio::numbers::number_market),
        ProviderId::SignalWire => Some(signalwire::numbers::number_market),
        ProviderId::Telnyx => Some(telnyx::market::number_market),
        ProviderId::Retell => None,
    }
}

/// Moving numbers between an account and those below it. Telnyx and Retell have no such request.
pub fn number_transfers(provider: ProviderId) -> Option<Factory<dyn NumberTransfers>> {
    match provider {
        ProviderId::Twilio => Some(twilio::numbers::number_transfers),
        ProviderId::SignalWire => Some(signalwire::numbers::number_transfers),
        ProviderId::Telnyx | ProviderId::Retell => None,
    }
}

/// Numbers of other providers, reached over a trunk.
pub fn trunk_numbers(provider: ProviderId) -> Option<Factory<dyn TrunkNumbers>> {
    match provider {
        ProviderId::Retell => Some(retell::numbers::trunk_numbers),
        ProviderId::Twilio | ProviderId::SignalWire | ProviderId::Telnyx => None,
    }
}

/// Agents that live at the provider.
pub fn agents(provider: ProviderId) -> Option<Factory<dyn Agents>> {
    match provider {
        ProviderId::Retell => Some(retell::agents::agents),
        ProviderId::Twilio | ProviderId::SignalWire | ProviderId::Telnyx => None,
    }
}

/// Holding the settings that send events somewhere against what they should be.
pub fn webhook_audit(provider: ProviderId) -> Option<Factory<dyn WebhookAudit>> {
    match provider {
        ProviderId::Twilio => Some(twilio::audit::webhook_audit),
        ProviderId::SignalWire => Some(signalwire::audit::webhook_audit),
        ProviderId::Telnyx => Some(telnyx::audit::webhook_audit),
        ProviderId::Retell => Some(retell::audit::webhook_audit),
    }
}

/// Accounts below an account.
pub fn subaccounts(provider: ProviderId) -> Option<Factory<dyn Subaccounts>> {
    match provider {
        ProviderId::Twilio => Some(twilio::accounts::subaccounts),
        ProviderId::SignalWire => Some(signalwire::accounts::subaccounts),
        ProviderId::Telnyx => Some(telnyx::accounts::subaccounts),
        ProviderId::Retell => None,
    }
}

/// Asking about an account.
pub fn connection(provider: ProviderId) -> Factory<dyn Connection> {
    match provider {
        ProviderId::Twilio => twilio::accounts::connection,
        ProviderId::SignalWire => signalwire::accounts::connection,
        ProviderId::Telnyx => telnyx::accounts::connection,
        ProviderId::Retell => retell::accounts::connection,
    }
}

/// What the provider can do.
pub fn capabilities(provider: ProviderId) -> &'static Capabilities {
    match provider {
        ProviderId::Twilio => &twilio::CAPABILITIES,
        ProviderId::SignalWire => &signalwire::CAPABILITIES,
        ProviderId::Telnyx => &telnyx::CAPABILITIES,
        ProviderId::Retell => &retell::CAPABILITIES,
    }
}

/// What a provider's error code means, when it comes with a status report.
pub fn error_kind(provider: ProviderId, code: &str) -> Option<ErrorKind> {
    match provider {
        ProviderId::Twilio => twilio::error::kind_of(code),
        ProviderId::SignalWire => signalwire::error::kind_of(code),
        ProviderId::Telnyx => telnyx::error::kind_of(code),
        ProviderId::Retell => retell::error::kind_of(code),
    }
}

/// Where the provider explains its errors.
pub fn error_documents(provider: ProviderId) -> &'static str {
    match provider {
        ProviderId::Twilio => "https://www.twilio.com/docs/api/errors",
        ProviderId::SignalWire => {
            "https://developer.signalwire.com/rest/compatibility-api/overview/error-codes"
        }
        ProviderId::Telnyx => "https://developers.telnyx.com/development/api-fundamentals/api-errors",
        ProviderId::Retell => "https://docs.retellai.com/api-references",
    }
}

/// The settings of an account by the names of the contract.
pub fn settings(provider: ProviderId) -> &'static [Setting] {
    match provider {
        ProviderId::Twilio => twilio::SETTINGS,
        ProviderId::SignalWire => signalwire::SETTINGS,
        ProviderId::Telnyx => telnyx::SETTINGS,
        ProviderId::Retell => retell::SETTINGS,
    }
}

/// One setting of an account.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// It is never shown again, but for its last four characters.
    pub secret: bool,
    /// Nothing works without it.
    pub required: bool,
    /// The form of its value, where it has one that can be checked.
    pub is_valid: fn(&str) -> bool,
    /// What the value must be, for the one who got it wrong.
    pub expected: &'static str,
}

/// What can be called at a provider: what the registry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Features {
    /// Texts can be sent.
    pub messaging: bool,
    /// Texts that were received can be listed.
    pub inbound_history: bool,
    /// Calls can be placed.
    pub calling: bool,
    /// Calls can be steered by commands.
    pub call_control: bool,
    /// Recordings can be fetched.
    pub recordings: bool,
    /// Held numbers can be listed, configured and released.
    pub held_numbers: bool,
    /// Numbers can be searched and ordered.
    pub number_market: bool,
    /// Numbers can be moved between an account and those below it.
    pub number_transfers: bool,
    /// Numbers of other providers can be brought along.
    pub trunk_numbers: bool,
    /// It has agents of its own.
    pub agents: bool,
    /// It has accounts below an account.
    pub subaccounts: bool,
    /// Where its settings send events can be audited and repaired.
    pub webhook_audit: bool,
}

/// What can be called at a provider.
pub fn features(provider: ProviderId) -> Features {
    Features {
        messaging: messaging(provider).is_some(),
        inbound_history: inbound_history(provider).is_some(),
        calling: calling(provider).is_some(),
        call_control: call_control(provider).is_some(),
        recordings: recordings(provider).is_some(),
        held_numbers: held_numbers(provider).is_some(),
        number_market: number_market(provider).is_some(),
        number_transfers: number_transfers(provider).is_some(),
        trunk_numbers: trunk_numbers(provider).is_some(),
        agents: agents(provider).is_some(),
        subaccounts: subaccounts(provider).is_some(),
        webhook_audit: webhook_audit(provider).is_some(),
    }
}
