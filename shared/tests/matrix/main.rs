//! Every provider × every capability that the registry has × every case of the seam: what an adapter
//! must do whoever it speaks to. A new provider or capability is covered by being in the registry;
//! `cargo test -p telephony --test matrix -- --list` prints the table.
//!
//! What is particular to a provider (its requests, its codes, its signatures) is in `conformance`.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod cases;
mod operations;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for operation in operations::all() {
        for case in cases::ALL {
            if !(case.applies)(&operation) {
                continue;
            }
            let name = format!("{}::{}::{}", operation.provider, operation.name, case.name);
            let run = operation.run.clone();
            let (provider, acts) = (operation.provider, operation.acts);
            trials.push(Trial::test(name, move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                runtime.block_on((case.check)(cases::Subject { provider, acts, run }));
                Ok(())
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
