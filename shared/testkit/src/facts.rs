//! The providers' own documents: OpenAPI files, error lists, signature vectors. Their licences do not
//! let us keep copies, so the tests read them where they are and say so loudly where they are not.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of the documents.
#[derive(Clone, Debug)]
pub struct Facts(PathBuf);

/// Finds the documents: `PROVIDER_FACTS`, else `../shared/providers` beside the workspace.
///
/// `None` when they are not there; with `PROVIDER_FACTS_REQUIRED=1` that is a failure.
pub fn facts() -> Option<Facts> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("PROVIDER_FACTS")
        .map_or_else(|| workspace.join("../shared/providers"), PathBuf::from);
    if folder.is_dir() {
        return Some(Facts(folder));
    }
    let required = std::env::var("PROVIDER_FACTS_REQUIRED").is_ok_and(|value| value == "1");
    assert!(
        !required,
        "PROVIDER_FACTS_REQUIRED=1, and the providers' documents are not at {}",
        folder.display()
    );
    // Not `eprintln!`, which the test runner would hide.
    let _ = writeln!(
        std::io::stderr(),
        "*** SKIPPED: no provider documents at {} (PROVIDER_FACTS) ***",
        folder.display()
    );
    None
}

impl Facts {
    /// The path of a document.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The text of a document.
    pub fn text(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A JSON document.
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}
