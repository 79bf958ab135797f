//! Stored texts with places to fill in.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ids::TemplateId;
use super::timestamp::Timestamp;

/// A stored text of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// Its name.
    pub id: TemplateId,
    /// The text, with places such as `{{firstName}}`.
    pub body: String,
    /// Whether [`with_opt_out_line`] is applied to what it renders.
    pub opt_out_line: bool,
    /// When it was first stored.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A text that cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// These places have no value; in the order in which they stand in the text.
    #[error("missing variables: {}", .0.join(", "))]
    Missing(Vec<String>),
    /// A `{{` without its `}}`, or with something between that is no name.
    #[error("`{{{{` and `}}}}` must enclose a name")]
    Malformed,
}

enum Piece<'a> {
    Text(&'a str),
    Place(&'a str),
}

/// The names of the places in `body`, each once, in the order in which they first stand there.
///
/// # Errors
/// [`TemplateError::Malformed`].
pub fn variables(body: &str) -> Result<Vec<String>, TemplateError> {
    let mut seen = BTreeSet::new();
    let places = pieces(body)?.into_iter().filter_map(|piece| match piece {
        Piece::Place(name) => Some(name),
        Piece::Text(_) => None,
    });
    Ok(places.filter(|name| seen.insert(*name)).map(str::to_owned).collect())
}

/// `body` with its places filled in. A value goes in as it is: what looks like a place within a
/// value is text, so that nobody's name can ask for another variable. Values without a place are ignored.
///
/// # Errors
/// [`TemplateError::Malformed`], or [`TemplateError::Missing`] with every place that has no value.
pub fn render(body: &str, variables: &BTreeMap<String, String>) -> Result<String, TemplateError> {
    let mut text = String::with_capacity(body.len());
    let mut missing = Vec::new();
    for piece in pieces(body)? {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Place(name) => match variables.get(name) {
                Some(value) => text.push_str(value),
                None if missing.iter().any(|m| m == name) => {}
                None => missing.push(name.to_owned()),
            },
        }
    }
    if missing.is_empty() { Ok(text) } else { Err(TemplateError::Missing(missing)) }
}

/// `text`, ending in the instruction that marketing texts must carry (CTIA Messaging Principles and
/// Best Practices, 5.1.3), unless it already has one.
pub fn with_opt_out_line(text: &str) -> String {
    if has_opt_out_instruction(text) { text.to_owned() } else { format!("{text}\nReply STOP to opt out.") }
}

/// The word `stop` near a word that tells the reader what to do with it: `Reply STOP …`, `Text
/// "stop" to …`, `STOP to end`. A bus stop is none.
fn has_opt_out_instruction(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let one_of = |words: &[&str], class: &[&str]| words.iter().any(|word| class.contains(word));
    (0..words.len()).any(|at| {
        let Some((before, from)) = words.split_at_checked(at) else { return false };
        let Some((&"stop", after)) = from.split_first() else { return false };
        let near = before.get(at.saturating_sub(3)..).unwrap_or_default();
        let next = after.get(..after.len().min(3)).unwrap_or_default();
        one_of(near, &["reply", "text", "txt", "send", "respond"])
            || (next.first().is_some_and(|word| matches!(*word, "to" | "2"))
                && one_of(next, &["opt", "end", "quit", "cancel", "unsubscribe", "stop"]))
    })
}

fn pieces(body: &str) -> Result<Vec<Piece<'_>>, TemplateError> {
    let mut pieces = Vec::new();
    let mut rest = body;
    while let Some((text, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").ok_or(TemplateError::Malformed)?;
        let name = name.trim_matches(' ');
        if !is_name(name) {
            return Err(TemplateError::Malformed);
        }
        pieces.push(Piece::Text(text));
        pieces.push(Piece::Place(name));
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::{TemplateError, render, variables, with_opt_out_line};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn places_are_filled_and_nothing_else_changes() {
        let given = values(&[("name", "Ana"), ("lead.city", "Bern"), ("unused", "x")]);
        for (body, text) in [
            ("Hi {{name}}, how is {{ lead.city }}?", "Hi Ana, how is Bern?"),
            ("{{name}}{{name}}", "AnaAna"),
            ("no places", "no places"),
            ("", ""),
            ("a } b { c }} d", "a } b { c }} d"),
        ] {
            assert_eq!(render(body, &given).as_deref(), Ok(text));
        }
        assert_eq!(variables("{{b}} {{ a }} {{b}}"), Ok(vec!["b".to_owned(), "a".to_owned()]));
    }

    #[test]
    fn a_value_is_never_expanded() {
        let given = values(&[("a", "{{b}}"), ("b", "secret"), ("open", "{{"), ("close", "b}}")]);
        assert_eq!(render("{{a}} {{open}}{{close}}", &given).as_deref(), Ok("{{b}} {{b}}"));
    }

    #[test]
    fn every_missing_name_is_told_once() {
        let missing = TemplateError::Missing(vec!["b".to_owned(), "c".to_owned()]);
        assert_eq!(render("{{b}} {{a}} {{c}} {{b}}", &values(&[("a", "1")])), Err(missing.clone()));
        assert_eq!(missing.to_string(), "missing variables: b, c");
    }

    #[test]
    fn what_is_no_place_is_malformed() {
        for body in
            ["{{", "{{a", "{{}}", "{{ }}", "{{1a}}", "{{a b}}", "{{{a}}}", "{{a-b}}", "{{\na}}", "{{é}}"]
        {
            assert_eq!(variables(body), Err(TemplateError::Malformed), "{body:?}");
            assert_eq!(render(body, &values(&[("a", "1")])), Err(TemplateError::Malformed), "{body:?}");
        }
        assert_eq!(TemplateError::Malformed.to_string(), "`{{` and `}}` must enclose a name");
    }

    #[test]
    fn the_opt_out_line_is_added_once() {
        for text in ["Sale today!", "Meet me at the bus stop", "We never stop to think about you", ""] {
            assert_eq!(with_opt_out_line(text), format!("{text}\nReply STOP to opt out."));
            assert_eq!(with_opt_out_line(&with_opt_out_line(text)), with_opt_out_line(text));
        }
        for text in [
            "Sale! Reply STOP to end.",
            "text \"stop\" to quit",
            "STOP to opt-out",
            "Txt stop 2 end",
            "stop to cancel",
        ] {
            assert_eq!(with_opt_out_line(text), text);
        }
    }

    proptest! {
        #[test]
        fn rendering_never_fails_when_every_place_has_a_value(body in "[a{} b]{0,40}", value in any::<String>()) {
            if let Ok(names) = variables(&body) {
                let given: BTreeMap<_, _> = names.into_iter().map(|name| (name, value.clone())).collect();
                prop_assert!(render(&body, &given).is_ok());
            }
        }
    }
}
