//! Why a purchase failed: from a provider's error to the word that is stored, and from that to the answer.

use crate::app::problem::{Code, Problem};
use crate::domain::purchase::{Purchase, PurchaseFailure};
use crate::provider::error::{ErrorKind, ProviderError};

/// A failure with the provider's own words.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) why: PurchaseFailure,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
}

impl From<PurchaseFailure> for Failure {
    fn from(why: PurchaseFailure) -> Self {
        Self { why, code: None, message: None }
    }
}

impl From<&ProviderError> for Failure {
    fn from(error: &ProviderError) -> Self {
        let told = error.code().map(ToString::to_string);
        Self {
            why: why(error.kind()),
            code: told.or_else(|| error.status().map(|status| status.to_string())),
            message: error.message().map(str::to_owned),
        }
    }
}

impl Failure {
    /// Notes it.
    pub(super) fn onto(self, purchase: &Purchase) -> Purchase {
        Purchase {
            failure: Some(self.why),
            failure_code: self.code,
            failure_message: self.message,
            ..purchase.clone()
        }
    }
}

/// What a definite error of an order means.
const fn why(kind: ErrorKind) -> PurchaseFailure {
    match kind {
        // Somebody else's, sold no more, or never a number for sale.
        ErrorKind::Conflict | ErrorKind::NotFound | ErrorKind::InvalidNumber => PurchaseFailure::Unavailable,
        ErrorKind::AddressRequired => PurchaseFailure::AddressRequired,
        ErrorKind::Config => PurchaseFailure::NotConfigured,
        ErrorKind::Unsupported => PurchaseFailure::Unsupported,
        // The platform's own troubles with the provider; the customer can do nothing about them.
        ErrorKind::Authentication
        | ErrorKind::InsufficientFunds
        | ErrorKind::RateLimited
        | ErrorKind::Unavailable
        | ErrorKind::Timeout => PurchaseFailure::ProviderUnavailable,
        ErrorKind::InvalidRequest
        | ErrorKind::OptedOut
        | ErrorKind::Unreachable
        | ErrorKind::Rejected
        | ErrorKind::UnexpectedResponse => PurchaseFailure::Rejected,
    }
}

/// The problem of a purchase that failed.
pub fn problem(purchase: &Purchase) -> Problem {
    let provider = purchase.provider;
    let (code, detail) = match purchase.failure {
        Some(PurchaseFailure::Unavailable) => {
            (Code::NumberUnavailable, "The provider does not sell this number any more.")
        }
        Some(PurchaseFailure::AddressRequired) => (
            Code::AddressRequired,
            "The provider sells this number against an address or documents only: register them there, and \
             name them in `regulatory`.",
        ),
        Some(PurchaseFailure::Unsupported) => {
            (Code::CapabilityMissing, "The provider does not sell numbers in the way that was asked for.")
        }
        Some(PurchaseFailure::NotConfigured) => {
            (Code::ProviderNotConfigured(Some(provider)), "The account cannot be used any more.")
        }
        Some(PurchaseFailure::ProviderUnavailable) => {
            (Code::ProviderUnavailable, "The provider did not sell the number now; nothing was charged.")
        }
        Some(PurchaseFailure::Rejected) | None => {
            (Code::ProviderRejected, "The provider refused; nothing was charged.")
        }
    };
    let problem = Problem::new(code).with_detail(detail);
    if purchase.failure_code.is_none() && purchase.failure_message.is_none() {
        return problem;
    }
    problem.with_provider(provider, purchase.failure_code.clone(), purchase.failure_message.clone())
}
