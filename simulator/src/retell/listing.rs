//! Lists with a cursor, and the filters of `list-calls`.

use serde_json::{Value, json};

use crate::{
    app::Settings,
    json_api::{Answered, Call, Reply},
    state::State,
};

/// `limit` and `pagination_key`, in the query or the body; the key is the id of the last item that was shown.
pub(super) fn pages(call: &Call, items: Vec<Value>, id: &str) -> Reply {
    let limit = call.number("limit").or_else(|| call.query("limit")?.parse().ok()).unwrap_or(50);
    let limit = usize::try_from(limit.clamp(1, 1000)).unwrap_or(1000);
    let after = call.text("pagination_key").or_else(|| call.query("pagination_key"));
    let id_of = |item: &Value| item.get(id).and_then(Value::as_str).unwrap_or_default().to_owned();
    let skip = call.number("skip").and_then(|skip| usize::try_from(skip).ok()).unwrap_or_default();
    let start = match after {
        Some(key) => items.iter().position(|item| id_of(item) == key).map_or(items.len(), |last| last + 1),
        None => skip,
    };
    let more = items.len() > start + limit;
    let shown: Vec<Value> = items.into_iter().skip(start).take(limit).collect();
    let key = shown.last().filter(|_| more).map(id_of);
    let mut body = json!({ "items": shown, "has_more": more });
    if let (Some(key), Some(body)) = (key, body.as_object_mut()) {
        body.insert("pagination_key".to_owned(), json!(key));
    }
    Reply::new(200, body)
}

/// `POST /v3/list-calls`: without transcripts.
pub(super) fn calls(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let empty = serde_json::Map::new();
    let filters = call.body.get("filter_criteria").and_then(Value::as_object).unwrap_or(&empty);
    let mut found: Vec<_> =
        state.retell.calls.values().filter(|found| found.account == call.account()).collect();
    found.sort_by_key(|found| found.order);
    if call.text("sort_order") != Some("ascending") {
        found.reverse();
    }
    let shown: Vec<Value> = found
        .into_iter()
        .map(|found| {
            let mut shown = found.show();
            if let Some(shown) = shown.as_object_mut() {
                shown.retain(|name, _| !name.starts_with("transcript"));
            }
            shown
        })
        .filter(|shown| filters.iter().all(|(name, filter)| passes(shown, name, filter)))
        .collect();
    Ok(pages(call, shown, "call_id"))
}

/// One criterion. Those of a list are about a member each, except that agents are alternatives.
fn passes(call: &Value, name: &str, filter: &Value) -> bool {
    let inside = |member: &str| {
        let filters = filter.as_array().map(Vec::as_slice).unwrap_or_default();
        filters.iter().all(|filter| {
            let key = filter.get("key").and_then(Value::as_str).unwrap_or_default();
            compares(call.get(member).and_then(|found| found.get(key)), filter)
        })
    };
    match name {
        "agent" => filter.as_array().is_none_or(|agents| {
            agents.is_empty() || agents.iter().any(|agent| agent.get("agent_id") == call.get("agent_id"))
        }),
        "metadata" => inside("metadata"),
        "dynamic_variables" => inside("retell_llm_dynamic_variables"),
        "in_voicemail" | "user_sentiment" | "call_successful" => {
            compares(call.get("call_analysis").and_then(|analysis| analysis.get(name)), filter)
        }
        _ => compares(call.get(name), filter),
    }
}

fn compares(value: Option<&Value>, filter: &Value) -> bool {
    let wanted = filter.get("value").unwrap_or(&Value::Null);
    let operator = filter.get("op").and_then(Value::as_str).unwrap_or("eq");
    let Some(value) = value else { return operator == "ne" };
    let texts = |fits: fn(&str, &str) -> bool| {
        value.as_str().zip(wanted.as_str()).is_some_and(|(value, wanted)| fits(value, wanted))
    };
    let numbers = |fits: fn(f64, f64) -> bool| {
        value.as_f64().zip(wanted.as_f64()).is_some_and(|(value, wanted)| fits(value, wanted))
    };
    match operator {
        "eq" => value == wanted || numbers(|a, b| a == b),
        "ne" => value != wanted,
        "sw" => texts(|value, wanted| value.starts_with(wanted)),
        "ew" => texts(|value, wanted| value.ends_with(wanted)),
        "co" => texts(|value, wanted| value.contains(wanted)),
        "gt" => numbers(|a, b| a > b),
        "ge" => numbers(|a, b| a >= b),
        "lt" => numbers(|a, b| a < b),
        "le" => numbers(|a, b| a <= b),
        "in" => wanted.as_array().is_some_and(|list| list.contains(value)),
        "bt" => match wanted.as_array().map(Vec::as_slice) {
            Some([low, high]) => value
                .as_f64()
                .is_some_and(|value| low.as_f64() <= Some(value) && Some(value) <= high.as_f64()),
            _ => false,
        },
        _ => true,
    }
}
