//! The host that the media redirect leads to. It knows no credentials and wants none.

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, header};

use crate::{
    app::Shared,
    faults::{Kind, Situation, Stage},
    journal::RequestEntry,
};

pub(crate) fn router(app: Shared) -> Router {
    Router::new().route("/_cdn/{token}", get(fetch)).with_state(app)
}

async fn fetch(State(app): State<Shared>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let mut state = app.lock();
    let known = state.cdn_tokens.get(&token).cloned();
    let sid = known.as_ref().map(|(sid, _)| sid.clone());
    let fault = state
        .faults
        .take(Stage::Request, &Situation { operation: "cdn", sid: sid.as_deref(), ..Situation::default() });
    let credentialed = headers.contains_key(header::AUTHORIZATION);
    if credentialed {
        state.violation("credentials_to_cdn", format!("Authorization was sent to /_cdn/{token}"));
    }
    let media = known.as_ref().and_then(|(sid, _)| state.media.get(sid));
    let expired = known.as_ref().is_some_and(|(_, until)| state.now() > *until);
    let response = match (&fault, media) {
        // An object store refuses two ways of authentication in one request.
        _ if credentialed => (StatusCode::BAD_REQUEST, "Only one auth mechanism allowed").into_response(),
        (Some(fault), _) => match fault.kind {
            Kind::DropBefore => crate::server::hang_up(crate::server::Hangup::Close),
            Kind::Reset => crate::server::hang_up(crate::server::Hangup::Reset),
            Kind::NotReady => StatusCode::NOT_FOUND.into_response(),
            Kind::Status429 => StatusCode::TOO_MANY_REQUESTS.into_response(),
            Kind::Status5xx | Kind::AcceptThen5xx => refused(fault.params.http_status(503)),
            _ => refused(fault.params.http_status(403)),
        },
        _ if expired => (StatusCode::FORBIDDEN, "Request has expired").into_response(),
        (None, None) => StatusCode::NOT_FOUND.into_response(),
        (None, Some(media)) => (
            [
                (header::CONTENT_TYPE, media.content_type.clone()),
                (header::CONTENT_LENGTH, media.len().to_string()),
            ],
            media.body(),
        )
            .into_response(),
    };
    let at = state.timestamp();
    state.requests.add(|id| RequestEntry {
        id,
        at,
        provider: None,
        method: "GET".to_owned(),
        path: format!("/_cdn/{token}"),
        query: None,
        operation: Some("cdn"),
        account: None,
        params: Vec::new(),
        body: None,
        headers: crate::exchange::redacted(&headers),
        status: Some(response.status().as_u16()),
        created: None,
        fault: fault.map(|fault| fault.id),
        warnings: Vec::new(),
    });
    response
}

fn refused(status: u16) -> Response {
    StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN).into_response()
}
