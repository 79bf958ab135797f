//! Wallets.

use async_trait::async_trait;
use telephony::domain::ids::TenantId;
use telephony::domain::money::Micros;
use telephony::domain::spending::SpendCap;
use telephony::domain::timestamp::Timestamp;
use telephony::domain::wallet::{LedgerEntry, Wallet};
use telephony::ports::{Deposited, Page, PageRequest, StoreError, Wallets};

use super::Store;
use super::listing::Listing;
use super::money;
use super::requests::{Transacted, Written};
use super::tries::Tries;
use crate::item::{Fields, corrupt};
use crate::keys;

#[async_trait]
impl Wallets for Store {
    async fn wallet(&self, tenant: &TenantId) -> Result<Wallet, StoreError> {
        Ok(self.read_wallet(tenant).await?.unwrap_or_default())
    }

    async fn entries(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<LedgerEntry>, StoreError> {
        let listing = Listing::newest_first(keys::wallet_partition(tenant)).of(keys::LEDGER);
        let page = self.list(&listing, page).await?;
        let items = page.items.iter().map(|item| Fields(item).json("doc")).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    async fn set_spend_cap(&self, tenant: &TenantId, cap: &SpendCap) -> Result<Wallet, StoreError> {
        match self.write(money::cap_write(tenant, cap), true).await? {
            Written::Done(item) => money::read_wallet(&item),
            Written::Refused(_) => Err(corrupt("wallet")),
        }
    }

    async fn deposit(
        &self,
        tenant: &TenantId,
        amount: Micros,
        reference: &str,
        now: Timestamp,
    ) -> Result<Deposited, StoreError> {
        let mut tries = Tries::default();
        loop {
            let wallet = self.read_wallet(tenant).await?;
            let (entry, writes) = money::deposit(tenant, amount, reference, wallet, now)?;
            match self.transact(writes.into()).await? {
                Transacted::Done => return Ok(Deposited::New(entry)),
                Transacted::Refused(refusals) if refusals.at(0).is_some() => {
                    let noted = self.read(&keys::deposit(tenant, reference), true).await?;
                    let noted = noted.ok_or_else(|| corrupt("deposit"))?;
                    return Ok(Deposited::Replay(Fields(&noted).json("doc")?));
                }
                Transacted::Refused(_) | Transacted::Conflict => tries.again().await?,
            }
        }
    }
}
