//! Reads verified webhooks. A digest is not the end of it: see [`super::boundaries`].

use http::Method;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::boundaries::{self, address};
use super::form::{Form, is_form};
use super::{document, voice};
use crate::domain::address::Address;
use crate::domain::ids::ProviderSid;
use crate::domain::message::Bill;
use crate::domain::status::MessageStatus;
use crate::provider::ProviderId;
use crate::provider::error::ProviderCode;
use crate::provider::request::{InboundRequest, Verified};
use crate::provider::webhooks::{
    Event, HttpReply, InboundMedia, InboundText, Reply, StatusReport, WebhookError, WebhookKind,
};

/// The most attachments that are read from one message: Twilio's limit
/// (https://www.twilio.com/docs/api/errors/21623); SignalWire's is lower.
const MAX_MEDIA: u32 = 10;

/// How one provider's webhooks differ.
pub(crate) struct WebhookDialect {
    /// The form of an account's id.
    pub(crate) is_account: fn(&str) -> bool,
    /// Who speaks it.
    pub(crate) provider: ProviderId,
    /// The settings that are appended to our URLs (a fragment, which is never signed).
    pub(crate) callback_settings: &'static str,
    /// The form of a message's id.
    pub(crate) is_message: fn(&str) -> bool,
    /// What is said in a recording is told in a form that says whose it is: without an account in it, nobody's
    /// key can be tried, and the report would be refused.
    pub(crate) transcribes: bool,
    /// The form of a call's id.
    pub(crate) is_call: fn(&str) -> bool,
    /// What the status words mean.
    pub(crate) status: fn(&str) -> Option<MessageStatus>,
    /// Whether the provider answers an inbound text by itself.
    pub(crate) answers: fn(text: &InboundText, opt_out_type: Option<&str>) -> bool,
}

/// Which account the unverified request names, in its form or in its JSON.
pub(crate) fn claimed_account(request: &InboundRequest) -> Option<String> {
    if is_form(request) {
        return Form::decode(&request.body).text("AccountSid").ok().flatten().map(str::to_owned);
    }
    /// The two spellings in use.
    #[derive(Deserialize)]
    struct Named {
        account_sid: Option<String>,
        #[serde(rename = "AccountSid")]
        pascal: Option<String>,
    }
    match serde_json::from_slice(&request.body).ok()? {
        Named { account_sid: Some(sid), pascal: None } | Named { account_sid: None, pascal: Some(sid) } => {
            Some(sid)
        }
        Named { account_sid: Some(_), pascal: Some(_) } | Named { account_sid: None, pascal: None } => None,
    }
}

/// Reads a verified request.
pub(crate) fn parse(
    dialect: &WebhookDialect,
    verified: &Verified<'_>,
    kind: WebhookKind,
) -> Result<Vec<Event>, WebhookError> {
    let request = verified.request();
    if request.method != Method::POST {
        // Our URLs are registered for POST; a GET would move the parameters into the query.
        return Err(WebhookError::Malformed("not a POST"));
    }
    if !is_form(request) {
        return Ok(vec![Event::Unrecognised { name: "a body that is not a form".to_owned() }]);
    }
    let form = Form::decode(&request.body);
    if !(dialect.is_account)(form.required("AccountSid")?) {
        return Err(WebhookError::Malformed("AccountSid is not one"));
    }
    if form.text("ApiVersion")?.is_some_and(|version| !is_version(version)) {
        return Err(WebhookError::Malformed("ApiVersion is not one"));
    }
    match kind {
        WebhookKind::Sms | WebhookKind::StatusCallback => message(dialect, &form, request, kind),
        WebhookKind::Voice
        | WebhookKind::DialAction
        | WebhookKind::RecordAction
        | WebhookKind::CallScreen
        | WebhookKind::CallStatus
        | WebhookKind::AmdStatus
        | WebhookKind::StreamStatus
        | WebhookKind::RecordingStatus
        | WebhookKind::VoicemailRecording
        | WebhookKind::Transcription => voice::parse(dialect, &form, request, kind),
        WebhookKind::Events => Ok(Event::Unrecognised { name: "a form at the URL of events".to_owned() }),
    }
    .map(|event| vec![event])
}

/// Reads a form that is about a text.
fn message(
    dialect: &WebhookDialect,
    form: &Form,
    request: &InboundRequest,
    kind: WebhookKind,
) -> Result<Event, WebhookError> {
    boundaries::check(form)?;
    let sid = form.required("MessageSid")?;
    if !(dialect.is_message)(sid) {
        return Err(WebhookError::Malformed("MessageSid is not one"));
    }
    let sid: ProviderSid = sid.parse().map_err(|_| WebhookError::Malformed("MessageSid is not one"))?;
    let reported = form.text("MessageStatus")?;
    match (kind == WebhookKind::Sms, reported) {
        (true, None | Some("received")) => received(dialect, form, sid),
        (false, Some(word)) => status(dialect, form, request, sid, word),
        (true, Some(_)) => Ok(Event::Unrecognised { name: "a status report at the inbound URL".to_owned() }),
        (false, None) => {
            // Without a body it is no inbound text either.
            form.bytes("Body")?.ok_or(WebhookError::Malformed("MessageStatus is missing"))?;
            Ok(Event::Unrecognised { name: "an inbound text at the status URL".to_owned() })
        }
    }
}

