//! Posting webhooks: signing, waiting, retrying, and writing down what came of it.

use std::time::{Duration, Instant};

use form_urlencoded::Serializer;
use serde_json::json;
use time::OffsetDateTime;

use crate::{
    app::Shared,
    clock::later,
    delivery::{Body, Delivery, Outcome, Patience},
    events::Event,
    faults::{Fault, Kind, Situation, Stage},
    http_client::{self, Answer, Failure, Outgoing},
    journal::{AnswerEntry, CallbackEntry},
    model::Provider,
    reply, sign,
    state::State,
};

/// Sends a webhook now, unless a fault says otherwise. Returns the ids of the attempts.
pub(crate) async fn deliver(app: &Shared, delivery: Delivery) -> Vec<u64> {
    let fault = if delivery.faulted { None } else { take_fault(app, &delivery) };
    let mut ids = Vec::new();
    match &fault {
        Some(fault) if fault.kind == Kind::Drop => {
            let at = app.lock().timestamp();
            let entry = CallbackEntry {
                error: Some("never sent".to_owned()),
                fault: Some(fault.id),
                ..blank_entry(&delivery, at, wire_url(&delivery.url).to_owned())
            };
            ids.push(app.lock().callbacks.add(|id| CallbackEntry { id, ..entry }));
            return ids;
        }
        Some(fault) if fault.kind == Kind::Delay => {
            let mut state = app.lock();
            let due = later(state.now(), time::Duration::seconds_f64(fault.params.seconds(1.0)));
            state.queue.push(due, Event::Deliver(Box::new(Delivery { faulted: true, ..delivery })));
            drop(state);
            app.wake.notify_one();
            return ids;
        }
        Some(fault) if fault.kind == Kind::Reorder => {
            let mut state = app.lock();
            let held = Delivery { faulted: true, ..delivery };
            state.held.entry(held.message_sid.clone()).or_default().push(held);
            return ids;
        }
        _ => {}
    }
    let copies = match &fault {
        Some(fault) if fault.kind == Kind::Duplicate => fault.params.n.unwrap_or(1),
        _ => 0,
    };
    for _ in 0..=copies {
        ids.extend(attempts(app, &delivery, fault.as_ref().map(|fault| fault.id)).await);
    }
    if !delivery.faulted {
        let held = app.lock().held.remove(&delivery.message_sid).unwrap_or_default();
        for delivery in held {
            ids.extend(attempts(app, &delivery, None).await);
        }
    }
    ids
}

/// What came of a question whose answer somebody waits for.
pub(crate) enum Asked {
    /// The ids of the attempts.
    Done(Vec<u64>),
    /// A fault has it asked later.
    Later(OffsetDateTime),
}

/// Asks for something now. There is nothing to put it after, so that a `reorder` leaves it alone.
pub(crate) async fn ask(app: &Shared, delivery: Delivery) -> Asked {
    let fault = take_fault(app, &delivery);
    match fault.as_ref().map(|fault| fault.kind) {
        Some(Kind::Delay) => {
            let seconds = fault.map_or(1.0, |fault| fault.params.seconds(1.0));
            return Asked::Later(later(app.lock().now(), time::Duration::seconds_f64(seconds)));
        }
        Some(Kind::Drop) => {
            let at = app.lock().timestamp();
            let entry = CallbackEntry {
                error: Some("never sent".to_owned()),
                error_code: code(delivery.provider, 11_200, 11_200),
                fault: fault.map(|fault| fault.id),
                ..blank_entry(&delivery, at, wire_url(&delivery.url).to_owned())
            };
            return Asked::Done(vec![app.lock().callbacks.add(|id| CallbackEntry { id, ..entry })]);
        }
        _ => {}
    }
    let mut ids = Vec::new();
    let copies = match &fault {
        Some(fault) if fault.kind == Kind::Duplicate => fault.params.n.unwrap_or(1),
        _ => 0,
    };
    for _ in 0..=copies {
        ids.extend(attempts(app, &delivery, fault.as_ref().map(|fault| fault.id)).await);
    }
    Asked::Done(ids)
}

