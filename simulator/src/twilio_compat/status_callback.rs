//! The webhook that announces a message's status.

use time::macros::format_description;

use crate::{
    delivery::{Body, Delivery},
    ids,
    model::{Message, Provider, Status},
    state::State,
};

/// The status callback for the status that the message has now.
pub(crate) fn status_callback(
    state: &State,
    message: &Message,
    status: Status,
    error: Option<u32>,
) -> Option<Delivery> {
    let url = message.status_callback.clone()?;
    let from = message.from.clone().unwrap_or_default();
    let mut params: Vec<(&str, String)> = Vec::new();
    match message.provider {
        // twilio docs, messaging/guides/track-outbound-message-status
        Provider::Twilio => {
            if let Some(code) = error {
                params.push(("ErrorCode", code.to_string()));
            }
            params.push(("SmsSid", message.sid.clone()));
            params.push(("SmsStatus", status.as_str().to_owned()));
            params.push(("MessageStatus", status.as_str().to_owned()));
            params.push(("To", message.to.clone()));
            if let Some(service) = &message.messaging_service {
                params.push(("MessagingServiceSid", service.clone()));
            }
            params.push(("MessageSid", message.sid.clone()));
            params.push(("AccountSid", message.account.clone()));
            params.push(("From", from.clone()));
            params.push(("ApiVersion", "2010-04-01".to_owned()));
            if status == Status::Delivered && message.to.starts_with("+1") {
                let format = format_description!("[year repr:last_two][month][day][hour][minute]");
                params.push(("RawDlrDoneDate", state.now().format(format).unwrap_or_default()));
            }
        }
        // compatibility-openapi.yaml, SmsStatusCallbackPayload
        _ => {
            params.push(("MessageStatus", status.as_str().to_owned()));
            if let Some(code) = error {
                params.push(("ErrorCode", code.to_string()));
            }
            params.push(("MessageSid", message.sid.clone()));
            params.push(("AccountSid", message.account.clone()));
            params.push(("From", from.clone()));
            params.push(("To", message.to.clone()));
            params.push(("Body", message.body.clone()));
            params.push(("NumMedia", message.num_media().to_string()));
            params.push(("NumSegments", message.num_segments.to_string()));
        }
    }
    Some(Delivery {
        provider: message.provider,
        account: message.account.clone(),
        kind: "status",
        message_sid: message.sid.clone(),
        status: Some(status.as_str().to_owned()),
        event: None,
        last: status.is_final(),
        from,
        to: message.to.clone(),
        method: "POST".to_owned(),
        url,
        fallbacks: Vec::new(),
        body: Body::Form(params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        token: ids::uuid(),
        timeout: None,
        faulted: false,
        redelivery_of: None,
    })
}
