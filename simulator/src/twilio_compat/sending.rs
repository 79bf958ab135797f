//! Accepting a message for sending, or refusing it with the provider's own code.

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

use super::{Answer, errors::ApiError, message_json, request::Incoming};
use crate::{
    clock::later,
    events::Event,
    faults::{Situation, Stage},
    model::{Direction, Fate, Message, Provider, Status},
    number_text::normalised,
    phones::{self, Outcome},
    segments,
    state::State,
};

struct Accepted {
    from: Option<String>,
    to: String,
    body: String,
    media_urls: Vec<String>,
    service: Option<String>,
    status_callback: Option<String>,
    send_at: Option<OffsetDateTime>,
}

pub(crate) fn create(state: &mut State, incoming: &Incoming) -> Result<(String, Answer), ApiError> {
    let accepted = match incoming.provider {
        Provider::Twilio => validate_twilio(state, incoming)?,
        _ => validate_signalwire(state, incoming)?,
    };
    let provider = incoming.provider;
    let is_mms = !accepted.media_urls.is_empty();
    let sid = provider.new_sid(if is_mms { "MM" } else { "SM" });
    let now = state.now();
    let status = match (&accepted.send_at, &accepted.service) {
        (Some(_), _) => Status::Scheduled,
        (None, Some(_)) if provider == Provider::Twilio => Status::Accepted,
        _ => Status::Queued,
    };
    let fate = fate(state, incoming, &accepted, is_mms);
    let message = Message {
        provider,
        sid: sid.clone(),
        account: incoming.account().to_owned(),
        direction: Direction::OutboundApi,
        from: accepted.from,
        to: accepted.to,
        num_segments: if is_mms { 1 } else { segments::count(&accepted.body) },
        body: accepted.body,
        media_urls: accepted.media_urls,
        media: Vec::new(),
        status,
        fate,
        error_code: None,
        messaging_service: accepted.service,
        status_callback: accepted.status_callback,
        price_micros: None,
        created: now,
        updated: now,
        sent: None,
        telnyx: None,
    };
    let shown = message_json::message(&message);
    state.messages.insert(message);
    let due = accepted.send_at.unwrap_or_else(|| state.after_steps(1));
    state.queue.push(due, Event::Step(sid.clone()));
    Ok((sid, Answer::Json(201, shown)))
}

/// How it will end: by a fault, by the phone's script, or well.
fn fate(state: &mut State, incoming: &Incoming, accepted: &Accepted, is_mms: bool) -> Fate {
    let situation = Situation {
        provider: Some(incoming.provider),
        operation: "messages.create",
        to: Some(&accepted.to),
        from: accepted.from.as_deref(),
        account: incoming.account.as_deref(),
        ..Situation::default()
    };
    let fault = state.faults.take(Stage::Fate, &situation);
    let fate = match fault {
        Some(fault) => {
            let outcome = fault.params.status.and_then(|status| serde_json::from_value(status).ok());
            phones::fate(outcome.unwrap_or(Outcome::Undelivered), fault.params.error_code)
        }
        None => state.phones.get(&accepted.to).cloned().unwrap_or_default().fate(),
    };
    // SignalWire gets no delivery receipts for MMS: the last status is `sent` (signalwire.md, trap 10).
    let no_receipt = incoming.provider == Provider::SignalWire && is_mms;
    match fate.status {
        Status::Delivered | Status::Undelivered if no_receipt => phones::fate(Outcome::Sent, None),
        _ => fate,
    }
}

/// Codes: twilio-error-codes; the order is the one that `twilio.md` section 2 suggests.
fn validate_twilio(state: &State, incoming: &Incoming) -> Result<Accepted, ApiError> {
    let to = incoming.filled("To").ok_or_else(|| ApiError::bad(21604, "A 'To' phone number is required."))?;
    let to =
        normalised(to).ok_or_else(|| ApiError::bad(21211, format!("Invalid 'To' Phone Number: {to}")))?;
    let service = incoming.filled("MessagingServiceSid").map(str::to_owned);
    let from = match (incoming.filled("From"), &service) {
        (Some(from), _) => Some(own_number_twilio(state, incoming, from)?),
        (None, Some(_)) => Some(
            service_sender(state, incoming)
                .ok_or_else(|| ApiError::bad(21704, "The Messaging Service contains no phone numbers."))?,
        ),
        (None, None) => {
            return Err(ApiError::bad(21603, "A 'From' or 'MessagingServiceSid' parameter is required."));
        }
    };
    if from.as_deref() == Some(to.as_str()) {
        return Err(ApiError::bad(21266, "'To' and 'From' number cannot be the same"));
    }
    let media_urls = incoming.all("MediaUrl");
    let body = body(incoming, &media_urls, 10)?;
    if let Some(from) = &from
        && state.stopped.contains(&(from.clone(), to.clone()))
    {
        return Err(ApiError::bad(21610, "Attempt to send to unsubscribed recipient"));
    }
    if state.phones.get(&to).is_some_and(|phone| !phone.sms) {
        return Err(ApiError::bad(21614, format!("'To' number is not a valid mobile number: {to}")));
    }
    let status_callback = incoming.filled("StatusCallback").map(str::to_owned);
    if let Some(url) = &status_callback
        && !is_callback_url(url)
    {
        return Err(ApiError::bad(21609, format!("The 'StatusCallback' URL {url} is not a valid URL.")));
    }
    validity(incoming, 36_000)?;
    let send_at = send_at(state, incoming, service.is_some())?;
    Ok(Accepted { from, to, body, media_urls, service, status_callback, send_at })
}

