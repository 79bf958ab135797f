//! The Lambda wall: events in, answers out. A function is parse → call → respond; everything that is
//! the same for all of them is here, so that the domain cannot know Lambda and no function reads an
//! event by itself.
//!
//! * [`event`]: one [`event::HttpRequest`] out of four front doors, and the exact public URL that a
//!   provider signed.
//! * [`principal`]: who calls, from the authorizer's claims only.
//! * [`body`] and [`query`]: strict reading of what came.
//! * [`answer`]: what goes back, in the front door's shape.
//! * [`runtime`], [`batch`], [`stream`], [`schedule`]: the loops that functions run.
//! * [`config`], [`local`], [`clock`], [`logging`], [`metrics`]: the process around them.

pub mod answer;
pub mod batch;
pub mod body;
pub mod clock;
pub mod config;
pub mod event;
pub mod local;
pub mod logging;
pub mod metrics;
pub mod principal;
pub mod query;
pub mod runtime;
pub mod schedule;
pub mod stream;
pub mod webhook;

/// What a function's `main` fails with.
pub type Error = lambda_runtime::Error;
