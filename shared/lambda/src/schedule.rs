//! Functions that run by the clock.

use std::time::Duration;

use lambda_http::{LambdaEvent, service_fn};
use serde::de::IgnoredAny;
use telephony::domain::timestamp::Timestamp;
use tracing::Instrument;

use crate::{Error, logging, runtime};

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The id of this invocation.
    pub request_id: String,
    /// When Lambda ends it, done or not.
    pub deadline: Timestamp,
}

impl Invocation {
    /// How long there is at `now`. A sweep stops in time and goes on in its next run.
    pub fn remaining(&self, now: Timestamp) -> Duration {
        self.deadline.since(now)
    }
}

/// Runs a function that is started by the clock. What the event says does not matter. A failed run
/// is logged and reported to Lambda, which repeats it as the schedule says.
///
/// # Errors
/// Only when Lambda itself cannot be reached.
pub async fn run_schedule<H, E>(handler: H) -> Result<(), Error>
where
    H: AsyncFn(&Invocation) -> Result<(), E>,
    E: Into<Error>,
{
    let handler = &handler;
    runtime::poll(service_fn(move |event: LambdaEvent<IgnoredAny>| async move {
        let deadline = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let invocation =
            Invocation { request_id: event.context.request_id, deadline: Timestamp::from_millis(deadline) };
        serve_schedule(&invocation, handler).await
    }))
    .await
}

/// One run.
///
/// # Errors
/// The handler's, already logged.
pub async fn serve_schedule<H, E>(invocation: &Invocation, handler: &H) -> Result<(), Error>
where
    H: AsyncFn(&Invocation) -> Result<(), E>,
    E: Into<Error>,
{
    let run = async {
        handler(invocation).await.map_err(Into::into).inspect_err(|error: &Error| {
            tracing::error!(error = logging::chain(error.as_ref()), "the scheduled run failed");
        })
    };
    run.instrument(logging::invocation_span(&invocation.request_id)).await
}
