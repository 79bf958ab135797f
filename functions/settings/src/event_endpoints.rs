//! `/api/event-endpoints…`.

use http::{Method, StatusCode};
use serde::Serialize;
use telephony::api::events::{
    DeliveryBody, EndpointBody, EndpointChangeRequest, EndpointRequest, ReplayRequest, RotateRequest,
};
use telephony::app::problem::{Code, Problem};
use telephony::domain::ids::EndpointId;
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::Principal;
use telephony_lambda::query::Query;

use crate::handler::{Done, Handler, List};

#[derive(Serialize)]
struct EndpointAnswer {
    endpoint: EndpointBody,
}

fn id(text: &str) -> Result<EndpointId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound))
}

impl Handler {
    pub(crate) async fn event_endpoints(
        &self,
        principal: &Principal,
        request: &HttpRequest,
        path: &[&str],
    ) -> Result<Answer, Problem> {
        match (&request.method, path) {
            (&Method::GET, []) => self.list_endpoints(principal, request).await,
            (&Method::POST, []) => self.create_endpoint(principal, request).await,
            (&Method::GET, [of]) => self.endpoint(principal, id(of)?).await,
            (&Method::PATCH, [of]) => self.change_endpoint(principal, request, id(of)?).await,
            (&Method::DELETE, [of]) => self.delete_endpoint(principal, id(of)?).await,
            (&Method::POST, [of, "rotate"]) => self.rotate_secret(principal, request, id(of)?).await,
            (&Method::POST, [of, "replay"]) => self.replay_events(principal, request, id(of)?).await,
            (&Method::POST, [of, "test"]) => self.test_endpoint(principal, id(of)?).await,
            (&Method::GET, [of, "deliveries"]) => self.list_deliveries(principal, request, id(of)?).await,
            _ => Err(Problem::new(Code::NotFound)),
        }
    }

    async fn list_endpoints(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        Query::of(request).only(&[])?;
        let mut endpoints = self.events.endpoints.endpoints(&principal.tenant).await?;
        endpoints.reverse();
        let items: Vec<EndpointBody> = endpoints.iter().map(Into::into).collect();
        Answer::success(StatusCode::OK, &List { items, next_cursor: None })
    }

    async fn create_endpoint(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        principal.require_tenant_admin()?;
        let body: EndpointRequest = read_json(request)?;
        let (endpoint, secret) = self.events.create(&principal.tenant, &body).await?;
        let endpoint = EndpointBody::with_secret(&endpoint, &secret);
        Answer::success(StatusCode::CREATED, &EndpointAnswer { endpoint })
    }

    async fn endpoint(&self, principal: &Principal, id: EndpointId) -> Result<Answer, Problem> {
        let found = self.events.endpoints.endpoint(&principal.tenant, id).await?;
        let found = found.ok_or(Problem::new(Code::NotFound))?;
        Answer::success(StatusCode::OK, &EndpointAnswer { endpoint: (&found).into() })
    }

    async fn change_endpoint(
        &self,
        principal: &Principal,
        request: &HttpRequest,
        id: EndpointId,
    ) -> Result<Answer, Problem> {
        principal.require_tenant_admin()?;
        let body: EndpointChangeRequest = read_json(request)?;
        let changed = self.events.change(&principal.tenant, id, &body).await?;
        Answer::success(StatusCode::OK, &EndpointAnswer { endpoint: (&changed).into() })
    }

    async fn delete_endpoint(&self, principal: &Principal, id: EndpointId) -> Result<Answer, Problem> {
        principal.require_tenant_admin()?;
        if !self.events.endpoints.remove_endpoint(&principal.tenant, id).await? {
            return Err(Problem::new(Code::NotFound));
        }
        Answer::success(StatusCode::OK, &Done {})
    }

    async fn rotate_secret(
        &self,
        principal: &Principal,
        request: &HttpRequest,
        id: EndpointId,
    ) -> Result<Answer, Problem> {
        principal.require_tenant_admin()?;
        let body = match request.body.is_empty() {
            true => RotateRequest::default(),
            false => read_json(request)?,
        };
        let (endpoint, secret) = self.events.rotate(&principal.tenant, id, body.secret.as_ref()).await?;
        let endpoint = EndpointBody::with_secret(&endpoint, &secret);
        Answer::success(StatusCode::OK, &EndpointAnswer { endpoint })
    }

    async fn replay_events(
        &self,
        principal: &Principal,
        request: &HttpRequest,
        id: EndpointId,
    ) -> Result<Answer, Problem> {
        principal.require_tenant_admin()?;
        let body: ReplayRequest = read_json(request)?;
        self.events.again(&principal.tenant, id, &body).await?;
        Answer::success(StatusCode::ACCEPTED, &Done {})
    }

    async fn test_endpoint(&self, principal: &Principal, id: EndpointId) -> Result<Answer, Problem> {
        principal.require_tenant_admin()?;
        self.events.test(&principal.tenant, id).await?;
        Answer::success(StatusCode::ACCEPTED, &Done {})
    }

    async fn list_deliveries(
        &self,
        principal: &Principal,
        request: &HttpRequest,
        id: EndpointId,
    ) -> Result<Answer, Problem> {
        let query = Query::of(request);
        query.only(&["limit", "cursor"])?;
        let page = query.page()?;
        if self.events.endpoints.endpoint(&principal.tenant, id).await?.is_none() {
            return Err(Problem::new(Code::NotFound));
        }
        let page = self.deliveries.of_endpoint(&principal.tenant, id, &page).await?;
        let items: Vec<DeliveryBody> = page.items.iter().map(Into::into).collect();
        Answer::success(StatusCode::OK, &List { items, next_cursor: page.next })
    }
}
