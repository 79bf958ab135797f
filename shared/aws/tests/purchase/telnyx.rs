//! Telnyx's numbers and orders.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use telephony::domain::timestamp::Timestamp;
use telephony::provider::ProviderId;

use crate::market::{Held, Order, State, json as answered, query};

const TELNYX: ProviderId = ProviderId::Telnyx;

fn refused(status: u16, code: &str) -> Response<Bytes> {
    answered(status, &json!({"errors": [{"code": code, "title": "no", "detail": "no"}]}))
}

fn list(items: &[Value]) -> Response<Bytes> {
    answered(200, &json!({"data": items, "meta": {"page_number": 1, "total_pages": 1}}))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn shown(phone: &str, held: &Held) -> Value {
    json!({
        "id": held.sid, "phone_number": phone, "status": "active", "connection_id": held.voice,
        "messaging_profile_id": held.messaging, "customer_reference": held.mark,
    })
}

fn order_shown(order: &Order) -> Value {
    let status = match (order.settled, order.succeeds) {
        (false, _) => "pending",
        (true, true) => "success",
        (true, false) => "failure",
    };
    json!({
        "id": order.id, "status": status, "customer_reference": order.mark,
        "phone_numbers": [{"phone_number": order.phone, "status": status, "requirements_met": true}],
    })
}

/// Orders whose time has come.
fn settle(state: &mut State, now: Timestamp) {
    let due: Vec<usize> = (0..state.orders.len())
        .filter(|at| !state.orders[*at].settled && state.orders[*at].ends <= now)
        .collect();
    for at in due {
        let order = state.orders[at].clone();
        let (voice, messaging) = if state.mood.forgets_settings {
            (String::new(), String::new())
        } else {
            (order.connection.clone(), order.profile.clone())
        };
        let sid = state.id().to_string();
        let (mark, account) = (order.mark.clone(), order.account.clone());
        let held = Held { sid, mark, voice, messaging, account, ..Held::default() };
        let sold = order.succeeds && state.sell(TELNYX, &order.phone, held, now);
        state.orders[at].succeeds = sold;
        state.orders[at].settled = true;
    }
}

pub fn answer(state: &mut State, request: &Request<Bytes>, now: Timestamp) -> Response<Bytes> {
    settle(state, now);
    let shown_as = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let account = state.account(shown_as.unwrap_or_default().trim_start_matches("Bearer "));
    if state.closed.contains(&account) {
        return refused(401, "10009");
    }
    let path = request.uri().path().strip_prefix("/v2/").unwrap().to_owned();
    let path: Vec<&str> = path.split('/').collect();
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let asked = query(request);
    match (request.method(), path.as_slice()) {
        (&Method::GET, ["available_phone_numbers"]) => {
            let wanted = ["filter[phone_number][contains]", "filter[phone_number][ends_with]"]
                .iter()
                .find_map(|name| asked.get(*name).cloned())
                .unwrap_or_default();
            let found: Vec<String> =
                state.for_sale.iter().filter(|phone| phone.contains(&wanted)).cloned().collect();
            state.searched.extend(found.iter().cloned());
            let features = json!([{"name": "voice"}, {"name": "sms"}, {"name": "mms"}]);
            let offers: Vec<Value> =
                found.iter().map(|phone| json!({"phone_number": phone, "features": features})).collect();
            list(&offers)
        }
        (&Method::POST, ["number_orders"]) => order(state, account, &body, now),
        (&Method::GET, ["number_orders"]) => {
            let mark = asked["filter[customer_reference]"].clone();
            let orders = state.orders.iter().filter(|order| order.mark == mark && order.account == account);
            list(&orders.map(order_shown).collect::<Vec<_>>())
        }
        (&Method::GET, ["number_orders", id]) => {
            let order = state.orders.iter().find(|order| order.id == *id);
            order.map_or_else(
                || refused(404, "10005"),
                |order| answered(200, &json!({"data": order_shown(order)})),
            )
        }
        (&Method::GET, ["phone_numbers"]) => {
            let wanted = asked.get("filter[phone_number]").cloned().unwrap_or_default();
            let all =
                state.shown(TELNYX, &account, now).into_iter().filter(|(phone, _)| phone.contains(&wanted));
            list(&all.map(|(phone, held)| shown(&phone, &held)).collect::<Vec<_>>())
        }
        (&Method::GET, ["phone_numbers", _, "messaging"]) => {
            answered(200, &json!({"data": {"features": {"sms": {}, "mms": {}}}}))
        }
        (method, ["phone_numbers", sid, ..]) => number(state, &account, method, sid, &body, now),
        other => panic!("{other:?}"),
    }
}

fn order(state: &mut State, account: String, body: &Value, now: Timestamp) -> Response<Bytes> {
    if let Some(code) = state.mood.refuses {
        return refused(422, &code.to_string());
    }
    let phone = text(&body["phone_numbers"][0]["phone_number"]);
    if state.mood.wants_search && !state.searched.contains(&phone) {
        return refused(422, "85000");
    }
    if !state.for_sale.contains(&phone) {
        return refused(422, "85001");
    }
    let id = format!("00000000-0000-4000-8000-{:012x}", state.id());
    let order = Order {
        id,
        phone,
        mark: text(&body["customer_reference"]),
        connection: text(&body["connection_id"]),
        profile: text(&body["messaging_profile_id"]),
        ends: now.plus(state.mood.pending),
        succeeds: !state.mood.orders_fail,
        settled: false,
        account,
    };
    state.orders.push(order);
    if state.mood.pending < Duration::from_millis(1) {
        settle(state, now);
    }
    answered(200, &json!({"data": order_shown(state.orders.last().unwrap())}))
}

fn number(
    state: &mut State,
    account: &str,
    method: &Method,
    sid: &str,
    body: &Value,
    now: Timestamp,
) -> Response<Bytes> {
    let Some(key) = state.by_sid(TELNYX, account, sid) else { return refused(404, "10005") };
    match *method {
        Method::PATCH if state.mood.refuses_settings => refused(422, "85004"),
        Method::PATCH => {
            let held = state.held.get_mut(&key).unwrap();
            let before = held.mark.clone();
            for (name, member) in [
                ("customer_reference", &mut held.mark),
                ("connection_id", &mut held.voice),
                ("messaging_profile_id", &mut held.messaging),
            ] {
                if let Some(value) = body[name].as_str() {
                    value.clone_into(member);
                }
            }
            let answer = shown(&key.1, held);
            state.configured.push(before);
            answered(200, &json!({"data": answer}))
        }
        Method::DELETE if state.mood.keeps_until.is_some_and(|until| now < until) => refused(422, "10035"),
        Method::DELETE => {
            let answer = shown(&key.1, &state.held[&key]);
            state.take_back(&key);
            answered(200, &json!({"data": answer}))
        }
        _ => answered(200, &json!({"data": shown(&key.1, &state.held[&key])})),
    }
}
