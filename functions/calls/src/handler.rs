//! `/api/calls…`, `/api/recordings/…`, `/api/voicemails…` and `/api/stir/…`.

use std::sync::Arc;

use http::header::CACHE_CONTROL;
use http::{Method, StatusCode};
use serde::Serialize;
use telephony::api::call::{CallBody, VoicemailBody, VoicemailRequest};
use telephony::api::stir::{SignRequest, VerifyRequest};
use telephony::app::problem::{Code, Problem};
use telephony::app::stir::{PublishCertificates, SignCalls, VerifyCalls};
use telephony::app::voice::history::History;
use telephony::app::voice::mailbox::Mailbox;
use telephony::domain::ids::TenantId;
use telephony::ports::Clients;
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::{ClaimNames, Principal};
use telephony_lambda::query::Query;

/// RFC 8555, 9.1.
const PEM: &str = "application/pem-certificate-chain";
/// What stands under a certificate's id never changes.
const FOR_A_DAY: &str = "public, max-age=86400";

/// The header of a call's token.
const CALL_TOKEN: &str = "x-call-token";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct OneMessage {
    voicemail: VoicemailBody,
}

#[derive(Serialize)]
struct One {
    call: CallBody,
}

pub(crate) struct Handler {
    pub(crate) sign: SignCalls,
    pub(crate) verify: VerifyCalls,
    pub(crate) publish: PublishCertificates,
    pub(crate) history: History,
    pub(crate) mailbox: Mailbox,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) claims: ClaimNames,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let segments = request.segments()?;
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        if let (&Method::GET, ["stir", "certificates", file]) = (&request.method, path.as_slice()) {
            let chain = self.publish.chain(file).await?;
            return Ok(Answer::plain(StatusCode::OK, PEM, chain).with_header(CACHE_CONTROL, FOR_A_DAY));
        }
        if let (&Method::GET, ["calls", call, "agent-config"]) = (&request.method, path.as_slice()) {
            let token = request.header(CALL_TOKEN).unwrap_or_default();
            return Answer::success(StatusCode::OK, &self.history.agent_config(call, token).await?);
        }
        let principal = Principal::of(request, &self.claims, self.clients.as_ref()).await?;
        match (&request.method, path.as_slice()) {
            (&Method::GET, ["calls"]) => {
                let query = Query::of(request);
                query.only(&["limit", "cursor", "tenantId"])?;
                let tenant = principal.for_tenant(query.get("tenantId")?)?;
                let page = self.history.list(&tenant, &query.page()?).await?;
                Answer::success(StatusCode::OK, &List { items: page.items, next_cursor: page.next })
            }
            (&Method::GET, ["calls", id]) => {
                let query = Query::of(request);
                query.only(&["tenantId"])?;
                let tenant = principal.for_tenant(query.get("tenantId")?)?;
                let call = self.history.get(&tenant, id).await?;
                Answer::success(StatusCode::OK, &One { call })
            }
            (_, ["voicemails", ..] | ["recordings", ..]) => {
                self.recorded(request, &principal, path.as_slice()).await
            }
            (&Method::POST, ["stir", "sign"]) => {
                let body: SignRequest = read_json(request)?;
                let signed = self.sign.sign(&principal.tenant, &principal.user, &body).await?;
                Answer::success(StatusCode::OK, &signed)
            }
            (&Method::POST, ["stir", "verify"]) => {
                let body: VerifyRequest = read_json(request)?;
                Answer::success(StatusCode::OK, &self.verify.verify(&body).await?)
            }
            _ => Err(Problem::new(Code::NotFound)),
        }
    }
    async fn recorded(
        &self,
        request: &HttpRequest,
        principal: &Principal,
        path: &[&str],
    ) -> Result<Answer, Problem> {
        let query = Query::of(request);
        let tenant = || -> Result<TenantId, Problem> {
            query.only(&["tenantId"])?;
            principal.for_tenant(query.get("tenantId")?)
        };
        match (&request.method, path) {
            (&Method::GET, ["voicemails"]) => {
                query.only(&["limit", "cursor", "tenantId"])?;
                let tenant = principal.for_tenant(query.get("tenantId")?)?;
                let page = self.mailbox.list(&tenant, &query.page()?).await?;
                Answer::success(StatusCode::OK, &List { items: page.items, next_cursor: page.next })
            }
            (&Method::GET, ["voicemails", id]) => {
                let voicemail = self.mailbox.get(&tenant()?, id).await?;
                Answer::success(StatusCode::OK, &OneMessage { voicemail })
            }
            (&Method::PATCH, ["voicemails", id]) => {
                // Writing is a tenant's own affair, also to whoever may read it.
                query.only(&[])?;
                let body: VoicemailRequest = read_json(request)?;
                let voicemail = self.mailbox.file(&principal.tenant, id, &body).await?;
                Answer::success(StatusCode::OK, &OneMessage { voicemail })
            }
            (&Method::GET, ["recordings", id, "content"]) => {
                Answer::redirect(&self.mailbox.content(&tenant()?, id).await?)
            }
            _ => Err(Problem::new(Code::NotFound)),
        }
    }
}
