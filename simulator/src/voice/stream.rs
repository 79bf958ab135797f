//! Media streams: who is connected, with which parameters, and what is told about it. No socket is opened.

use serde_json::{Value, json};

use super::{
    callbacks,
    document::Element,
    fetch::{self, Request},
    leg::{Call, Doing, Target, note},
    run::{self, Flow},
};
use crate::{model::Provider, state::State};

#[derive(Debug, Clone)]
pub(super) struct Stream {
    pub(super) sid: String,
    pub(super) name: Option<String>,
    pub(super) tells: Option<Target>,
}

fn begin(state: &mut State, sid: &str, element: &Element, both_ways: bool) -> Option<Stream> {
    let call = state.voice.calls.get(sid)?;
    let method = element.get("statusCallbackMethod");
    let stream = Stream {
        sid: call.provider.new_sid("MZ"),
        name: element.get("name").map(str::to_owned),
        tells: element.get("statusCallback").and_then(|url| run::target(call, Some(url), method)),
    };
    let parameters: Value = element
        .children
        .iter()
        .filter_map(|given| Some((given.get("name")?.to_owned(), json!(given.given("value")))))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let about = json!({
        "url": element.get("url"),
        "parameters": parameters,
        "stream_sid": stream.sid,
        "name": stream.name,
        "track": element.get("track").unwrap_or("inbound_track"),
        "both_ways": both_ways,
    });
    note(state, sid, "streamed", about);
    callbacks::stream(state, sid, &stream, "stream-started", None);
    Some(stream)
}

/// `<Connect>`: the other end of the stream has the call until it ends.
pub(super) fn connect(state: &mut State, sid: &str, verb: Element) {
    let Some(stream) = verb.children.first().and_then(|element| begin(state, sid, element, true)) else {
        return;
    };
    if let Some(call) = state.voice.calls.get_mut(sid) {
        call.turn_to(Doing::Streaming { stream, verb });
    }
}

/// `<Start>`: the document goes on beside it.
pub(super) fn start(state: &mut State, sid: &str, verb: &Element) -> Flow {
    let stream = verb.children.first().and_then(|element| begin(state, sid, element, false));
    if let (Some(stream), Some(call)) = (stream, state.voice.calls.get_mut(sid)) {
        call.streams.push(stream);
    }
    Flow::Next
}

pub(super) fn stop(state: &mut State, sid: &str, verb: &Element) -> Flow {
    let name = verb.children.first().and_then(|element| element.get("name")).map(str::to_owned);
    let Some(call) = state.voice.calls.get_mut(sid) else { return Flow::Waits };
    let at = call.streams.iter().position(|stream| stream.name == name);
    if let Some(stream) = at.map(|at| call.streams.remove(at)) {
        over(state, sid, &stream, None);
    }
    Flow::Next
}

/// Tells that a stream has ended.
pub(super) fn over(state: &mut State, sid: &str, stream: &Stream, error: Option<&str>) {
    note(state, sid, "stream_ended", json!({ "stream_sid": stream.sid, "error": error }));
    let event = if error.is_some() { "stream-error" } else { "stream-stopped" };
    callbacks::stream(state, sid, stream, event, error);
}

/// The other end closes the stream, or it breaks; false where the call has none.
pub(crate) fn stream_ends(state: &mut State, sid: &str, error: Option<&str>) -> bool {
    let Some(call) = state.voice.calls.get_mut(sid).filter(|call| call.is_live()) else { return false };
    if !matches!(call.doing, Doing::Streaming { .. }) {
        let Some(stream) = call.streams.pop() else { return false };
        over(state, sid, &stream, error);
        return true;
    }
    let Doing::Streaming { stream, verb } = std::mem::replace(&mut call.doing, Doing::Waiting) else {
        return false;
    };
    over(state, sid, &stream, error);
    goes_on(state, sid, &stream, &verb, error);
    true
}

fn goes_on(state: &mut State, sid: &str, stream: &Stream, verb: &Element, error: Option<&str>) {
    let Some(action) = verb.get("action") else { return run::proceed(state, sid) };
    let mut extra = vec![("StreamSid".to_owned(), stream.sid.clone())];
    if let Some(name) = &stream.name {
        extra.push(("StreamName".to_owned(), name.clone()));
    }
    if let Some(error) = error {
        // 31921 "Stream - WebSocket - Close Error" is Twilio's.
        if state.voice.calls.get(sid).is_some_and(|call: &Call| call.provider == Provider::Twilio) {
            extra.push(("StreamErrorCode".to_owned(), "31921".to_owned()));
        }
        extra.push(("StreamError".to_owned(), error.to_owned()));
    }
    if let Some(target) = run::address(state, sid, Some(action), verb.get("method")) {
        fetch::soon(state, sid, Request::document(target, extra));
    }
}
