//! What a provider's error becomes for the one who asked: our code, the cause, the next step, and where
//! the provider explains it.

use super::problem::{Code, Guide, Problem};
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::{ProviderId, registry};

/// Cause and next step of each kind.
const fn words(kind: ErrorKind) -> (&'static str, &'static str) {
    match kind {
        ErrorKind::Config => {
            ("The account lacks credentials that this needs.", "Complete its settings with update_provider.")
        }
        ErrorKind::Authentication => (
            "The provider does not accept the credentials, or the account is suspended.",
            "Compare the key with the provider's console and set it with update_provider; see whether the key is \
             limited to certain addresses.",
        ),
        ErrorKind::InvalidRequest => {
            ("The provider cannot read the request.", "Correct the values that the provider names.")
        }
        ErrorKind::InvalidNumber => {
            ("The number is wrong or cannot be used for this.", "Check the number, in E.164 form.")
        }
        ErrorKind::OptedOut => {
            ("The recipient has opted out at the provider.", "Wait until the recipient opts in again.")
        }
        ErrorKind::Unreachable => ("The handset or carrier cannot be reached.", "Try again later."),
        ErrorKind::Rejected => (
            "A carrier or the provider refuses the content or the sender.",
            "Check the registration of the number and the content.",
        ),
        ErrorKind::InsufficientFunds => {
            ("The account has no money.", "Add money to the account in the provider's console.")
        }
        ErrorKind::AddressRequired => (
            "It is sold only against an address or documents.",
            "Register them in the provider's console, and name them in the request.",
        ),
        ErrorKind::NotFound => {
            ("The provider knows no such thing.", "Check the id, and that it belongs to this account.")
        }
        ErrorKind::Conflict => ("Its state does not allow this.", "Look at it in the provider's console."),
        ErrorKind::RateLimited => ("Too many requests to the provider.", "Wait, and try again."),
        ErrorKind::Unavailable | ErrorKind::Timeout => (
            "The provider cannot be reached or is having trouble.",
            "Look at the provider's status page, and try again.",
        ),
        ErrorKind::Unsupported => ("The provider does not offer this.", "Use another provider for it."),
        ErrorKind::UnexpectedResponse => (
            "The provider answered in a way that it does not document.",
            "Try again; if it stays, report it with the request id.",
        ),
    }
}

/// The guide to an error of this kind.
pub fn guide(provider: ProviderId, kind: ErrorKind) -> Guide {
    let (cause, next_step) = words(kind);
    Guide { cause, next_step, documents: registry::error_documents(provider) }
}

/// The problem of an error. `what` failed, in a few words.
pub fn problem(error: &ProviderError, what: &str) -> Problem {
    let provider = error.provider();
    let code = match error.kind() {
        ErrorKind::Config => Code::ProviderNotConfigured(Some(provider)),
        ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout => Code::ProviderUnavailable,
        ErrorKind::Unsupported => Code::CapabilityMissing,
        ErrorKind::AddressRequired => Code::AddressRequired,
        ErrorKind::Authentication
        | ErrorKind::InvalidRequest
        | ErrorKind::InvalidNumber
        | ErrorKind::OptedOut
        | ErrorKind::Unreachable
        | ErrorKind::Rejected
        | ErrorKind::InsufficientFunds
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::UnexpectedResponse => Code::ProviderRejected,
    };
    let guide = guide(provider, error.kind());
    let why = match error.kind() {
        ErrorKind::Authentication => "the credentials are not accepted",
        ErrorKind::InsufficientFunds => "the account has no money",
        ErrorKind::Timeout => "no answer came in time",
        ErrorKind::Unavailable => "the provider cannot be reached",
        _ => guide.cause.trim_end_matches('.'),
    };
    // The provider's own code, or the status that it answered with.
    let told =
        error.code().map(ToString::to_string).or_else(|| error.status().map(|status| status.to_string()));
    Problem::new(code)
        .with_detail(format!("{what} failed: {why}"))
        .with_provider(provider, told, error.message().map(str::to_owned))
        .guided(guide)
        .with_retry_after(error.retry_after())
}

#[cfg(test)]
mod tests {
    use super::problem;
    use crate::provider::ProviderId;
    use crate::provider::error::{Effect, ErrorKind, ProviderError};

    #[test]
    fn an_error_says_what_to_do() {
        let refused =
            ProviderError::new(ProviderId::Twilio, "check", ErrorKind::Authentication, Effect::Refused)
                .with_status(401)
                .with_message(Some("Authenticate".into()));
        let problem = problem(&refused, "Connection test");
        let body = serde_json::to_value(problem.body("r")).unwrap();
        assert_eq!((problem.status(), &body["code"]), (502, &"PROVIDER_REJECTED".into()));
        assert_eq!(body["detail"], "Connection test failed: the credentials are not accepted");
        assert_eq!(body["provider"]["code"], "401");
        assert_eq!(body["provider"]["message"], "Authenticate");
        assert!(body["provider"]["next_step"].as_str().unwrap().contains("update_provider"));
        assert!(body["provider"]["documents"].as_str().unwrap().starts_with("https://www.twilio.com/"));
    }

    #[test]
    fn each_kind_has_its_code() {
        for (kind, code) in [
            (ErrorKind::Config, "TELNYX_NOT_CONFIGURED"),
            (ErrorKind::Timeout, "PROVIDER_UNAVAILABLE"),
            (ErrorKind::Unsupported, "CAPABILITY_MISSING"),
            (ErrorKind::InsufficientFunds, "PROVIDER_REJECTED"),
        ] {
            let error = ProviderError::new(ProviderId::Telnyx, "check", kind, Effect::NotSent);
            assert_eq!(problem(&error, "It").code().as_str(), code);
        }
    }
}
