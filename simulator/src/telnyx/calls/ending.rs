//! The end of a leg, whoever ends it.

use serde_json::json;

use super::{
    super::{money, stamp_z},
    LegState, emit, gather, recordings,
    script::{retell_call, sound_ends},
};
use crate::{retell, state::State};

/// `hangup_cause`, `hangup_source` and `sip_hangup_cause`.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    cause: &'static str,
    source: &'static str,
    sip: &'static str,
}

impl End {
    pub(super) const BY_CALLER: Self = Self { cause: "normal_clearing", source: "caller", sip: "200" };
    pub(super) const BY_CALLEE: Self = Self { cause: "normal_clearing", source: "callee", sip: "200" };
    pub(super) const BUSY: Self = Self { cause: "user_busy", source: "callee", sip: "486" };
    pub(super) const REJECTED: Self = Self { cause: "call_rejected", source: "callee", sip: "603" };
    pub(super) const TIMEOUT: Self = Self { cause: "timeout", source: "unknown", sip: "480" };
    pub(super) const NOT_FOUND: Self = Self { cause: "not_found", source: "callee", sip: "404" };
    pub(super) const TIME_LIMIT: Self = Self { cause: "time_limit", source: "unknown", sip: "200" };
    pub(super) const ORIGINATOR_CANCEL: Self =
        Self { cause: "originator_cancel", source: "caller", sip: "487" };
}

/// What an answered minute costs, in micro-dollars: near the list price.
const MINUTE_MICROS: i64 = 7_000;

/// The leg ends, with all that was going on; a bridged leg ends with it.
pub(super) fn end(state: &mut State, id: &str, how: End) {
    let now = state.now();
    let Some(leg) = state.telnyx.calls.get_mut(id).filter(|leg| leg.state != LegState::Ended) else { return };
    leg.state = LegState::Ended;
    leg.ended = Some(now);
    leg.hangup_cause = Some(how.cause);
    let bridged = leg.bridged.take();
    let agent = retell_call(&leg.to).map(str::to_owned);
    let stream = leg.stream.take();
    let (created, answered) = (leg.created, leg.answered);
    let (account, connection) = (leg.account.clone(), leg.connection.clone());
    sound_ends(state, id, "call_hangup");
    gather::ends(state, id, "call_hangup");
    if let Some(url) = stream {
        emit::emit(state, id, "streaming.stopped", json!({ "stream_url": url }), 0);
    }
    let hangup = json!({
        "state": "hangup",
        "start_time": stamp_z(created),
        "hangup_cause": how.cause,
        "hangup_source": how.source,
        "sip_hangup_cause": how.sip,
        "call_quality_stats": null,
    });
    emit::emit(state, id, "call.hangup", hangup, 0);
    recordings::stop(state, id);
    let seconds = answered.map(|answered| (now - answered).whole_seconds()).unwrap_or_default();
    let billed = seconds.div_euclid(60) * 60 + if seconds % 60 > 0 { 60 } else { 0 };
    let cost = billed / 60 * MINUTE_MICROS;
    if let Some(account) = state.accounts.get_mut(&account) {
        account.balance_micros -= cost;
    }
    let application = state.telnyx.applications.get(&account, &connection);
    if application.is_some_and(|found| found.flag("call_cost_in_webhooks")) {
        let part = json!({
            "billed_duration_secs": billed,
            "call_part": "call-control",
            "cost": money(cost, 4),
            "currency": "USD",
            "rate": money(MINUTE_MICROS, 5),
        });
        let extra = json!({
            "billed_duration_secs": billed,
            "billing_group_id": null,
            "cost_parts": [part],
            "occurred_at": stamp_z(now),
            "status": "success",
            "total_cost": money(cost, 4),
        });
        emit::emit(state, id, "call.cost", extra, 1);
    }
    if let Some(call) = agent {
        retell::person_hangs_up(state, &call);
    }
    if let Some(other) = bridged {
        let incoming = state.telnyx.calls.get(&other).is_some_and(|leg| leg.incoming);
        end(state, &other, if incoming { End::BY_CALLEE } else { End::BY_CALLER });
    }
}
