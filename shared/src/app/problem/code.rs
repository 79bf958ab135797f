//! The codes of the contract: status, word and title of each.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::provider::ProviderId;

/// The stable code of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// Malformed JSON, a wrong type, a missing or unknown member, a bad cursor, an over-long body.
    ValidationFailed,
    /// Not a phone number, or not one that can be written as E.164.
    InvalidNumber,
    /// No token.
    Unauthenticated,
    /// The wallet cannot pay for it.
    InsufficientBalance,
    /// The tenant's own limit of a day or a month does not leave enough.
    SpendCapReached,
    /// The token does not allow it.
    Forbidden,
    /// A webhook that is not signed as its provider signs.
    InvalidSignature,
    /// The path names nothing, or nothing of this tenant.
    NotFound,
    /// The body names an agent that the tenant does not have.
    AgentNotFound,
    /// The body names a template that the tenant does not have.
    TemplateNotFound,
    /// The body names a message that the tenant does not have, or one that is not of the kind asked for.
    MessageNotFound,
    /// The body names a provider account that the tenant does not have.
    ProviderNotFound,
    /// Numbers point at the provider account, or another entry is the same account at the provider.
    ProviderInUse,
    /// The sending number is unknown, has no provider, or is not active.
    NoProviderForNumber,
    /// Somebody else holds or is buying the number.
    NumberUnavailable,
    /// The primary number cannot be released.
    PrimaryNumberDelete,
    /// The same thing is being done already.
    InProgress,
    /// The recipient has opted out.
    OptedOut,
    /// Not at this hour where the recipient is.
    QuietHours,
    /// This needs a consent that is not on record.
    ConsentRequired,
    /// The idempotency key was used with another body.
    IdempotencyMismatch,
    /// The number is sold only against an address.
    AddressRequired,
    /// The provider, or the number, cannot do this.
    CapabilityMissing,
    /// No number and no provider is left after all exclusions.
    NoRoute,
    /// Too many requests.
    RateLimited,
    /// There are no credentials for this provider, or for any.
    ProviderNotConfigured(Option<ProviderId>),
    /// There is no key to sign calls with, or its certificate cannot be used.
    StirNotConfigured,
    /// The provider refused.
    ProviderRejected,
    /// The provider cannot be reached or is having trouble.
    ProviderUnavailable,
    /// Ours to mend.
    Internal,
}

