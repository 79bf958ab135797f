//! `/api/templates…`.

use http::StatusCode;
use serde::Serialize;
use telephony::api::settings::{TemplateBody, TemplateRequest};
use telephony::app::compose::{MAX_BODY_CHARS, template_problem};
use telephony::app::problem::{Code, Problem};
use telephony::domain::ids::TemplateId;
use telephony::domain::template::{Template, variables};
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::Principal;
use telephony_lambda::query::Query;

use crate::handler::{Done, Handler, List};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TemplateAnswer {
    template: TemplateBody,
}

impl Handler {
    pub(crate) async fn templates(
        &self,
        principal: &Principal,
        request: &HttpRequest,
    ) -> Result<Answer, Problem> {
        let query = Query::of(request);
        query.only(&["limit", "cursor"])?;
        let page = self.templates.list(&principal.tenant, &query.page()?).await?;
        let items: Vec<TemplateBody> = page.items.iter().map(Into::into).collect();
        Answer::success(StatusCode::OK, &List { items, next_cursor: page.next })
    }

    pub(crate) async fn template(&self, principal: &Principal, id: &str) -> Result<Answer, Problem> {
        let id: TemplateId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
        let found = self.templates.get(&principal.tenant, &id).await?;
        let found = found.ok_or(Problem::new(Code::NotFound))?;
        Answer::success(StatusCode::OK, &TemplateAnswer { template: (&found).into() })
    }

    pub(crate) async fn create_template(
        &self,
        principal: &Principal,
        request: &HttpRequest,
    ) -> Result<Answer, Problem> {
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

    pub(crate) async fn put_template(
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

    pub(crate) async fn delete_template(&self, principal: &Principal, id: &str) -> Result<Answer, Problem> {
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
}
