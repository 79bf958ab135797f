//! What a number's agent says to a text leaves as a text, through the outbox and its gates.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Reply;
use super::compose::{MAX_BODY_CHARS, is_attachment};
use super::post_event::Posted;
use super::retry;
use crate::domain::ids::{MessageId, TenantId};
use crate::domain::message::{Direction, MediaRef, Message, MessageView, Origin, Purpose};
use crate::domain::price::PriceTable;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Accepted, Clock, Messages, Outbox, PageRequest, StoreError};
use crate::provider::Environment;

/// How many messages of the conversation the agent is shown.
const HISTORY: u32 = 20;
/// How many texts one answer may have.
const MOST_TEXTS: usize = 3;
/// How many attachments one text may have.
const MOST_MEDIA: usize = 10;
/// How many are looked at when the agent has said much lately.
const LOOKED_AT: u32 = 100;
/// So many texts of an agent in one conversation within [`LOOP_WINDOW`] are two machines talking.
const LOOP_TEXTS: usize = 8;
const LOOP_WINDOW: Duration = Duration::from_secs(300);

/// Takes agents' answers.
pub struct AgentAnswer {
    /// Conversations.
    pub messages: Arc<dyn Messages>,
    /// Where answers are accepted.
    pub outbox: Arc<dyn Outbox>,
    /// Prices.
    pub prices: &'static PriceTable,
    /// Where this process runs.
    pub environment: Environment,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// Why an answer was not taken.
#[derive(Debug)]
pub enum NoAnswer {
    /// It is none.
    Unreadable(&'static str),
    /// Ours.
    Store(StoreError),
}

/// The newest messages of a conversation.
pub struct History {
    views: Vec<MessageView>,
    until: Timestamp,
}

/// One text of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Text {
    #[serde(default)]
    message: String,
    #[serde(default)]
    media_url: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    Plain(String),
    Text(Text),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Several {
    messages: Vec<Words>,
}

impl History {
    /// What the agent is shown: oldest first, nothing that came after the text that it is to answer.
    pub fn json(&self) -> Value {
        let shown = self.views.iter().rev().filter(|view| view.message.created_at <= self.until);
        shown
            .map(|MessageView { message, progress, .. }| {
                json!({
                    "id": message.id, "direction": message.direction, "from": message.from.as_str(),
                    "to": message.to.as_str(), "body": message.body, "numMedia": message.media.len(),
                    "status": progress.status, "createdAt": message.created_at,
                })
            })
            .collect()
    }

    /// What the agent has said lately.
    fn said(&self, now: Timestamp) -> usize {
        let lately = self.views.iter().filter(|view| {
            view.message.direction == Direction::Outbound
                && view.message.origin == Origin::Agent
                && now.since(view.message.created_at) < LOOP_WINDOW
        });
        lately.count()
    }
}

impl AgentAnswer {
    /// The text that is to be answered.
    pub(super) async fn inbound(
        &self,
        tenant: &TenantId,
        id: MessageId,
    ) -> Result<Option<Message>, StoreError> {
        Ok(self.messages.message(tenant, id).await?.map(|view| view.message))
    }

    /// Its conversation, as the agent is shown it. `None`: the agent has said so much lately that a machine
    /// must be at the other end.
    pub(super) async fn history(&self, inbound: &Message) -> Result<Option<History>, StoreError> {
        let now = self.clock.now();
        let history = self.newest(inbound, HISTORY).await?;
        // Whoever writes faster than the agent answers must not push its answers out of sight.
        let loops = history.said(now) >= LOOP_TEXTS / 2
            && self.newest(inbound, LOOKED_AT).await?.said(now) >= LOOP_TEXTS;
        Ok((!loops).then_some(history))
    }

    async fn newest(&self, inbound: &Message, limit: u32) -> Result<History, StoreError> {
        let page = PageRequest { limit, cursor: None };
        let page = self.messages.of_conversation(&inbound.tenant, inbound.conversation, &page).await?;
        Ok(History { views: page.items, until: inbound.created_at })
    }

