//! A stored message as the contract shows it, with links to what is kept of its attachments.

use crate::api::message::MessageBody;
use crate::domain::message::{MediaCopy, MessageView};
use crate::ports::{MediaLinks, StoreError};

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