/// "Thank you" is an empty document. `text/xml` is what the providers ask for
/// (https://www.twilio.com/docs/messaging/twiml#twilios-request-to-your-application).
pub(crate) fn respond(dialect: &WebhookDialect, reply: &Reply) -> HttpReply {
    let body = match reply {
        Reply::Empty | Reply::Agent(_) => {
            r#"<?xml version="1.0" encoding="UTF-8"?><Response></Response>"#.into()
        }
        Reply::Document(document) => document::render(dialect, document).into(),
    };
    HttpReply { status: 200, content_type: "text/xml", body }
}

fn received(dialect: &WebhookDialect, form: &Form, sid: ProviderSid) -> Result<Event, WebhookError> {
    let body = form.bytes("Body")?.ok_or(WebhookError::Malformed("Body is missing"))?;
    let mut text = InboundText {
        sid,
        from: Address::parse(address(form, "From")?),
        to: Address::parse(address(form, "To")?),
        // A text is not lost over a byte that is not UTF-8.
        body: String::from_utf8_lossy(body).into_owned(),
        segments: count(form, "NumSegments")?,
        media: media(form)?,
        answered_by_provider: false,
    };
    text.answered_by_provider = (dialect.answers)(&text, form.text("OptOutType")?);
    Ok(Event::MessageReceived(text))
}

fn media(form: &Form) -> Result<Vec<InboundMedia>, WebhookError> {
    // Without a count, whatever is there counts: a message does not lose its pictures over it.
    let count = count(form, "NumMedia")?.unwrap_or(MAX_MEDIA).min(MAX_MEDIA);
    let mut media = Vec::new();
    for index in 0..count {
        let Some(url) = form.text(&format!("MediaUrl{index}"))? else { continue };
        let content_type = form.text(&format!("MediaContentType{index}"))?.unwrap_or_default();
        media.push(InboundMedia { index, url: url.to_owned(), content_type: content_type.to_owned() });
    }
    Ok(media)
}

fn status(
    dialect: &WebhookDialect,
    form: &Form,
    request: &InboundRequest,
    sid: ProviderSid,
    word: &str,
) -> Result<Event, WebhookError> {
    address(form, "From")?;
    address(form, "To")?;
    if word.is_empty() || !word.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'-')) {
        return Err(WebhookError::Malformed("MessageStatus is not one"));
    }
    let code = form.text("ErrorCode")?.unwrap_or_default();
    if !code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
        return Err(WebhookError::Malformed("ErrorCode is not one"));
    }
    Ok(Event::MessageStatus(StatusReport {
        sid,
        callback_id: callback_id(request),
        status: (dialect.status)(word),
        provider_status: word.to_owned(),
        error: (!matches!(code, "" | "0")).then(|| ProviderCode(code.to_owned())),
        // SignalWire counts segments here, Twilio does not. A report is not lost over a count.
        bill: Bill::told(count(form, "NumSegments").ok().flatten(), None),
        // Neither provider says when. (Twilio's `RawDlrDoneDate` is the carrier's clock, to the
        // minute and without a zone.)
        at: None,
    }))
}

/// Our opaque id: the one `m` of the callback's own query. The query is part of the signed URL.
fn callback_id(request: &InboundRequest) -> Option<String> {
    own_parameter(request, "m")
}

/// A parameter that we gave a URL of ours; `None` also where it stands twice.
pub(super) fn own_parameter(request: &InboundRequest, wanted: &str) -> Option<String> {
    let mut values = request
        .raw_query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| *name == wanted)
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => percent_decode_str(value).decode_utf8().ok().map(|id| id.into_owned()),
        (_, _) => None,
    }
}

/// A number of things. More than fits is as many as there can be.
fn count(form: &Form, name: &str) -> Result<Option<u32>, WebhookError> {
    match form.text(name)? {
        None => Ok(None),
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(Some(digits.parse().unwrap_or(u32::MAX)))
        }
        Some(_) => Err(WebhookError::Malformed("a count is not one")),
    }
}

/// A date, `2010-04-01`: what precedes `Body` in a sorted form.
fn is_version(version: &str) -> bool {
    version.len() == 10
        && version
            .bytes()
            .enumerate()
            .all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() })
}
