//! Whose webhook is it? Nothing is parsed, and nothing changes, before this has answered.

use crate::domain::timestamp::Timestamp;
use crate::ports::{Accounts, StoreError};
use crate::provider::ProviderId;
use crate::provider::account::ProviderAccount;
use crate::provider::registry;
use crate::provider::request::{InboundRequest, Verified};
use crate::provider::webhooks::{KeyRole, VerificationKey, WebhookError, Webhooks};

/// The most keys that are tried for one request: the current and the next one of two accounts that
/// claim the same remote id.
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

/// Verifies a webhook's signature with the keys of the account that it names.
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
    let (known, keys) = candidate_keys(webhooks, provider, &claims, accounts).await?;
    if signatures_disabled && let Some(key) = keys.first() {
        let verified = Verified::new(request, key.account.clone(), key.role);
        return welcome(accounts, known, verified, now).await;
    }
    let refusal = match webhooks.verify(request, &keys, now) {
        Ok(verified) => return welcome(accounts, known, verified, now).await,
        Err(refusal) => refusal,
    };
    accounts.refresh().await;
    let (known, fresh) = candidate_keys(webhooks, provider, &claims, accounts).await?;
    if fresh.is_empty() {
        return Err(WebhookError::UnknownAccount.into());
    }
    if same_keys(&fresh, &keys) {
        return Err(refusal.into());
    }
    let verified = webhooks.verify(request, &fresh, now)?;
    welcome(accounts, known, verified, now).await
}

async fn candidate_keys(
    webhooks: &dyn Webhooks,
    provider: ProviderId,
    claims: &[String],
    accounts: &dyn Accounts,
) -> Result<(Vec<ProviderAccount>, Vec<VerificationKey>), StoreError> {
    let known = accounts.candidates(provider, claims).await?;
    let keys = known.iter().flat_map(|account| webhooks.keys(account)).take(MAX_KEYS).collect();
    Ok((known, keys))
}

fn same_keys(a: &[VerificationKey], b: &[VerificationKey]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.secret.expose() == b.secret.expose())
}

/// The first use of the next key tells the operator that the old one can be retired.
async fn welcome<'r>(
    accounts: &dyn Accounts,
    known: Vec<ProviderAccount>,
    verified: Verified<'r>,
    now: Timestamp,
) -> Result<Authentic<'r>, Refusal> {
    let account = known.into_iter().find(|account| account.id == *verified.account());
    let account = account.ok_or(WebhookError::UnknownAccount)?;
    if verified.role() == KeyRole::Next {
        tracing::info!(provider = %account.provider, account = %account.id, "Webhook signed with the next key");
        accounts.next_key_used(&account, now).await;
    }
    Ok(Authentic { verified, account })
}
