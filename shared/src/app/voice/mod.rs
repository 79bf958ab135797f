//! Calls: what providers report about them, who takes them, and what they are told to do.

pub mod answer;
pub mod brief;
pub mod hand_over;
pub mod history;
pub mod lines;
pub mod mailbox;
pub mod planner;
pub mod record;
pub mod recordings;
pub mod steer;
mod turn;
mod verbs;
pub mod wishes;
