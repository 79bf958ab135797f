//! What was sent and received, for looking up afterwards (spec3, MessageDetailRecord).

use serde_json::{Value, json};
use time::{Duration, Time};

use super::{errors::problem, message_json, money, page::page, stamp_z};
use crate::{
    app::Settings,
    clock::later,
    json_api::{Answered, Call},
    model::{Direction, Message, Provider, Status},
    number_text,
    state::State,
};

/// `GET /v2/detail_records`: messages, once they have left the queue.
pub(super) fn list(state: &mut State, _: &Settings, call: &Call) -> Answered {
    match call.query("filter[record_type]") {
        Some("messaging") => {}
        Some(_) => return page(call, Vec::new(), 50),
        None => return Err(problem(400, 10031, "filter[record_type] must be specified.")),
    }
    let mut records: Vec<Value> = state
        .messages
        .newest_first()
        .filter(|message| message.provider == Provider::Telnyx && message.account == call.account())
        .filter(|message| message.status.rank() >= Status::Sent.rank() && message.status != Status::Canceled)
        .map(|message| show(state, message))
        .filter(|record| call.query.iter().all(|(name, value)| passes(record, name, value)))
        .filter(|record| in_range(state, record, call.query("filter[date_range]")))
        .collect();
    // Newest first unless asked otherwise; how the provider sorts is not documented.
    if call.query.iter().any(|(name, value)| name.starts_with("sort") && value == "created_at") {
        records.reverse();
    }
    page(call, records, 50)
}

/// `filter[name]=value` and `filter[name][operator]=value`, on any member.
fn passes(record: &Value, name: &str, wanted: &str) -> bool {
    let Some(rest) = name.strip_prefix("filter[").and_then(|rest| rest.strip_suffix(']')) else {
        return true;
    };
    let (member, operator) = rest.split_once("][").unwrap_or((rest, "eq"));
    if matches!(member, "record_type" | "date_range") {
        return true;
    }
    let Some(value) = record.get(member) else { return false };
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match operator {
        "contains" => value.contains(wanted),
        "starts_with" => value.starts_with(wanted),
        "ends_with" => value.ends_with(wanted),
        // Times compare as texts, also where only a day is given.
        "gte" => value.as_str() >= wanted,
        "gt" => value.as_str() > wanted,
        "lte" => value.as_str() <= wanted,
        "lt" => value.as_str() < wanted,
        _ => value == wanted,
    }
}

fn in_range(state: &State, record: &Value, range: Option<&str>) -> bool {
    let created = record.get("created_at").and_then(Value::as_str).unwrap_or_default();
    let today = state.now().replace_time(Time::MIDNIGHT);
    let day = |offset: i64| stamp_z(later(today, Duration::days(offset)));
    match range {
        Some("today") => created >= day(0).as_str(),
        Some("yesterday") => created >= day(-1).as_str() && created < day(0).as_str(),
        Some(range) => {
            let days = range.strip_prefix("last_").and_then(|rest| rest.strip_suffix("_days"));
            days.and_then(|days| days.parse::<i64>().ok())
                .is_none_or(|days| created >= day(-days.clamp(0, 36_500)).as_str())
        }
        None => true,
    }
}

fn show(state: &State, message: &Message) -> Value {
    let details = message.telnyx.as_deref();
    let inbound = message.direction == Direction::Inbound;
    let from = message.from.as_deref().unwrap_or_default();
    let profile = details.and_then(|details| details.messaging_profile_id.as_deref());
    let profile_name = profile
        .and_then(|id| state.telnyx.profiles.get(&message.account, id))
        .and_then(|profile| profile.text("name"));
    let status = match message.status {
        Status::Received => "received",
        Status::Delivered => "delivered",
        Status::Undelivered => "failed",
        Status::Failed => "gw_reject",
        _ => "dlr_unconfirmed",
    };
    let completed = details.and_then(|details| details.completed).unwrap_or(message.updated);
    let cost = money(message_json::price(message), 4);
    let errors: Vec<String> = message.error_code.iter().map(u32::to_string).collect();
    json!({
        "record_type": "message_detail_record",
        "uuid": message.sid,
        "user_id": message.account,
        "created_at": stamp_z(message.created),
        "updated_at": stamp_z(message.updated),
        "sent_at": stamp_z(message.sent.unwrap_or(message.created)),
        "completed_at": stamp_z(completed),
        "direction": if inbound { "inbound" } else { "outbound" },
        "cli": from,
        "cld": message.to,
        "country_code": number_text::country(&message.to),
        "source_country_code": number_text::country(from),
        "message_type": if message.is_mms() { "MMS" } else { "SMS" },
        "status": status,
        "delivery_status": "",
        "delivery_status_webhook_url": "",
        "delivery_status_failover_url": "",
        "carrier": "T-Mobile USA",
        "carrier_fee": "0.000",
        "fteu": false,
        "mcc": "310",
        "mnc": "260",
        "on_net": false,
        "profile_id": profile.unwrap_or_default(),
        "profile_name": profile_name.unwrap_or_default(),
        "tags": "",
        "rate": cost,
        "cost": cost,
        "currency": "USD",
        "errors": errors,
        "parts": message.num_segments,
    })
}
