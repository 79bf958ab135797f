//! Money that moves by itself, without anybody sending anything.

pub mod rents;
