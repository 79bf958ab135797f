//! What an attempt's state means for its message. Pure.

use telephony::domain::message::{Attempt, Progress};
use telephony::domain::status::MessageStatus;

/// What the message takes over from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takeover {
    /// Nothing.
    Nothing,
    /// The provider's id, which is news; the status is not.
    Sid,
    /// The status, with all that belongs to it.
    Status,
}

/// An attempt speaks for its message once it was begun: what was never begun is a stub, which any
/// verified account can leave under any id. A failure that another attempt follows is not the
/// message's.
pub(super) fn counts(attempt: &Attempt) -> bool {
    let failed = attempt.status == MessageStatus::Failed;
    attempt.started_at.is_some() && !(attempt.superseded && failed)
}

/// A beginning moves the message itself, so that up to `sending` there is nothing to take over but
/// the provider's id, and what it bills, which is a failure's as well.
pub(super) fn is_news(attempt: &Attempt) -> bool {
    let billed = attempt.started_at.is_some() && !attempt.bill.is_empty();
    billed || (counts(attempt) && (attempt.status > MessageStatus::Sending || attempt.sid.is_some()))
}

/// The message shows its newest attempt, and a status never moves down. Both only ever grow, so that
/// any order and any repetition of attempts' states ends in the same message.
pub(super) fn takeover(progress: &Progress, attempt: &Attempt) -> Takeover {
    if !counts(attempt) || attempt.n < progress.attempt {
        return Takeover::Nothing;
    }
    if attempt.status > progress.status {
        return Takeover::Status;
    }
    if progress.sid.is_none() && attempt.sid.is_some() && attempt.n == progress.attempt {
        return Takeover::Sid;
    }
    Takeover::Nothing
}

#[cfg(test)]
mod tests {
    use super::{Takeover, takeover};
    use telephony::domain::message::{Attempt, Bill, Progress};
    use telephony::domain::status::MessageStatus::{self, Delivered, Failed, Sending, Sent, Unknown};
    use telephony::domain::timestamp::Timestamp;
    use telephony::provider::ProviderId;

    fn progress(attempt: u32, status: MessageStatus) -> Progress {
        Progress {
            status,
            attempt,
            sid: None,
            error_code: None,
            error_message: None,
            delivered_at: None,
            bills: std::collections::BTreeMap::new(),
            updated_at: Timestamp::from_millis(0),
            copies: Vec::new(),
        }
    }

    fn attempt(n: u32, status: MessageStatus) -> Attempt {
        Attempt {
            n,
            provider: ProviderId::Twilio,
            account: "platform-twilio".parse().unwrap(),
            from: None,
            sid: None,
            status,
            error_code: None,
            error_message: None,
            error_kind: None,
            effect: None,
            superseded: false,
            started_at: Some(Timestamp::from_millis(0)),
            lease_until: None,
            delivered_at: None,
            asked: 0,
            bill: Bill::default(),
        }
    }

    #[test]
    fn a_higher_status_of_the_newest_attempt_wins() {
        assert_eq!(takeover(&progress(1, Sending), &attempt(1, Sent)), Takeover::Status);
        assert_eq!(takeover(&progress(1, Sent), &attempt(1, Sent)), Takeover::Nothing);
        assert_eq!(takeover(&progress(2, Sending), &attempt(1, Delivered)), Takeover::Nothing);
        assert_eq!(takeover(&progress(1, Unknown), &attempt(2, Sending)), Takeover::Nothing);
    }

    #[test]
    fn a_stub_and_a_superseded_failure_do_not_count() {
        let stub = Attempt { started_at: None, ..attempt(1, Delivered) };
        assert_eq!(takeover(&progress(0, Sending), &stub), Takeover::Nothing);
        let superseded = Attempt { superseded: true, ..attempt(1, Failed) };
        assert_eq!(takeover(&progress(1, Sending), &superseded), Takeover::Nothing);
        let arrived = Attempt { superseded: true, ..attempt(1, Delivered) };
        assert_eq!(takeover(&progress(1, Sending), &arrived), Takeover::Status);
    }

    #[test]
    fn the_providers_id_is_shown_before_the_status_moves() {
        let named = Attempt { sid: "SM1".parse().ok(), ..attempt(1, Sending) };
        assert_eq!(takeover(&progress(1, Sending), &named), Takeover::Sid);
    }
}
