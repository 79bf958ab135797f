//! What the hot paths cost, as the engine counts it. These figures are promises of the design.

use telephony::domain::ids::{AgentId, UserId};
use telephony::domain::message::Message;
use telephony::domain::money::Micros;
use telephony::domain::routing::{
    AccountState, Candidate, Capability, RouteContext, RouteRecord, RouteRequest,
};
use telephony::domain::status::MessageStatus;
use telephony::ports::{
    Decisions, Dispatch, Inbox, Merged, Numbers, Outbox, Projection, Recorded, Reports, Wallets,
};

use crate::support::meter::Counted;
use crate::support::samples::*;
use crate::support::{Table, table};

fn spent(table: &Table) -> (u32, f64) {
    let Counted { requests, units, operations } = table.meter.take();
    println!("{requests} requests, {units} units: {}", operations.join(", "));
    (requests, units)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbound_text_costs_one_request_and_two_units() {
    let table = table().await;
    // As large as it gets: long ids everywhere, a body of 300 bytes.
    let tenant_id = tenant("7d0cbf0e-6f0c-4f3f-9a51-3f5a3f6f3a10");
    let message = Message {
        body: "x".repeat(300),
        user: Some("e3b0c442-98fc-4c14-9afb-f4c8996fb924".parse::<UserId>().unwrap()),
        agent: Some("e3b0c442-98fc-4c14-9afb-f4c8996fb925".parse::<AgentId>().unwrap()),
        auto_answer: Some("appointment_confirmation".parse().unwrap()),
        ..inbound(&tenant_id, 1, at(0))
    };
    assert_eq!(table.store.record(&message, None).await, Ok(Recorded::New));
    assert_eq!(spent(&table), (1, 2.0));
    assert_eq!(table.store.record(&message, None).await, Ok(Recorded::Replay));
    assert_eq!(spent(&table).0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_costs_one_request_and_one_unit() {
    let table = table().await;
    let message = outbound(&tenant("demo"), 1, at(0));
    table.store.accept(&intent(message.clone())).await.unwrap();
    table.store.begin(&message.tenant, message.id, &attempt(&message, 1, at(1)), None).await.unwrap();
    let key = attempt_ref(&message, 1);
    table.meter.reset();
    assert_eq!(
        table.store.merge(&key, &report(&message, MessageStatus::Sent, at(2))).await,
        Ok(Merged::Applied)
    );
    assert_eq!(spent(&table), (1, 1.0));
    let failed = report(&message, MessageStatus::Undelivered, at(3));
    let failed = telephony::ports::StatusChange { error_message: Some("ü".repeat(2_000)), ..failed };
    assert_eq!(table.store.merge(&key, &failed).await, Ok(Merged::Applied));
    assert_eq!(spent(&table), (1, 1.0));
    assert_eq!(table.store.merge(&key, &failed).await, Ok(Merged::Stale));
    assert_eq!(spent(&table).0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cold_route_costs_half_a_unit() {
    let table = table().await;
    let own = number(&tenant("demo"), "platform-twilio", OWN);
    table.store.put(&own).await.unwrap();
    table.meter.reset();
    table.store.by_account(&own.account, &own.phone).await.unwrap();
    assert_eq!(spent(&table), (1, 0.5));
}

/// A decision among this many numbers of one account.
fn decision(numbers: u32) -> RouteRecord {
    let candidates: Vec<Candidate> = (0..numbers)
        .map(|n| Candidate {
            number: format!("+1415555{n:04}").parse().unwrap(),
            provider: telephony::provider::ProviderId::SignalWire,
            account: "platform-signalwire".parse().unwrap(),
            can: Capability::ALL.into_iter().collect(),
            active: true,
            primary: n == 0,
            state: AccountState::default(),
            cost: Some(Micros::new(7_500)),
            created_at: at(0),
        })
        .collect();
    let request = RouteRequest::new(CONTACT.parse().unwrap(), [Capability::Sms]);
    let context = RouteContext { last_used: OWN.parse().ok(), seed: id(1).to_string() };
    RouteRecord::decide(request, &candidates, context)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_costs_two_units_for_three_numbers_and_twelve_at_most() {
    let table = table().await;
    let demo = tenant("7d0cbf0e-6f0c-4f3f-9a51-3f5a3f6f3a10");
    let plain = intent(outbound(&demo, 0, at(0)));
    table.meter.reset();
    table.store.accept(&plain).await.unwrap();
    let (_, without) = spent(&table);
    for (n, numbers, most) in [(1, 1, 2.0), (2, 3, 2.0), (3, 25, 12.0), (4, 500, 12.0)] {
        let intent = telephony::ports::Intent {
            decision: Some(decision(numbers)),
            ..intent(outbound(&demo, n, at(0)))
        };
        table.store.accept(&intent).await.unwrap();
        let (requests, with) = spent(&table);
        assert!(requests == 1 && with - without <= most, "{numbers} numbers");
        table.store.decision(&demo, intent.message.id).await.unwrap().unwrap();
        table.meter.reset();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_of_a_send() {
    let table = table().await;
    let demo = tenant("demo");
    table.store.deposit(&demo, Micros::new(1_000_000), "r", at(0)).await.unwrap();
    let message = priced(outbound(&demo, 1, at(0)), 7_500);
    table.meter.reset();
    let sent = telephony::ports::Intent { decision: Some(decision(3)), ..intent(message.clone()) };
    table.store.accept(&keyed(sent, "key", "body")).await.unwrap();
    println!("accept:");
    assert_eq!(spent(&table), (2, 17.0));
    table.store.project(&message).await.unwrap();
    println!("project, with the month's note:");
    assert_eq!(spent(&table).0, 2);
    table.store.project(&outbound(&demo, 2, at(1))).await.unwrap();
    println!("project:");
    assert_eq!(spent(&table).0, 1);
    Dispatch::load(&table.store, &demo, message.id).await.unwrap();
    println!("load:");
    assert_eq!(spent(&table).0, 1);
    table.store.begin(&demo, message.id, &attempt(&message, 1, at(1)), None).await.unwrap();
    println!("begin:");
    assert_eq!(spent(&table).0, 1);
    let end = telephony::ports::AttemptEnd {
        status: MessageStatus::Queued,
        sid: "SM1".parse().ok(),
        error_code: None,
        error_message: None,
        error_kind: None,
        effect: None,
        superseded: false,
        at: at(2),
    };
    table.store.end(&attempt_ref(&message, 1), &end).await.unwrap();
    println!("end:");
    assert_eq!(spent(&table), (1, 1.0));
    let change = telephony::ports::StatusChange {
        sid: "SM1".parse().ok(),
        ..report(&message, MessageStatus::Sent, at(3))
    };
    table.store.merge(&attempt_ref(&message, 1), &change).await.unwrap();
    table.meter.reset();
    let state =
        telephony::domain::message::Attempt { status: MessageStatus::Sent, ..attempt(&message, 1, at(1)) };
    assert_eq!(
        table.store.fold(&attempt_ref(&message, 1), &state, at(4)).await,
        Ok(Some(MessageStatus::Sending))
    );
    println!("fold with a capture, and its line of the books:");
    assert_eq!(spent(&table), (3, 12.0));
    assert_eq!(
        table.store.fold(&attempt_ref(&message, 1), &attempt(&message, 1, at(1)), at(5)).await,
        Ok(None)
    );
    assert_eq!(spent(&table).0, 0);
}
