use telephony::domain::message::{Attempt, Lane};
use telephony::domain::money::Micros;
use telephony::domain::status::MessageStatus::{self, Delivered, Failed, Queued, Sending, Sent, Unknown};
use telephony::ports::{
    AttemptEnd, Dispatch, Merged, Messages, Outbox, Projection, Reports, StatusChange, Wallets,
};
use telephony::provider::error::{Effect, ErrorKind};

use crate::support::samples::*;
use crate::support::{Table, table};

async fn accepted(table: &Table, n: u64) -> telephony::domain::message::Message {
    let message = outbound(&tenant("demo"), n, at(0));
    table.store.accept(&intent(message.clone())).await.unwrap();
    message
}

fn ended(status: MessageStatus, seconds: i64) -> AttemptEnd {
    AttemptEnd {
        status,
        sid: None,
        error_code: None,
        error_message: None,
        error_kind: None,
        effect: None,
        superseded: false,
        at: at(seconds),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_twenty_workers_begins_an_attempt() {
    let table = table().await;
    let message = accepted(&table, 1).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (store, message) = (table.store.clone(), message.clone());
            // Equal to the millisecond: only one may call the provider all the same.
            let attempt = attempt(&message, 1, at(1));
            tokio::spawn(
                async move { store.begin(&message.tenant, message.id, &attempt, None).await.unwrap() },
            )
        })
        .collect();
    let mut begun = 0;
    for task in tasks {
        begun += u32::from(task.await.unwrap());
    }
    assert_eq!(begun, 1);
    let view = Messages::message(&table.store, &message.tenant, message.id).await.unwrap().unwrap();
    assert_eq!((view.progress.status, view.progress.attempt), (Sending, 1));
    assert_eq!(view.attempts, [attempt(&message, 1, at(1))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_merged_by_rank_account_and_id() {
    let table = table().await;
    let message = accepted(&table, 1).await;
    let key = attempt_ref(&message, 1);
    table.store.begin(&message.tenant, message.id, &attempt(&message, 1, at(1)), None).await.unwrap();
    let merge = |change: StatusChange| {
        let (store, key) = (table.store.clone(), key.clone());
        async move { store.merge(&key, &change).await.unwrap() }
    };
    assert_eq!(merge(report(&message, Sent, at(2))).await, Merged::Applied);
    assert_eq!(merge(report(&message, Sent, at(3))).await, Merged::Stale);
    assert_eq!(merge(report(&message, Queued, at(3))).await, Merged::Stale);
    let stranger =
        StatusChange { account: "rivals-own".parse().unwrap(), ..report(&message, Delivered, at(3)) };
    assert_eq!(merge(stranger).await, Merged::Foreign);
    let other = StatusChange { sid: "SM999".parse().ok(), ..report(&message, Delivered, at(3)) };
    assert_eq!(merge(other).await, Merged::Foreign);
    let nameless = StatusChange { sid: None, ..report(&message, Delivered, at(4)) };
    assert_eq!(merge(nameless).await, Merged::Applied);
    let view = Dispatch::load(&table.store, &message.tenant, message.id).await.unwrap().unwrap();
    assert_eq!(view.attempts[0].status, Delivered);
    assert_eq!(view.attempts[0].delivered_at, Some(at(4)));
    assert_eq!(view.attempts[0].sid, "SM0123456789".parse().ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_beats_the_beginning_stays_and_a_strangers_does_not() {
    let table = table().await;
    let (ours, forged) = (accepted(&table, 1).await, accepted(&table, 2).await);
    table.store.merge(&attempt_ref(&ours, 1), &report(&ours, Sent, at(1))).await.unwrap();
    let stranger =
        StatusChange { account: "rivals-own".parse().unwrap(), ..report(&forged, Delivered, at(1)) };
    table.store.merge(&attempt_ref(&forged, 1), &stranger).await.unwrap();

    // A stub alone says nothing about its message.
    for message in [&ours, &forged] {
        let key = attempt_ref(message, 1);
        let stub = Attempt { started_at: None, ..attempt(message, 1, at(1)) };
        let stub = Attempt { status: Delivered, ..stub };
        assert_eq!(table.store.fold(&key, &stub, at(1)).await, Ok(None));
        assert_eq!(
            table.store.begin(&message.tenant, message.id, &attempt(message, 1, at(2)), None).await,
            Ok(true)
        );
    }
    let read = async |message: &telephony::domain::message::Message| {
        Dispatch::load(&table.store, &message.tenant, message.id).await.unwrap().unwrap().attempts.remove(0)
    };
    let (ours, forged) = (read(&ours).await, read(&forged).await);
    assert_eq!((ours.status, ours.sid, ours.started_at), (Sent, "SM0123456789".parse().ok(), Some(at(2))));
    assert_eq!((forged.status, forged.sid), (Sending, None));
    assert_eq!(forged.account.as_str(), "platform-signalwire");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_keeps_a_higher_report_and_always_the_id() {
    let table = table().await;
    let message = accepted(&table, 1).await;
    let key = attempt_ref(&message, 1);
    table.store.begin(&message.tenant, message.id, &attempt(&message, 1, at(1)), None).await.unwrap();
    let early = StatusChange { sid: None, ..report(&message, Delivered, at(2)) };
    table.store.merge(&key, &early).await.unwrap();
    table.store.end(&key, &AttemptEnd { sid: "SM1".parse().ok(), ..ended(Queued, 3) }).await.unwrap();
    table.store.end(&key, &AttemptEnd { sid: "SM1".parse().ok(), ..ended(Unknown, 3) }).await.unwrap();
    let view = Dispatch::load(&table.store, &message.tenant, message.id).await.unwrap().unwrap();
    assert_eq!((view.attempts[0].status, view.attempts[0].sid.clone()), (Delivered, "SM1".parse().ok()));
    assert_eq!(view.attempts[0].lease_until, attempt(&message, 1, at(1)).lease_until);
    assert!(table.store.end(&attempt_ref(&message, 2), &ended(Failed, 3)).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superseded_failure_is_not_the_messages() {
    let table = table().await;
    let message = accepted(&table, 1).await;
    let (first, second) = (attempt_ref(&message, 1), attempt_ref(&message, 2));
    table.store.begin(&message.tenant, message.id, &attempt(&message, 1, at(1)), None).await.unwrap();
    let failure = AttemptEnd {
        error_kind: Some(ErrorKind::RateLimited),
        effect: Some(Effect::NotSent),
        error_code: Some("20429".into()),
        superseded: true,
        ..ended(Failed, 2)
    };
    table.store.end(&first, &failure).await.unwrap();
    let view = Dispatch::load(&table.store, &message.tenant, message.id).await.unwrap().unwrap();
    let state = &view.attempts[0];
    assert_eq!((state.error_kind, state.effect), (Some(ErrorKind::RateLimited), Some(Effect::NotSent)));
    assert!(state.superseded);
    assert_eq!(table.store.fold(&first, state, at(3)).await, Ok(None));
    assert_eq!(
        table.store.begin(&message.tenant, message.id, &attempt(&message, 1, at(3)), None).await,
        Ok(false)
    );
    assert_eq!(
        table.store.begin(&message.tenant, message.id, &attempt(&message, 2, at(3)), None).await,
        Ok(true)
    );

    // The second one fails for good.
    table.store.end(&second, &ended(Failed, 4)).await.unwrap();
    let state = Attempt { status: Failed, ..attempt(&message, 2, at(3)) };
    assert_eq!(table.store.fold(&second, &state, at(5)).await, Ok(Some(Sending)));
    assert_eq!(table.store.supersede(&second).await, Ok(false));
    assert_eq!(
        table.store.begin(&message.tenant, message.id, &attempt(&message, 3, at(6)), None).await,
        Ok(false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_either_folded_or_superseded() {
    let table = table().await;
    for n in 0..12 {
        let message = accepted(&table, n).await;
        let key = attempt_ref(&message, 1);
        table.store.begin(&message.tenant, message.id, &attempt(&message, 1, at(1)), None).await.unwrap();
        table.store.merge(&key, &report(&message, Failed, at(2))).await.unwrap();
        let state = Attempt { status: Failed, ..attempt(&message, 1, at(1)) };
        let (a, b) = (table.store.clone(), table.store.clone());
        let (ka, kb) = (key.clone(), key.clone());
        let fold = tokio::spawn(async move { a.fold(&ka, &state, at(3)).await.unwrap() });
        let supersede = tokio::spawn(async move { b.supersede(&kb).await.unwrap() });
        let (folded, superseded) = (fold.await.unwrap().is_some(), supersede.await.unwrap());
        assert_ne!(folded, superseded);
        let view = Dispatch::load(&table.store, &message.tenant, message.id).await.unwrap().unwrap();
        assert_eq!(view.progress.status == Failed, folded);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_message_does_not_move_down_when_it_is_tried_again() {
    let table = table().await;
    let message = accepted(&table, 1).await;
    let key = attempt_ref(&message, 1);
    table.store.begin(&message.tenant, message.id, &attempt(&message, 1, at(1)), None).await.unwrap();
    table.store.end(&key, &ended(Unknown, 2)).await.unwrap();
    let lost = Attempt { status: Unknown, ..attempt(&message, 1, at(1)) };
    assert_eq!(table.store.fold(&key, &lost, at(3)).await, Ok(Some(Sending)));
    for count in 1..=3 {
        assert_eq!(table.store.asked(&key).await, Ok(count));
    }
    table.store.end(&key, &AttemptEnd { superseded: true, ..ended(Failed, 4) }).await.unwrap();
    assert_eq!(
        table.store.begin(&message.tenant, message.id, &attempt(&message, 2, at(5)), None).await,
        Ok(true)
    );
    let view = Dispatch::load(&table.store, &message.tenant, message.id).await.unwrap().unwrap();
    assert_eq!((view.progress.status, view.progress.attempt), (Unknown, 2));
    assert!(table.store.asked(&attempt_ref(&message, 9)).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_an_attempt_under_way_can_be_failed() {
    let table = table().await;
    let demo = tenant("demo");
    table.store.deposit(&demo, Micros::new(100_000), "r", at(0)).await.unwrap();
    let message = priced(outbound(&demo, 1, at(0)), 7_500);
    table.store.accept(&intent(message.clone())).await.unwrap();
    table.store.fail(&demo, message.id, "expired", "It was too late.", at(9)).await.unwrap();
    table.store.fail(&demo, message.id, "other", "Again.", at(10)).await.unwrap();
    let view = Dispatch::load(&table.store, &demo, message.id).await.unwrap().unwrap();
    assert_eq!((view.progress.status, view.progress.error_code.as_deref()), (Failed, Some("expired")));
    assert_eq!(table.store.wallet(&demo).await.unwrap().held, Micros::ZERO);

    let busy = accepted(&table, 2).await;
    table.store.begin(&demo, busy.id, &attempt(&busy, 1, at(1)), None).await.unwrap();
    table.store.fail(&demo, busy.id, "expired", "It was too late.", at(9)).await.unwrap();
    let view = Dispatch::load(&table.store, &demo, busy.id).await.unwrap().unwrap();
    assert_eq!(view.progress.status, Sending);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_is_blocked_until_every_lost_answer_is_found() {
    let table = table().await;
    let (a, b) = (accepted(&table, 1).await, accepted(&table, 2).await);
    let (a, b) = (attempt_ref(&a, 1), attempt_ref(&b, 1));
    let lane =
        Lane { account: "platform-twilio".parse().unwrap(), from: OWN.parse().unwrap(), to: CONTACT.into() };
    assert_eq!(table.store.lane(&lane, at(0)).await, Ok(None));
    table.store.block_lane(&lane, &a, at(100)).await.unwrap();
    table.store.block_lane(&lane, &b, at(200)).await.unwrap();
    assert_eq!(table.store.lane(&lane, at(1)).await, Ok(Some(b.clone())));
    table.store.open_lane(&lane, &b).await.unwrap();
    assert_eq!(table.store.lane(&lane, at(1)).await, Ok(Some(a.clone())));
    assert_eq!(table.store.lane(&lane, at(100)).await, Ok(None));
    let other = Lane { to: "+14155550199".into(), ..lane };
    assert_eq!(table.store.lane(&other, at(1)).await, Ok(None));

    let (account, sid) = ("platform-twilio".parse().unwrap(), "SM1".parse().unwrap());
    assert_eq!(table.store.claim(&account, &sid, &a).await, Ok(true));
    assert_eq!(table.store.claim(&account, &sid, &a).await, Ok(true));
    assert_eq!(table.store.claim(&account, &sid, &b).await, Ok(false));
}
