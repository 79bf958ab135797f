//! Sending through SignalWire.

use std::sync::Arc;

use super::config::Config;
use super::{error, status};
use crate::provider::account::ProviderAccount;
use crate::provider::error::ProviderError;
use crate::provider::messaging::Messaging;
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};
use crate::providers::twilio::compat::Dialect;
use crate::providers::twilio::compat::client::Client;

const DIALECT: Dialect = Dialect {
    provider: ProviderId::SignalWire,
    // Compatibility OpenAPI, `servers`; its paths have no ending.
    api_path: "/api/laml",
    suffix: "",
    // Compatibility OpenAPI, create_message.
    created: &[201],
    // A status callback is tried three times without being asked, and of the settings none concerns
    // that (docs, cxml/guides/webhooks).
    callback_settings: "",
    errors: error::CODES,
    status: status::from_word,
};

/// The sending half of one project.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the project's settings cannot be used.
pub fn messaging(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Messaging>, ProviderError> {
    let config = Config::of(account, environment)?;
    Ok(Box::new(Client {
        dialect: &DIALECT,
        base: config.base,
        account: config.project_id,
        authorization: config.authorization,
        messaging_service: None,
        transport,
    }))
}
