//! The members of the HTTP contract: what is read, what is answered. The OpenAPI document is
//! generated from these types.

pub mod call;
pub mod conversation;
pub mod events;
pub mod message;
pub mod money;
pub mod numbers;
pub mod openapi;
pub mod operations;
pub mod preferences;
pub mod provider_management;
pub mod repair;
pub mod routing;
pub mod settings;
pub mod stir;
pub mod subscription;
pub mod usage;
pub mod wallet;
