//! A call, a recording and a transcription as each provider shows them.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::message_json::decimal;
use crate::{
    clock::rfc2822,
    model::Provider,
    number_text::national,
    voice::{Call, Status, recording::Recording, transcription::Transcription},
};

pub(crate) fn call(call: &Call) -> Value {
    match call.provider {
        Provider::Twilio => twilio(call),
        _ => signalwire(call),
    }
}

/// When it left the queue.
pub(crate) fn start_time(call: &Call) -> Option<OffsetDateTime> {
    (call.status != Status::Queued).then_some(call.created)
}

fn seconds(call: &Call) -> Option<i64> {
    let ended = call.ended?;
    Some(call.seconds(ended).unwrap_or_default())
}

/// twilio_api_v2010.json, api.v2010.account.call.
fn twilio(call: &Call) -> Value {
    const BELOW: [(&str, &str); 9] = [
        ("notifications", "Notifications"),
        ("recordings", "Recordings"),
        ("payments", "Payments"),
        ("events", "Events"),
        ("siprec", "Siprec"),
        ("streams", "Streams"),
        ("transcriptions", "Transcriptions"),
        ("user_defined_message_subscriptions", "UserDefinedMessageSubscriptions"),
        ("user_defined_messages", "UserDefinedMessages"),
    ];
    let uri = format!("/2010-04-01/Accounts/{}/Calls/{}", call.account, call.sid);
    let below: Map<String, Value> =
        BELOW.iter().map(|(name, path)| ((*name).to_owned(), json!(format!("{uri}/{path}.json")))).collect();
    json!({
        "account_sid": call.account,
        "answered_by": call.answered_by,
        "api_version": "2010-04-01",
        "caller_name": null,
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.updated),
        "direction": call.direction.as_str(),
        "duration": seconds(call).map(|seconds| seconds.to_string()),
        "end_time": call.ended.map(rfc2822),
        "forwarded_from": null,
        "from": call.from,
        "from_formatted": national(&call.from),
        "group_sid": null,
        "parent_call_sid": call.parent,
        "phone_number_sid": call.number_sid,
        "price": call.price_micros.map(|micros| format!("-{}", decimal(micros))),
        "price_unit": "USD",
        "queue_time": "0",
        "sid": call.sid,
        "start_time": start_time(call).map(rfc2822),
        "status": call.status.as_str(),
        "subresource_uris": below,
        "to": call.to,
        "to_formatted": national(&call.to),
        "trunk_sid": null,
        "uri": format!("{uri}.json"),
    })
}

/// compatibility-openapi.yaml, Call: numbers are numbers, and who answered is human or machine.
fn signalwire(call: &Call) -> Value {
    let uri = format!("/api/laml/2010-04-01/Accounts/{}/Calls/{}", call.account, call.sid);
    let answered_by = call.answered_by.as_deref().and_then(|by| match by {
        "human" => Some("human"),
        by if by.starts_with("machine") => Some("machine"),
        _ => None,
    });
    let direction = if call.direction.as_str() == "inbound" { "inbound" } else { "outbound" };
    let (to, from) = (national(&call.to), national(&call.from));
    json!({
        "sid": call.sid,
        "account_sid": call.account,
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.updated),
        "parent_call_sid": call.parent,
        "to": call.to,
        "formatted_to": to,
        "to_formatted": to,
        "from": call.from,
        "formatted_from": from,
        "from_formatted": from,
        "phone_number_sid": call.number_sid,
        "status": call.status.as_str(),
        "start_time": start_time(call).map(rfc2822),
        "end_time": call.ended.map(rfc2822),
        "duration": seconds(call).unwrap_or_default(),
        "price": call.price_micros.map(|micros| micros as f64 / 1e6),
        "price_unit": "USD",
        "direction": direction,
        "answered_by": answered_by,
        "api_version": "2010-04-01",
        "forwarded_from": null,
        "caller_name": null,
        "uri": format!("{uri}.json"),
        "subresource_uris": { "notifications": null, "recordings": format!("{uri}/Recordings.json") },
        "annotation": null,
        "group_sid": null,
        "audio_in_mos": call.ended.map(|_| 4.5),
        "sip_result_code": call.sip_code.map(|code| code.to_string()),
        "audio_rtt_avg": null,
        "audio_rtt_min": null,
        "audio_rtt_max": null,
        "audio_out_jitter_min": null,
        "audio_out_jitter_max": null,
        "audio_out_jitter_avg": null,
        "audio_out_lost": null,
    })
}

