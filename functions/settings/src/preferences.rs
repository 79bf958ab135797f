//! `/api/preferences`.

use http::{Method, StatusCode};
use serde::Serialize;
use telephony::api::preferences::{PreferencesBody, PreferencesRequest};
use telephony::app::problem::{Code, Problem};
use telephony::app::voice::wishes;
use telephony::domain::ids::{TenantId, UserId};
use telephony::domain::voice::preferences::Preferences;
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::Principal;
use telephony_lambda::query::Query;

use crate::handler::Handler;

#[derive(Serialize)]
struct One {
    preferences: PreferencesBody,
}

impl Handler {
    pub(crate) async fn preferences(
        &self,
        principal: &Principal,
        request: &HttpRequest,
    ) -> Result<Answer, Problem> {
        let (tenant, user) = whose(principal, request)?;
        let wishes = match request.method {
            Method::GET => self.wishes.preferences(&tenant, &user).await?.unwrap_or_default(),
            Method::PUT => {
                let body: PreferencesRequest = read_json(request)?;
                let wishes: Preferences = wishes::read(&body, &self.default_country)?;
                self.wishes.put_preferences(&tenant, &user, &wishes).await?;
                wishes
            }
            _ => return Err(Problem::new(Code::NotFound)),
        };
        Answer::success(StatusCode::OK, &One { preferences: (&wishes).into() })
    }
}

/// The caller's own, or another user's for an administrator.
fn whose(principal: &Principal, request: &HttpRequest) -> Result<(TenantId, UserId), Problem> {
    let query = Query::of(request);
    query.only(&["userId", "tenantId"])?;
    let tenant = principal.for_tenant(query.get("tenantId")?)?;
    let user = match query.get("userId")? {
        None => principal.user.clone(),
        Some(named) => named
            .parse()
            .map_err(|_| Problem::field("userId", "must have 1 to 128 letters, digits and . _ @ -"))?,
    };
    if user != principal.user || tenant != principal.tenant {
        principal.require_tenant_admin()?;
    }
    Ok((tenant, user))
}
