//! What is read through the API.

use super::Page;
use super::PageRequest;
use super::StoreError;
use crate::domain::conversation::Conversation;
use crate::domain::ids::ConversationId;
use crate::domain::ids::MessageId;
use crate::domain::ids::TenantId;
use crate::domain::message::MessageView;
use crate::domain::timestamp::Timestamp;
use async_trait::async_trait;

/// Reading messages.
#[async_trait]
pub trait Messages: Send + Sync {
    /// One message with its attempts. 1 consistent query.
    async fn message(&self, tenant: &TenantId, id: MessageId) -> Result<Option<MessageView>, StoreError>;

    /// A conversation's messages. 1 index query, 1 batch read.
    async fn of_conversation(
        &self,
        tenant: &TenantId,
        conversation: ConversationId,
        page: &PageRequest,
    ) -> Result<Page<MessageView>, StoreError>;

    /// All of a tenant's messages. 1 query a month touched, 1 batch read.
    async fn of_tenant(
        &self,
        tenant: &TenantId,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Page<MessageView>, StoreError>;
}

/// Conversations.
#[async_trait]
pub trait Conversations: Send + Sync {
    /// A tenant's conversations, the one with the newest message first. 1 index query, 1 batch read.
    async fn list(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Conversation>, StoreError>;

    /// One conversation. 1 consistent read.
    async fn get(&self, tenant: &TenantId, id: ConversationId) -> Result<Option<Conversation>, StoreError>;

    /// Nothing in it is unread any more. False: there is no such conversation.
    async fn mark_read(&self, tenant: &TenantId, id: ConversationId) -> Result<bool, StoreError>;
}
