//! The use-cases, one file each. They see the world through [`crate::ports`] only, and no provider
//! by name.

pub mod answer;
pub mod authenticate;
pub mod compose;
pub mod copy_media;
pub mod deliver;
pub mod list_conversations;
pub mod present;
pub mod problem;
pub mod project;
pub mod provider_accounts;
pub mod provider_problem;
pub mod receive_message;
pub mod record_status;
pub mod resolve;
pub mod retry;
pub mod route_cache;
pub mod send_message;
pub mod sweep;
pub mod webhook;
