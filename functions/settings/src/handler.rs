//! Templates, opt-outs, machine clients, and the document that describes the API.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde::Serialize;
use telephony::api::openapi;
use telephony::api::settings::{
    ClientBody, ClientRequest, OptOutBody, OptOutRequest, TemplateBody, TemplateRequest,
};
use telephony::app::compose::{MAX_BODY_CHARS, template_problem};
use telephony::app::explain_route::ExplainRoute;
use telephony::app::problem::{Code, Problem};
use telephony::domain::address::Address;
use telephony::domain::consent::{Block, ConsentChange, Evidence};
use telephony::domain::ids::TemplateId;
use telephony::domain::phone::E164;
use telephony::domain::template::{Template, variables};
use telephony::ports::{Clients, Clock, Consents, Templates};
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::{ClaimNames, Principal};
use telephony_lambda::query::Query;

/// The longest note of an opt-out, in characters.
const MAX_NOTE_CHARS: usize = 500;

pub(crate) struct Handler {
    pub(crate) explain: ExplainRoute,
    pub(crate) templates: Arc<dyn Templates>,
    pub(crate) consents: Arc<dyn Consents>,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) claims: ClaimNames,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) default_country: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TemplateAnswer {
    template: TemplateBody,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OptOutAnswer {
    opt_out: OptOutBody,
}

#[derive(Serialize)]
struct ClientAnswer {
    client: ClientBody,
}

#[derive(Serialize)]
struct Done {}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let segments = request.segments()?;
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        if (&request.method, path.as_slice()) == (&Method::GET, &["openapi.json"]) {
            return Answer::json(StatusCode::OK, &openapi::document());
        }
        let principal = Principal::of(request, &self.claims, self.clients.as_ref()).await?;
        match (&request.method, path.as_slice()) {
            (&Method::POST, ["route", "explain"]) => {
                crate::routes::explain(&self.explain, &principal, request).await
            }
            (&Method::GET, ["templates"]) => self.templates(&principal, request).await,
            (&Method::POST, ["templates"]) => self.create_template(&principal, request).await,
            (&Method::GET, ["templates", id]) => self.template(&principal, id).await,
            (&Method::PUT, ["templates", id]) => self.put_template(&principal, request, id).await,
            (&Method::DELETE, ["templates", id]) => self.delete_template(&principal, id).await,
            (&Method::GET, ["opt-outs"]) => self.opt_outs(&principal, request).await,
            (&Method::POST, ["opt-outs"]) => self.opt_out(&principal, request).await,
            (&Method::GET, ["opt-outs", contact]) => self.consent(&principal, contact).await,
            (&Method::DELETE, ["opt-outs", contact]) => self.lift(&principal, contact).await,
            (&Method::GET, ["clients", client]) => self.client(&principal, client).await,
            (&Method::PUT, ["clients", client]) => self.bind_client(&principal, request, client).await,
            (&Method::DELETE, ["clients", client]) => {
                principal.require_admin()?;
                self.clients.bind(client, None).await?;
                Answer::success(StatusCode::OK, &Done {})
            }
            _ => Err(Problem::new(Code::NotFound)),
        }
    }

    async fn templates(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        let query = Query::of(request);
        query.only(&["limit", "cursor"])?;
        let page = self.templates.list(&principal.tenant, &query.page()?).await?;
        let items: Vec<TemplateBody> = page.items.iter().map(Into::into).collect();
        Answer::success(StatusCode::OK, &List { items, next_cursor: page.next })
    }

    async fn template(&self, principal: &Principal, id: &str) -> Result<Answer, Problem> {
        let id: TemplateId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
        let found = self.templates.get(&principal.tenant, &id).await?;
        let found = found.ok_or(Problem::new(Code::NotFound))?;
        Answer::success(StatusCode::OK, &TemplateAnswer { template: (&found).into() })
    }

    async fn create_template(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        principal.require_tenant_admin()?;
        let body: TemplateRequest = read_json(request)?;
        let id = body.id.clone().ok_or_else(|| Problem::field("id", "is missing"))?;
        let id = id.parse().map_err(|_| {
            Problem::field("id", "must have 1 to 64 letters, digits, dots, dashes, underscores or @")
        })?;
        let template = self.checked(id, &body, None)?;
        if !self.templates.put(&principal.tenant, &template, true).await? {
            return Err(Problem::field("id", "is taken by another template"));
        }
        Answer::success(StatusCode::CREATED, &TemplateAnswer { template: (&template).into() })
    }

    async fn put_template(
        &self,
        principal: &Principal,
        request: &HttpRequest,
        id: &str,
    ) -> Result<Answer, Problem> {
        principal.require_tenant_admin()?;
        let body: TemplateRequest = read_json(request)?;
        let id: TemplateId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
        if body.id.as_deref().is_some_and(|named| named != id.as_str()) {
            return Err(Problem::field("id", "must be the id of the path"));
        }
        let known = self.templates.get(&principal.tenant, &id).await?;
        let template = self.checked(id, &body, known.as_ref())?;
        self.templates.put(&principal.tenant, &template, false).await?;
        Answer::success(StatusCode::OK, &TemplateAnswer { template: (&template).into() })
    }

    async fn delete_template(&self, principal: &Principal, id: &str) -> Result<Answer, Problem> {
        principal.require_tenant_admin()?;
        let id: TemplateId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
        if !self.templates.delete(&principal.tenant, &id).await? {
            return Err(Problem::new(Code::NotFound));
        }
        Answer::success(StatusCode::OK, &Done {})
    }

    fn checked(
        &self,
        id: TemplateId,
        body: &TemplateRequest,
        known: Option<&Template>,
    ) -> Result<Template, Problem> {
        if body.body.trim().is_empty() || body.body.chars().count() > MAX_BODY_CHARS {
            return Err(Problem::field("body", "must have 1 to 1600 characters"));
        }
        variables(&body.body).map_err(template_problem)?;
        let now = self.clock.now();
        Ok(Template {
            id,
            body: body.body.clone(),
            opt_out_line: body.opt_out_line.unwrap_or(false),
            created_at: known.map_or(now, |known| known.created_at),
            updated_at: now,
        })
    }

    async fn opt_outs(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        let query = Query::of(request);
        query.only(&["limit", "cursor"])?;
        let page = self.consents.blocked(&principal.tenant, &query.page()?).await?;
        let items: Vec<OptOutBody> = page.items.iter().map(Into::into).collect();
        Answer::success(StatusCode::OK, &List { items, next_cursor: page.next })
    }

    async fn opt_out(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        let body: OptOutRequest = read_json(request)?;
        let contact = E164::from_input(&body.contact, &self.default_country).map_err(|_| {
            Problem::new(Code::InvalidNumber).and_field("contact", "is not a valid phone number")
        })?;
        if body.note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE_CHARS) {
            return Err(Problem::field("note", "must have at most 500 characters"));
        }
        let contact = Address::Phone(contact);
        self.change(principal, &contact, Block::DoNotContact, true, body.note).await?;
        self.answer_consent(principal, &contact, StatusCode::CREATED).await
    }

    async fn consent(&self, principal: &Principal, contact: &str) -> Result<Answer, Problem> {
        self.answer_consent(principal, &self.address(contact), StatusCode::OK).await
    }

    /// Lifts the tenant's own block. The contact's STOP stays: only the contact takes it back.
    async fn lift(&self, principal: &Principal, contact: &str) -> Result<Answer, Problem> {
        principal.require_tenant_admin()?;
        let contact = self.address(contact);
        let known = self.consents.consent(&principal.tenant, &contact).await?;
        if known.is_none() {
            return Err(Problem::new(Code::NotFound));
        }
        self.change(principal, &contact, Block::DoNotContact, false, None).await?;
        self.answer_consent(principal, &contact, StatusCode::OK).await
    }

    async fn change(
        &self,
        principal: &Principal,
        contact: &Address,
        block: Block,
        blocked: bool,
        note: Option<String>,
    ) -> Result<(), Problem> {
        let change = ConsentChange {
            tenant: principal.tenant.clone(),
            contact: contact.clone(),
            block,
            blocked,
            evidence: Evidence::User { user: principal.user.clone(), note },
            at: self.clock.now(),
        };
        Ok(self.consents.change(&change).await?)
    }

    async fn answer_consent(
        &self,
        principal: &Principal,
        contact: &Address,
        status: StatusCode,
    ) -> Result<Answer, Problem> {
        let consent = self.consents.consent(&principal.tenant, contact).await?;
        let consent = consent.ok_or(Problem::new(Code::NotFound))?;
        Answer::success(status, &OptOutAnswer { opt_out: (&consent).into() })
    }

    fn address(&self, text: &str) -> Address {
        match E164::from_input(text, &self.default_country) {
            Ok(phone) => Address::Phone(phone),
            Err(_) => Address::parse(text),
        }
    }

    async fn client(&self, principal: &Principal, client: &str) -> Result<Answer, Problem> {
        principal.require_admin()?;
        let tenant = self.clients.tenant_of(client).await?.ok_or(Problem::new(Code::NotFound))?;
        let client = ClientBody { client_id: client.to_owned(), tenant_id: tenant.to_string() };
        Answer::success(StatusCode::OK, &ClientAnswer { client })
    }

    async fn bind_client(
        &self,
        principal: &Principal,
        request: &HttpRequest,
        client: &str,
    ) -> Result<Answer, Problem> {
        principal.require_admin()?;
        let body: ClientRequest = read_json(request)?;
        let tenant = body.tenant_id.parse().map_err(|_| {
            Problem::field("tenantId", "must have 1 to 64 letters, digits, dots, dashes, underscores or @")
        })?;
        if client.is_empty() || client.len() > 128 {
            return Err(Problem::new(Code::NotFound));
        }
        self.clients.bind(client, Some(&tenant)).await?;
        let client = ClientBody { client_id: client.to_owned(), tenant_id: tenant.to_string() };
        Answer::success(StatusCode::OK, &ClientAnswer { client })
    }
}
