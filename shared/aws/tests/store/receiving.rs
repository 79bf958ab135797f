use telephony::app::receive_message::{ReceiveMessage, Received};
use telephony::app::route_cache::RouteCache;
use telephony::domain::address::Address;
use telephony::domain::consent::Block;
use telephony::domain::message::MediaCopy;
use telephony::domain::number::{NumberStatus, PhoneNumber};
use telephony::domain::status::MessageStatus;
use telephony::ports::{Consents, Inbox, Messages, Numbers, Recorded, Unrouted};
use telephony::provider::ProviderId;
use telephony::provider::webhooks::{InboundText, WebhookKind};

use crate::support::samples::*;
use crate::support::table;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_stored_once_and_reads_back() {
    let table = table().await;
    let demo = tenant("demo");
    let message = with_media(inbound(&demo, 1, at(0)), 2);
    assert_eq!(table.store.record(&message, None).await, Ok(Recorded::New));
    assert_eq!(table.store.record(&message, None).await, Ok(Recorded::Replay));

    let view = table.store.message(&demo, message.id).await.unwrap().unwrap();
    assert_eq!(view.message, message);
    assert_eq!(view.progress.status, MessageStatus::Received);
    assert_eq!(view.progress.copies, [MediaCopy::Pending, MediaCopy::Pending]);
    assert_eq!(view.progress.updated_at, at(0));
    assert_eq!(table.store.message(&tenant("rival"), message.id).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_received_later_is_a_replay_and_other_content_is_not() {
    let table = table().await;
    let demo = tenant("demo");
    let first = inbound(&demo, 1, at(0));
    table.store.record(&first, None).await.unwrap();
    let later = telephony::domain::message::Message { created_at: at(9), segments: 2, ..first.clone() };
    assert_eq!(table.store.record(&later, None).await, Ok(Recorded::Replay));
    for forged in [
        telephony::domain::message::Message { body: "Other".into(), ..first.clone() },
        telephony::domain::message::Message { from: Address::parse("+14155550199"), ..first.clone() },
        with_media(first.clone(), 1),
    ] {
        assert_eq!(table.store.record(&forged, None).await, Ok(Recorded::Mismatch));
    }
    assert_eq!(table.store.message(&demo, first.id).await.unwrap().unwrap().message, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_text_and_sender_survives() {
    let table = table().await;
    let demo = tenant("demo");
    for (n, body) in ["", "\"quoted\\\n\t\u{0}", "naïve 🦀", "#T#rival#M#"].into_iter().enumerate() {
        let mut message = inbound(&demo, n as u64, at(0));
        message.body = body.into();
        message.from = Address::parse(["", "12345", "ACME", "sip:bob@example.com#x"][n]);
        assert_eq!(table.store.record(&message, None).await, Ok(Recorded::New));
        assert_eq!(table.store.message(&demo, message.id).await.unwrap().unwrap().message, message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_deliveries_at_once_store_one_message() {
    let table = table().await;
    let message = inbound(&tenant("demo"), 1, at(0));
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (store, message) = (table.store.clone(), message.clone());
            tokio::spawn(async move { store.record(&message, None).await.unwrap() })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        match task.await.unwrap() {
            Recorded::New => new += 1,
            Recorded::Replay => {}
            Recorded::Mismatch => panic!("mismatch"),
        }
    }
    assert_eq!(new, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_recorded_with_its_message_and_its_replay_changes_nothing() {
    let table = table().await;
    let demo = tenant("demo");
    let contact = Address::parse(CONTACT);
    let stop = inbound(&demo, 1, at(0));
    let blocked = change(&demo, Block::Text, true, at(0));
    assert_eq!(table.store.record(&stop, Some(&blocked)).await, Ok(Recorded::New));
    let lifted = change(&demo, Block::Text, false, at(5));
    assert_eq!(table.store.record(&inbound(&demo, 2, at(5)), Some(&lifted)).await, Ok(Recorded::New));
    // The STOP again, late: the START that followed it stands.
    assert_eq!(table.store.record(&stop, Some(&blocked)).await, Ok(Recorded::Replay));
    assert!(!table.store.consent(&demo, &contact).await.unwrap().unwrap().is_blocked());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_to_a_number_that_may_not_send_is_recorded() {
    let table = table().await;
    let demo = tenant("demo");
    let store = std::sync::Arc::new(table.store.clone());
    for (n, status) in [NumberStatus::Suspended, NumberStatus::Releasing].into_iter().enumerate() {
        let contact = Address::parse(&format!("+1415555019{n}"));
        let own = number(&demo, "platform-twilio", &format!("+1202555017{n}"));
        table.store.put(&PhoneNumber { status, ..own.clone() }).await.unwrap();
        let receive = ReceiveMessage { routes: RouteCache::new(store.clone()).into(), inbox: store.clone() };
        let stop = InboundText {
            sid: format!("SM{n}").parse().unwrap(),
            from: contact.clone(),
            to: Address::Phone(own.phone.clone()),
            body: "STOP".into(),
            segments: Some(1),
            media: Vec::new(),
            answered_by_provider: false,
        };
        let received = receive.receive(ProviderId::Twilio, &own.account, stop, at(9)).await;
        assert!(matches!(received, Ok(Received::New(_))), "{received:?}");
        assert!(table.store.consent(&demo, &contact).await.unwrap().unwrap().is_blocked());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_routed_is_noted_once() {
    let table = table().await;
    let unrouted = Unrouted {
        account: "platform-twilio".parse().unwrap(),
        kind: WebhookKind::Sms,
        sid: "SM#1/ü".into(),
        own: Some(OWN.into()),
        reason: "unknown_number",
        at: at(0),
    };
    table.store.record_unrouted(&unrouted).await.unwrap();
    table.store.record_unrouted(&unrouted).await.unwrap();
    let answer = table.client.scan().table_name(&table.name).send().await.unwrap();
    assert_eq!(answer.count(), 1);
    let expires: i64 = answer.items()[0]["expires_at"].as_n().unwrap().parse().unwrap();
    assert_eq!(expires, at(30 * 24 * 3600).seconds());
}
