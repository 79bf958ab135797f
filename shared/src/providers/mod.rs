//! The adapters: one folder per provider, with the same file names in each.
//!
//! No folder imports from another, with one declared exception: SignalWire is a *dialect* of
//! Twilio's API, so [`signalwire`] says in which points it differs and leaves the rest to
//! [`twilio::compat`].

pub mod retell;
pub mod signalwire;
pub mod telnyx;
pub mod twilio;
