//! Records of the table's stream.

use std::sync::Arc;

use serde_json::Value;
use telephony::app::project::{Change, Outcome, Project};
use telephony::ports::Clock;
use telephony_aws::dynamo::records::{self, Record};
use telephony_lambda::Error;
use telephony_lambda::metrics::{Metric, count};
use telephony_lambda::stream::{self, StreamRecord};

pub(crate) struct Handler {
    pub(crate) project: Project,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Handler {
    pub(crate) async fn handle(&self, record: &StreamRecord) -> Result<(), Error> {
        let Some(change) = change(record)? else { return Ok(()) };
        let (metric, provider) = match self.project.project(&change).await? {
            Outcome::Nothing | Outcome::Delivered(_) => return Ok(()),
            Outcome::Received(provider) => (Metric::MessagesReceived, provider),
            Outcome::Sent(provider) => (Metric::MessagesSent, provider),
            Outcome::Failed(provider) => (Metric::MessagesFailed, provider),
            Outcome::Unknown(provider) => (Metric::MessagesUnknown, provider),
        };
        count(metric, provider, 1, self.clock.now());
        Ok(())
    }
}

/// What a record means. A message counts when it is stored, and never again: what moves about it is
/// written by this function itself.
fn change(record: &StreamRecord) -> Result<Option<Change>, Error> {
    let Some(image) = &record.new_image else { return Ok(None) };
    Ok(match records::read(&Value::Object(image.clone()))? {
        Record::Message(view) if record.change == stream::Change::Insert => Some(Change::Added(view)),
        Record::Attempt { attempt, state } => Some(Change::AttemptMoved(attempt, state)),
        Record::Message(_) | Record::Leg { .. } | Record::Other => None,
    })
}