fn take_fault(app: &Shared, delivery: &Delivery) -> Option<Fault> {
    let operation = format!("callbacks.{}", delivery.kind);
    let situation = Situation {
        provider: Some(delivery.provider),
        operation: &operation,
        to: Some(&delivery.to),
        from: Some(&delivery.from),
        account: Some(&delivery.account),
        sid: Some(&delivery.message_sid),
        status: delivery.status.as_deref(),
        event: delivery.event.as_deref(),
    };
    let mut state = app.lock();
    let fault = state.faults.take(Stage::Callback, &situation)?;
    // The last callback of a message cannot go out after its next one.
    if fault.kind == Kind::Reorder && delivery.last {
        state.faults.give_back(fault.id);
        return None;
    }
    Some(fault)
}

/// The attempts of one delivery, with its retries and its fallback.
async fn attempts(app: &Shared, delivery: &Delivery, fault: Option<u64>) -> Vec<u64> {
    let mut ids = Vec::new();
    let mut total = 0;
    for url in std::iter::once(&delivery.url).chain(&delivery.fallbacks) {
        let patience = Patience::of(delivery, url);
        for attempt in 1..=patience.retries + 1 {
            total += 1;
            let (entry, outcome) = attempt_once(app, delivery, url, &patience, total).await;
            let id = app.lock().callbacks.add(|id| CallbackEntry { id, attempt, fault, ..entry });
            ids.push(id);
            if outcome == Outcome::Ok {
                return ids;
            }
            if !patience.retries_after(outcome) {
                break;
            }
        }
    }
    ids
}

/// The URL as it is requested and signed: no fragment, no userinfo (twilio docs, usage/security).
fn wire_url(url: &str) -> String {
    let url = url.split('#').next().unwrap_or(url);
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}://{host}{path}")
        }
        None => url.to_owned(),
    }
}

fn blank_entry(delivery: &Delivery, at: String, url: String) -> CallbackEntry {
    CallbackEntry {
        id: 0,
        at,
        provider: delivery.provider,
        account: delivery.account.clone(),
        kind: delivery.kind,
        message_sid: delivery.message_sid.clone(),
        message_status: delivery.status.clone(),
        event: delivery.event.clone(),
        method: delivery.method.clone(),
        url,
        params: delivery.body.params().to_vec(),
        body: None,
        headers: Vec::new(),
        attempt: 1,
        response: None,
        latency_ms: 0,
        error: None,
        error_code: None,
        fault: None,
        redelivery_of: delivery.redelivery_of,
    }
}

/// The URL with a GET's parameters, and what is posted.
fn written(delivery: &Delivery, url: String, attempt: u32) -> (String, String) {
    match &delivery.body {
        Body::Form(params) => {
            let encoded = Serializer::new(String::new()).extend_pairs(params).finish();
            if delivery.method == "GET" {
                let joint = if url.contains('?') { '&' } else { '?' };
                return (format!("{url}{joint}{encoded}"), String::new());
            }
            (url, encoded)
        }
        Body::Event(data) => {
            let meta = json!({ "attempt": attempt, "delivered_to": url });
            let body = json!({ "data": data, "meta": meta }).to_string();
            (url, body)
        }
        Body::Json(body) => (url, body.clone()),
    }
}

fn headers(state: &State, delivery: &Delivery, url: &str, body: &str) -> Vec<(String, String)> {
    let key = state.accounts.get(&delivery.account).map(|a| a.webhook_key().to_owned()).unwrap_or_default();
    let mut headers = match &delivery.body {
        Body::Form(params) => {
            let signed: &[(String, String)] = if delivery.method == "GET" { &[] } else { params };
            sign::headers(delivery.provider, &key, url, signed)
        }
        Body::Event(_) | Body::Json(_) => {
            sign::json_headers(delivery.provider, &key, state.signing_time(), body.as_bytes())
        }
    };
    let content_type = match &delivery.body {
        Body::Form(_) => "application/x-www-form-urlencoded; charset=UTF-8",
        Body::Event(_) | Body::Json(_) => "application/json",
    };
    let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
    if delivery.method != "GET" {
        add("Content-Type", content_type);
    }
    add("Accept", "*/*");
    match delivery.provider {
        Provider::Twilio => {
            add("User-Agent", "TwilioProxy/1.1");
            add("I-Twilio-Idempotency-Token", &delivery.token);
        }
        Provider::SignalWire => add("User-Agent", "SignalWire"),
        Provider::Telnyx => add("User-Agent", "telnyx-webhooks"),
        Provider::Retell => {}
    }
    headers
}