/// Recordings are cheap: a quarter of a cent a minute.
fn price(recording: &Recording) -> Option<i64> {
    recording.seconds.map(|seconds| (seconds + 59) / 60 * 2_500)
}

/// `below_call`: as a part of its call, where Twilio shows other members.
pub(crate) fn recording(recording: &Recording, base: &str, below_call: bool) -> Value {
    match recording.provider {
        Provider::Twilio => twilio_recording(recording, base, below_call),
        _ => signalwire_recording(recording),
    }
}

fn twilio_recording(recording: &Recording, base: &str, below_call: bool) -> Value {
    let account = format!("/2010-04-01/Accounts/{}", recording.account);
    let uri = format!("{account}/Recordings/{}", recording.sid);
    // The document types this one price as a number, and its example shows a text: the example wins.
    let price = price(recording).map(|micros| format!("-{}", decimal(micros)));
    let mut shown = json!({
        "account_sid": recording.account,
        "api_version": "2010-04-01",
        "call_sid": recording.call,
        "conference_sid": null,
        "channels": recording.wish.channels,
        "date_created": rfc2822(recording.started),
        "date_updated": rfc2822(recording.updated),
        "start_time": rfc2822(recording.started),
        "price_unit": price.as_ref().map(|_| "USD"),
        "price": price,
        "duration": recording.seconds.map(|seconds| seconds.to_string()),
        "sid": recording.sid,
        "source": recording.source(),
        "status": recording.status,
        "error_code": null,
        "encryption_details": null,
    });
    let more = if below_call {
        json!({
            "track": recording.wish.track,
            "uri": format!("{account}/Calls/{}/Recordings/{}.json", recording.call, recording.sid),
        })
    } else {
        json!({
            "uri": format!("{uri}.json"),
            "media_url": format!("{base}{}{uri}", Provider::Twilio.mount()),
            "subresource_uris": {
                "add_on_results": format!("{uri}/AddOnResults.json"),
                "transcriptions": format!("{uri}/Transcriptions.json"),
            },
        })
    };
    if let (Some(shown), Value::Object(more)) = (shown.as_object_mut(), more) {
        shown.extend(more);
    }
    shown
}

/// compatibility-openapi.yaml, Recording.
fn signalwire_recording(recording: &Recording) -> Value {
    let uri = format!("/api/laml/2010-04-01/Accounts/{}/Recordings/{}", recording.account, recording.sid);
    let channels = recording.wish.channels.to_string();
    // Its list has no word for the moment between the end and the file.
    let status = if recording.status == "processing" { "in-progress" } else { recording.status };
    json!({
        "sid": recording.sid,
        "account_sid": recording.account,
        "api_version": "2010-04-01",
        "call_sid": recording.call,
        "conference_sid": null,
        "channel": channels,
        "channels": channels,
        "date_created": rfc2822(recording.started),
        "date_updated": rfc2822(recording.updated),
        "start_time": rfc2822(recording.started),
        "end_time": recording.stopped.map(rfc2822),
        "duration": recording.seconds.unwrap_or_default(),
        "price": price(recording).map(|micros| format!("-{}", decimal(micros))),
        "price_unit": "USD",
        "source": recording.source(),
        "status": status,
        "error_code": null,
        "uri": format!("{uri}.json"),
        "subresource_uris": { "transcriptions": format!("{uri}/Transcriptions.json") },
        "encryption_details": null,
        "trim": if recording.wish.trim { "trim-silence" } else { "do-not-trim" },
    })
}

/// twilio_api_v2010.json, api.v2010.account.transcription; SignalWire's has the same members.
pub(crate) fn transcription(found: &Transcription) -> Value {
    let (account, sid) = (&found.account, &found.sid);
    json!({
        "account_sid": account,
        "api_version": "2010-04-01",
        "date_created": rfc2822(found.created),
        "date_updated": rfc2822(found.created),
        "duration": found.seconds.to_string(),
        "price": null,
        "price_unit": "USD",
        "recording_sid": found.recording,
        "sid": sid,
        "status": found.status,
        "transcription_text": found.text,
        "type": "fast",
        "uri": format!("{}/Accounts/{account}/Transcriptions/{sid}.json", found.provider.api_root()),
    })
}
