//! What goes wrong at AWS, in the ports' words.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use telephony::ports::StoreError;

/// A failed call. Only the error's code is kept: its message may quote a key, and so a phone number.
pub(crate) fn failure<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> StoreError {
    let what = match error {
        SdkError::ConstructionFailure(_) => "the request could not be built",
        SdkError::TimeoutError(_) => "no answer in time",
        SdkError::DispatchFailure(_) => "no connection",
        SdkError::ResponseError(_) => "an unreadable answer",
        SdkError::ServiceError(service) => service.err().code().unwrap_or("an error without a code"),
        _ => "an unknown failure",
    };
    StoreError::Unavailable(what.to_owned())
}

/// Another transaction is at work on the same item: nothing was written, and trying again helps.
pub(crate) fn is_conflict<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    matches!(
        error.code_of_service(),
        Some(
            "TransactionConflictException"
                | "TransactionInProgressException"
                | "ReplicatedWriteConflictException"
        )
    )
}

/// The code of a refusal by the service.
pub(crate) trait ServiceCode {
    /// The code, when the service answered at all.
    fn code_of_service(&self) -> Option<&str>;
}

impl<E: ProvideErrorMetadata, R> ServiceCode for SdkError<E, R> {
    fn code_of_service(&self) -> Option<&str> {
        match self {
            SdkError::ServiceError(service) => service.err().code(),
            _ => None,
        }
    }
}