impl Code {
    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::ValidationFailed | Self::InvalidNumber => 400,
            Self::Unauthenticated => 401,
            Self::InsufficientBalance | Self::SpendCapReached => 402,
            Self::Forbidden | Self::InvalidSignature => 403,
            Self::NotFound => 404,
            Self::NumberUnavailable
            | Self::PrimaryNumberDelete
            | Self::ProviderInUse
            | Self::InProgress
            | Self::OptedOut
            | Self::QuietHours
            | Self::ConsentRequired => 409,
            Self::AgentNotFound
            | Self::TemplateNotFound
            | Self::MessageNotFound
            | Self::ProviderNotFound
            | Self::NoProviderForNumber
            | Self::IdempotencyMismatch
            | Self::AddressRequired
            | Self::CapabilityMissing
            | Self::NoRoute => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::ProviderRejected => 502,
            Self::ProviderNotConfigured(_) | Self::StirNotConfigured | Self::ProviderUnavailable => 503,
        }
    }

    /// The word that clients branch on.
    pub fn as_str(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::ValidationFailed => "VALIDATION_FAILED",
            Self::InvalidNumber => "INVALID_NUMBER",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::InsufficientBalance => "INSUFFICIENT_BALANCE",
            Self::SpendCapReached => "SPEND_CAP_REACHED",
            Self::Forbidden => "FORBIDDEN",
            Self::InvalidSignature => "INVALID_SIGNATURE",
            Self::NotFound => "NOT_FOUND",
            Self::AgentNotFound => "AGENT_NOT_FOUND",
            Self::TemplateNotFound => "TEMPLATE_NOT_FOUND",
            Self::MessageNotFound => "MESSAGE_NOT_FOUND",
            Self::ProviderNotFound => "PROVIDER_NOT_FOUND",
            Self::ProviderInUse => "PROVIDER_IN_USE",
            Self::NoProviderForNumber => "NO_PROVIDER_FOR_NUMBER",
            Self::NumberUnavailable => "NUMBER_UNAVAILABLE",
            Self::PrimaryNumberDelete => "PRIMARY_NUMBER_DELETE",
            Self::InProgress => "IN_PROGRESS",
            Self::OptedOut => "OPTED_OUT",
            Self::QuietHours => "QUIET_HOURS",
            Self::ConsentRequired => "CONSENT_REQUIRED",
            Self::IdempotencyMismatch => "IDEMPOTENCY_MISMATCH",
            Self::AddressRequired => "ADDRESS_REQUIRED",
            Self::CapabilityMissing => "CAPABILITY_MISSING",
            Self::NoRoute => "NO_ROUTE",
            Self::RateLimited => "RATE_LIMITED",
            Self::ProviderNotConfigured(None) => "PROVIDER_NOT_CONFIGURED",
            Self::ProviderNotConfigured(Some(provider)) => {
                return Cow::Owned(format!("{}_NOT_CONFIGURED", provider.as_str().to_ascii_uppercase()));
            }
            Self::StirNotConfigured => "STIR_NOT_CONFIGURED",
            Self::ProviderRejected => "PROVIDER_REJECTED",
            Self::ProviderUnavailable => "PROVIDER_UNAVAILABLE",
            Self::Internal => "INTERNAL",
        })
    }

    /// The same for every problem of this code, in a person's words.
    pub fn title(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::ValidationFailed => "The request is not valid",
            Self::InvalidNumber => "Invalid phone number",
            Self::Unauthenticated => "Authentication is required",
            Self::InsufficientBalance => "Insufficient balance",
            Self::SpendCapReached => "Spend cap reached",
            Self::Forbidden => "Not allowed",
            Self::InvalidSignature => "Invalid signature",
            Self::NotFound => "Not found",
            Self::AgentNotFound => "Agent not found",
            Self::TemplateNotFound => "Template not found",
            Self::MessageNotFound => "Message not found",
            Self::ProviderNotFound => "Provider account not found",
            Self::ProviderInUse => "The provider account is in use",
            Self::NoProviderForNumber => "No provider found for phone number",
            Self::NumberUnavailable => "The number is not available",
            Self::PrimaryNumberDelete => "The primary number cannot be released",
            Self::InProgress => "Already in progress",
            Self::OptedOut => "The recipient has opted out",
            Self::QuietHours => "Quiet hours at the recipient",
            Self::ConsentRequired => "Consent is required",
            Self::IdempotencyMismatch => "The idempotency key was used with another request",
            Self::AddressRequired => "An address is required for this number",
            Self::CapabilityMissing => "Capability missing",
            Self::NoRoute => "No route",
            Self::RateLimited => "Too many requests",
            Self::ProviderNotConfigured(None) => "No provider is configured",
            // `Debug` of the id is the provider's own spelling ("SignalWire"), which its word is not;
            // matching on it here would make this a second place to edit for a fifth provider.
            Self::ProviderNotConfigured(Some(provider)) => {
                return Cow::Owned(format!("{provider:?} is not configured"));
            }
            Self::StirNotConfigured => "Signing of calls is not configured",
            Self::ProviderRejected => "The provider refused the request",
            Self::ProviderUnavailable => "The provider is unavailable",
            Self::Internal => "Internal error",
        })
    }

    /// What `Retry-After` says when nobody knows better.
    pub(super) const fn default_wait(self) -> Option<Duration> {
        match self.status() {
            429 => Some(Duration::from_secs(1)),
            503 => Some(Duration::from_secs(5)),
            _ => None,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Code;
    use crate::provider::ProviderId;

    #[test]
    fn codes_of_providers_follow_from_their_ids() {
        let one = Code::ProviderNotConfigured(Some(ProviderId::SignalWire));
        assert_eq!(
            (one.as_str().as_ref(), one.title().as_ref()),
            ("SIGNALWIRE_NOT_CONFIGURED", "SignalWire is not configured")
        );
        assert_eq!(Code::ProviderNotConfigured(Some(ProviderId::Twilio)).title(), "Twilio is not configured");
        assert_eq!(Code::ProviderNotConfigured(None).as_str(), "PROVIDER_NOT_CONFIGURED");
    }
}
