//! Whose webhook is it? Nothing is parsed, and nothing changes, before this has answered.

use crate::domain::timestamp::Timestamp;
use crate::ports::{Accounts, Candidates, StoreError, Whose};
use crate::provider::ProviderId;
use crate::provider::account::ProviderAccount;
use crate::provider::registry;
use crate::provider::request::{InboundRequest, Verified};
use crate::provider::webhooks::{KeyRole, VerificationKey, WebhookError, Webhooks};

/// The most keys that are tried of the platform's accounts, and again of the tenants': the current and the
/// next one of two accounts that claim the same remote id.
const MAX_KEYS: usize = 4;
/// The most names that are taken from an unverified request.
const MAX_CLAIMS: usize = 8;

/// Why a webhook was not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is not from where it says.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// We cannot tell now, because the credentials cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A request that is from where it says.
#[derive(Debug)]
pub struct Authentic<'r> {
    /// The request.
    pub verified: Verified<'r>,
    /// The account whose key signed it.
    pub account: ProviderAccount,
}

/// Verifies a webhook's signature with the keys of the accounts that it names: the platform's, which are
/// in memory, and only when none of them fits the tenants'.
///
/// What the request says about itself is used only to pick candidate keys. When none of them fits,
/// the credentials are read anew once, because they may just have been rotated.
///
/// With `signatures_disabled`, which only a local stack can be, the account is believed.
///
/// # Errors
/// [`Refusal::Webhook`]: refuse it. [`Refusal::Store`]: our own failure, to be answered so that the
/// provider tries again.
pub async fn authenticate<'r>(
    provider: ProviderId,
    request: &'r InboundRequest,
    accounts: &dyn Accounts,
    signatures_disabled: bool,
    now: Timestamp,
) -> Result<Authentic<'r>, Refusal> {
    let webhooks = registry::webhooks(provider);
    let mut claims = webhooks.claims(request);
    claims.truncate(MAX_CLAIMS);
    let door = Door { webhooks, provider, request, claims, accounts, now };
    if signatures_disabled && let Some(believed) = door.believe().await? {
        return Ok(believed);
    }
    match door.verify().await {
        // Another key could change that.
        Err(Refusal::Webhook(WebhookError::BadSignature | WebhookError::UnknownAccount)) => {}
        verified_or_not => return verified_or_not,
    }
    accounts.refresh().await;
    door.verify().await
}

/// One request before it is let in.
struct Door<'a, 'r> {
    webhooks: &'static dyn Webhooks,
    provider: ProviderId,
    request: &'r InboundRequest,
    claims: Vec<String>,
    accounts: &'a dyn Accounts,
    now: Timestamp,
}

impl<'r> Door<'_, 'r> {
    async fn candidates(&self, whose: Whose) -> Result<Candidates, StoreError> {
        self.accounts.candidates(self.provider, &self.claims, whose).await
    }

    /// Tries the platform's keys, then the tenants'. An event may name both, so that who is named does
    /// not say who signed.
    async fn verify(&self) -> Result<Authentic<'r>, Refusal> {
        let mut refusal = WebhookError::UnknownAccount;
        for whose in [Whose::Platform, Whose::Tenants] {
            let known = self.candidates(whose).await?.accounts;
            let keys: Vec<VerificationKey> =
                known.iter().flat_map(|account| self.webhooks.keys(account)).take(MAX_KEYS).collect();
            if keys.is_empty() {
                continue;
            }
            match self.webhooks.verify(self.request, &keys, self.now) {
                Ok(verified) => return self.welcome(known, verified).await,
                Err(WebhookError::BadSignature) => refusal = WebhookError::BadSignature,
                Err(other) => return Err(other.into()),
            }
        }
        Err(refusal.into())
    }

    /// The account that is named, else the first that stands in, of those that have a key.
    async fn believe(&self) -> Result<Option<Authentic<'r>>, Refusal> {
        let platform = self.candidates(Whose::Platform).await?;
        let known = if platform.named {
            platform.accounts
        } else {
            let tenants = self.candidates(Whose::Tenants).await?;
            if tenants.named { tenants.accounts } else { [platform.accounts, tenants.accounts].concat() }
        };
        let Some(key) = known.iter().flat_map(|account| self.webhooks.keys(account)).next() else {
            return Ok(None);
        };
        let verified = Verified::new(self.request, key.account, key.role);
        self.welcome(known, verified).await.map(Some)
    }

    /// The first use of the next key tells the operator that the old one can be retired.
    async fn welcome(
        &self,
        known: Vec<ProviderAccount>,
        verified: Verified<'r>,
    ) -> Result<Authentic<'r>, Refusal> {
        let account = known.into_iter().find(|account| account.id == *verified.account());
        let account = account.ok_or(WebhookError::UnknownAccount)?;
        if verified.role() == KeyRole::Next {
            tracing::info!(provider = %account.provider, account = %account.id, "Webhook signed with the next key");
            self.accounts.next_key_used(&account, self.now).await;
        }
        Ok(Authentic { verified, account })
    }
}
