//! Twilio's status words in ours.

use super::wire::WireStatus;
use crate::domain::status::MessageStatus;

/// The status of Twilio's word. `None`: a word that this version does not know.
pub fn from_word(word: &str) -> Option<MessageStatus> {
    meaning(WireStatus::from_word(word))
}

const fn meaning(status: WireStatus) -> Option<MessageStatus> {
    match status {
        WireStatus::Accepted => Some(MessageStatus::Accepted),
        WireStatus::Scheduled => Some(MessageStatus::Scheduled),
        WireStatus::Queued => Some(MessageStatus::Queued),
        WireStatus::Sending => Some(MessageStatus::Sending),
        // Deprecated. Some of it arrived and the rest is open: the carrier has it, so it is not less
        // than sent; it is neither delivered (which would hide a loss) nor undelivered (which would
        // settle it); a final report still outranks it.
        WireStatus::Sent | WireStatus::PartiallyDelivered => Some(MessageStatus::Sent),
        WireStatus::Canceled => Some(MessageStatus::Canceled),
        WireStatus::Failed => Some(MessageStatus::Failed),
        WireStatus::Undelivered => Some(MessageStatus::Undelivered),
        WireStatus::Delivered => Some(MessageStatus::Delivered),
        WireStatus::Read => Some(MessageStatus::Read),
        WireStatus::Receiving => Some(MessageStatus::Receiving),
        WireStatus::Received => Some(MessageStatus::Received),
        WireStatus::Unknown => None,
    }
}
