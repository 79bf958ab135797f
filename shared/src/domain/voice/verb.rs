//! What a call can be made to do, in the words that all providers have.

use std::collections::BTreeMap;
use std::time::Duration;

/// One thing after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Say a text.
    Say(Speech),
    /// Play a file, by its public URL.
    Play(String),
    /// Ring somebody and join both. What follows stands at [`super::script::Moment::DialEnded`].
    Dial(Dial),
    /// Beep, and record what is said. What follows stands at [`super::script::Moment::Recorded`].
    Record(Record),
    /// Say a text and wait for one key. What follows stands at [`super::script::Moment::ScreenPressed`]; without
    /// a key, the next verb follows.
    AskForKey(Speech),
    /// Give the audio to a WebSocket, both ways.
    Stream(Stream),
    /// End it.
    HangUp,
}

/// A text to be said: no control characters, at most [`Speech::LONGEST`] of the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speech(String);

impl Speech {
    /// Telnyx takes 3 000 characters, Twilio and SignalWire 4 096 (OpenAPI, `speak`; cXML reference, `Say`).
    pub const LONGEST: usize = 3_000;

    /// The text, without what cannot be said or written in XML, and cut to what every provider takes.
    pub fn new(text: &str) -> Self {
        Self(text.chars().map(plain).take(Self::LONGEST).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that XML 1.0 can hold: what it cannot, escaped or not, becomes a space.
pub fn writable(text: &str) -> String {
    text.chars().map(plain).collect()
}

fn plain(character: char) -> char {
    match character {
        '\u{FFFE}' | '\u{FFFF}' => ' ',
        other if other.is_control() => ' ',
        other => other,
    }
}

/// Ring somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// Whom: E.164, or a SIP URI.
    pub to: String,
    /// The number that is shown. `None`: the caller's.
    pub from: Option<String>,
    /// How long it may ring.
    pub ring_for: Duration,
    /// The longest that both may talk, where their money says so.
    pub time_limit: Option<Duration>,
    /// Whoever answers must press a key before both are joined, so that no mailbox takes the call.
    pub screened: bool,
    /// Record both sides from the answer on.
    pub recorded: bool,
}

/// Record what is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The longest that it may be.
    pub max_length: Duration,
    /// Have the provider write down what is said, where it can.
    pub transcribed: bool,
}

/// Where audio goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// `wss://…`
    pub url: String,
    /// What the stream is told when it begins.
    pub parameters: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::Speech;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_said_can_be_written_in_xml(text in ".{0,64}") {
            let speech = Speech::new(&text);
            let fits = |c: char| matches!(c, ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
            prop_assert!(speech.as_str().chars().all(fits));
            prop_assert_eq!(speech.as_str().chars().count(), text.chars().count());
        }
    }

    #[test]
    fn a_text_is_cut_to_what_every_provider_takes() {
        assert_eq!(Speech::new(&"é".repeat(4_000)).as_str().chars().count(), Speech::LONGEST);
    }
}
