//! Money that moves by itself, and what it was for.

pub mod calls;
pub mod cap;
pub mod rents;
pub mod usage;
