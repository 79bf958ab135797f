//! What was said into a recording, as text.

use time::OffsetDateTime;

use super::callbacks;
use crate::{model::Provider, state::State};

#[derive(Debug, Clone)]
pub(crate) struct Transcription {
    pub(crate) sid: String,
    pub(crate) provider: Provider,
    pub(crate) account: String,
    pub(crate) recording: String,
    pub(crate) seconds: i64,
    pub(crate) text: String,
    /// `completed` or `failed`.
    pub(crate) status: &'static str,
    pub(crate) created: OffsetDateTime,
}

/// The text is there; of silence there is none.
pub(super) fn transcribed(state: &mut State, recording: &str) {
    let created = state.now();
    let Some(found) = state.voice.recordings.get(recording) else { return };
    let text = found.wish.speech.clone();
    let transcription = Transcription {
        sid: found.provider.new_sid("TR"),
        provider: found.provider,
        account: found.account.clone(),
        recording: recording.to_owned(),
        seconds: found.seconds.unwrap_or_default(),
        status: if text.is_some() { "completed" } else { "failed" },
        text: text.unwrap_or_default(),
        created,
    };
    let sid = transcription.sid.clone();
    state.voice.transcriptions.insert(sid.clone(), transcription);
    callbacks::transcription(state, &sid);
}
