//! Money that moves by itself, without anybody sending anything.

pub mod calls;
pub mod rents;
