//! Values and laws of telephony. Everything here is pure: same input, same output.

pub mod account;
pub mod address;
pub mod call;
pub mod consent;
pub mod conversation;
pub mod ids;
pub mod keyword;
pub mod message;
pub mod money;
pub mod number;
pub mod phone;
pub mod price;
pub mod routing;
pub mod secret;
pub mod segments;
pub mod status;
pub mod template;
pub mod timestamp;
pub mod wallet;
