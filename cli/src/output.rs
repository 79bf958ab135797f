//! What is written: answers to standard output, complaints to standard error.

use std::io::Write as _;

use serde_json::Value;

/// Writes one answer.
pub(crate) fn answer(value: &Value) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()
}

/// Writes lines for a person.
pub(crate) fn text(lines: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{lines}")?;
    out.flush()
}

/// Writes a complaint. Should that fail as well, the exit code says it.
pub(crate) fn complain(words: &str) {
    let _ = writeln!(std::io::stderr().lock(), "error: {words}");
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_answer_is_one_line() {
        let value = serde_json::json!({ "displayName": "two\nlines" });
        assert!(!value.to_string().contains('\n'));
    }
}
