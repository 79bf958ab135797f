//! Numbers: those that are held, and those for sale.

use std::sync::Arc;

use super::dialect;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::error::ProviderError;
use crate::provider::numbers::{HeldNumbers, NumberMarket, NumberTransfers, NumberUrls};
use crate::provider::transport::HttpTransport;
use crate::providers::twilio::compat::numbers::{self, Numbers, Transfers};

/// Our URLs on a number.
pub fn urls(base: &str) -> NumberUrls {
    numbers::urls(&dialect::DIALECT, base)
}

/// HeldNumbers of one project.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the project's settings cannot be used.
pub fn held_numbers(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn HeldNumbers>, ProviderError> {
    Ok(Box::new(Numbers(dialect::rest(account, environment, transport)?)))
}

/// NumberMarket of one project.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the project's settings cannot be used.
pub fn number_market(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn NumberMarket>, ProviderError> {
    Ok(Box::new(Numbers(dialect::rest(account, environment, transport)?)))
}

/// NumberTransfers of one project and those below it.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the project's settings cannot be used.
pub fn number_transfers(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn NumberTransfers>, ProviderError> {
    let rest = dialect::rest(account, environment, transport)?;
    Ok(Box::new(Transfers { rest, account: "project_id" }))
}
