//! How SignalWire speaks the API, and one project's way to it.

use std::sync::Arc;

use super::config::Config;
use super::{error, status};
use crate::provider::account::ProviderAccount;
use crate::provider::error::ProviderError;
use crate::provider::numbers::NumberKind;
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};
use crate::providers::twilio::compat::Dialect;
use crate::providers::twilio::compat::rest::Rest;

/// A status callback is tried three times without being asked, and of the settings none concerns that
/// (docs, cxml/guides/webhooks).
pub(super) const CALLBACK_SETTINGS: &str = "";

/// How it differs.
pub(crate) const DIALECT: Dialect = Dialect {
    provider: ProviderId::SignalWire,
    // Compatibility OpenAPI, `servers`; its paths have no ending.
    api_path: "/api/laml",
    suffix: "",
    // Compatibility OpenAPI, create_message.
    created: &[201],
    callback_settings: CALLBACK_SETTINGS,
    errors: error::CODES,
    status: status::from_word,
    // Compatibility OpenAPI, create_call; it has no time limit.
    call_created: &[200],
    call_limit: false,
    // Compatibility OpenAPI, list_local_available_phone_numbers and list_tollfree_….
    market: &[(NumberKind::Local, "Local"), (NumberKind::TollFree, "TollFree")],
    market_pages: false,
    // Compatibility OpenAPI, CreateIncomingPhoneNumberRequest.
    papers: false,
};

/// The way to the API of one project.
pub(super) fn rest(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Rest, ProviderError> {
    let Config { base, project_id, authorization } = Config::of(account, environment)?;
    Ok(Rest { dialect: &DIALECT, base, account: project_id, authorization, transport })
}
