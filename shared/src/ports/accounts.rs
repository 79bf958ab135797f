//! Administering accounts: the slow, complete half beside [`super::Accounts`].

use super::{IdempotencyBinding, StoreError};
use crate::domain::account::{AccountRecord, ConnectionTest, Owner};
use crate::domain::ids::{AccountId, TenantId};
use crate::domain::timestamp::Timestamp;
use async_trait::async_trait;

/// What a key of a client's write is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundAccount {
    /// Hash of the first body.
    pub body: String,
    /// Whose account it started.
    pub owner: Owner,
    /// Which.
    pub account: AccountId,
}

/// What became of a write of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountWrite {
    /// Done.
    Done,
    /// The key was bound before.
    Replay(BoundAccount),
    /// Somebody changed it in between; nothing was written.
    Changed,
    /// The owner has another account with one of its names; nothing was written.
    NameTaken(AccountId),
}

/// All accounts of the platform or of a tenant, with what only administrators see.
#[async_trait]
pub trait AccountBook: Send + Sync {
    /// The accounts of an owner, those of the deployment first, then by id. 1 query; consistent.
    async fn list(&self, owner: &Owner) -> Result<Vec<AccountRecord>, StoreError>;

    /// One account of an owner.
    async fn find(&self, owner: &Owner, id: &AccountId) -> Result<Option<AccountRecord>, StoreError>;

    /// What a key is bound to. 1 consistent read. An expired binding is none.
    async fn bound_account(
        &self,
        tenant: &TenantId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<BoundAccount>, StoreError>;

    /// Writes a new account (version 1 afterwards), its names and the client's key (of the tenant
    /// `caller`), in one transaction.
    async fn add(
        &self,
        caller: &TenantId,
        account: &AccountRecord,
        binding: Option<&IdempotencyBinding>,
        now: Timestamp,
    ) -> Result<AccountWrite, StoreError>;

    /// Puts `after` in place of `before` and moves the names, in one transaction, if it is still as
    /// `before` was read. What tests and webhooks have noted stays, unless `after` forgets the proof.
    async fn replace(
        &self,
        before: &AccountRecord,
        after: &AccountRecord,
        now: Timestamp,
    ) -> Result<AccountWrite, StoreError>;

    /// Removes what is stored of an account, with its names. False: it was changed in between.
    async fn remove(&self, account: &AccountRecord) -> Result<bool, StoreError>;

    /// Notes what a test of exactly these credentials came to. `proven`: they are good. False: the
    /// account was changed in between, and nothing is noted.
    async fn note_test(
        &self,
        account: &AccountRecord,
        test: &ConnectionTest,
        proven: bool,
    ) -> Result<bool, StoreError>;
}
