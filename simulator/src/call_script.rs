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
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CallScript {
    pub(crate) answer: Reaction,
    /// Steps from ringing to what `answer` says.
    pub(crate) after_steps: u16,
    /// What is said; in transcripts only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) speech: Option<String>,
    /// Pressed when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digits: Option<String>,
    /// Steps from the answer until the phone hangs up; never, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hang_up_after_steps: Option<u16>,
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
            digits: None,
            hang_up_after_steps: None,
            beep: true,
            detection: None,
        }
    }
}
