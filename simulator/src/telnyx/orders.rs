//! Ordering numbers: asynchronous, `pending` until the end.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    data,
    errors::{about, missing, not_found, problem},
    events::{self, Envelope},
    inventory, number_json,
    page::page,
    stamp_z,
};
use crate::{
    app::Settings,
    delivery::Delivery,
    events::Event,
    ids,
    json_api::{Answered, Call, Reply},
    model::{Capabilities, Number, Provider},
    number_text,
    state::State,
};

/// How an order ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OrderEnd {
    /// It never does.
    Pending,
    Failure,
    #[default]
    Success,
}

/// Steps from the order to its end, unless scripted.
pub(crate) const ORDER_STEPS: u16 = 2;

#[derive(Debug, Clone, Copy)]
pub(crate) struct OrderScript {
    pub(crate) end: OrderEnd,
    pub(crate) steps: u16,
}

pub(super) struct Order {
    id: String,
    account: String,
    /// (id, number)
    numbers: Vec<(String, String)>,
    connection: Option<String>,
    profile: Option<String>,
    billing_group: Option<String>,
    reference: Option<String>,
    status: OrderEnd,
    end: OrderEnd,
    created: OffsetDateTime,
    updated: OffsetDateTime,
}

fn show(order: &Order) -> Value {
    let status = json!(order.status);
    let numbers: Vec<Value> = order
        .numbers
        .iter()
        .map(|(id, number)| {
            let country = number_text::country(number);
            json!({
                "id": id,
                "record_type": "number_order_phone_number",
                "phone_number": number,
                "country_iso_alpha2": country,
                "country_code": country,
                "phone_number_type": number_json::kind(number),
                "regulatory_requirements": [],
                "requirements_met": true,
                "requirements_status": "approved",
                "status": status,
            })
        })
        .collect();
    let mut shown = json!({
        "id": order.id,
        "record_type": "number_order",
        "phone_numbers_count": numbers.len(),
        "phone_numbers": numbers,
        "sub_number_orders_ids": [],
        "status": status,
        "requirements_met": true,
        "created_at": stamp_z(order.created),
        "updated_at": stamp_z(order.updated),
    });
    // Not nullable in the document: left out where there is none.
    let optional = [
        ("connection_id", &order.connection),
        ("messaging_profile_id", &order.profile),
        ("billing_group_id", &order.billing_group),
        ("customer_reference", &order.reference),
    ];
    if let Some(shown) = shown.as_object_mut() {
        for (name, value) in optional {
            if let Some(value) = value {
                shown.insert(name.to_owned(), json!(value));
            }
        }
    }
    shown
}

