//! Accounts below an account: Twilio's subaccounts, SignalWire's subprojects, Telnyx's managed
//! accounts.

use async_trait::async_trait;

use super::account::AccountConfig;
use super::error::ProviderError;

/// A new subaccount.
#[derive(Clone, Debug)]
pub struct Subaccount {
    /// The provider's id of it.
    pub remote_id: String,
    /// The name that it was given.
    pub name: String,
    /// It may act.
    pub active: bool,
    /// Everything that is needed to use it, by the names of the contract. Without its credentials
    /// where the provider tells them only once.
    pub config: AccountConfig,
}

/// Managing subaccounts of one account.
#[async_trait]
pub trait Subaccounts: Send + Sync {
    /// Opens a subaccount under a name that is ours alone (it holds our id of the account), so that
    /// [`Subaccounts::find`] tells after a lost answer whether it was opened.
    async fn open(&self, name: &str) -> Result<Subaccount, ProviderError>;

    /// The subaccounts of this name, over every page.
    async fn find(&self, name: &str) -> Result<Vec<Subaccount>, ProviderError>;

    /// A subaccount that was found, with the credentials that can be had a second time.
    async fn regain(&self, found: Subaccount) -> Result<Subaccount, ProviderError>;

    /// Makes what the numbers of an open subaccount share, where their events go by that and not by a
    /// setting of each number: found by this name, or made. `webhooks` is what stands before `/api/` in our
    /// URLs. The answer is what the subaccount's settings gain; empty where numbers share nothing.
    async fn prepare(
        &self,
        subaccount: &AccountConfig,
        name: &str,
        webhooks: &str,
    ) -> Result<AccountConfig, ProviderError>;

    /// Lets a subaccount act, or stops it. Repeating it changes nothing.
    async fn set_active(&self, remote_id: &str, active: bool) -> Result<(), ProviderError>;
}
