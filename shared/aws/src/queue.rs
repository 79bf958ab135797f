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
}

impl Queues {
    /// The queues of these URLs.
    pub fn new(client: Client, outbound: Option<String>, media: Option<String>) -> Self {
        Self { client, outbound, media }
    }

    fn url(&self, job: &Job) -> Result<&str, StoreError> {
        let (name, url) = match job {
            Job::Send { .. } => ("outbound", &self.outbound),
            Job::CopyMedia { .. } => ("media", &self.media),
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
        let seconds = delay_seconds(delay);
        let request = if seconds > 0 { request.delay_seconds(seconds) } else { request };
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