async fn attempt_once(
    app: &Shared,
    delivery: &Delivery,
    url: &str,
    patience: &Patience,
    attempt: u32,
) -> (CallbackEntry, Outcome) {
    let (url, body) = written(delivery, wire_url(url), attempt);
    let (at, headers, outgoing_url) = {
        let state = app.lock();
        let mapped = state.origins.iter().find_map(|(public, local)| {
            url.strip_prefix(public.as_str()).map(|rest| format!("{local}{rest}"))
        });
        (state.timestamp(), headers(&state, delivery, &url, &body), mapped)
    };
    let is_form = matches!(delivery.body, Body::Form(_));
    let shown = (!is_form).then(|| body.clone());
    let started = Instant::now();
    let result = http_client::send(Outgoing {
        method: delivery.method.clone(),
        host: outgoing_url.is_some().then(|| http_client::authority_of(&url).to_owned()),
        url: outgoing_url.unwrap_or_else(|| url.clone()),
        headers: headers.clone(),
        body,
        connect: patience.connect,
        read: patience.read,
    })
    .await;
    let elapsed = started.elapsed();
    let (response, error, error_code, outcome) = judge(delivery, result);
    let entry = CallbackEntry {
        headers,
        response,
        latency_ms: millis(elapsed),
        error,
        error_code,
        body: shown,
        ..blank_entry(delivery, at, url)
    };
    (entry, outcome)
}

fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

type Judged = (Option<AnswerEntry>, Option<String>, Option<u32>, Outcome);

/// The code that the provider would log. Telnyx and Retell have no such list.
fn code(provider: Provider, twilio: u32, signalwire: u32) -> Option<u32> {
    match provider {
        Provider::Twilio => Some(twilio),
        Provider::SignalWire => Some(signalwire),
        Provider::Telnyx | Provider::Retell => None,
    }
}

fn judge(delivery: &Delivery, result: Result<Answer, Failure>) -> Judged {
    let provider = delivery.provider;
    match result {
        Err(Failure::Connect(error)) => {
            // 11205 is Twilio's; SignalWire's list has 31003 for a connection that times out.
            let code = code(provider, 11205, 31003);
            (None, Some(format!("connect: {error}")), code, Outcome::ConnectFailed)
        }
        Err(Failure::Timeout) => {
            (None, Some("no answer in time".to_owned()), code(provider, 11200, 11200), Outcome::ReadTimeout)
        }
        Err(Failure::Protocol(error)) => {
            (None, Some(error), code(provider, 11200, 11200), Outcome::ConnectFailed)
        }
        Ok(answer) => {
            let refused = !(200..300).contains(&answer.status);
            let is_form = matches!(delivery.body, Body::Form(_));
            let reply = (delivery.kind == "inbound" && is_form && !refused).then(|| reply::read(&answer));
            let outcome = match answer.status {
                200..=299 => Outcome::Ok,
                500..=599 => Outcome::ServerError,
                // Telnyx tries again after these, as after a 5xx (telnyx.md, section 7).
                408 | 429 if provider == Provider::Telnyx => Outcome::ServerError,
                _ => Outcome::ClientError,
            };
            // Twilio 11200; SignalWire 11217 for a 4xx or 5xx answer.
            let code = if refused {
                code(provider, 11200, 11217)
            } else {
                reply.as_ref().and_then(reply::Reply::error_code)
            };
            let entry = AnswerEntry {
                status: answer.status,
                content_type: answer.content_type,
                body: answer.body,
                reply: reply.and_then(|reply| serde_json::to_value(reply).ok()),
            };
            (Some(entry), None, code, outcome)
        }
    }
}
