//! Values and laws of telephony. Everything here is pure: same input, same output.

pub mod account;
pub mod address;
pub mod call;
pub mod consent;
pub mod conversation;
pub mod endpoint;
pub mod event;
pub mod ids;
pub mod internet;
pub mod keyword;
pub mod mark;
pub mod message;
pub mod money;
pub mod number;
pub mod phone;
pub mod price;
pub mod purchase;
pub mod rent;
pub mod routing;
pub mod secret;
pub mod segments;
pub mod status;
pub mod subscription;
pub mod template;
pub mod timestamp;
pub mod wallet;
