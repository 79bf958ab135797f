//! `/api/conversations…`.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde::Serialize;
use telephony::api::conversation::ConversationBody;
use telephony::app::list_conversations::{Filter, list};
use telephony::app::present::message_body;
use telephony::app::problem::{Code, Problem};
use telephony::domain::address::Address;
use telephony::domain::conversation::conversation_id;
use telephony::domain::ids::{ConversationId, TenantId};
use telephony::domain::phone::E164;
use telephony::ports::{Clients, Conversations, MediaLinks, Messages};
use telephony_lambda::answer::Answer;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::{ClaimNames, Principal};
use telephony_lambda::query::Query;

pub(crate) struct Handler {
    pub(crate) conversations: Arc<dyn Conversations>,
    pub(crate) messages: Arc<dyn Messages>,
    pub(crate) links: Arc<dyn MediaLinks>,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) claims: ClaimNames,
    pub(crate) default_country: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct One {
    conversation: ConversationBody,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let principal = Principal::of(request, &self.claims, self.clients.as_ref()).await?;
        let segments = request.segments()?;
        let path: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
        match (&request.method, path.as_slice()) {
            (&Method::GET, []) => self.list(&principal, request).await,
            (&Method::GET, [id, "messages"]) => self.messages(&principal, request, id).await,
            (&Method::POST, [id, "read"]) => self.read(&principal, id).await,
            _ => Err(Problem::new(Code::NotFound)),
        }
    }

    async fn list(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        let query = Query::of(request);
        query.only(&["limit", "cursor", "tenantId", "contact", "userId", "number", "agentId"])?;
        let tenant = principal.for_tenant(query.get("tenantId")?)?;
        let filter = Filter {
            contact: query.get("contact")?.map(|text| self.address(text)),
            user: query.get("userId")?.map(str::to_owned),
            number: query.get("number")?.map(|text| self.address(text).as_str().to_owned()),
            agent: query.get("agentId")?.map(str::to_owned),
        };
        let page = list(self.conversations.as_ref(), &tenant, &filter, &query.page()?).await?;
        let items: Vec<ConversationBody> = page.items.iter().map(Into::into).collect();
        Answer::success(StatusCode::OK, &List { items, next_cursor: page.next })
    }

    async fn messages(
        &self,
        principal: &Principal,
        request: &HttpRequest,
        id: &str,
    ) -> Result<Answer, Problem> {
        let query = Query::of(request);
        query.only(&["limit", "cursor"])?;
        let id = self.id(&principal.tenant, id);
        let page = self.messages.of_conversation(&principal.tenant, id, &query.page()?).await?;
        // The messages are there before their summary is: only when both are missing, there is nothing.
        if page.items.is_empty() && self.conversations.get(&principal.tenant, id).await?.is_none() {
            return Err(Problem::new(Code::NotFound));
        }
        let mut items = Vec::with_capacity(page.items.len());
        for view in &page.items {
            items.push(message_body(view, self.links.as_ref()).await?);
        }
        Answer::success(StatusCode::OK, &List { items, next_cursor: page.next })
    }

    async fn read(&self, principal: &Principal, id: &str) -> Result<Answer, Problem> {
        let id = self.id(&principal.tenant, id);
        if !self.conversations.mark_read(&principal.tenant, id).await? {
            return Err(Problem::new(Code::NotFound));
        }
        let conversation = self.conversations.get(&principal.tenant, id).await?;
        let conversation = conversation.ok_or(Problem::new(Code::NotFound))?;
        Answer::success(StatusCode::OK, &One { conversation: (&conversation).into() })
    }

    /// An opaque id, or a contact as an alias of the conversation with it.
    fn id(&self, tenant: &TenantId, text: &str) -> ConversationId {
        text.parse().unwrap_or_else(|_| conversation_id(tenant, &[&self.address(text)]))
    }

    /// A contact as people write it, or as a provider spells it.
    fn address(&self, text: &str) -> Address {
        match E164::from_input(text, &self.default_country) {
            Ok(phone) => Address::Phone(phone),
            Err(_) => Address::parse(text),
        }
    }
}
