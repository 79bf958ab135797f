//! The end of a leg, whoever ends it.

use super::{
    callbacks::tell,
    dial,
    leg::{Direction, Doing, Status},
    listen, phone, recording, stream,
};
use crate::{model::Provider, state::State};

/// How a leg ends: its status, the SIP answer behind it, and who did it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    status: Status,
    sip: u16,
    by: &'static str,
}

impl End {
    /// The application, the document or a limit ends it.
    pub(crate) const COMPLETED: Self = Self { status: Status::Completed, sip: 200, by: "system" };
    pub(super) const BY_PHONE: Self = Self { status: Status::Completed, sip: 200, by: "phone" };
    pub(super) const BUSY: Self = Self { status: Status::Busy, sip: 486, by: "phone" };
    /// Neither provider documents what a declined call is; `busy` is the likelier word.
    pub(super) const REJECTED: Self = Self { status: Status::Busy, sip: 603, by: "phone" };
    pub(super) const NO_ANSWER: Self = Self { status: Status::NoAnswer, sip: 487, by: "system" };
    pub(super) const NOT_FOUND: Self = Self { status: Status::Failed, sip: 404, by: "system" };
    pub(super) const FAILED: Self = Self { status: Status::Failed, sip: 500, by: "system" };
    pub(crate) const CANCELED: Self = Self { status: Status::Canceled, sip: 487, by: "system" };
    /// `<Reject>`, by its reason.
    pub(super) const TURNED_AWAY: Self = Self { status: Status::NoAnswer, sip: 603, by: "system" };
}

/// What an answered minute costs, in micro-dollars: near the list prices.
fn minute(provider: Provider, direction: Direction) -> i64 {
    match (provider, direction) {
        (Provider::Twilio, Direction::Inbound) => 8_500,
        (Provider::Twilio, _) => 14_000,
        (_, Direction::Inbound) => 6_600,
        _ => 8_000,
    }
}

/// The leg ends, with all that was going on.
pub(crate) fn end(state: &mut State, sid: &str, how: End) {
    let now = state.now();
    let Some(call) = state.voice.calls.get_mut(sid).filter(|call| call.is_live()) else { return };
    call.status = how.status;
    call.ended = Some(now);
    call.updated = now;
    call.sip_code = Some(how.sip);
    call.ended_by = Some(how.by);
    call.program.clear();
    let mut doing = Doing::Waiting;
    std::mem::swap(&mut doing, &mut call.doing);
    call.token += 1;
    let minutes = call.seconds(now).map(|seconds| (seconds + 59) / 60).unwrap_or_default();
    let cost = minutes * minute(call.provider, call.direction);
    call.price_micros = Some(cost);
    let (account, parent, to) = (call.account.clone(), call.parent.clone(), call.to.clone());
    let running = std::mem::take(&mut call.recordings);
    let streams = std::mem::take(&mut call.streams);
    if let Some(account) = state.accounts.get_mut(&account) {
        account.balance_micros -= cost;
    }
    // What a document was doing is reported to its action, though nobody can hear the answer any more.
    match doing {
        Doing::Recording { sid: recorded, verb } => listen::record_is_left(state, sid, &recorded, &verb),
        Doing::Dialling(dialling) => dial::is_left(state, sid, &dialling),
        Doing::Streaming { stream, .. } => stream::over(state, sid, &stream, None),
        Doing::Waiting | Doing::Sounding | Doing::Gathering(_) | Doing::Joined => {}
    }
    for recorded in running {
        recording::stop(state, &recorded);
    }
    for stream in streams {
        stream::over(state, sid, &stream, None);
    }
    tell(state, sid, "completed");
    phone::agent_is_left(state, &to);
    if let Some(parent) = parent {
        dial::child_ended(state, &parent, sid);
    }
}
