//! `/api/opt-outs…`.

use http::StatusCode;
use serde::Serialize;
use telephony::api::settings::{OptOutBody, OptOutRequest};
use telephony::app::problem::{Code, Problem};
use telephony::domain::address::Address;
use telephony::domain::consent::{Block, ConsentChange, Evidence};
use telephony::domain::phone::E164;
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::Principal;
use telephony_lambda::query::Query;

use crate::handler::{Handler, List};

/// The longest note of an opt-out, in characters.
const MAX_NOTE_CHARS: usize = 500;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OptOutAnswer {
    opt_out: OptOutBody,
}

impl Handler {
    pub(crate) async fn opt_outs(
        &self,
        principal: &Principal,
        request: &HttpRequest,
    ) -> Result<Answer, Problem> {
        let query = Query::of(request);
        query.only(&["limit", "cursor"])?;
        let page = self.consents.blocked(&principal.tenant, &query.page()?).await?;
        let items: Vec<OptOutBody> = page.items.iter().map(Into::into).collect();
        Answer::success(StatusCode::OK, &List { items, next_cursor: page.next })
    }

    pub(crate) async fn opt_out(
        &self,
        principal: &Principal,
        request: &HttpRequest,
    ) -> Result<Answer, Problem> {
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

    pub(crate) async fn consent(&self, principal: &Principal, contact: &str) -> Result<Answer, Problem> {
        self.answer_consent(principal, &self.address(contact), StatusCode::OK).await
    }

    /// Lifts the tenant's own block. The contact's STOP stays: only the contact takes it back.
    pub(crate) async fn lift(&self, principal: &Principal, contact: &str) -> Result<Answer, Problem> {
        principal.require_tenant_admin()?;
        let contact = self.address(contact);
        let known = self.consents.consent(&principal.tenant, &contact).await?;
        if known.is_none() {
            return Err(Problem::new(Code::NotFound));
        }
        self.change(principal, &contact, Block::DoNotContact, false, None).await?;
        self.answer_consent(principal, &contact, StatusCode::OK).await
    }

    pub(crate) async fn change(
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

    pub(crate) async fn answer_consent(
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
}
