//! Records of the table's stream.

use std::sync::Arc;

use serde_json::{Map, Value};
use telephony::app::project::{Change, Outcome, Project, recording_change};
use telephony::domain::message::MessageView;
use telephony::domain::number::PhoneNumber;
use telephony::domain::status::MessageStatus;
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

/// What a record means. A message counts when it is stored; what moves about it is mostly written by this
/// function itself, and only its end is looked at again, because not every end is that of an attempt.
fn change(record: &StreamRecord) -> Result<Option<Change>, Error> {
    let Some(image) = &record.new_image else { return Ok(None) };
    Ok(match records::read(&Value::Object(image.clone()))? {
        Record::Message(view) if record.change == stream::Change::Insert => Some(Change::Added(view)),
        Record::Message(view) => ended(view, record)?,
        Record::Attempt { attempt, state } => Some(Change::AttemptMoved(attempt, state)),
        Record::Leg { call, state } => Some(Change::LegMoved(call, state)),
        Record::Number(after) => Some(Change::NumberChanged(number(record.old_image.as_ref())?, after)),
        Record::Recording(recording) => {
            let before = match &record.old_image {
                Some(image) => records::read(&Value::Object(image.clone()))?,
                None => Record::Other,
            };
            let before = if let Record::Recording(before) = &before { Some(&**before) } else { None };
            recording_change(recording, before)
        }
        Record::Other => None,
    })
}

fn ended(view: Box<MessageView>, record: &StreamRecord) -> Result<Option<Change>, Error> {
    let status = view.progress.status;
    if !matches!(status, MessageStatus::Failed | MessageStatus::Canceled) {
        return Ok(None);
    }
    let before = match &record.old_image {
        Some(image) => match records::read(&Value::Object(image.clone()))? {
            Record::Message(before) => Some(before.progress.status),
            Record::Attempt { .. }
            | Record::Leg { .. }
            | Record::Number(_)
            | Record::Recording(_)
            | Record::Other => None,
        },
        None => None,
    };
    Ok((before != Some(status)).then_some(Change::Ended(view, before)))
}

/// The number as it was before.
fn number(image: Option<&Map<String, Value>>) -> Result<Option<Box<PhoneNumber>>, Error> {
    let Some(image) = image else { return Ok(None) };
    Ok(match records::read(&Value::Object(image.clone()))? {
        Record::Number(before) => Some(before),
        Record::Message(_)
        | Record::Attempt { .. }
        | Record::Leg { .. }
        | Record::Recording(_)
        | Record::Other => None,
    })
}
