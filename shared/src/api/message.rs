//! Messages in JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::IntoDeserializer as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::money::Money;
use crate::domain::message::{Direction, MediaCopy, MessageView, Purpose};
use crate::domain::usage::of_message;
use crate::domain::wallet::HoldState;

/// What `POST /api/sms/send` reads.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendRequest {
    /// The recipient, in E.164 or a national form of the deployment's country.
    pub to: String,
    /// The text, at most 1,600 characters.
    pub message: Option<String>,
    /// Public https URLs of attachments, at most 10.
    pub media_url: Option<Vec<String>>,
    /// A stored template instead of a text.
    pub template_id: Option<String>,
    /// Values for the template's variables.
    pub variables: Option<BTreeMap<String, String>>,
    /// The sending number. Without it the router picks one.
    pub from: Option<String>,
    /// The caller's own name for the lead.
    pub lead_id: Option<String>,
    /// Demands this provider.
    pub provider_override: Option<String>,
    /// Demands this provider account.
    pub provider_account_id: Option<String>,
    /// Why it is sent; `transactional` unless said.
    #[schemars(with = "Option<PurposeWord>")]
    #[serde(default, deserialize_with = "purpose")]
    pub purpose: Option<Purpose>,
    /// Not before this time (RFC 3339).
    pub send_at: Option<String>,
    /// Not after this time (RFC 3339).
    pub send_before: Option<String>,
}

/// As a text first: what is no text is then reported at its member, and not as broken JSON.
fn purpose<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Purpose>, D::Error> {
    let word = Option::<String>::deserialize(deserializer)?;
    word.map(|word| Purpose::deserialize(word.into_deserializer())).transpose()
}

/// What `POST /api/messages/preview` reads.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreviewRequest {
    /// The recipient; its country decides the price.
    pub to: Option<String>,
    /// The text.
    pub message: Option<String>,
    /// Attachments.
    pub media_url: Option<Vec<String>>,
    /// A stored template instead of a text.
    pub template_id: Option<String>,
    /// Values for the template's variables.
    pub variables: Option<BTreeMap<String, String>>,
}

/// The words of a purpose.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", rename = "Purpose")]
pub enum PurposeWord {
    /// A one-time code.
    Otp,
    /// What the recipient asked for or must know.
    Transactional,
    /// An answer in a conversation.
    Conversation,
    /// Solicitation.
    Marketing,
}

/// What `POST /api/messages/preview` answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The text as it would be sent.
    pub body: String,
    /// Segments.
    pub segments: u32,
    /// `GSM-7` or `UCS-2`.
    pub encoding: &'static str,
    /// Characters of the text.
    pub characters: usize,
    /// What it would cost.
    pub price: Price,
}

/// What a message costs the customer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Price {
    /// What is held for it; zero through the tenant's own account. `null` when no price is known.
    pub estimate: Option<Money>,
    /// What was taken for it; `null` while it is not known yet.
    pub charged: Option<Money>,
}

/// How the sender was chosen.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// The reasons.
    pub reasons: Vec<String>,
    /// What the sender had over the next one: the word of a step, or `only`.
    pub decided_by: Option<String>,
    /// The sender.
    pub selected: RouteSelected,
}

/// The sender that was chosen.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteSelected {
    /// Its provider.
    pub provider: &'static str,
    /// Its provider account.
    pub provider_account_id: String,
    /// The number.
    pub number: String,
}

/// What `POST /api/sms/send` answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SentMessage {
    /// Its id.
    pub id: String,
    /// Its status now.
    pub status: &'static str,
    /// The provider that it leaves by.
    pub provider: &'static str,
    /// The account that it leaves by.
    pub provider_account_id: String,
    /// The sender.
    pub from: String,
    /// The recipient, E.164.
    pub to: String,
    /// Segments.
    pub segments: u32,
    /// `GSM-7` or `UCS-2`.
    pub encoding: &'static str,
    /// The price.
    pub price: Price,
    /// How the sender was chosen.
    pub route: Option<Route>,
    /// Its conversation.
    pub conversation_id: String,
}

/// One try at one provider.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptBody {
    /// Which try, from 1.
    pub n: u32,
    /// The provider.
    pub provider: &'static str,
    /// The account.
    pub provider_account_id: String,
    /// The sender.
    pub from: Option<String>,
    /// The provider's id.
    pub provider_sid: Option<String>,
    /// The status of this try.
    pub status: &'static str,
    /// The error code of this try.
    pub error_code: Option<String>,
}

/// An attachment.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MediaBody {
    /// Its place, from 0.
    pub n: usize,
    /// `pending`, `stored`, `failed`; `external` for what was sent from a URL of the customer's.
    pub status: &'static str,
    /// Where it can be had: for 5 minutes, when it is stored here.
    pub url: Option<String>,
    /// Its type.
    pub content_type: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Why it failed.
    pub reason: Option<String>,
}

/// A message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageBody {
    /// Its id.
    pub id: String,
    /// Its conversation.
    pub conversation_id: String,
    /// `inbound` or `outbound`.
    pub direction: &'static str,
    /// The provider.
    pub provider: &'static str,
    /// The provider account.
    pub provider_account_id: String,
    /// The provider's id, once known.
    pub provider_sid: Option<String>,
    /// The sender.
    pub from: String,
    /// The recipient.
    pub to: String,
    /// The text.
    pub body: String,
    /// The status.
    pub status: &'static str,
    /// When it arrived.
    pub delivered_at: Option<String>,
    /// The error code of the status.
    pub error_code: Option<String>,
    /// The error in words.
    pub error_message: Option<String>,
    /// How many attachments it has.
    pub num_media: usize,
    /// Links to the attachments that can be had now.
    pub media_urls: Vec<String>,
    /// The attachments, each with its state.
    pub media: Vec<MediaBody>,
    /// Segments.
    pub segments: u32,
    /// `GSM-7` or `UCS-2`.
    pub encoding: &'static str,
    /// The price.
    pub price: Price,
    /// The user.
    pub user_id: Option<String>,
    /// The lead.
    pub lead_id: Option<String>,
    /// The agent.
    pub agent_id: Option<String>,
    /// The tries; in lists empty.
    pub attempts: Vec<AttemptBody>,
    /// How the sender was chosen.
    pub route: Option<Route>,
    /// Not before this.
    pub send_at: Option<String>,
    /// When it was accepted or received.
    pub created_at: String,
    /// When it last moved.
    pub updated_at: String,
}

