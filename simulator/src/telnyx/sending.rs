//! Accepting a message for sending, or refusing it. Refusals are 400, as 40305 is known to be.

use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

use super::{
    MessageDetails, data,
    errors::{about, missing, problem},
    message_json,
};
use crate::{
    app::Settings,
    clock::later,
    events::Event,
    faults::{Situation, Stage},
    json_api::{Answered, Call, Reply},
    model::{Direction, Fate, Message, Provider, Status},
    number_text,
    phones::Outcome,
    resource::Resource,
    segments,
    state::State,
};

/// `POST /v2/messages`
pub(super) fn create(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let message = validate(state, call)?;
    let sid = message.sid.clone();
    let shown = message_json::show(state, &message);
    let due = match send_at(state, call)? {
        Some(at) => at,
        None => state.after_steps(1),
    };
    state.messages.insert(message);
    state.queue.push(due, Event::Step(sid.clone()));
    Ok(Reply::new(200, data(shown)).creating(&sid))
}

fn validate(state: &mut State, call: &Call) -> Result<Message, Reply> {
    let to = call.text("to").ok_or_else(|| missing("/to"))?;
    let to = e164(to)
        .ok_or_else(|| about(400, 40310, "/to", "The 'to' address should be a single valid number."))?;
    let (from, profile_id) = sender(state, call)?;
    let profile = state.telnyx.profiles.get(call.account(), &profile_id);
    allowed(profile, &to)?;
    let media_urls: Vec<String> = match call.body.get("media_urls") {
        Some(Value::Array(urls)) => urls.iter().filter_map(|url| url.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    let body = content(call, &media_urls)?;
    for name in ["webhook_url", "webhook_failover_url"] {
        if call.text(name).is_some_and(|url| Url::parse(url).is_err()) {
            return Err(about(400, 10003, &format!("/{name}"), "The URL provided was invalid."));
        }
    }
    if state.stopped.contains(&(profile_id.clone(), to.clone())) {
        let detail = format!("Messages cannot be sent from {from} to {to} due to an existing block rule.");
        return Err(problem(400, 40300, &detail));
    }
    if state.accounts.get(call.account()).is_some_and(|account| account.balance_micros <= 0) {
        return Err(problem(403, 20100, "You do not have enough funds to perform this action."));
    }
    let scheduled = send_at(state, call)?.is_some();
    let is_mms = !media_urls.is_empty();
    let now = state.now();
    Ok(Message {
        provider: Provider::Telnyx,
        sid: Provider::Telnyx.new_sid("SM"),
        account: call.account().to_owned(),
        direction: Direction::OutboundApi,
        fate: fate(state, call, &from, &to),
        from: Some(from),
        to,
        num_segments: if is_mms { 1 } else { segments::count(&body) },
        body,
        media_urls,
        media: Vec::new(),
        status: if scheduled { Status::Scheduled } else { Status::Queued },
        error_code: None,
        messaging_service: None,
        status_callback: call.text("webhook_url").map(str::to_owned),
        price_micros: None,
        created: now,
        updated: now,
        sent: None,
        telnyx: Some(Box::new(MessageDetails {
            messaging_profile_id: Some(profile_id),
            subject: call.text("subject").map(str::to_owned),
            webhook_url: call.text("webhook_url").map(str::to_owned),
            webhook_failover_url: call.text("webhook_failover_url").map(str::to_owned),
            use_profile_webhooks: call.flag("use_profile_webhooks", true),
            autoresponse_type: None,
            completed: None,
        })),
    })
}

/// Only E.164 with its `+`.
fn e164(number: &str) -> Option<String> {
    if number.starts_with('+') { number_text::normalised(number) } else { None }
}

/// The sending number and the profile it is on; from a number pool where only the profile is named.
fn sender(state: &State, call: &Call) -> Result<(String, String), Reply> {
    let account = call.account();
    let given = call.text("messaging_profile_id");
    if let Some(from) = call.text("from") {
        let refused = || {
            let detail = "The 'from' address should be string containing a valid number associated with the \
                          sending messaging profile.";
            about(400, 40305, "/from", detail)
        };
        let number = e164(from)
            .and_then(|number| state.numbers.get(&(Provider::Telnyx, number)))
            .filter(|number| number.account == account && number.capabilities.sms)
            .ok_or_else(refused)?;
        let profile = number.setting("messaging_profile_id").ok_or_else(refused)?;
        if given.is_some_and(|given| given != profile) {
            return Err(refused());
        }
        return Ok((number.phone_number.clone(), profile.to_owned()));
    }
    let profile = given.ok_or_else(|| missing("/from"))?;
    let pooled = state
        .telnyx
        .profiles
        .get(account, profile)
        .is_some_and(|profile| profile.body.get("number_pool_settings").is_some_and(Value::is_object));
    state
        .numbers
        .values()
        .filter(|number| number.provider == Provider::Telnyx && number.account == account && pooled)
        .find(|number| number.setting("messaging_profile_id") == Some(profile))
        .map(|number| (number.phone_number.clone(), profile.to_owned()))
        .ok_or_else(|| problem(400, 40321, "Number Pool is not enabled, or no number could be selected."))
}

/// What the profile allows: 40312, 40331 and 40309.
fn allowed(profile: Option<&Resource>, to: &str) -> Result<(), Reply> {
    let Some(profile) = profile else { return Ok(()) };
    if !profile.flag("enabled") {
        let detail = format!("The specified messaging profile {} is disabled.", profile.id);
        return Err(problem(400, 40312, &detail));
    }
    let region = number_text::country(to);
    match profile.body.get("whitelisted_destinations").and_then(Value::as_array).map(Vec::as_slice) {
        None | Some([]) => {
            Err(problem(400, 40331, "The messaging profile is missing whitelisted destinations."))
        }
        Some(list) if list.iter().any(|allowed| *allowed == "*" || *allowed == region) => Ok(()),
        Some(_) => {
            let detail = format!("The region {region} for the destination {to} is not whitelisted.");
            Err(about(400, 40309, "/to", &detail))
        }
    }
}

/// 40316 nothing at all, 40317 over ten media, 40302 over ten parts.
fn content(call: &Call, media_urls: &[String]) -> Result<String, Reply> {
    let text = call.text("text").unwrap_or_default();
    if text.is_empty() && media_urls.is_empty() {
        return Err(problem(
            400,
            40316,
            "Either 'text' and/or 'media_urls' must be provided in the request.",
        ));
    }
    if media_urls.len() > 10 || media_urls.iter().any(|url| Url::parse(url).is_err()) {
        return Err(about(400, 40317, "/media_urls", "MMS can only contain up to 10 items."));
    }
    if call.text("type") == Some("SMS") && !media_urls.is_empty() {
        return Err(problem(400, 40304, "The message must contain exclusively 'text' for SMS."));
    }
    let parts = segments::count(text);
    if media_urls.is_empty() && parts > 10 {
        let detail = format!("The SMS message would be divided into {parts} parts. The maximum is 10.");
        return Err(about(400, 40302, "/text", &detail));
    }
    Ok(text.to_owned())
}

/// At most five days ahead; how near is not documented, here: not in the past.
fn send_at(state: &State, call: &Call) -> Result<Option<OffsetDateTime>, Reply> {
    let Some(text) = call.text("send_at") else { return Ok(None) };
    let refused = |detail: &str| about(422, 10033, "/send_at", detail);
    let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| refused("send_at is not a date and time"))?;
    let now = state.now();
    if at < now || at > later(now, Duration::days(5)) {
        return Err(refused("send_at must be in the next five days"));
    }
    Ok(Some(at))
}

/// How it will end: by a fault, by the phone's script, or well.
fn fate(state: &mut State, call: &Call, from: &str, to: &str) -> Fate {
    let situation = Situation {
        provider: Some(Provider::Telnyx),
        operation: "messages.create",
        to: Some(to),
        from: Some(from),
        account: call.account.as_deref(),
        ..Situation::default()
    };
    let (outcome, code) = match state.faults.take(Stage::Fate, &situation) {
        Some(fault) => {
            let outcome = fault.params.status.and_then(|status| serde_json::from_value(status).ok());
            (outcome.unwrap_or(Outcome::Undelivered), fault.params.error_code)
        }
        None => match state.phones.get(to) {
            // A landline is found out on the way: 40001 "not routable".
            Some(phone) if !phone.sms => (Outcome::Failed, Some(40001)),
            Some(phone) => (phone.outcome, phone.error_code),
            None => (Outcome::Delivered, None),
        },
    };
    let code = Some(code.unwrap_or(40008));
    match outcome {
        Outcome::Queued => Fate { status: Status::Queued, error_code: None },
        Outcome::Sent => Fate { status: Status::Unconfirmed, error_code: None },
        Outcome::Delivered => Fate { status: Status::Delivered, error_code: None },
        Outcome::Undelivered => Fate { status: Status::Undelivered, error_code: code },
        Outcome::Failed => Fate { status: Status::Failed, error_code: code },
    }
}
