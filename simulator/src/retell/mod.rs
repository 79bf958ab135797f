//! Retell AI.

use serde_json::json;

use crate::{
    exchange::Refusal,
    json_api::{Call, Reply, Route},
    state::State,
};

pub(crate) const ROUTES: &[Route] = &[];

/// Errors have two members and no code (retell.md, section 1).
pub(crate) fn problem(status: u16, message: &str) -> Reply {
    Reply::new(status, json!({ "status": "error", "message": message }))
}

pub(crate) fn not_found() -> Reply {
    problem(404, "Not found")
}

pub(crate) fn refusal(refusal: &Refusal) -> Reply {
    problem(refusal.status, &refusal.message)
}

pub(crate) fn check(_: &State, call: &Call) -> Result<(), Reply> {
    if call.account.is_none() {
        return Err(problem(401, "API key is missing or invalid."));
    }
    Ok(())
}
