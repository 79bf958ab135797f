//! A text arrives at one of the numbers.

use serde_json::Value;
use time::Duration;

use super::{
    MessageDetails,
    events::{self, Envelope},
    message_json,
};
use crate::{
    delivery::Delivery,
    inbound::{Received, Text},
    media,
    model::{Direction, Fate, Message, Number, Provider, Status},
    phones::{self, Arrival},
    segments,
    state::State,
};

// telnyx.md, section 9: whole words; OPTOUT, REVOKE and YES are not among the defaults.
const STOP: [&str; 7] = ["STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"];
const START: [&str; 2] = ["START", "UNSTOP"];

/// Links to media work for 30 days (telnyx.md, section 2).
const MEDIA_LIFE: Duration = Duration::days(30);

/// Creates the message and the webhook that announces it.
pub(crate) fn accept(
    state: &mut State,
    cdn: &str,
    number: &Number,
    text: &Text,
) -> Result<(Received, Option<Delivery>), String> {
    let account = number.account.clone();
    let sid = text.sid.clone().unwrap_or_else(|| Provider::Telnyx.new_sid("SM"));
    let mut media_sids = Vec::new();
    for new in &text.media {
        let medium = media::add(state, Provider::Telnyx, &account, &sid, new)?;
        media::publish(state, cdn, &medium, MEDIA_LIFE);
        media_sids.push(medium);
    }
    let profile = number.setting("messaging_profile_id").map(str::to_owned);
    let auto = autoresponse(state, number, profile.as_ref(), &text.from, &text.body);
    let now = state.now();
    let message = Message {
        provider: Provider::Telnyx,
        sid: sid.clone(),
        account: account.clone(),
        direction: Direction::Inbound,
        from: Some(text.from.clone()),
        to: text.to.clone(),
        body: text.body.clone(),
        media_urls: Vec::new(),
        num_segments: if media_sids.is_empty() { segments::count(&text.body) } else { 1 },
        media: media_sids.clone(),
        status: Status::Received,
        fate: Fate { status: Status::Received, error_code: None },
        error_code: None,
        messaging_service: None,
        status_callback: None,
        price_micros: None,
        created: now,
        updated: now,
        sent: Some(now),
        telnyx: Some(Box::new(MessageDetails {
            messaging_profile_id: profile.clone(),
            subject: None,
            webhook_url: None,
            webhook_failover_url: None,
            use_profile_webhooks: true,
            autoresponse_type: auto.map(|(kind, _)| kind),
            completed: None,
        })),
    };
    let payload: Value = message_json::show(state, &message);
    state.messages.insert(message);
    let envelope = Envelope {
        account: &account,
        kind: "inbound",
        event: "message.received",
        about: &sid,
        status: None,
        last: true,
        from: &text.from,
        to: &text.to,
        urls: events::profile_urls(state, &account, profile.as_ref()),
        timeout: None,
    };
    let delivery = events::event(state, envelope, &payload);
    let received = Received::new(number, sid, media_sids, auto.map(|(_, answer)| answer));
    Ok((received, delivery))
}

/// Telnyx answers by itself and blocks the phone for all numbers of the profile.
fn autoresponse(
    state: &mut State,
    number: &Number,
    profile: Option<&String>,
    from: &str,
    body: &str,
) -> Option<(&'static str, &'static str)> {
    let profile = profile?;
    let word = body.trim().to_ascii_uppercase();
    let block = (profile.clone(), from.to_owned());
    let (kind, answer) = if STOP.contains(&word.as_str()) {
        state.stopped.insert(block);
        (
            "STOP",
            "You have successfully been unsubscribed and will receive no more messages. Reply START to resubscribe.",
        )
    } else if START.contains(&word.as_str()) {
        state.stopped.remove(&block);
        ("START", "You have successfully been re-subscribed to messages from this number.")
    } else if word == "HELP" {
        ("HELP", "Please reach out to us for help. Reply STOP to unsubscribe.")
    } else {
        return None;
    };
    let arrival = Arrival {
        provider: Provider::Telnyx,
        account: number.account.clone(),
        from: number.phone_number.clone(),
        to: from.to_owned(),
        body: answer.to_owned(),
        media: Vec::new(),
        kind: "auto_reply",
        message_sid: None,
    };
    phones::deliver(state, arrival);
    Some((kind, answer))
}
