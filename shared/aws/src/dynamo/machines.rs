//! Machine clients: which tenant a client id speaks for.

use async_trait::async_trait;
use telephony::domain::ids::TenantId;
use telephony::ports::{Clients, StoreError};

use super::Store;
use super::write::Write;
use crate::item::{Fields, keyed, text};
use crate::keys;

#[async_trait]
impl Clients for Store {
    async fn tenant_of(&self, client: &str) -> Result<Option<TenantId>, StoreError> {
        let item = self.read(&keys::client(client), true).await?;
        item.map(|item| Fields(&item).parsed("tenant")).transpose()
    }

    async fn bind(&self, client: &str, tenant: Option<&TenantId>) -> Result<(), StoreError> {
        let key = keys::client(client);
        let write = match tenant {
            Some(tenant) => {
                let mut item = keyed(&key, "cli");
                item.insert("tenant".into(), text(tenant.as_str()));
                Write::put(item)
            }
            None => Write::delete(key),
        };
        self.wrote(write).await.map(|_| ())
    }
}
