//! A text arrives at one of the numbers.

use serde::{Deserialize, Serialize};

use crate::{
    app::{Settings, Shared},
    callbacks,
    delivery::{Body, Delivery},
    geography, ids, media,
    model::{AccountStatus, Direction, Fate, Message, Number, Provider, Status},
    phones::{self, Arrival},
    segments,
    state::State,
    telnyx,
    twilio_compat::opt_out,
};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    #[serde(skip)]
    pub(crate) from: String,
    pub(crate) to: String,
    /// Needed only where two providers hold the same number.
    #[serde(default)]
    pub(crate) provider: Option<Provider>,
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) media: Vec<media::NewMedia>,
    /// How often the webhook is delivered, all the same to the byte.
    #[serde(default = "once")]
    pub(crate) repeat: u32,
    /// Whether the repetitions race each other.
    #[serde(default)]
    pub(crate) concurrent: bool,
    /// Forces the message sid; an existing message is overwritten.
    #[serde(default)]
    pub(crate) sid: Option<String>,
}

fn once() -> u32 {
    1
}

impl Text {
    pub(crate) fn new(from: String, to: String, body: String) -> Self {
        Self { from, to, provider: None, body, media: Vec::new(), repeat: 1, concurrent: false, sid: None }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Received {
    provider: Provider,
    account: String,
    sid: String,
    media: Vec<String>,
    /// What Twilio answered by itself (STOP, START, HELP).
    auto_reply: Option<&'static str>,
    /// Ids of the webhook attempts (`GET /_sim/callbacks`).
    callbacks: Vec<u64>,
}

impl Received {
    pub(crate) fn new(
        number: &Number,
        sid: String,
        media: Vec<String>,
        auto_reply: Option<&'static str>,
    ) -> Self {
        Self {
            provider: number.provider,
            account: number.account.clone(),
            sid,
            media,
            auto_reply,
            callbacks: Vec::new(),
        }
    }
}

pub(crate) async fn receive(app: &Shared, text: Text) -> Result<Received, String> {
    let (mut received, delivery) = accept(&mut app.lock(), &app.settings, &text)?;
    let Some(delivery) = delivery else { return Ok(received) };
    if text.concurrent {
        let running: Vec<_> = (0..text.repeat)
            .map(|_| {
                let (app, delivery) = (app.clone(), delivery.clone());
                tokio::spawn(async move { callbacks::deliver(&app, delivery).await })
            })
            .collect();
        for task in running {
            received.callbacks.extend(task.await.map_err(|error| error.to_string())?);
        }
    } else {
        for _ in 0..text.repeat {
            received.callbacks.extend(callbacks::deliver(app, delivery.clone()).await);
        }
    }
    send_replies(&mut app.lock(), &received, &text);
    Ok(received)
}

/// Creates the message and the webhook that announces it.
fn accept(
    state: &mut State,
    settings: &Settings,
    text: &Text,
) -> Result<(Received, Option<Delivery>), String> {
    let number = state
        .owned_number(&text.to, text.provider)
        .cloned()
        .ok_or_else(|| format!("no account owns {}", text.to))?;
    let provider = number.provider;
    match provider {
        Provider::Telnyx => return telnyx::accept(state, &settings.cdn, &number, text),
        Provider::Retell => return Err("texts to Retell's numbers are not simulated".to_owned()),
        Provider::Twilio | Provider::SignalWire => {}
    }
    let is_mms = !text.media.is_empty();
    let sid = text.sid.clone().unwrap_or_else(|| provider.new_sid(if is_mms { "MM" } else { "SM" }));
    let mut media_sids = Vec::new();
    for new in &text.media {
        media_sids.push(media::add(state, provider, &number.account, &sid, new)?);
    }
    let now = state.now();
    let message = Message {
        provider,
        sid: sid.clone(),
        account: number.account.clone(),
        direction: Direction::Inbound,
        from: Some(text.from.clone()),
        to: text.to.clone(),
        body: text.body.clone(),
        media_urls: Vec::new(),
        media: media_sids.clone(),
        num_segments: if is_mms { 1 } else { segments::count(&text.body) },
        status: Status::Received,
        fate: Fate { status: Status::Received, error_code: None },
        error_code: None,
        messaging_service: None,
        status_callback: None,
        price_micros: None,
        created: now,
        updated: now,
        sent: Some(now),
        telnyx: None,
    };
    let auto_reply = opt_out::handle(state, &number, &text.from, &text.body);
    let params = webhook_params(state, &settings.base, &message);
    state.messages.insert(message);
    let active = state.accounts.get(&number.account).is_some_and(|a| a.status == AccountStatus::Active);
    let delivery = number.setting("SmsUrl").filter(|_| active).map(|url| Delivery {
        provider,
        account: number.account.clone(),
        kind: "inbound",
        message_sid: sid.clone(),
        status: None,
        event: None,
        last: true,
        from: text.from.clone(),
        to: text.to.clone(),
        method: method(&number),
        url: url.to_owned(),
        fallbacks: number.setting("SmsFallbackUrl").map(str::to_owned).into_iter().collect(),
        body: Body::Form(params),
        token: ids::uuid(),
        timeout: None,
        faulted: false,
        redelivery_of: None,
    });
    Ok((Received::new(&number, sid, media_sids, auto_reply), delivery))
}

fn method(number: &Number) -> String {
    number.setting("SmsMethod").unwrap_or("POST").to_owned()
}

fn webhook_params(state: &State, base: &str, message: &Message) -> Vec<(String, String)> {
    let provider = message.provider;
    let from = message.from.clone().unwrap_or_default();
    let mut params: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: &str| params.push((name.to_owned(), value.to_owned()));
    let num_media = message.media.len().to_string();
    let num_segments = message.num_segments.to_string();
    match provider {
        // twilio docs, messaging/guides/webhook-request
        Provider::Twilio => {
            let (theirs, ours) = (geography::of(&from), geography::of(&message.to));
            for (side, place) in [("To", &ours), ("From", &theirs)] {
                add(&format!("{side}Country"), place.country);
                add(&format!("{side}State"), place.region);
                add(&format!("{side}City"), place.city);
                add(&format!("{side}Zip"), place.postal_code);
            }
            add("SmsMessageSid", &message.sid);
            add("NumMedia", &num_media);
            add("SmsSid", &message.sid);
            add("SmsStatus", "received");
            add("Body", &message.body);
            add("To", &message.to);
            add("NumSegments", &num_segments);
            add("MessageSid", &message.sid);
            add("AccountSid", &message.account);
            add("From", &from);
            add("ApiVersion", "2010-04-01");
        }
        // signalwire.md, section 2: no geography, no opt-out type
        _ => {
            add("MessageSid", &message.sid);
            add("SmsSid", &message.sid);
            add("AccountSid", &message.account);
            add("ApiVersion", "2010-04-01");
            add("From", &from);
            add("To", &message.to);
            add("Body", &message.body);
            add("NumMedia", &num_media);
            add("NumSegments", &num_segments);
        }
    }
    for (index, sid) in message.media.iter().enumerate() {
        let content_type = state.media.get(sid).map(|media| media.content_type.as_str()).unwrap_or_default();
        add(&format!("MediaContentType{index}"), content_type);
        let (mount, root) = (provider.mount(), provider.api_root());
        let (account, message) = (&message.account, &message.sid);
        add(
            &format!("MediaUrl{index}"),
            &format!("{base}{mount}{root}/Accounts/{account}/Messages/{message}/Media/{sid}"),
        );
    }
    params
}

/// Puts the texts of the TwiML answers on the phone that wrote.
fn send_replies(state: &mut State, received: &Received, text: &Text) {
    let texts: Vec<String> = received
        .callbacks
        .iter()
        .filter_map(|id| {
            state.callbacks.get(*id)?.response.as_ref()?.reply.as_ref()?.get("texts")?.as_array()
        })
        .flatten()
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect();
    for body in texts {
        let arrival = Arrival {
            provider: received.provider,
            account: received.account.clone(),
            from: text.to.clone(),
            to: text.from.clone(),
            body,
            media: Vec::new(),
            kind: "reply",
            message_sid: None,
        };
        phones::deliver(state, arrival);
    }
}
