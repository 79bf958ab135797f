//! Looking at a message, and calling a scheduled one off.

use time::Duration;

use super::{
    data,
    errors::{not_found, problem},
    message_json,
};
use crate::{
    app::Settings,
    clock::later,
    json_api::{Answered, Call, Reply},
    model::{Message, Provider, Status},
    state::State,
};

fn find<'a>(state: &'a State, call: &Call) -> Result<&'a Message, Reply> {
    state
        .messages
        .get(call.arg(0))
        .filter(|message| message.provider == Provider::Telnyx && message.account == call.account())
        // Messages are kept for ten days (telnyx.md, trap 10).
        .filter(|message| later(message.created, Duration::days(10)) >= state.now())
        .ok_or_else(not_found)
}

/// `GET /v2/messages/{id}`
pub(super) fn fetch(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let message = find(state, call)?;
    Ok(Reply::new(200, data(message_json::show(state, message))))
}

/// `DELETE /v2/messages/{id}`: the answer has no `data` (spec3, CancelScheduledMessageResponse).
pub(super) fn cancel(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let message = find(state, call)?;
    if message.status != Status::Scheduled {
        return Err(problem(400, 10015, "Only a scheduled message can be cancelled."));
    }
    let sid = message.sid.clone();
    let now = state.now();
    if let Some(message) = state.messages.get_mut(&sid) {
        message.status = Status::Canceled;
        message.updated = now;
    }
    let message = find(state, call)?;
    Ok(Reply::new(200, message_json::show(state, message)))
}
