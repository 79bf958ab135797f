//! Every scenario, cut at every call through a port.

use telephony::domain::status::MessageStatus::{Canceled, Delivered, Failed};
use telephony::provider::ProviderId;

use crate::provider::{FAILED, Mood, UNDELIVERED};
use crate::scenario::{Act, PRICE, Scenario};

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_send() {
    let plain = Scenario { every: 1, ..Scenario::sent("plain send", &[], true) };
    plain.enumerate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_whose_callbacks_are_lost() {
    Scenario::sent("send, callbacks lost", &[], false).enumerate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost() {
    Scenario::sent("taken, answer lost", &[Mood::TakesAndIsLost], true).enumerate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_with_the_callbacks() {
    let lost = Scenario::sent("taken, answer and callbacks lost", &[Mood::TakesAndIsLost], false);
    Scenario { every: 1, ..lost }.enumerate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_error_after_the_text_was_taken() {
    Scenario::sent("taken, then 500", &[Mood::TakesAndFails], false).enumerate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_connection_and_then_one() {
    Scenario::sent("not connected, then taken", &[Mood::Away], true).enumerate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests() {
    Scenario::sent("429, then taken", &[Mood::Busy(30)], true).enumerate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal() {
    // A cut can keep the first refusal from us; the second is the same.
    let moods = &[Mood::Refuses(21211), Mood::Refuses(21211), Mood::Refuses(21211)];
    Scenario::never_sent("refused", moods, Act::Send, Failed).enumerate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_arrive() {
    let mut undelivered = Scenario::sent("undelivered", &[], true);
    undelivered.fate = UNDELIVERED;
    undelivered.expected.statuses[0].1 = telephony::domain::status::MessageStatus::Undelivered;
    undelivered.enumerate().await;
    let mut failed = Scenario::sent("failed at the provider", &[], true);
    failed.fate = FAILED;
    failed.expected.statuses[0].1 = Failed;
    failed.expected.captured = 0;
    failed.enumerate().await;
}

/// SignalWire answers no keyword itself; ours leaves once, and costs nothing.
#[tokio::test(flavor = "multi_thread")]
async fn help_is_answered_once() {
    let mut help = Scenario::sent("HELP", &[], true);
    help.provider = ProviderId::SignalWire;
    help.every = 1;
    help.act = Act::Inbound("HELP");
    help.expected.texts = vec![("Reply STOP", 1)];
    help.expected.statuses = vec![("Reply STOP", Delivered)];
    (help.expected.captured, help.expected.unread, help.expected.messages) = (0, 1, 2);
    help.enumerate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_overtakes_a_queued_text() {
    let mut stop = Scenario::never_sent("STOP", &[], Act::SendThenStop, Failed);
    stop.provider = ProviderId::SignalWire;
    stop.expected.texts = vec![("Hello", 0), ("You have been unsubscribed", 1)];
    stop.expected.statuses.push(("You have been unsubscribed", Delivered));
    (stop.expected.unread, stop.expected.messages) = (1, 3);
    stop.enumerate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_text_leaves_when_it_is_due() {
    let mut later = Scenario::sent("scheduled", &[], true);
    later.act = Act::Later;
    later.enumerate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_text_is_withdrawn() {
    let withdrawn = Scenario::never_sent("scheduled and withdrawn", &[], Act::LaterAndWithdrawn, Canceled);
    assert_eq!(withdrawn.expected.captured, 0, "of {PRICE}");
    withdrawn.enumerate().await;
}

/// Two equal texts on one lane: the lost answer of the first must not be taken for the second's.
#[tokio::test(flavor = "multi_thread")]
async fn two_equal_texts_and_a_lost_answer() {
    for callbacks in [true, false] {
        let mut twice =
            Scenario::sent("two equal texts, one answer lost", &[Mood::TakesAndIsLost], callbacks);
        twice.every = 8;
        twice.act = Act::SendTwice;
        twice.expected.texts = vec![("Hello", 2)];
        (twice.expected.captured, twice.expected.messages) = (2 * PRICE, 2);
        twice.enumerate().await;
    }
}
