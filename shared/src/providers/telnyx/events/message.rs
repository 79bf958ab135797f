//! Events of messages.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::super::status;
use super::super::webhook::shaped;
use super::super::wire::{WireMedia, WireMessage, WireParty, WireRecipients};
use super::Occasion;
use crate::domain::address::Address;
use crate::domain::ids::ProviderSid;
use crate::domain::message::Bill;
use crate::provider::error::ProviderCode;
use crate::provider::request::InboundRequest;
use crate::provider::webhooks::{Event, InboundMedia, InboundText, StatusReport, WebhookError};

/// The most attachments that are read from one message: as many as can be sent (error code 40317).
const MAX_MEDIA: usize = 10;

/// `message.received`.
pub(super) fn received(payload: &Value) -> Result<Event, WebhookError> {
    let wire: WireMessage = shaped(payload)?;
    let from = wire.from.and_then(|from| from.phone_number).ok_or(MISSING_SENDER)?;
    let to = ours(wire.to).ok_or(MISSING_RECIPIENT)?;
    Ok(Event::MessageReceived(InboundText {
        sid: sid(&wire.id)?,
        from: Address::parse(&from),
        to: Address::parse(&to),
        body: wire.text.unwrap_or_default(),
        segments: wire.parts,
        media: media(wire.media.unwrap_or_default()),
        // Present when the profile has answered by itself (docs, advanced-opt-in-out-management).
        answered_by_provider: wire.autoresponse_type.is_some_and(|word| !word.is_empty()),
    }))
}

/// `message.sent` and `message.finalized`.
pub(super) fn status(
    payload: &Value,
    occasion: &Occasion,
    request: &InboundRequest,
) -> Result<Event, WebhookError> {
    let wire: WireMessage = shaped(payload)?;
    let recipient = wire.to.and_then(|to| to.into_list().into_iter().next());
    let word = recipient.and_then(|to| to.status).ok_or(WebhookError::Malformed("to.status is missing"))?;
    let code = wire.errors.into_iter().flatten().next().and_then(|error| error.code).map(|code| code.text());
    let code = code.filter(|code| !code.is_empty());
    Ok(Event::MessageStatus(StatusReport {
        sid: sid(&wire.id)?,
        callback_id: callback_id(request),
        status: status::of(&word, code.as_deref()),
        provider_status: word,
        error: code.map(ProviderCode),
        at: occasion.at,
        bill: Bill::told(wire.parts, wire.cost.and_then(|cost| cost.read())),
    }))
}

const MISSING_SENDER: WebhookError = WebhookError::Malformed("from.phone_number is missing");
const MISSING_RECIPIENT: WebhookError = WebhookError::Malformed("to.phone_number is missing");

fn sid(id: &str) -> Result<ProviderSid, WebhookError> {
    id.parse().map_err(|_| WebhookError::Malformed("the message's id is not one"))
}

/// Which recipient is ours: in a group the one that was told to us, which says `webhook_delivered`.
fn ours(to: Option<WireRecipients>) -> Option<String> {
    let mut list: Vec<WireParty> = to?.into_list();
    let at = list.iter().position(|party| party.status.as_deref() == Some("webhook_delivered")).unwrap_or(0);
    if at >= list.len() {
        return None;
    }
    list.swap_remove(at).phone_number.filter(|number| !number.is_empty())
}

fn media(list: Vec<WireMedia>) -> Vec<InboundMedia> {
    (0..)
        .zip(list.into_iter().take(MAX_MEDIA))
        .filter_map(|(index, media)| {
            let content_type = media.content_type.unwrap_or_default();
            media.url.map(|url| InboundMedia { index, url, content_type })
        })
        .collect()
}

/// Our opaque id: the one `m` of the callback's own query, which is not signed (see the module above).
fn callback_id(request: &InboundRequest) -> Option<String> {
    let mut values = request
        .raw_query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| *name == "m")
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => percent_decode_str(value).decode_utf8().ok().map(|id| id.into_owned()),
        (_, _) => None,
    }
}
