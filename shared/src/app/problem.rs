//! What an API call answers when it cannot do what it was asked: RFC 9457 problem details.
//!
//! The codes are the contract: clients branch on them, so they are never renamed. What a problem says
//! goes to the caller; what caused it ([`Problem::cause`]) goes to the log and never into the answer.

mod code;

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

pub use self::code::Code;
use crate::ports::StoreError;
use crate::provider::ProviderId;

/// A member of the request that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Its path: `to`, `mediaUrl[0]`, `config.display_name`; `body` for the whole.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// What a provider said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProviderFault {
    /// Which one.
    pub name: ProviderId,
    /// Its code.
    pub code: Option<String>,
    /// Its words.
    pub message: Option<String>,
    /// What that means and what helps, where we know.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub guide: Option<Guide>,
}

/// What a provider's error means, for the one who has to mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Guide {
    /// Why it happens.
    pub cause: &'static str,
    /// What to do.
    pub next_step: &'static str,
    /// The provider's own list of errors.
    pub documents: &'static str,
}

/// Why a call is answered with an error.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    detail: Option<String>,
    errors: Vec<FieldError>,
    provider: Option<ProviderFault>,
    retry_after: Option<Duration>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem of this code.
    pub const fn new(code: Code) -> Self {
        Self { code, detail: None, errors: Vec::new(), provider: None, retry_after: None, cause: None }
    }

    /// `VALIDATION_FAILED` with one wrong member. More can follow by [`Problem::and_field`].
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Code::ValidationFailed).and_field(field, message)
    }

    /// `INTERNAL`, with what the log should say.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Code::Internal).caused_by(cause)
    }

    /// With what is particular to this occurrence, for the caller to read.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With one more wrong member.
    #[must_use]
    pub fn and_field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.errors.push(FieldError { field: field.into(), message: message.into() });
        self
    }

    /// With what the provider said.
    #[must_use]
    pub fn with_provider(mut self, name: ProviderId, code: Option<String>, message: Option<String>) -> Self {
        self.provider = Some(ProviderFault { name, code, message, guide: None });
        self
    }

    /// With what the provider's error means.
    #[must_use]
    pub fn guided(mut self, guide: Guide) -> Self {
        if let Some(provider) = &mut self.provider {
            provider.guide = Some(guide);
        }
        self
    }

    /// With how long the caller should wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait.or(self.retry_after);
        self
    }

    /// With its cause, which is logged and never answered.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(Arc::from(cause.into()));
        self
    }

    /// The code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        self.code.status()
    }

    /// What is particular to this occurrence.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The wrong members.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// What the provider said.
    pub const fn provider(&self) -> Option<&ProviderFault> {
        self.provider.as_ref()
    }

    /// What the log should say.
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.cause.as_deref()
    }

    /// `Retry-After`, in whole seconds and at least one. 429 and 503 always have it.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        let wait = self.retry_after.or_else(|| self.code.default_wait())?;
        Some(wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1))
    }

    /// The body of the answer.
    pub fn body<'p>(&'p self, request_id: &'p str) -> ProblemBody<'p> {
        let code = self.code.as_str();
        let title = self.code.title();
        ProblemBody {
            kind: format!("urn:tandem:error:{code}"),
            detail: self.detail.as_deref().map_or_else(|| title.clone(), Cow::Borrowed),
            error: title.clone(),
            title,
            status: self.status(),
            code,
            request_id,
            errors: &self.errors,
            provider: self.provider.as_ref(),
        }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<StoreError> for Problem {
    /// The contract has no code for a store of ours that does not answer: it is `INTERNAL`, and when
    /// it may pass by itself the answer says when to come back.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Contended => {
                Self::internal(error).with_retry_after(Some(Duration::from_secs(1)))
            }
            StoreError::Corrupt(_) => Self::internal(error),
            StoreError::BadCursor => Self::field("cursor", "is not a cursor of this list"),
        }
    }
}

/// A problem as it is answered (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, Serialize)]
pub struct ProblemBody<'p> {
    #[serde(rename = "type")]
    kind: String,
    title: Cow<'static, str>,
    status: u16,
    detail: Cow<'p, str>,
    code: Cow<'static, str>,
    error: Cow<'static, str>,
    #[serde(rename = "requestId")]
    request_id: &'p str,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'p [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'p ProviderFault>,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{json, to_value};

    use super::{Code, Problem};
    use crate::ports::StoreError;
    use crate::provider::ProviderId;

    #[test]
    fn a_body_has_the_members_of_the_contract_and_no_others() {
        let problem = Problem::field("to", "is required").and_field("mediaUrl[0]", "is not a URL");
        assert_eq!(
            to_value(problem.body("r-1")).unwrap(),
            json!({
                "type": "urn:tandem:error:VALIDATION_FAILED",
                "title": "The request is not valid",
                "status": 400,
                "detail": "The request is not valid",
                "code": "VALIDATION_FAILED",
                "error": "The request is not valid",
                "requestId": "r-1",
                "errors": [
                    {"field": "to", "message": "is required"},
                    {"field": "mediaUrl[0]", "message": "is not a URL"},
                ],
            })
        );
        let refused = Problem::new(Code::ProviderRejected).with_detail("It did not work.").with_provider(
            ProviderId::Twilio,
            Some("21211".to_owned()),
            None,
        );
        let body = to_value(refused.body("r-2")).unwrap();
        assert_eq!(body["provider"], json!({"name": "twilio", "code": "21211", "message": null}));
        assert_eq!(body["detail"], "It did not work.");
        assert!(body.get("errors").is_none());
    }

    #[test]
    fn retry_after_is_never_missing_where_the_contract_has_it() {
        for code in [
            Code::RateLimited,
            Code::ProviderUnavailable,
            Code::ProviderNotConfigured(None),
            Code::StirNotConfigured,
        ] {
            assert!(Problem::new(code).retry_after_seconds().is_some_and(|wait| (1..=5).contains(&wait)));
        }
        assert_eq!(Problem::new(Code::NotFound).retry_after_seconds(), None);
        let asked = Problem::new(Code::RateLimited).with_retry_after(Some(Duration::from_millis(1200)));
        assert_eq!(asked.retry_after_seconds(), Some(2));
    }

    #[test]
    fn a_store_that_fails_is_ours_and_its_words_stay_inside() {
        let problem = Problem::from(StoreError::Unavailable("table tandem-prod".to_owned()));
        assert_eq!((problem.status(), problem.retry_after_seconds()), (500, Some(1)));
        assert!(problem.cause().is_some());
        assert!(!serde_json::to_string(&problem.body("r")).unwrap().contains("tandem-prod"));

        let cursor = Problem::from(StoreError::BadCursor);
        assert_eq!((cursor.status(), cursor.errors()[0].field.as_str()), (400, "cursor"));
    }
}
