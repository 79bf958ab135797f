//! Conversations in JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::conversation::Conversation;
use crate::domain::message::Direction;

/// A conversation.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationBody {
    /// Its id.
    pub id: String,
    /// The remote party.
    pub contact: String,
    /// The remote parties (one, until groups are built).
    pub participants: Vec<String>,
    /// Our numbers that took part.
    pub own_numbers: Vec<String>,
    /// Our number that answers by default.
    pub last_own_number: String,
    /// The user of the newest message.
    pub user_id: Option<String>,
    /// The agent of the newest message.
    pub agent_id: Option<String>,
    /// The newest message.
    pub last_message: LastMessage,
    /// When it was.
    pub last_message_at: String,
    /// How many messages there are.
    pub message_count: u64,
    /// Inbound messages since it was marked read.
    pub unread_count: u64,
}

/// The newest message of a conversation, in short.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LastMessage {
    /// Its id.
    pub id: String,
    /// `inbound` or `outbound`.
    pub direction: &'static str,
    /// The beginning of its text.
    pub preview: String,
}

impl From<&Conversation> for ConversationBody {
    fn from(conversation: &Conversation) -> Self {
        let contact = conversation.contact.as_str().to_owned();
        Self {
            id: conversation.id.to_string(),
            participants: vec![contact.clone()],
            contact,
            own_numbers: conversation.own_numbers.clone(),
            last_own_number: conversation.last_own_number.clone(),
            user_id: conversation.user.as_ref().map(ToString::to_string),
            agent_id: conversation.agent.as_ref().map(ToString::to_string),
            last_message: LastMessage {
                id: conversation.last_message.to_string(),
                direction: match conversation.last_direction {
                    Direction::Inbound => "inbound",
                    Direction::Outbound => "outbound",
                },
                preview: conversation.preview.clone(),
            },
            last_message_at: conversation.last_message_at.to_string(),
            message_count: conversation.messages,
            unread_count: conversation.unread,
        }
    }
}
