//! `/api/messages…`: reads, links to media, previews, cancellations.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde::Serialize;
use telephony::api::message::{MessageBody, Preview, PreviewRequest, Price, SentMessage};
use telephony::app::compose::Compose;
use telephony::app::present::message_body;
use telephony::app::problem::{Code, Problem};
use telephony::domain::ids::MessageId;
use telephony::domain::message::{Direction, MediaCopy, MessageView};
use telephony::ports::{Clients, Clock, MediaLinks, Messages, Outbox};
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::{ClaimNames, Principal};
use telephony_lambda::query::Query;

pub(crate) struct Handler {
    pub(crate) messages: Arc<dyn Messages>,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) links: Arc<dyn MediaLinks>,
    pub(crate) compose: Compose,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) claims: ClaimNames,
    pub(crate) clock: Arc<dyn Clock>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List {
    items: Vec<MessageBody>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct One {
    message: MessageBody,
}

#[derive(Serialize)]
struct Canceled {
    message: SentMessage,
}

#[derive(Serialize)]
struct Previewed {
    preview: Preview,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let principal = Principal::of(request, &self.claims, self.clients.as_ref()).await?;
        let segments = request.segments()?;
        let path: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
        match (&request.method, path.as_slice()) {
            (&Method::GET, []) => self.list(&principal, request).await,
            (&Method::POST, ["preview"]) => self.preview(&principal, request).await,
            (&Method::GET, [id]) => {
                let view = self.view(&principal, id).await?;
                Answer::success(
                    StatusCode::OK,
                    &One { message: message_body(&view, self.links.as_ref()).await? },
                )
            }
            (&Method::POST, [id, "cancel"]) => self.cancel(&principal, id).await,
            (&Method::GET, [id, "media", n]) => self.media(&principal, id, n).await,
            _ => Err(Problem::new(Code::NotFound)),
        }
    }

    async fn list(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        let query = Query::of(request);
        query.only(&["limit", "cursor", "tenantId"])?;
        let tenant = principal.for_tenant(query.get("tenantId")?)?;
        let page = self.messages.of_tenant(&tenant, &query.page()?, self.clock.now()).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for view in &page.items {
            items.push(message_body(view, self.links.as_ref()).await?);
        }
        Answer::success(StatusCode::OK, &List { items, next_cursor: page.next })
    }

    async fn view(&self, principal: &Principal, id: &str) -> Result<MessageView, Problem> {
        let id: MessageId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
        self.messages.message(&principal.tenant, id).await?.ok_or(Problem::new(Code::NotFound))
    }

    async fn preview(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        let body: PreviewRequest = read_json(request)?;
        let (text, counted, price) = self.compose.preview(&principal.tenant, &body).await?;
        let preview = Preview {
            characters: text.chars().count(),
            body: text,
            segments: counted.segments,
            encoding: counted.encoding.as_str(),
            price: Price { estimate: price.map(Into::into), charged: None },
        };
        Answer::success(StatusCode::OK, &Previewed { preview })
    }

    async fn cancel(&self, principal: &Principal, id: &str) -> Result<Answer, Problem> {
        let view = self.view(principal, id).await?;
        if view.message.direction == Direction::Inbound {
            return Err(Problem::new(Code::NotFound));
        }
        let canceled = self.outbox.cancel(&principal.tenant, view.message.id, self.clock.now()).await?;
        if !canceled {
            return Err(
                Problem::new(Code::InProgress).with_detail("The message has left or has ended already")
            );
        }
        let view = self.view(principal, id).await?;
        Answer::success(StatusCode::OK, &Canceled { message: (&view).into() })
    }

    async fn media(&self, principal: &Principal, id: &str, n: &str) -> Result<Answer, Problem> {
        let view = self.view(principal, id).await?;
        let n: usize = n.parse().map_err(|_| Problem::new(Code::NotFound))?;
        match (view.progress.copies.get(n), view.message.media.get(n)) {
            (Some(MediaCopy::Stored { key, .. }), _) => Answer::redirect(&self.links.link(key).await?),
            (None, Some(media)) if view.message.direction == Direction::Outbound => {
                Answer::redirect(&media.url)
            }
            _ => Err(Problem::new(Code::NotFound).with_detail("There is no such attachment, or not yet")),
        }
    }
}
