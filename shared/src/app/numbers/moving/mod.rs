//! Moving a number to another tenant, to another account of its provider, or both.
//!
//! ```text
//! active → moving → active with the new holder, released with the old one
//!                 → active as before, when the provider refuses
//! ```
//!
//! [`MoveNumber`] checks and writes the intent; [`saga`] does the rest, a step at a time, in the reconciler.
//! Meanwhile texts are parked, and [`hand_on`] brings them to whoever has the number in the end.

mod begin;
mod hand_on;
pub mod saga;
mod transfer;

pub use self::begin::{MoveNumber, Moving};
