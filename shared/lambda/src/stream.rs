//! Functions on the table's stream. Records of a shard are in order and stay so: the first one that
//! fails is reported by its sequence number, and delivery goes on from it.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;

use futures_util::future::FutureExt;
use lambda_http::{LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Map, Value};
use tracing::Instrument;

use crate::batch::BatchAnswer;
use crate::{Error, logging, runtime};

/// What was done to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Change {
    /// It is new.
    Insert,
    /// It was changed.
    Modify,
    /// It is gone.
    Remove,
}

/// One change. Keys and images are in DynamoDB's JSON (`{"pk": {"S": "…"}}`); what they mean is the
/// store's business.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "WireRecord")]
pub struct StreamRecord {
    /// What was done.
    pub change: Change,
    /// The item's key.
    pub keys: Map<String, Value>,
    /// The item after it.
    pub new_image: Option<Map<String, Value>>,
    /// The item before it.
    pub old_image: Option<Map<String, Value>>,
    /// Its place in the shard.
    pub sequence_number: String,
    /// The time to live removed it, and nobody else.
    pub expired: bool,
}

/// A batch of a stream.
#[derive(Debug, Deserialize)]
pub struct StreamEvent {
    #[serde(rename = "Records", default)]
    records: Vec<StreamRecord>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRecord {
    event_name: Change,
    #[serde(default)]
    dynamodb: WireChange,
    user_identity: Option<UserIdentity>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct WireChange {
    keys: Map<String, Value>,
    new_image: Option<Map<String, Value>>,
    old_image: Option<Map<String, Value>>,
    sequence_number: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity {
    principal_id: Option<String>,
}

impl From<WireRecord> for StreamRecord {
    fn from(record: WireRecord) -> Self {
        let by = record.user_identity.and_then(|identity| identity.principal_id);
        Self {
            change: record.event_name,
            keys: record.dynamodb.keys,
            new_image: record.dynamodb.new_image,
            old_image: record.dynamodb.old_image,
            sequence_number: record.dynamodb.sequence_number,
            expired: record.event_name == Change::Remove && by.as_deref() == Some("dynamodb.amazonaws.com"),
        }
    }
}

/// Runs a function on the table's stream.
///
/// # Errors
/// Only when Lambda itself cannot be reached.
pub async fn run_stream<H, E>(handler: H) -> Result<(), Error>
where
    H: AsyncFn(&StreamRecord) -> Result<(), E>,
    E: Into<Error>,
{
    let handler = &handler;
    runtime::poll(service_fn(move |event: LambdaEvent<StreamEvent>| async move {
        Ok::<_, Infallible>(serve_stream(event.payload, &event.context.request_id, handler).await)
    }))
    .await
}

/// One batch: in order, up to the first failure. Lambda takes the lowest sequence number as its
/// checkpoint, so going on after a failure would only do the rest twice.
pub async fn serve_stream<H, E>(event: StreamEvent, request_id: &str, handler: &H) -> BatchAnswer
where
    H: AsyncFn(&StreamRecord) -> Result<(), E>,
    E: Into<Error>,
{
    let batch = async {
        for record in event.records {
            let sequence_number = &record.sequence_number;
            match AssertUnwindSafe(handler(&record)).catch_unwind().await {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => {
                    let error = logging::chain(error.into().as_ref());
                    tracing::warn!(
                        sequence_number,
                        error,
                        "a stream record failed; delivery goes on from it"
                    );
                }
                // The panic hook has logged it.
                Err(_) => {}
            }
            return BatchAnswer::of([record.sequence_number]);
        }
        BatchAnswer::default()
    };
    batch.instrument(logging::invocation_span(request_id)).await
}
