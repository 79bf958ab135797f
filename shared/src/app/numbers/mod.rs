//! Numbers of tenants.

pub mod entry;
pub mod inventory;
