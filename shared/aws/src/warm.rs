//! What a webhook function does before its first event.

use crate::{SecretAccounts, Store};

/// Opens both connections and reads the credentials, at once: the first webhook after a start then makes
/// two requests on open connections, instead of waiting for two TLS handshakes and a third request. (Lambda
/// gives a start a whole core, whatever the function's memory.) What fails here is tried again then.
pub async fn warm_up(store: &Store, accounts: &SecretAccounts) {
    tokio::join!(store.warm_up(), accounts.warm_up());
}
