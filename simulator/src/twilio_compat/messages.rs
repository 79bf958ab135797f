//! Reading, redacting, cancelling and deleting messages.

use time::{
    Date, Duration, OffsetDateTime, PrimitiveDateTime,
    format_description::well_known::{Rfc2822, Rfc3339},
    macros::format_description,
};

use super::{Answer, errors::ApiError, message_json, paging::page, request::Incoming};
use crate::{
    clock::later,
    model::{Message, Provider, Status},
    state::State,
};

fn find<'a>(state: &'a State, incoming: &Incoming) -> Result<&'a Message, ApiError> {
    state
        .messages
        .get(incoming.arg(0))
        .filter(|message| message.provider == incoming.provider && message.account == incoming.account())
        .ok_or_else(|| ApiError::not_found(&incoming.uri_path))
}

pub(crate) fn fetch(state: &State, incoming: &Incoming) -> Result<Answer, ApiError> {
    find(state, incoming).map(|message| Answer::Json(200, message_json::message(message)))
}

pub(crate) fn list(state: &State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let spans = spans(incoming, "DateSent")?;
    let (to, from) = (incoming.filled("To"), incoming.filled("From"));
    let status = incoming.filled("Status").filter(|_| incoming.provider == Provider::SignalWire);
    let found = state.messages.newest_first().filter(|message| {
        message.provider == incoming.provider
            && message.account == incoming.account()
            && to.is_none_or(|to| message.to == to)
            && from.is_none_or(|from| message.from.as_deref() == Some(from))
            && status.is_none_or(|status| message.status.as_str() == status)
            // Until it is sent, a message stands where it was created (example `create`, whose date_sent equals
            // its date_created): otherwise no look-up after a lost answer could find it.
            && spans.iter().all(|span| span.holds(message.sent.unwrap_or(message.created)))
    });
    page(incoming, found, |message| &message.sid, message_json::message, "messages")
}

/// The days and instants that a list is narrowed to: `DateSent`, `DateSent<`, `DateSent>`.
pub(super) fn spans(incoming: &Incoming, member: &str) -> Result<Vec<Span>, ApiError> {
    ["", "<", ">"]
        .into_iter()
        .filter_map(|end| {
            let name = format!("{member}{end}");
            Some(Span::of(&name, incoming.filled(&name)?))
        })
        .collect()
}

/// From (included) until (excluded).
pub(super) struct Span(Option<OffsetDateTime>, Option<OffsetDateTime>);

impl Span {
    fn of(name: &str, value: &str) -> Result<Self, ApiError> {
        let (start, end) =
            period(value).ok_or_else(|| ApiError::bad(20001, format!("{name} is not a date: {value}")))?;
        Ok(match name {
            name if name.ends_with('<') => Self(None, Some(end)),
            name if name.ends_with('>') => Self(Some(start), None),
            _ => Self(Some(start), Some(end)),
        })
    }

    pub(super) fn holds(&self, instant: OffsetDateTime) -> bool {
        self.0.is_none_or(|start| instant >= start) && self.1.is_none_or(|end| instant < end)
    }
}

/// The second or the day that a value names. Formats: the examples of the list operation in the document.
fn period(value: &str) -> Option<(OffsetDateTime, OffsetDateTime)> {
    let day = format_description!("[year]-[month]-[day]");
    let instant = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let value = value.trim();
    if let Ok(date) = Date::parse(value, day) {
        let start = date.midnight().assume_utc();
        return Some((start, later(start, Duration::days(1))));
    }
    let at = OffsetDateTime::parse(value, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(value, &Rfc2822))
        .or_else(|_| {
            let whole = value.split('.').next().unwrap_or(value).replace('T', " ");
            PrimitiveDateTime::parse(&whole, instant).map(PrimitiveDateTime::assume_utc)
        })
        .ok()?;
    Some((at, later(at, Duration::seconds(1))))
}

pub(crate) fn update(state: &mut State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let current = find(state, incoming)?;
    let (sid, status, in_progress) = (current.sid.clone(), current.status, current.status.is_in_progress());
    let twilio = incoming.provider == Provider::Twilio;
    let cancel = twilio && incoming.filled("Status") == Some("canceled");
    if cancel && status != Status::Scheduled {
        return Err(ApiError::bad(30409, "This message cannot be canceled"));
    }
    let redact = incoming.param("Body");
    if let Some(body) = redact {
        if !body.is_empty() {
            // SignalWire 50509 "the redacted message body must be empty"; Twilio 20422 "invalid parameter".
            let code = if twilio { 20422 } else { 50509 };
            return Err(ApiError::bad(code, "The redacted message body must be empty"));
        }
        if in_progress && !cancel {
            // SignalWire 10000 "an attempt was made to redact a message that is still in-progress".
            let code = if twilio { 20009 } else { 10000 };
            return Err(ApiError::bad(code, "The message is still in progress"));
        }
    }
    let now = state.now();
    let message = state.messages.get_mut(&sid).ok_or_else(|| ApiError::not_found(&incoming.uri_path))?;
    if cancel {
        message.status = Status::Canceled;
    }
    if redact.is_some() {
        message.body.clear();
    }
    message.updated = now;
    Ok(Answer::Json(200, message_json::message(message)))
}

pub(crate) fn delete(state: &mut State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let message = find(state, incoming)?;
    if message.status.is_in_progress() {
        // 20009 at both; that the status is 409 is not documented.
        return Err(ApiError::new(409, 20009, "Cannot delete this resource before it is complete"));
    }
    let sid = message.sid.clone();
    if let Some(message) = state.messages.remove(&sid) {
        for media in message.media {
            state.media.remove(&media);
        }
    }
    Ok(Answer::Empty)
}
