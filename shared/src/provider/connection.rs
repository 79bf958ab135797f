//! Is the connection to an account good? One cheap authenticated call.

use async_trait::async_trait;

use super::error::ProviderError;
use crate::domain::money::Cost;

/// What a provider says about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountState {
    /// What is left, in the account's currency. `None`: the provider does not tell.
    pub balance: Option<Cost>,
    /// The account may act: not suspended, not closed.
    pub active: bool,
    /// What limits it (`20 concurrent calls`), for a person to read.
    pub note: Option<String>,
}

/// Asking about an account.
#[async_trait]
pub trait Connection: Send + Sync {
    /// One cheap authenticated read. Bad credentials are
    /// [`super::error::ErrorKind::Authentication`], no way to the provider is
    /// [`super::error::ErrorKind::Unavailable`] or `Timeout`.
    async fn check(&self) -> Result<AccountState, ProviderError>;
}
