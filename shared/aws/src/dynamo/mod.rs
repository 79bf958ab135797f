//! The ports on one DynamoDB table. One file for each group of ports; the keys are in
//! [`crate::keys`], what each call costs is in `docs/data-model.md`.

mod account_item;
mod accounts;
mod agents;
mod attempt_item;
mod calls;
mod charges;
mod consent;
mod contact;
mod conversations;
mod cursor;
mod decisions;
mod deliveries;
mod dispatch;
mod endpoints;
mod event_log;
mod failure;
mod fold;
mod inbox;
mod inventory;
mod lanes;
mod leg_item;
mod listing;
mod machines;
mod media_records;
mod message_item;
mod messages;
mod money;
mod moves;
mod numbers;
mod outbox;
mod pending;
mod preferences;
mod projection;
mod purchases;
mod recording_item;
mod recordings;
mod rents;
mod reports;
mod requests;
mod returns;
mod signatures;
mod spending;
mod stock;
mod subscriptions;
mod summary;
mod tasks;
mod templates;
mod tries;
mod usage;
mod wallets;
mod watermarks;
mod write;

pub mod records;

pub(crate) use account_item::{Holder, StoredAccount};
pub(crate) use failure::failure;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;

/// The table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: Arc<str>,
    /// Months of tenants' logs that this process has noted already (see `projection`).
    noted_months: Arc<Mutex<HashSet<String>>>,
}

impl Store {
    /// The table of this name.
    pub fn new(client: Client, table: impl Into<Arc<str>>) -> Self {
        Self { client, table: table.into(), noted_months: Arc::default() }
    }

    /// Opens the connection, so that the first webhook does not pay for the TLS handshake. The
    /// answer does not matter, not even a refusal.
    pub async fn warm_up(&self) {
        let key = crate::keys::Key { pk: "WARM".into(), sk: "WARM".into() };
        let _ = self.read(&key, false).await;
    }
}
