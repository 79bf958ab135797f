//! Accepting a call for dialling, or refusing it with the provider's own code.

use url::Url;

use super::{Answer, call_json, errors::ApiError, request::Incoming};
use crate::{
    model::Provider,
    number_text::normalised,
    state::State,
    voice::{
        Target, Watch,
        outbound::{Detection, Placed, place},
        recording::Wish,
    },
};

/// `Twiml` may be as long (twilio_api_v2010.json, CreateCall).
const LONGEST_DOCUMENT: usize = 4_000;

const EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];

/// Twilio answers 201, SignalWire 200 and a list of errors (signalwire.md, trap 8).
pub(crate) fn create(state: &mut State, incoming: &Incoming) -> Result<(String, Answer), ApiError> {
    let twilio = incoming.provider == Provider::Twilio;
    let placed = match check(state, incoming) {
        Ok(placed) => placed,
        Err(refusal) => return Err(ApiError { listed: !twilio && refusal.status == 400, ..refusal }),
    };
    let sid = place(state, placed);
    let shown = state.voice.calls.get(&sid).map(call_json::call);
    Ok((sid, Answer::Json(if twilio { 201 } else { 200 }, shown.unwrap_or_default())))
}

/// Codes: twilio-error-codes and signalwire-error-codes.json, which agree on these.
fn check<'a>(state: &State, incoming: &'a Incoming) -> Result<Placed<'a>, ApiError> {
    let to = incoming.filled("To").ok_or_else(|| ApiError::bad(21201, "No 'To' number is specified"))?;
    let from =
        incoming.filled("From").ok_or_else(|| ApiError::bad(21213, "No 'From' number is specified"))?;
    let sip = to.starts_with("sip:");
    if !sip && normalised(to).is_none() {
        return Err(ApiError::bad(21211, format!("Invalid 'To' Phone Number: {to}")));
    }
    if !sip && normalised(to).is_some_and(|number| number != to) {
        // It would be called, but is found under another name later.
        return Err(ApiError::bad(21217, format!("Phone number does not appear to be valid: {to}")));
    }
    if normalised(from).is_none() {
        return Err(ApiError::bad(21212, format!("Invalid From Number (caller ID): {from}")));
    }
    let owned = state
        .numbers
        .get(&(incoming.provider, from.to_owned()))
        .is_some_and(|owned| owned.account == incoming.account() && owned.capabilities.voice);
    if !owned {
        let message =
            format!("The source phone number provided, {from}, is not yet verified for your account.");
        return Err(ApiError::bad(21210, message));
    }
    let (first, inline) = document(incoming)?;
    let timeout = number(incoming, "Timeout", 1, 600, 21208)?.unwrap_or(60);
    if let Some(digits) = incoming.filled("SendDigits") {
        let fits = digits.len() <= 32
            && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '#' | 'w' | 'W'));
        if !fits {
            let code = if incoming.provider == Provider::Twilio { 21206 } else { 13222 };
            return Err(ApiError::bad(code, "Invalid SendDigits"));
        }
    }
    let watch = match target(incoming, "StatusCallback")? {
        Some(target) => Some(Watch {
            target,
            events: events(incoming, "StatusCallbackEvent", &EVENTS, 21626)?,
            of_number: false,
        }),
        None => None,
    };
    Ok(Placed {
        provider: incoming.provider,
        account: incoming.account(),
        from,
        to,
        first,
        inline,
        fallback: target(incoming, "FallbackUrl")?,
        watch,
        timeout,
        time_limit: number(incoming, "TimeLimit", 1, 86_400, 20001)?.unwrap_or(14_400),
        record: if incoming.filled("Record") == Some("true") {
            Some(recording(incoming, "OutboundAPI", "trim-silence")?)
        } else {
            None
        },
        detection: detection(incoming)?,
    })
}

/// `Url`, or a document that comes along; SignalWire calls it `Laml` too.
fn document(incoming: &Incoming) -> Result<(Option<Target>, Option<String>), ApiError> {
    let text = incoming
        .filled("Twiml")
        .or_else(|| incoming.filled("Laml").filter(|_| incoming.provider == Provider::SignalWire));
    if incoming.filled("Url").is_some() {
        return Ok((document_url(incoming)?, None));
    }
    match text {
        Some(text) if text.chars().count() > LONGEST_DOCUMENT => {
            Err(ApiError::bad(20422, "Twiml must not have more than 4000 characters"))
        }
        Some(text) => Ok((None, Some(text.to_owned()))),
        // Applications are not simulated: none exists.
        None if incoming.filled("ApplicationSid").is_some() => {
            Err(ApiError::bad(21218, "Invalid ApplicationSid"))
        }
        None => Err(ApiError::bad(21205, "Url parameter is required.")),
    }
}

