//! What another process does just before one of a send's calls: at each of them in turn.

use std::sync::{Arc, Mutex};

use telephony::domain::status::MessageStatus::{Canceled, Delivered, Failed};
use telephony::ports::Outbox;
use telephony::provider::ProviderId;

use crate::drive::{Drive, inbound};
use crate::law::{self, Expected};
use crate::scenario::{Act, HORIZON, PRICE, Scenario};
use crate::support::samples::at;
use crate::world::Engine;

/// The numbers of the calls of this name.
fn places(calls: &[&str], name: &str) -> Vec<usize> {
    calls.iter().enumerate().filter(|(_, call)| **call == name).map(|(number, _)| number).collect()
}

/// A contact opts out just before call `k`. A text that was not begun by then must not leave; one that
/// was is on its way.
#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_at_every_call_of_a_send() {
    let engine = Engine::start().await;
    let mut plain = Scenario::sent("plain send", &[], true);
    plain.provider = ProviderId::SignalWire;
    let (world, _) = plain.play(plain.world(&engine, &[], false).await).await;
    let calls = world.fuse.calls();
    // The sender is told of the opt-out in the answer when it comes before the send is accepted.
    let first = places(&calls, "outbox.accept")[0] + 1;
    for k in first..calls.len() {
        let world = plain.world(&engine, &[], false).await;
        let (receive, account, clock) = (world.receive_apart(), world.account(), Arc::clone(&world.clock));
        world.fuse.meanwhile(
            k,
            Box::new(move || {
                Box::pin(async move {
                    use telephony::ports::Clock;
                    let text = inbound("10000000-0000-4000-8000-00000000cccc", "STOP");
                    receive.receive(ProviderId::SignalWire, &account, text, clock.now()).await.unwrap();
                })
            }),
        );
        let mut drive = Drive::new(world, true);
        drive.send("Hello", None).await;
        assert!(drive.settle(HORIZON).await, "STOP before call {k}: not at rest");
        let calls = drive.world.fuse.calls();
        let begun = places(&calls, "dispatch.begin").first().is_some_and(|begin| *begin < k);
        let mut expected = Expected {
            texts: vec![("Hello", usize::from(begun)), ("You have been unsubscribed", 1)],
            statuses: vec![("Hello", Failed), ("You have been unsubscribed", Delivered)],
            captured: 0,
            unread: 1,
            messages: 3,
        };
        if begun {
            (expected.statuses[0].1, expected.captured) = (Delivered, PRICE);
        }
        let broken = law::at_rest(&drive.world, &expected);
        assert!(broken.is_empty(), "STOP before call {k} ({}): {broken:#?}\n{calls:?}", calls[k]);
    }
    println!("opt-out at {} calls", calls.len() - first);
}

/// A client withdraws a text just before call `k`: either it is withdrawn and never leaves, or it is
/// too late and it leaves once.
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_at_every_call_of_a_send() {
    let engine = Engine::start().await;
    for act in [Act::Send, Act::Later] {
        let mut plain = Scenario::sent("plain send", &[], true);
        plain.act = act;
        let (world, _) = plain.play(plain.world(&engine, &[], false).await).await;
        let calls = world.fuse.calls();
        let first = places(&calls, "outbox.accept")[0] + 1;
        for k in first..calls.len() {
            let world = plain.world(&engine, &[], false).await;
            let (store, tenant) = (world.store.clone(), world.tenant.clone());
            let (sent, withdrawn) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(false)));
            let (id, done, clock) = (Arc::clone(&sent), Arc::clone(&withdrawn), Arc::clone(&world.clock));
            world.fuse.meanwhile(
                k,
                Box::new(move || {
                    Box::pin(async move {
                        use telephony::ports::Clock;
                        let id = id.lock().unwrap().unwrap();
                        let answer = store.cancel(&tenant, id, clock.now()).await.unwrap();
                        *done.lock().unwrap() = answer;
                    })
                }),
            );
            let mut drive = Drive::new(world, true);
            let id = drive.send("Hello", (act == Act::Later).then(|| at(600))).await;
            *sent.lock().unwrap() = Some(id);
            assert!(drive.settle(HORIZON).await, "withdrawn before call {k}: not at rest");
            let withdrawn = *withdrawn.lock().unwrap();
            let calls = drive.world.fuse.calls();
            let begun = places(&calls, "dispatch.begin").first().is_some_and(|begin| *begin < k);
            assert_eq!(withdrawn, !begun, "withdrawn before call {k} of {calls:?}");
            let mut expected = plain.expected.clone();
            if withdrawn {
                expected.texts[0].1 = 0;
                expected.statuses[0].1 = Canceled;
                expected.captured = 0;
            }
            let broken = law::at_rest(&drive.world, &expected);
            assert!(broken.is_empty(), "withdrawn before call {k} ({}): {broken:#?}\n{calls:?}", calls[k]);
        }
        println!("withdrawal at {} calls of {act:?}", calls.len() - first);
    }
}
