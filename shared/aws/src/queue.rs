//! The queues, on SQS.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use telephony::ports::{Job, Queue, StoreError};

use crate::dynamo::failure;

/// The most that SQS delays a message.
const LONGEST_DELAY: i32 = 900;

/// The queues of a stack.
#[derive(Clone, Debug)]
pub struct Queues {
    client: Client,
    outbound: Option<String>,
    media: Option<String>,
    events: Option<String>,
    event_retries: Option<String>,
}

impl Queues {
    /// The queues of these URLs.
    pub fn new(client: Client, outbound: Option<String>, media: Option<String>) -> Self {
        Self { client, outbound, media, events: None, event_retries: None }
    }

    /// And those of events: the one that keeps the order of a thread, and the one for later tries.
    #[must_use]
    pub fn with_events(self, events: Option<String>, event_retries: Option<String>) -> Self {
        Self { events, event_retries, ..self }
    }

    fn url(&self, job: &Job) -> Result<&str, StoreError> {
        let (name, url) = match job {
            Job::Send { .. } => ("outbound", &self.outbound),
            Job::CopyMedia { .. } | Job::CopyRecording { .. } => ("media", &self.media),
            Job::HandOut { .. } => ("events", &self.events),
            Job::Redeliver { .. } | Job::Replay { .. } => ("event retries", &self.event_retries),
        };
        url.as_deref().ok_or_else(|| StoreError::Unavailable(format!("no {name} queue is configured")))
    }
}

/// Whole seconds, rounded up: a job is not handed out before its time.
fn delay_seconds(delay: Duration) -> i32 {
    let seconds = delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0));
    i32::try_from(seconds).unwrap_or(LONGEST_DELAY).min(LONGEST_DELAY)
}

#[async_trait]
impl Queue for Queues {
    async fn enqueue(&self, job: &Job, delay: Duration) -> Result<(), StoreError> {
        let body = serde_json::to_string(job).map_err(|_| StoreError::Corrupt("job".into()))?;
        let request = self.client.send_message().queue_url(self.url(job)?).message_body(body);
        let request = match job {
            // A queue with an order has no delay of single messages. What is handed over again within
            // five minutes is taken for the same.
            Job::HandOut { event, .. } => request.message_deduplication_id(event.to_string()),
            Job::Send { .. }
            | Job::CopyMedia { .. }
            | Job::CopyRecording { .. }
            | Job::Redeliver { .. }
            | Job::Replay { .. } => match delay_seconds(delay) {
                0 => request,
                seconds => request.delay_seconds(seconds),
            },
        };
        // On the queue of later tries a group orders nothing: it keeps the many jobs of one endpoint
        // that is down from standing before those of the others.
        let request = request.set_message_group_id(job.group());
        request.send().await.map_err(|error| failure(&error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::delay_seconds;
    use std::time::Duration;

    #[test]
    fn a_delay_is_never_shortened_below_the_limit() {
        assert_eq!(delay_seconds(Duration::ZERO), 0);
        assert_eq!(delay_seconds(Duration::from_millis(1_001)), 2);
        assert_eq!(delay_seconds(Duration::from_secs(900)), 900);
        assert_eq!(delay_seconds(Duration::MAX), 900);
    }
}
