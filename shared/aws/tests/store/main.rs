//! Every port of the store, on an engine that models DynamoDB's conditions, transactions and capacity.

mod capacity;
mod contacts;
mod folding;
mod lists;
mod numbers;
mod outbox;
mod receiving;
mod sending;
#[path = "../support/mod.rs"]
mod support;
mod waiting;
mod wallets;
