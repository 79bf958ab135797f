//! The facts about the providers (signature vectors, number and keyword cases), which are kept beside
//! the repository and not in it.

use std::io::Write;
use std::path::PathBuf;

/// One file of the facts. Absent, its tests have nothing to say: that is said aloud, and is a failure
/// where `PROVIDER_FACTS_REQUIRED=1`.
pub(crate) fn read(file: &str) -> Option<serde_json::Value> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/providers");
    let folder = std::env::var_os("PROVIDER_FACTS").map_or_else(beside, PathBuf::from);
    let facts = std::fs::read(folder.join(file)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if facts.is_none() {
        let required = std::env::var("PROVIDER_FACTS_REQUIRED").is_ok_and(|value| value == "1");
        assert!(!required, "{file} cannot be read: set PROVIDER_FACTS to the folder of the provider facts");
        // Not `eprintln!`, which the test runner would hide.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no {file}; PROVIDER_FACTS names no folder that has it");
    }
    facts
}
