//! Every port of the store, on an engine that models DynamoDB's conditions, transactions and capacity.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "this is a test as a whole"
)]

mod accounts;
mod answering;
mod calls;
mod capacity;
mod charges;
mod contacts;
mod copying;
mod deliveries;
mod directory;
mod endpoints;
mod events;
mod folding;
mod handing;
mod inventory;
mod lists;
mod managing;
mod managing_desk;
mod moving;
mod numbers;
mod numbers_managed;
mod outbox;
mod purchases;
mod receiving;
mod recordings;
mod records;
mod rents;
mod routing;
mod searching;
mod sending;
mod signing;
mod spending;
mod steering;
mod steering_desk;
mod subscriptions;
#[path = "../support/mod.rs"]
mod support;
mod verifying;
mod voice;
mod waiting;
mod wallets;
mod watermarks;
