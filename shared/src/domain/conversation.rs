//! Conversations: a tenant and the people it writes with, over all of its numbers and providers.

use super::address::Address;
use super::ids::{AgentId, ConversationId, MessageId, TenantId, UserId};
use super::message::Direction;
use super::timestamp::Timestamp;

/// The id of the conversation of a tenant with these remote addresses, in whatever order.
pub fn conversation_id(tenant: &TenantId, remote: &[&Address]) -> ConversationId {
    let mut addresses: Vec<&str> = remote.iter().map(|address| address.as_str()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let mut parts = vec!["conversation", tenant.as_str()];
    parts.extend(addresses);
    ConversationId::derived(&parts)
}

/// The summary of a conversation, projected from its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Whose.
    pub tenant: TenantId,
    /// The remote party.
    pub contact: Address,
    /// Our numbers that took part, sorted.
    pub own_numbers: Vec<String>,
    /// Our number of the newest message: the one that answers by default.
    pub last_own_number: String,
    /// The user of the newest message.
    pub user: Option<UserId>,
    /// The agent of the newest message.
    pub agent: Option<AgentId>,
    /// The newest message.
    pub last_message: MessageId,
    /// Its direction.
    pub last_direction: Direction,
    /// The beginning of its text, at most [`PREVIEW_CHARS`] characters.
    pub preview: String,
    /// When it was.
    pub last_message_at: Timestamp,
    /// How many messages there are.
    pub messages: u64,
    /// Inbound messages since it was last marked read.
    pub unread: u64,
}

/// The length of a preview in characters.
pub const PREVIEW_CHARS: usize = 80;

#[cfg(test)]
mod tests {
    use super::conversation_id;
    use crate::domain::address::Address;

    #[test]
    fn the_order_of_the_members_does_not_matter_and_the_tenant_does() {
        let (demo, rival) = ("demo".parse().unwrap(), "rival".parse().unwrap());
        let (a, b) = (Address::parse("+14155550101"), Address::parse("+14155550102"));
        assert_eq!(conversation_id(&demo, &[&a, &b]), conversation_id(&demo, &[&b, &a, &b]));
        assert_ne!(conversation_id(&demo, &[&a]), conversation_id(&rival, &[&a]));
    }
}
