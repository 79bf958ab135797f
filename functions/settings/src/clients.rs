//! `/api/clients…`: machine clients.

use http::StatusCode;
use serde::Serialize;
use telephony::api::settings::{ClientBody, ClientRequest};
use telephony::app::problem::{Code, Problem};
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::Principal;

use crate::handler::{Done, Handler};

#[derive(Serialize)]
struct ClientAnswer {
    client: ClientBody,
}

impl Handler {
    pub(crate) async fn client(&self, principal: &Principal, client: &str) -> Result<Answer, Problem> {
        principal.require_admin()?;
        let tenant = self.clients.tenant_of(client).await?.ok_or(Problem::new(Code::NotFound))?;
        let client = ClientBody { client_id: client.to_owned(), tenant_id: tenant.to_string() };
        Answer::success(StatusCode::OK, &ClientAnswer { client })
    }

    pub(crate) async fn bind_client(
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

    pub(crate) async fn unbind_client(&self, principal: &Principal, client: &str) -> Result<Answer, Problem> {
        principal.require_admin()?;
        self.clients.bind(client, None).await?;
        Answer::success(StatusCode::OK, &Done {})
    }
}
