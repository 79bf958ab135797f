//! Numbers: one file for each use-case.

pub(super) mod accounts;
pub mod entry;
pub mod give_back;
pub mod inventory;
pub mod moving;
pub mod purchase;
pub mod release;
pub mod search;
