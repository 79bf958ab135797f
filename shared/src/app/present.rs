//! Stored messages, calls and recordings as the contract shows them, with links to what is kept of them.

use crate::api::call::CallBody;
use crate::api::message::MessageBody;
use crate::domain::message::{MediaCopy, MessageView};
use crate::domain::recording::Recording;
use crate::ports::{CallView, MediaLinks, StoreError};

/// The message with a fresh link to each stored attachment. No round trip.
///
/// # Errors
/// When a link cannot be made.
pub async fn message_body(view: &MessageView, links: &dyn MediaLinks) -> Result<MessageBody, StoreError> {
    let mut urls = Vec::with_capacity(view.progress.copies.len());
    for copy in &view.progress.copies {
        urls.push(match copy {
            MediaCopy::Stored { key, .. } => Some(links.link(key).await?),
            MediaCopy::Pending | MediaCopy::Failed { .. } => None,
        });
    }
    Ok(MessageBody::new(view, &urls))
}

/// The call with a fresh link to each stored recording. No round trip.
///
/// # Errors
/// When a link cannot be made.
pub async fn call_body(view: &CallView, links: &dyn MediaLinks) -> Result<CallBody, StoreError> {
    let mut urls = Vec::with_capacity(view.recordings.len());
    for recording in &view.recordings {
        urls.push(recording_url(recording, links).await?);
    }
    Ok(CallBody::new(&view.call, &view.legs, &view.recordings, &urls))
}

/// A fresh link to the sound of a recording, if we have it. No round trip.
///
/// # Errors
/// When it cannot be made.
pub async fn recording_url(
    recording: &Recording,
    links: &dyn MediaLinks,
) -> Result<Option<String>, StoreError> {
    match &recording.copy {
        MediaCopy::Stored { key, .. } => links.link(key).await.map(Some),
        MediaCopy::Pending | MediaCopy::Failed { .. } => Ok(None),
    }
}
