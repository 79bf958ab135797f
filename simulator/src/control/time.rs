//! The virtual clock.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use time::Duration;

use super::Refusal;
use crate::{
    app::{App, Shared},
    clock::{Mode, rfc3339},
    events,
};

fn report(app: &App) -> Value {
    let state = app.lock();
    json!({
        "mode": state.clock.mode(),
        "now": rfc3339(state.now()),
        "step_ms": i64::try_from(state.step.whole_milliseconds()).unwrap_or(i64::MAX),
        "pending_events": state.queue.len(),
    })
}

pub(super) async fn show(State(app): State<Shared>) -> Json<Value> {
    Json(report(&app))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Switch {
    mode: Option<Mode>,
    step_ms: Option<u32>,
}

pub(super) async fn switch(State(app): State<Shared>, Json(switch): Json<Switch>) -> Json<Value> {
    {
        let mut state = app.lock();
        if let Some(mode) = switch.mode {
            state.clock.switch(mode);
        }
        if let Some(step) = switch.step_ms {
            state.step = Duration::milliseconds(step.into());
        }
    }
    app.wake.notify_one();
    Json(report(&app))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    seconds: f64,
}

pub(super) async fn advance(
    State(app): State<Shared>,
    Json(advance): Json<Advance>,
) -> Result<Json<Value>, Refusal> {
    // A century is enough, and keeps the calendar from ending.
    if !(0.0..=3.2e9).contains(&advance.seconds) {
        return Err(Refusal::bad("seconds must be between 0 and 3.2e9"));
    }
    if app.lock().clock.mode() == Mode::Real {
        return Err(Refusal::bad("the clock runs by itself: POST /_sim/clock {\"mode\":\"manual\"} first"));
    }
    let done = events::advance(&app, Duration::seconds_f64(advance.seconds)).await;
    let mut report = report(&app);
    if let Some(report) = report.as_object_mut() {
        report.insert("events".to_owned(), json!(done));
    }
    Ok(Json(report))
}

pub(super) async fn settle(State(app): State<Shared>) -> Result<Json<Value>, Refusal> {
    if app.lock().clock.mode() == Mode::Manual {
        return Err(Refusal::bad("the clock stands still: advance it instead"));
    }
    loop {
        events::settle(&app).await;
        let next = app.settled.notified();
        if app.lock().queue.len() == 0 && !app.is_running() {
            return Ok(Json(report(&app)));
        }
        next.await;
    }
}
