//! Reading, ending, redirecting and deleting calls.

use super::{
    Answer, call_json,
    dialling::{document_url, target},
    errors::ApiError,
    messages::spans,
    paging::page,
    request::Incoming,
};
use crate::{
    model::Provider,
    state::State,
    voice::{self, Call, End, Status},
};

pub(super) fn find<'a>(state: &'a State, incoming: &Incoming) -> Result<&'a Call, ApiError> {
    state
        .voice
        .calls
        .get(incoming.arg(0))
        .filter(|call| call.provider == incoming.provider && call.account == incoming.account())
        .ok_or_else(|| ApiError::not_found(&incoming.uri_path))
}

pub(crate) fn fetch(state: &State, incoming: &Incoming) -> Result<Answer, ApiError> {
    find(state, incoming).map(|call| Answer::Json(200, call_json::call(call)))
}

/// Newest first. A call that still waits has no start, and is in no span of starts.
pub(crate) fn list(state: &State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let (starts, ends) = (spans(incoming, "StartTime")?, spans(incoming, "EndTime")?);
    let same =
        |name: &str, found: Option<&str>| incoming.filled(name).is_none_or(|wanted| found == Some(wanted));
    let found = state.voice.calls.in_order().into_iter().rev().filter(|call| {
        call.provider == incoming.provider
            && call.account == incoming.account()
            && same("To", Some(&call.to))
            && same("From", Some(&call.from))
            && same("Status", Some(call.status.as_str()))
            && same("ParentCallSid", call.parent.as_deref())
            && starts.iter().all(|span| call_json::start_time(call).is_some_and(|at| span.holds(at)))
            && ends.iter().all(|span| call.ended.is_some_and(|at| span.holds(at)))
    });
    page(incoming, found, |call| &call.sid, call_json::call, "calls")
}

/// Ends the call, or gives it another document (21220 in a state where that makes no sense).
pub(crate) fn update(state: &mut State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let call = find(state, incoming)?;
    let (sid, status) = (call.sid.clone(), call.status);
    let twilio = incoming.provider == Provider::Twilio;
    let refused = |message: &str| ApiError::bad(21220, format!("{message}. The call is {}", status.as_str()));
    let url = document_url(incoming)?;
    let document = incoming.filled("Twiml").filter(|_| twilio).map(str::to_owned);
    let (watch, fallback) = (target(incoming, "StatusCallback")?, target(incoming, "FallbackUrl")?);
    if !status.is_final() {
        voice::told_elsewhere(state, &sid, watch, fallback);
    }
    match (incoming.filled("Status"), &url, &document) {
        (Some("completed" | "canceled"), ..) | (None, Some(_), _) | (None, None, Some(_))
            if status.is_final() =>
        {
            return Err(refused("The call is over"));
        }
        // SignalWire 10000 "an attempt was made to cancel an in-progress call".
        (Some("canceled"), ..) if status == Status::InProgress => {
            return Err(match twilio {
                true => refused("Only a call that waits or rings can be canceled"),
                false => ApiError::bad(10000, "An attempt was made to cancel an in-progress call"),
            });
        }
        (Some("canceled"), ..) => voice::end(state, &sid, End::CANCELED),
        (Some("completed"), ..) => {
            let how = if status == Status::InProgress { End::COMPLETED } else { End::CANCELED };
            voice::end(state, &sid, how);
        }
        (Some(other), ..) => return Err(ApiError::bad(20001, format!("Status is not valid: {other}"))),
        (None, url, document) if url.is_some() || document.is_some() => {
            if status != Status::InProgress {
                return Err(refused("Call is not in-progress. Cannot redirect"));
            }
            match (url, document) {
                (Some(url), _) => voice::redirect(state, &sid, Ok(url.clone())),
                (None, Some(text)) => voice::redirect(state, &sid, Err(text)),
                (None, None) => {}
            }
        }
        _ => {}
    }
    fetch(state, incoming)
}

pub(crate) fn delete(state: &mut State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let call = find(state, incoming)?;
    if call.is_live() {
        // 20009 at both; that the status is 409 is not documented.
        return Err(ApiError::new(409, 20009, "Cannot delete this resource before it is complete"));
    }
    let sid = call.sid.clone();
    state.voice.calls.remove(&sid);
    Ok(Answer::Empty)
}