/// What is held and taken for a message. The amount taken follows from the status, as the money does.
fn price(view: &MessageView) -> Price {
    let message = &view.message;
    let zero = || Some(Money::from(crate::domain::money::Micros::ZERO));
    if message.direction == Direction::Inbound {
        return Price { estimate: None, charged: None };
    }
    let Some(amount) = message.price else { return Price { estimate: zero(), charged: zero() } };
    let progress = &view.progress;
    let charged = match HoldState::of(progress.status) {
        HoldState::Held => None,
        HoldState::Captured | HoldState::Released => {
            let usage = of_message(message, progress.status, progress.attempt, &progress.bills);
            Some(usage.charge.into())
        }
    };
    Price { estimate: Some(amount.into()), charged }
}

fn route(view: &MessageView) -> Option<Route> {
    let message = &view.message;
    message.route.as_ref().map(|note| Route {
        reasons: note.reasons.clone(),
        decided_by: note.decided_by.clone(),
        selected: RouteSelected {
            provider: message.provider.as_str(),
            provider_account_id: message.account.to_string(),
            number: message.from.as_str().to_owned(),
        },
    })
}

impl From<&MessageView> for SentMessage {
    fn from(view: &MessageView) -> Self {
        let message = &view.message;
        Self {
            id: message.id.to_string(),
            status: view.progress.status.as_str(),
            provider: message.provider.as_str(),
            provider_account_id: message.account.to_string(),
            from: message.from.as_str().to_owned(),
            to: message.to.as_str().to_owned(),
            segments: message.segments,
            encoding: message.encoding.as_str(),
            price: price(view),
            route: route(view),
            conversation_id: message.conversation.to_string(),
        }
    }
}

impl MessageBody {
    /// A message with links for its stored attachments, in their order (`None`: not stored).
    pub fn new(view: &MessageView, links: &[Option<String>]) -> Self {
        let (message, progress) = (&view.message, &view.progress);
        let media: Vec<MediaBody> = message
            .media
            .iter()
            .enumerate()
            .map(|(n, media)| match (message.direction, progress.copies.get(n)) {
                (Direction::Outbound, _) => MediaBody {
                    n,
                    status: "external",
                    url: Some(media.url.clone()),
                    content_type: media.content_type.clone(),
                    size: None,
                    reason: None,
                },
                (Direction::Inbound, Some(MediaCopy::Stored { content_type, size, .. })) => MediaBody {
                    n,
                    status: "stored",
                    url: links.get(n).cloned().flatten(),
                    content_type: Some(content_type.clone()),
                    size: Some(*size),
                    reason: None,
                },
                (Direction::Inbound, Some(MediaCopy::Failed { reason })) => MediaBody {
                    n,
                    status: "failed",
                    url: None,
                    content_type: media.content_type.clone(),
                    size: None,
                    reason: Some(reason.clone()),
                },
                (Direction::Inbound, Some(MediaCopy::Pending) | None) => MediaBody {
                    n,
                    status: "pending",
                    url: None,
                    content_type: media.content_type.clone(),
                    size: None,
                    reason: None,
                },
            })
            .collect();
        Self {
            id: message.id.to_string(),
            conversation_id: message.conversation.to_string(),
            direction: match message.direction {
                Direction::Inbound => "inbound",
                Direction::Outbound => "outbound",
            },
            provider: message.provider.as_str(),
            provider_account_id: message.account.to_string(),
            provider_sid: progress.sid.as_ref().or(message.inbound_sid.as_ref()).map(ToString::to_string),
            from: message.from.as_str().to_owned(),
            to: message.to.as_str().to_owned(),
            body: message.body.clone(),
            status: progress.status.as_str(),
            delivered_at: progress.delivered_at.map(|at| at.to_string()),
            error_code: progress.error_code.clone(),
            error_message: progress.error_message.clone(),
            num_media: message.media.len(),
            media_urls: media.iter().filter_map(|media| media.url.clone()).collect(),
            media,
            segments: message.segments,
            encoding: message.encoding.as_str(),
            price: price(view),
            user_id: message.user.as_ref().map(ToString::to_string),
            lead_id: message.lead.as_ref().map(ToString::to_string),
            agent_id: message.agent.as_ref().map(ToString::to_string),
            attempts: view
                .attempts
                .iter()
                .map(|attempt| AttemptBody {
                    n: attempt.n,
                    provider: attempt.provider.as_str(),
                    provider_account_id: attempt.account.to_string(),
                    from: attempt.from.as_ref().map(|from| from.as_str().to_owned()),
                    provider_sid: attempt.sid.as_ref().map(ToString::to_string),
                    status: attempt.status.as_str(),
                    error_code: attempt.error_code.clone(),
                })
                .collect(),
            route: route(view),
            send_at: message.send_at.map(|at| at.to_string()),
            created_at: message.created_at.to_string(),
            updated_at: progress.updated_at.to_string(),
        }
    }
}
