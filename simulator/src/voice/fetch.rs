//! Asking the customer for a document, and what becomes of the answer.

use serde_json::json;

use super::{
    callbacks,
    document::{self, Bad, Setting},
    ending::{End, end},
    leg::{Direction, Target, note},
    outbound,
    phone::{Timer, What, after, happened},
    run,
};
use crate::{
    app::Shared,
    callbacks::{self as sending, Asked},
    model::Provider,
    state::State,
};

/// How often one and the same document may come in a row, whatever happened between: a menu that is repeated so often
/// was never meant.
const ROUNDS: u32 = 10;

/// A request for a document.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(super) target: Target,
    /// What goes along with the usual parameters.
    pub(super) extra: Vec<(String, String)>,
    /// It is the fallback of one that failed.
    fallback: bool,
    /// The call is over: nobody can hear the answer.
    pub(super) late: bool,
}

impl Request {
    pub(super) fn document(target: Target, extra: Vec<(String, String)>) -> Self {
        Self { target, extra, fallback: false, late: false }
    }

    pub(super) fn late(self) -> Self {
        Self { late: true, ..self }
    }
}

/// The document is asked for as the next thing.
pub(super) fn soon(state: &mut State, sid: &str, request: Request) {
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    let token = if request.late { call.token } else { call.turn_to(super::leg::Doing::Waiting) };
    after(state, 0, sid, What::Ask(token, Box::new(request)));
}

/// The time of a timer has come.
pub(crate) async fn happen(app: &Shared, timer: Timer) {
    let Timer { call, what } = timer;
    if let What::Ask(token, request) = what {
        ask(app, &call, token, *request).await;
    } else {
        happened(&mut app.lock(), &Timer { call, what });
    }
    app.wake.notify_one();
}

/// Asks, and goes on with the answer; returns the ids of the attempts.
pub(crate) async fn ask(app: &Shared, sid: &str, token: u64, request: Request) -> Vec<u64> {
    let delivery = {
        let state = app.lock();
        let Some(call) = state.voice.calls.get(sid) else { return Vec::new() };
        if !request.late && (!call.is_live() || call.token != token) {
            return Vec::new();
        }
        callbacks::request(call, &request)
    };
    match sending::ask(app, delivery).await {
        Asked::Later(due) => {
            let mut state = app.lock();
            let timer = Timer::new(sid, What::Ask(token, Box::new(request)));
            state.queue.push(due, crate::events::Event::Voice(Box::new(timer)));
            Vec::new()
        }
        Asked::Done(ids) => {
            arrived(&mut app.lock(), sid, token, &request, &ids);
            ids
        }
    }
}

/// What came of the attempts.
fn arrived(state: &mut State, sid: &str, token: u64, request: &Request, ids: &[u64]) {
    let at = state.timestamp();
    let last = ids.last().and_then(|id| state.callbacks.get(*id)).cloned();
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    let answer = last.as_ref().and_then(|entry| entry.response.as_ref());
    call.documents.push(json!({
        "at": at,
        "url": request.target.url,
        "method": request.target.method,
        "params": request.extra,
        "fallback": request.fallback,
        "late": request.late,
        "callbacks": ids,
        "status": answer.map(|answer| answer.status),
        "body": answer.map(|answer| &answer.body),
    }));
    if request.late || !call.is_live() || call.token != token {
        return;
    }
    let (setting, seen) = (
        Setting { provider: call.provider, has_base: true, screening: call.screening },
        answer.map(|answer| format!("{} {}", request.target.url, answer.body)),
    );
    let read = match (&last, answer) {
        (_, Some(answer)) if (200..300).contains(&answer.status) => {
            document::read(setting, answer.content_type.as_deref(), &answer.body).map_err(|bad| (bad, true))
        }
        (Some(entry), _) => {
            let code = entry.error_code.unwrap_or(11_200);
            let reason = entry.error.clone().unwrap_or_else(|| "the answer is no document".to_owned());
            Err((Bad::new(code, reason), false))
        }
        (None, _) => Err((Bad::new(11_200, "not asked"), false)),
    };
    match read {
        Ok(verbs) => {
            if goes_round(call, &seen.unwrap_or_default()) {
                let detail = format!("{sid}: {} came {ROUNDS} times in a row", request.target.url);
                state.violation("document_loop", detail);
                note(state, sid, "failed", json!({ "reason": "the document goes round and round" }));
                give_up(state, sid);
                return;
            }
            run::start(state, sid, verbs, Some(request.target.clone()));
        }
        Err((bad, ours)) => fails(state, sid, request, &bad, ours),
    }
}

fn goes_round(call: &mut super::leg::Call, seen: &str) -> bool {
    if call.again.0 != seen {
        call.again = (seen.to_owned(), 1);
    } else {
        call.again.1 += 1;
    }
    call.again.1 > ROUNDS
}

/// "An application error has occurred": the fallback is asked once, then the call is over.
fn fails(state: &mut State, sid: &str, request: &Request, bad: &Bad, wrong: bool) {
    let url = request.target.url.clone();
    report(state, sid, Some(&url), bad, wrong);
    let Some(call) = state.voice.calls.get(sid) else { return };
    match call.fallback.clone().filter(|_| !request.fallback) {
        Some(fallback) => {
            let mut extra = request.extra.clone();
            // SignalWire names no such parameters.
            if call.provider == Provider::Twilio {
                extra.push(("ErrorCode".to_owned(), bad.code.to_string()));
                extra.push(("ErrorUrl".to_owned(), url));
            }
            soon(state, sid, Request { target: fallback, extra, fallback: true, late: false });
        }
        None => give_up(state, sid),
    }
}

/// Notes what is wrong with a document; `wrong`: it came, and no correct application sends it.
pub(super) fn report(state: &mut State, sid: &str, url: Option<&str>, bad: &Bad, wrong: bool) {
    note(state, sid, "failed", json!({ "code": bad.code, "reason": bad.reason, "url": url }));
    if wrong {
        let url = url.unwrap_or("the request's own document");
        state.violation("document", format!("{sid}: {} {} ({url})", bad.code, bad.reason));
    }
}

/// The caller hears that something went wrong, and the call ends.
pub(super) fn give_up(state: &mut State, sid: &str) {
    let Some(call) = state.voice.calls.get(sid) else { return };
    let unanswered_inbound = call.direction == Direction::Inbound && call.answered.is_none();
    match call.provider {
        // It answers to say so.
        Provider::Twilio => {
            if unanswered_inbound {
                outbound::up(state, sid);
            }
            note(
                state,
                sid,
                "said",
                json!({ "text": "An application error has occurred.", "by": "provider" }),
            );
            end(state, sid, End::COMPLETED);
        }
        _ if unanswered_inbound => end(state, sid, End::FAILED),
        _ => end(state, sid, End::COMPLETED),
    }
}
