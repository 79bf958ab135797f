//! Lists conversations, filtered.

use crate::domain::address::Address;
use crate::domain::conversation::{Conversation, conversation_id};
use crate::domain::ids::TenantId;
use crate::ports::{Conversations, Page, PageRequest, StoreError};

/// How many pages one request looks through for conversations that pass a filter. What is left is
/// had with the cursor, so that no request reads a whole tenant.
const MAX_PAGES: usize = 10;

/// Which conversations are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// With this contact. Answered by one read, because the id follows from the contact.
    pub contact: Option<Address>,
    /// Whose newest message is this user's.
    pub user: Option<String>,
    /// In which this number of ours took part.
    pub number: Option<String>,
    /// Whose newest message is this agent's.
    pub agent: Option<String>,
}

impl Filter {
    fn passes(&self, conversation: &Conversation) -> bool {
        let is = |wanted: &Option<String>, got: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| got == Some(wanted))
        };
        is(&self.user, conversation.user.as_ref().map(|user| user.as_str()))
            && is(&self.agent, conversation.agent.as_ref().map(|agent| agent.as_str()))
            && self.number.as_ref().is_none_or(|number| conversation.own_numbers.contains(number))
    }

    fn is_empty(&self) -> bool {
        self.user.is_none() && self.number.is_none() && self.agent.is_none()
    }
}

/// A page of the conversations that pass. It may hold fewer than were asked for, or none, and yet
/// have a cursor: then there is more to look through.
///
/// # Errors
/// When the store fails, or the cursor is not of this list.
pub async fn list(
    conversations: &dyn Conversations,
    tenant: &TenantId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Conversation>, StoreError> {
    if let Some(contact) = &filter.contact {
        let found = conversations.get(tenant, conversation_id(tenant, &[contact])).await?;
        let items = found.into_iter().filter(|found| filter.passes(found)).collect();
        return Ok(Page { items, next: None });
    }
    let mut wanted = page.clone();
    let mut items = Vec::new();
    for _ in 0..MAX_PAGES {
        let got = conversations.list(tenant, &wanted).await?;
        items.extend(got.items.into_iter().filter(|item| filter.passes(item)));
        wanted.cursor = got.next;
        let room = page.limit.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
        if wanted.cursor.is_none() || filter.is_empty() || room == 0 {
            break;
        }
        // No more than there is room for: an item that did not fit would be lost behind the cursor.
        wanted.limit = room;
    }
    Ok(Page { items, next: wanted.cursor })
}