/// A bad one has a code of its own here.
pub(super) fn document_url(incoming: &Incoming) -> Result<Option<Target>, ApiError> {
    target(incoming, "Url").map_err(|error| match error.code {
        21402 => ApiError { code: 21205, ..error },
        _ => error,
    })
}

/// A URL and its method (`StatusCallback` and `StatusCallbackMethod`, `FallbackUrl` and `FallbackMethod`).
pub(super) fn target(incoming: &Incoming, name: &str) -> Result<Option<Target>, ApiError> {
    let Some(url) = incoming.filled(name) else { return Ok(None) };
    let fits = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !fits {
        return Err(ApiError::bad(21402, format!("{name} is not a valid URL: {url}")));
    }
    let method = format!("{}Method", name.strip_suffix("Url").unwrap_or(name));
    match incoming.filled(&method) {
        None | Some("GET" | "POST") => Ok(Some(Target::new(url, incoming.filled(&method)))),
        Some(_) => Err(ApiError::bad(21209, format!("{method} must be GET or POST"))),
    }
}

/// Repeated, or one text with spaces between.
fn events(incoming: &Incoming, name: &str, known: &[&str], code: u32) -> Result<Vec<String>, ApiError> {
    let given: Vec<String> =
        incoming.all(name).iter().flat_map(|given| given.split_whitespace()).map(str::to_owned).collect();
    // SignalWire tells of two more, which never happen here (signalwire.md, section 3).
    let more = ["ringing_forwarded", "ringing_queued"];
    let fits = |event: &String| {
        known.contains(&event.as_str())
            || (incoming.provider == Provider::SignalWire
                && known == EVENTS
                && more.contains(&event.as_str()))
    };
    match given.iter().find(|event| !fits(event)) {
        Some(event) => Err(ApiError::bad(code, format!("{name} is not valid: {event}"))),
        None if given.is_empty() => Ok(vec!["completed".to_owned()]),
        None => Ok(given),
    }
}

fn number(
    incoming: &Incoming,
    name: &str,
    least: u32,
    most: u32,
    code: u32,
) -> Result<Option<u32>, ApiError> {
    match incoming.filled(name).map(str::parse::<u32>) {
        None => Ok(None),
        Some(Ok(value)) if (least..=most).contains(&value) => Ok(Some(value)),
        Some(_) => Err(ApiError::bad(code, format!("{name} must be between {least} and {most}"))),
    }
}

pub(super) fn recording(incoming: &Incoming, source: &'static str, trim: &str) -> Result<Wish, ApiError> {
    let known = ["in-progress", "completed", "absent"];
    let watch = match target(incoming, "RecordingStatusCallback")? {
        Some(target) => Some(Watch {
            target,
            events: events(incoming, "RecordingStatusCallbackEvent", &known, 13621)?,
            of_number: false,
        }),
        None => None,
    };
    let trim = incoming.filled("Trim").unwrap_or(trim);
    if !matches!(trim, "trim-silence" | "do-not-trim") {
        return Err(ApiError::bad(13699, "Invalid trim value"));
    }
    Ok(Wish {
        source,
        channels: if incoming.filled("RecordingChannels") == Some("dual") { 2 } else { 1 },
        track: incoming.filled("RecordingTrack").unwrap_or("both").to_owned(),
        trim: trim == "trim-silence",
        watch,
        transcription: None,
        speech: None,
        spoken: 0,
    })
}

/// twilio.md, section 3: 21234 is a bad value, 21262 a call that goes on with nobody to tell.
fn detection(incoming: &Incoming) -> Result<Option<Detection>, ApiError> {
    let twilio = incoming.provider == Provider::Twilio;
    let to_the_end = match incoming.filled("MachineDetection") {
        None => return Ok(None),
        Some("none") if !twilio => return Ok(None),
        Some("Enable") => false,
        Some("DetectMessageEnd") => true,
        Some(other) => {
            return Err(ApiError::bad(
                21234,
                format!("Invalid Machine Detection configuration value: {other}"),
            ));
        }
    };
    let timeout = if twilio { (3, 59) } else { (1, 120) };
    for (name, least, most) in [
        ("MachineDetectionTimeout", timeout.0, timeout.1),
        ("MachineDetectionSpeechThreshold", 1000, 6000),
        ("MachineDetectionSpeechEndThreshold", 500, 5000),
        ("MachineDetectionSilenceTimeout", 2000, 10_000),
    ] {
        number(incoming, name, least, most, 21234)?;
    }
    let asynchronous = incoming.filled("AsyncAmd") == Some("true");
    let tells = target(incoming, "AsyncAmdStatusCallback")?;
    if asynchronous && tells.is_none() {
        return Err(ApiError::bad(21262, "No AMD status callback URL provided"));
    }
    Ok(Some(Detection { to_the_end, asynchronous, tells }))
}
