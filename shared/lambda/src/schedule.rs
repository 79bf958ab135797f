//! Functions that run by the clock.

use std::time::Duration;

use lambda_http::{LambdaEvent, service_fn};
use serde_json::Value;
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
    /// The time that its event names: that of the schedule, or whatever somebody wrote who started it by
    /// hand. It is a wish, and no clock.
    pub named_time: Option<Timestamp>,
}

impl Invocation {
    /// How long there is at `now`. A sweep stops in time and goes on in its next run.
    pub fn remaining(&self, now: Timestamp) -> Duration {
        self.deadline.since(now)
    }
}

/// The time of an event, if it has one that can be read. Whatever else it says does not matter.
fn named_time(event: &Value) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(event.get("time")?.as_str()?)
}

/// Runs a function that is started by the clock. Of the event only its time is read. A failed run
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
    runtime::poll(service_fn(move |event: LambdaEvent<Value>| async move {
        let deadline = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let invocation = Invocation {
            request_id: event.context.request_id,
            deadline: Timestamp::from_millis(deadline),
            named_time: named_time(&event.payload),
        };
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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use telephony::domain::timestamp::Timestamp;

    use super::named_time;

    #[test]
    fn only_the_time_of_an_event_is_read() {
        let at = Timestamp::parse_rfc3339("2026-11-21T12:01:00Z");
        assert_eq!(named_time(&json!({"time": "2026-11-21T12:01:00Z", "detail": 7})), at);
        for event in [json!({}), json!(null), json!([1]), json!({"time": 7}), json!({"time": "noon"})] {
            assert_eq!(named_time(&event), None, "{event}");
        }
    }
}