/// `POST /v2/number_orders`
pub(super) fn create(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let account = call.account().to_owned();
    let wanted: Vec<String> = call
        .body
        .get("phone_numbers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("phone_number")?.as_str().map(str::to_owned))
        .collect();
    if wanted.is_empty() {
        return Err(missing("/phone_numbers"));
    }
    for number in &wanted {
        let pointer = "/phone_numbers";
        if !state.telnyx.searched.contains(&(account.clone(), number.clone())) {
            let detail =
                format!("You must search for {number} through our API before attempting to purchase.");
            return Err(about(422, 85000, pointer, &detail));
        }
        if state.snatched.contains(number) || inventory::find(state, number).is_none() {
            let detail = format!("{number} is no longer available for purchase.");
            return Err(about(422, 85001, pointer, &detail));
        }
    }
    if let Some(id) = call.text("connection_id")
        && state.telnyx.applications.get(&account, id).is_none()
    {
        return Err(about(422, 85004, "/connection_id", "The connection id provided is invalid."));
    }
    if let Some(id) = call.text("messaging_profile_id")
        && state.telnyx.profiles.get(&account, id).is_none()
    {
        return Err(about(
            422,
            85005,
            "/messaging_profile_id",
            "The messaging profile id provided is invalid.",
        ));
    }
    let each = inventory::UPFRONT_MICROS;
    let cost = each.saturating_mul(i64::try_from(wanted.len()).unwrap_or(i64::MAX));
    let funds = state.accounts.get(&account).map(|account| account.balance_micros).unwrap_or_default();
    if funds < cost {
        return Err(problem(403, 20100, "You do not have enough funds to perform this action."));
    }
    let script = wanted.iter().find_map(|number| state.telnyx.order_scripts.get(number).copied());
    let script = script.unwrap_or(OrderScript { end: OrderEnd::Success, steps: ORDER_STEPS });
    let now = state.now();
    let text = |name: &str| call.text(name).map(str::to_owned);
    let order = Order {
        id: ids::uuid(),
        account,
        numbers: wanted.into_iter().map(|number| (ids::uuid(), number)).collect(),
        connection: text("connection_id"),
        profile: text("messaging_profile_id"),
        billing_group: text("billing_group_id"),
        reference: text("customer_reference"),
        status: OrderEnd::Pending,
        end: script.end,
        created: now,
        updated: now,
    };
    let (id, shown) = (order.id.clone(), show(&order));
    if order.end != OrderEnd::Pending {
        let due = state.after_steps(script.steps.into());
        state.queue.push(due, Event::SettleOrder(id.clone()));
    }
    state.telnyx.orders.insert(id.clone(), order);
    Ok(Reply::new(200, data(shown)).creating(&id))
}

/// `GET /v2/number_orders/{id}`
pub(super) fn fetch(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let order = state.telnyx.orders.get(call.arg(0)).filter(|order| order.account == call.account());
    Ok(Reply::new(200, data(show(order.ok_or_else(not_found)?))))
}

/// `GET /v2/number_orders`
pub(super) fn list(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let same = |name: &str, value: Option<&str>| call.query(name).is_none_or(|wanted| value == Some(wanted));
    let mut orders: Vec<&Order> = state
        .telnyx
        .orders
        .values()
        .filter(|order| order.account == call.account())
        .filter(|order| same("filter[status]", json!(order.status).as_str()))
        .filter(|order| same("filter[customer_reference]", order.reference.as_deref()))
        .collect();
    orders.sort_by_key(|order| std::cmp::Reverse(order.created));
    page(call, orders.into_iter().map(show).collect(), 250)
}

/// The order comes to its end; returns the webhook that says so. Where that goes is not documented; here: to the
/// account's `webhook_url`.
pub(crate) fn settle(state: &mut State, id: &str) -> Option<Delivery> {
    let now = state.now();
    // Somebody else may have been faster while it was pending.
    let numbers = state.telnyx.orders.get(id)?.numbers.clone();
    let free = numbers.iter().all(|(_, number)| inventory::find(state, number).is_some());
    let order = state.telnyx.orders.get_mut(id)?;
    order.status = if free { order.end } else { OrderEnd::Failure };
    order.updated = now;
    let (account, status) = (order.account.clone(), order.status);
    let (profile, connection, reference) =
        (order.profile.clone(), order.connection.clone(), order.reference.clone());
    let payload = show(order);
    if status == OrderEnd::Success {
        for (_, phone_number) in numbers {
            let given = [
                ("messaging_profile_id", &profile),
                ("connection_id", &connection),
                ("customer_reference", &reference),
            ];
            let settings = given
                .into_iter()
                .filter_map(|(name, value)| value.clone().map(|value| (name.to_owned(), value)))
                .collect();
            let number = Number {
                provider: Provider::Telnyx,
                sid: Provider::Telnyx.new_sid("PN"),
                account: account.clone(),
                friendly_name: number_text::national(&phone_number),
                country: number_text::country(&phone_number).to_owned(),
                capabilities: Capabilities::default(),
                settings,
                created: now,
                updated: now,
                phone_number: phone_number.clone(),
            };
            state.numbers.insert((Provider::Telnyx, phone_number), number);
            if let Some(account) = state.accounts.get_mut(&account) {
                account.balance_micros -= inventory::UPFRONT_MICROS;
            }
        }
    }
    let url = state.accounts.get(&account).and_then(|account| account.webhook_url.clone());
    let envelope = Envelope {
        account: &account,
        kind: "order",
        event: "number_order.complete",
        about: id,
        status: json!(status).as_str().map(str::to_owned),
        last: true,
        from: "",
        to: "",
        urls: url.into_iter().collect(),
        timeout: None,
    };
    events::event(state, envelope, &payload)
}
