//! The use-cases, one file each. They see the world through [`crate::ports`] only, and no provider
//! by name.

pub mod agent_answer;
pub mod answer;
pub mod answer_call;
pub mod authenticate;
pub mod backfill;
pub mod compose;
pub mod copy_media;
pub mod deliver;
pub mod emit;
mod emit_call;
pub mod event_endpoints;
pub mod event_schedule;
pub mod explain_route;
pub mod hand_out;
pub mod list_conversations;
pub mod numbers;
pub mod post_event;
pub mod present;
pub mod problem;
pub mod project;
pub mod provider_accounts;
pub mod provider_problem;
pub mod receive_message;
pub mod record_call;
pub mod record_status;
pub mod replay;
pub mod resolve;
pub mod retry;
pub mod route;
pub mod route_cache;
pub mod send_message;
pub mod sign_event;
pub mod sweep;
pub mod webhook;