fn own_number_twilio(state: &State, incoming: &Incoming, from: &str) -> Result<String, ApiError> {
    let number = normalised(from).ok_or_else(|| {
        let message = format!(
            "The 'From' number {from} is not a valid phone number, shortcode, or alphanumeric sender ID."
        );
        ApiError::bad(21212, message)
    })?;
    let owned = state
        .numbers
        .get(&(Provider::Twilio, number.clone()))
        .is_some_and(|owned| owned.account == incoming.account() && owned.capabilities.sms);
    if owned {
        Ok(number)
    } else {
        let message = format!(
            "The 'From' phone number {number} is not a valid message-capable Twilio phone number for this destination."
        );
        Err(ApiError::bad(21606, message))
    }
}

/// Services are not modelled: any sid stands for a pool of all numbers of the account.
fn service_sender(state: &State, incoming: &Incoming) -> Option<String> {
    state
        .numbers
        .values()
        .find(|number| {
            number.provider == incoming.provider
                && number.account == incoming.account()
                && number.capabilities.sms
        })
        .map(|number| number.phone_number.clone())
}

/// Codes: signalwire-error-codes.json. Several are Twilio's numbers with another meaning.
fn validate_signalwire(state: &State, incoming: &Incoming) -> Result<Accepted, ApiError> {
    let to = incoming
        .filled("To")
        .ok_or_else(|| ApiError::bad(21604, "The 'To' number is required to send a message"))?;
    let to = normalised(to)
        .ok_or_else(|| ApiError::bad(21211, "The 'To' number provided has an invalid format"))?;
    let service = incoming.filled("MessagingServiceSid").map(str::to_owned);
    let from = match (incoming.filled("From"), &service) {
        (Some(from), _) => {
            let number = normalised(from)
                .ok_or_else(|| ApiError::bad(21603, "The format of the 'To' or 'From' is invalid"))?;
            let owned = state
                .numbers
                .get(&(Provider::SignalWire, number.clone()))
                .filter(|owned| owned.account == incoming.account())
                .ok_or_else(|| {
                    ApiError::bad(
                        21210,
                        "The From number provided was not a purchased number in your project",
                    )
                })?;
            if !owned.capabilities.sms {
                return Err(ApiError::bad(
                    21601,
                    "The phone number is not a valid SMS or MMS capable number",
                ));
            }
            number
        }
        (None, Some(_)) => service_sender(state, incoming).ok_or_else(|| {
            ApiError::bad(21703, "The number group does not have a phone number capable of the operation")
        })?,
        (None, None) => {
            let message = "The message was attempted without a From number or Number Group";
            return Err(ApiError::bad(21705, message));
        }
    };
    let media_urls = incoming.all("MediaUrl");
    let body = body(incoming, &media_urls, 8)?;
    if state.phones.get(&to).is_some_and(|phone| !phone.sms) {
        return Err(ApiError::bad(21606, "The 'To' number provided is not a mobile number"));
    }
    let status_callback = incoming.filled("StatusCallback").map(str::to_owned);
    if let Some(url) = &status_callback
        && Url::parse(url).is_err()
    {
        return Err(ApiError::bad(21456, "The supplied callback URL is not valid"));
    }
    validity(incoming, 172_800)?;
    Ok(Accepted { from: Some(from), to, body, media_urls, service, status_callback, send_at: None })
}

/// 21602 neither text nor media, 21617 over 1600 characters, 21623 too many media (10 at Twilio, 8 at SignalWire),
/// 21620 a URL that is none: the same codes at both.
fn body(incoming: &Incoming, media_urls: &[String], most_media: usize) -> Result<String, ApiError> {
    let body = incoming.param("Body").unwrap_or_default();
    let content = incoming.filled("ContentSid").is_some() && incoming.provider == Provider::Twilio;
    if body.is_empty() && media_urls.is_empty() && !content {
        return Err(ApiError::bad(21602, "Message body is required."));
    }
    if body.chars().count() > 1600 {
        return Err(ApiError::bad(21617, "The concatenated message body exceeds the 1600 character limit."));
    }
    if media_urls.len() > most_media {
        return Err(ApiError::bad(21623, "Number of media files exceeds allowed limit"));
    }
    let is_media_url = |url: &String| {
        Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    };
    if !media_urls.iter().all(is_media_url) {
        return Err(ApiError::bad(21620, "Invalid media URL(s)"));
    }
    Ok(body.to_owned())
}

/// A host name with an underscore is refused (docs, errors/21609).
fn is_callback_url(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.contains('_'))
    })
}

fn validity(incoming: &Incoming, most: u32) -> Result<(), ApiError> {
    let given = incoming.filled("ValidityPeriod");
    if given.is_none_or(|given| given.parse().is_ok_and(|seconds: u32| (1..=most).contains(&seconds))) {
        return Ok(());
    }
    Err(ApiError::bad(21624, format!("Invalid validity period value: it must be between 1 and {most}")))
}

fn send_at(
    state: &State,
    incoming: &Incoming,
    with_service: bool,
) -> Result<Option<OffsetDateTime>, ApiError> {
    let Some(text) = incoming.filled("SendAt") else { return Ok(None) };
    if incoming.filled("ScheduleType") != Some("fixed") {
        return Err(ApiError::bad(35111, "ScheduleType must be fixed when SendAt is given"));
    }
    if !with_service {
        return Err(ApiError::bad(35118, "MessagingServiceSid is required to schedule a message"));
    }
    let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| ApiError::bad(35112, "SendAt is invalid"))?;
    // Between 15 minutes and 35 days from now (docs, message scheduling).
    let now = state.now();
    if at < later(now, Duration::minutes(15)) || at > later(now, Duration::days(35)) {
        return Err(ApiError::bad(35114, "SendAt must be between 900 seconds and 35 days from now"));
    }
    Ok(Some(at))
}
