//! Sending through Twilio.

use std::sync::Arc;

use super::compat::Dialect;
use super::compat::client::Client;
use super::config::Config;
use super::{error, status};
use crate::provider::account::ProviderAccount;
use crate::provider::error::ProviderError;
use crate::provider::messaging::Messaging;
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

const DIALECT: Dialect = Dialect {
    provider: ProviderId::Twilio,
    api_path: "",
    suffix: ".json",
    // OpenAPI api_v2010, CreateMessage.
    created: &[201],
    // Without it a callback is tried again once, and only when no connection could be made
    // (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
    callback_settings: "#rc=2&rp=5xx,ct,rt",
    errors: error::CODES,
    status: status::from_word,
};

/// The sending half of one account.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the account's settings cannot be used.
pub fn messaging(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Messaging>, ProviderError> {
    let config = Config::of(account, environment)?;
    Ok(Box::new(Client {
        dialect: &DIALECT,
        base: config.base,
        account: config.account_sid,
        authorization: config.authorization,
        messaging_service: config.messaging_service,
        transport,
    }))
}
