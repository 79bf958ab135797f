//! How Twilio speaks the API, and one account's way to it.

use std::sync::Arc;

use super::compat::Dialect;
use super::compat::rest::Rest;
use super::config::Config;
use super::{error, status};
use crate::provider::account::ProviderAccount;
use crate::provider::error::ProviderError;
use crate::provider::numbers::NumberKind;
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

/// Without them a callback is tried again once, and only when no connection could be made
/// (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
pub(super) const CALLBACK_SETTINGS: &str = "#rc=2&rp=5xx,ct,rt";

/// How it differs.
pub(crate) const DIALECT: Dialect = Dialect {
    provider: ProviderId::Twilio,
    api_path: "",
    suffix: ".json",
    // OpenAPI api_v2010, CreateMessage.
    created: &[201],
    callback_settings: CALLBACK_SETTINGS,
    errors: error::CODES,
    status: status::from_word,
    // OpenAPI api_v2010, CreateCall.
    call_created: &[201],
    call_limit: true,
    // OpenAPI api_v2010, ListAvailablePhoneNumberLocal and the others.
    market: &[
        (NumberKind::Local, "Local"),
        (NumberKind::TollFree, "TollFree"),
        (NumberKind::Mobile, "Mobile"),
    ],
    market_pages: true,
    papers: true,
};

/// The way to the API of one account.
pub(super) fn rest(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Rest, ProviderError> {
    let Config { base, account_sid, authorization, .. } = Config::of(account, environment)?;
    Ok(Rest { dialect: &DIALECT, base, account: account_sid, authorization, transport })
}
