//! What a person who texts one word, or a plain sentence, wants of us.
//!
//! Written for the person who wants to be left alone: a revocation counts in "any reasonable manner"
//! (47 CFR 64.1200(a)(10), in force since 2025-04-11), so plain sentences are read too, and what may be
//! one is [`Intent::Ambiguous`], for a human. One pass over the words, no regular expressions: every
//! rule looks at a bounded neighbourhood or at a run of words that no other word's rule walks again.

use serde::{Deserialize, Serialize};

mod sentence;
mod words;

use sentence::Finding::{Doubt, Nothing, Revocation};

/// What a text asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Intent {
    /// No more messages.
    Stop {
        /// True when it was said in a sentence, which no provider's own keyword matcher has seen.
        free_text: bool,
    },
    /// Messages again, please.
    Start,
    /// Who is this, and how does one stop it?
    Help,
    /// May be a revocation, or an answer: a human must look.
    Ambiguous,
    /// Nothing of the kind.
    None,
}

/// The words that the FCC names (47 CFR 64.1200(a)(10)), those of Twilio and Telnyx, and the French of
/// Canada; written without spaces, as they are compared.
const STOP: [&str; 10] =
    ["stop", "quit", "end", "revoke", "optout", "cancel", "unsubscribe", "stopall", "arret", "arreter"];
/// `yes` is an opt-in at one provider and an answer to a question everywhere; the rest is Spanish.
const UNCLEAR: [&str; 7] = ["yes", "alto", "parar", "basta", "detener", "cancelar", "baja"];
/// What `text` asks for. Case, accents, punctuation and invisible characters do not matter.
pub fn classify(text: &str) -> Intent {
    let clauses = clauses(text);
    if let Some(intent) = whole(&clauses) {
        return intent;
    }
    let invites = clauses.iter().any(|clause| sentence::invites(clause));
    // Alone, another sender's opt-out line may be a person's clumsy copy of ours.
    let judged = clauses.iter().map(|clause| match (sentence::is_instruction(clause), clauses.len()) {
        (true, 1) => Doubt,
        (true, _) => Nothing,
        (false, _) => sentence::judge(clause),
    });
    match judged.max().unwrap_or(Nothing) {
        Revocation if !invites => Intent::Stop { free_text: true },
        Revocation | Doubt => Intent::Ambiguous,
        Nothing => Intent::None,
    }
}

/// The text as a keyword and nothing else. Its pieces are joined, so that `opt-out`, `STOP ALL` and
/// `S.T.O.P.` are what they look like.
fn whole(clauses: &[Vec<String>]) -> Option<Intent> {
    // No keyword is longer than this; a long text is not copied for the comparison.
    let word: String = clauses.iter().flatten().take(16).map(String::as_str).collect();
    if clauses.iter().map(Vec::len).sum::<usize>() > 16 {
        return None;
    }
    match word.as_str() {
        "start" | "unstop" => Some(Intent::Start),
        "help" | "info" | "aide" => Some(Intent::Help),
        word if STOP.contains(&word) => Some(Intent::Stop { free_text: false }),
        word if UNCLEAR.contains(&word) => Some(Intent::Ambiguous),
        _ => None,
    }
}

/// The words of each clause, folded.
fn clauses(text: &str) -> Vec<Vec<String>> {
    let mut clauses = Vec::new();
    let (mut clause, mut word) = (Vec::new(), String::new());
    for c in text.chars().flat_map(char::to_lowercase).chain(['.']) {
        let c = fold(c);
        if c.is_alphanumeric() {
            word.push(c);
        } else if !is_joined_over(c) {
            if !word.is_empty() {
                clause.push(std::mem::take(&mut word));
            }
            if ".,;:!?\n\r()…—–".contains(c) && !clause.is_empty() {
                clauses.push(std::mem::take(&mut clause));
            }
        }
    }
    clauses
}

/// Apostrophes (`can't` is `cant`), combining accents and what is not seen.
fn is_joined_over(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`' | '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}'
        | '\u{2060}' | '\u{feff}' | '\u{fe0f}')
}

fn fold(c: char) -> char {
    match c {
        'à'..='å' => 'a',
        'ç' => 'c',
        'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'ò'..='ö' => 'o',
        'ù'..='ü' => 'u',
        // Full-width letters, as some keyboards of East Asia write them.
        'ａ'..='ｚ' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests;
