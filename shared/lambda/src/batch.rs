//! Functions that work off a queue: every job for itself, the failures reported one by one
//! (`ReportBatchItemFailures`), so that one bad job never repeats the good ones.

use std::panic::AssertUnwindSafe;

use futures_util::future::FutureExt;
use futures_util::stream::{self, StreamExt};
use lambda_http::{LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use telephony::ports::Job;
use tracing::Instrument;

use crate::{Error, logging, runtime};

/// A batch of a queue.
#[derive(Debug, Deserialize)]
pub struct QueueEvent {
    #[serde(rename = "Records", default)]
    records: Vec<QueueRecord>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueueRecord {
    #[serde(default)]
    message_id: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    attributes: Attributes,
    #[serde(default, rename = "eventSourceARN")]
    event_source_arn: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Attributes {
    approximate_receive_count: Option<String>,
    message_group_id: Option<String>,
}

/// What a handler may know of a job's delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The queue's id of the message.
    pub message_id: String,
    /// Which delivery of it this is, from 1.
    pub receive_count: u32,
}

/// Which messages of a batch, or records of a stream, are to be delivered again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchAnswer {
    /// Those.
    pub batch_item_failures: Vec<ItemFailure>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemFailure {
    /// The message's id or the record's sequence number. Empty: the whole batch.
    pub item_identifier: String,
}

impl BatchAnswer {
    pub(crate) fn of(ids: impl IntoIterator<Item = String>) -> Self {
        let failures = ids.into_iter().map(|item_identifier| ItemFailure { item_identifier });
        Self { batch_item_failures: failures.collect() }
    }
}

/// Runs a function that works off a queue, `concurrency` jobs of a batch at a time.
///
/// # Errors
/// Only when Lambda itself cannot be reached.
pub async fn run_jobs<H, E>(concurrency: usize, handler: H) -> Result<(), Error>
where
    H: AsyncFn(Job, &Delivery) -> Result<(), E>,
    E: Into<Error>,
{
    let handler = &handler;
    runtime::poll(service_fn(move |event: LambdaEvent<QueueEvent>| async move {
        let request_id = &event.context.request_id;
        Ok::<_, Infallible>(serve_jobs(event.payload, request_id, concurrency, handler).await)
    }))
    .await
}

/// One batch. Jobs of a FIFO group run one after the other, and what follows a failed one is handed
/// back unseen: done now, it would overtake it.
pub async fn serve_jobs<H, E>(
    event: QueueEvent,
    request_id: &str,
    concurrency: usize,
    handler: &H,
) -> BatchAnswer
where
    H: AsyncFn(Job, &Delivery) -> Result<(), E>,
    E: Into<Error>,
{
    let lanes = stream::iter(lanes(event.records)).map(|lane| async move {
        let mut failed = Vec::new();
        for record in lane {
            if !failed.is_empty() || !work(&record, request_id, handler).await {
                failed.push(record.message_id);
            }
        }
        failed
    });
    let failed: Vec<Vec<String>> = lanes.buffer_unordered(concurrency.max(1)).collect().await;
    BatchAnswer::of(failed.into_iter().flatten())
}

/// The records that must keep their order, together; every other one alone. (A standard queue may
/// have group ids as well, for fairness; they order nothing.)
fn lanes(records: Vec<QueueRecord>) -> Vec<Vec<QueueRecord>> {
    let mut lanes: Vec<Vec<QueueRecord>> = Vec::new();
    for record in records {
        let ordered = record.event_source_arn.ends_with(".fifo");
        let same = |lane: &&mut Vec<QueueRecord>| {
            lane.first().is_some_and(|first| {
                first.event_source_arn == record.event_source_arn
                    && first.attributes.message_group_id == record.attributes.message_group_id
            })
        };
        match lanes.iter_mut().find(|lane| ordered && same(lane)) {
            Some(lane) => lane.push(record),
            None => lanes.push(vec![record]),
        }
    }
    lanes
}

/// True: done. What cannot be read fails as well, so that it ends in the dead-letter queue and not
/// in nothing.
async fn work<H, E>(record: &QueueRecord, request_id: &str, handler: &H) -> bool
where
    H: AsyncFn(Job, &Delivery) -> Result<(), E>,
    E: Into<Error>,
{
    let count = record.attributes.approximate_receive_count.as_deref();
    let delivery = Delivery {
        message_id: record.message_id.clone(),
        receive_count: count.and_then(|count| count.parse().ok()).unwrap_or(1),
    };
    let span = logging::invocation_span(request_id);
    let task = async {
        let Delivery { message_id, receive_count } = &delivery;
        let Ok(job) = serde_json::from_str::<Job>(&record.body) else {
            tracing::error!(queue_message_id = message_id, receive_count, "a queued job cannot be read");
            return false;
        };
        match AssertUnwindSafe(handler(job, &delivery)).catch_unwind().await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                let error = logging::chain(error.into().as_ref());
                tracing::warn!(
                    queue_message_id = message_id,
                    receive_count,
                    error,
                    "a job failed and will be delivered again"
                );
                false
            }
            // The panic hook has logged it.
            Err(_) => false,
        }
    };
    task.instrument(span).await
}