    /// Has what the agent says sent, once: ids follow from the text that it answers.
    pub(super) async fn take(&self, inbound: &Message, posted: &Posted) -> Result<(), NoAnswer> {
        let texts = texts(posted, &self.environment).map_err(NoAnswer::Unreadable)?;
        for (index, text) in texts.into_iter().enumerate() {
            let media = text.media_url.into_iter().map(|url| MediaRef { url, content_type: None }).collect();
            let reply = Reply {
                id: MessageId::derived(&["agent", &inbound.id.to_string(), &index.to_string()]),
                origin: Origin::Agent,
                body: text.message,
                media,
                free: false,
                validity: retry::validity(Purpose::Conversation),
            };
            let intent = reply.to(inbound, self.prices, self.clock.now());
            match self.outbox.accept(&intent).await.map_err(NoAnswer::Store)? {
                Accepted::New => {
                    tracing::info!(message_id = %intent.message.id, answers = %inbound.id, "The agent's answer is queued");
                }
                // Taken before, perhaps with other words.
                Accepted::Replay(_) | Accepted::Exists => {}
                Accepted::OptedOut => {
                    tracing::info!(answers = %inbound.id, "The agent's answer is not sent: the contact has opted out");
                }
                Accepted::InsufficientBalance => {
                    tracing::warn!(answers = %inbound.id, "The agent's answer is not sent: the wallet is empty");
                }
                Accepted::SpendCapReached(_) => {
                    tracing::warn!(answers = %inbound.id, "The agent's answer is not sent: the spend cap is reached");
                }
            }
        }
        Ok(())
    }
}

/// The texts of an answer; none when it is empty.
fn texts(posted: &Posted, environment: &Environment) -> Result<Vec<Text>, &'static str> {
    let body = posted.body.as_deref().ok_or("answer_too_long")?;
    let body = std::str::from_utf8(body).map_err(|_| "answer_not_text")?;
    if posted.status == 204 || body.trim().is_empty() {
        return Ok(Vec::new());
    }
    let declared = posted.content_type.as_deref().unwrap_or_default();
    let kind = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let mut texts = match kind.as_str() {
        "text/plain" => vec![Text { message: body.trim().to_owned(), media_url: Vec::new() }],
        "application/json" => read(body)?,
        _ => return Err("answer_of_another_type"),
    };
    texts.retain(|text| !text.message.trim().is_empty() || !text.media_url.is_empty());
    for text in &texts {
        if text.message.chars().count() > MAX_BODY_CHARS || text.message.contains('\0') {
            return Err("answer_too_long");
        }
        let media = &text.media_url;
        if media.len() > MOST_MEDIA || !media.iter().all(|url| is_attachment(url, environment)) {
            return Err("answer_with_bad_media");
        }
    }
    Ok(texts)
}

fn read(body: &str) -> Result<Vec<Text>, &'static str> {
    // serde would take a list for a struct, member by member.
    if !body.trim_start().starts_with('{') {
        return Err("answer_not_understood");
    }
    if let Ok(text) = serde_json::from_str::<Text>(body) {
        return Ok(vec![text]);
    }
    let several: Several = serde_json::from_str(body).map_err(|_| "answer_not_understood")?;
    if several.messages.len() > MOST_TEXTS {
        return Err("answer_with_too_many_texts");
    }
    let text = |words| match words {
        Words::Plain(message) => Text { message, media_url: Vec::new() },
        Words::Text(text) => text,
    };
    Ok(several.messages.into_iter().map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::{Text, texts};
    use crate::app::post_event::Posted;
    use crate::provider::Environment;

    fn said(status: u16, kind: &str, body: &str) -> Result<Vec<String>, &'static str> {
        let posted =
            Posted { status, content_type: Some(kind.to_owned()), body: Some(body.as_bytes().to_vec()) };
        let texts: Vec<Text> = texts(&posted, &Environment::default())?;
        Ok(texts.into_iter().map(|text| format!("{}{}", text.message, text.media_url.concat())).collect())
    }

    #[test]
    fn an_answer_is_json_or_plain_text_and_anything_else_is_none() {
        const JSON: &str = "application/json; charset=utf-8";
        let none: Vec<String> = Vec::new();
        assert_eq!(said(200, JSON, r#"{"message":"Hi"}"#), Ok(vec!["Hi".to_owned()]));
        assert_eq!(
            said(200, JSON, r#"{"message":"","mediaUrl":["https://a.b/c"]}"#),
            Ok(vec!["https://a.b/c".into()])
        );
        assert_eq!(
            said(200, JSON, r#"{"messages":["a",{"message":"b"}]}"#),
            Ok(vec!["a".into(), "b".into()])
        );
        assert_eq!(said(200, "text/plain", " Hello\n"), Ok(vec!["Hello".to_owned()]));
        for (status, kind, body) in
            [(204, "", ""), (200, "text/html", " "), (200, JSON, "{}"), (200, JSON, r#"{"messages":[]}"#)]
        {
            assert_eq!(said(status, kind, body), Ok(none.clone()), "{kind} {body}");
        }
        let long = format!(r#"{{"message":"{}"}}"#, "x".repeat(1601));
        for body in [
            "[]",
            "\"Hi\"",
            "null",
            r#"{"ok":true}"#,
            r#"{"message":1}"#,
            r#"{"messages":["a","b","c","d"]}"#,
            r#"{"message":"a","mediaUrl":["http://a.b/c"]}"#,
            r#"{"message":"a\u0000"}"#,
            &long,
            "Hi",
        ] {
            assert!(said(200, JSON, body).is_err(), "{body}");
        }
        assert!(said(200, "text/html", "<p>Hi</p>").is_err());
        let broken = Posted { status: 200, content_type: None, body: None };
        assert!(texts(&broken, &Environment::default()).is_err());
    }
}
