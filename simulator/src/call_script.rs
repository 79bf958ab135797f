//! How a phone of the outside world behaves when it is called, or calls.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reaction {
    #[default]
    Human,
    Machine,
    Busy,
    NoAnswer,
    Reject,
    /// There is nobody at this number.
    Unreachable,
}

/// When a caller hangs up, where that is no matter of time (Twilio and SignalWire).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Moment {
    /// At the beep, without a word.
    RecordingBegins,
    /// When everything is said.
    RecordingEnds,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CallScript {
    pub(crate) answer: Reaction,
    /// Steps from ringing to what `answer` says.
    pub(crate) after_steps: u16,
    /// What is said: into recordings and gathers, and in transcripts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) speech: Option<String>,
    /// How long that takes, where a recording listens; by its length unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) speech_seconds: Option<u16>,
    /// Pressed when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digits: Option<String>,
    /// Steps from the answer until the phone hangs up; never, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hang_up_after_steps: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hang_up_when: Option<Moment>,
    /// Whether a machine beeps after its greeting.
    pub(crate) beep: bool,
    /// What answering machine detection finds, instead of the truth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detection: Option<String>,
}

impl Default for CallScript {
    fn default() -> Self {
        Self {
            answer: Reaction::Human,
            after_steps: 1,
            speech: None,
            speech_seconds: None,
            digits: None,
            hang_up_after_steps: None,
            hang_up_when: None,
            beep: true,
            detection: None,
        }
    }
}

impl CallScript {
    /// Seconds that the speech takes: about fifteen characters each, three at least; none for silence.
    pub(crate) fn speech_takes(&self) -> u32 {
        let Some(speech) = &self.speech else { return 0 };
        let length = u32::try_from(speech.chars().count()).unwrap_or(u32::MAX);
        self.speech_seconds.map_or_else(|| length.div_ceil(15).max(3), u32::from)
    }
}
