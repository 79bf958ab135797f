//! Calls: any order and any repetition of reports ends in the same leg.

use proptest::prelude::*;
use telephony::domain::address::Address;
use telephony::domain::call::{
    AnsweredBy, Attestation, Call, CallDirection, CallRef, CallStatus, HangupCause, SignatureReport,
};
use telephony::domain::ids::{CallId, NumberId};
use telephony::domain::money::{Cost, Micros};
use telephony::ports::{CallRecords, LegChange, LegStatus, Merged};
use telephony::provider::ProviderId;

use crate::support::samples::*;
use crate::support::{Table, table};

fn reference(tenant_id: &str) -> CallRef {
    CallRef { tenant: tenant(tenant_id), call: CallId::derived(&["call", "1"]) }
}

fn call(call: &CallRef) -> Call {
    Call {
        id: call.call,
        tenant: call.tenant.clone(),
        direction: CallDirection::Inbound,
        provider: ProviderId::Telnyx,
        account: "platform-telnyx".parse().unwrap(),
        number: NumberId::derived(&["n"]),
        from: Address::parse("+14155550199"),
        to: Address::parse("+14155550100"),
        user: None,
        agent: None,
        own_account: false,
        lead: None,
        plan: None,
        created_at: at(0),
    }
}

fn nothing(second: i64) -> LegChange {
    LegChange {
        account: "platform-telnyx".parse().unwrap(),
        provider: ProviderId::Telnyx,
        sid: "leg-1".parse().unwrap(),
        control_id: Some("v3:control".to_owned()),
        session: Some("session-1".to_owned()),
        parent: None,
        from: None,
        to: None,
        dialled: None,
        screened: None,
        stream_failed: false,
        status: None,
        answered_at: None,
        answered_by: None,
        signature: None,
        duration: None,
        cost: None,
        at: at(second),
    }
}

fn reached(status: CallStatus, second: i64) -> LegChange {
    LegChange {
        status: Some(LegStatus { status, cause: None, provider_cause: None, ended_at: None }),
        ..nothing(second)
    }
}

/// A call's life as a provider tells it.
fn life() -> Vec<LegChange> {
    let signature = SignatureReport { attestation: Some(Attestation::B), verified: Some(true) };
    let ended = LegStatus {
        status: CallStatus::Completed,
        cause: Some(HangupCause::Normal),
        provider_cause: Some("normal_clearing".to_owned()),
        ended_at: Some(at(62)),
    };
    vec![
        LegChange { signature: Some(signature), ..reached(CallStatus::Initiated, 0) },
        reached(CallStatus::Ringing, 1),
        LegChange { answered_at: Some(at(2)), ..reached(CallStatus::InProgress, 2) },
        LegChange { answered_by: Some(AnsweredBy::Human), ..nothing(3) },
        LegChange { status: Some(ended), ..nothing(62) },
        LegChange { cost: Some(Cost { amount: Micros::new(4_000), currency: "USD".into() }), ..nothing(63) },
    ]
}

async fn end_state(table: &Table, order: &[usize]) -> telephony::domain::call::Leg {
    let name = reference("demo");
    table.store.open(&call(&name)).await.unwrap();
    let life = life();
    for index in order {
        assert_ne!(table.store.merge_leg(&name, &life[*index]).await.unwrap(), Merged::Foreign);
    }
    let (_, mut legs) = table.store.call(&name).await.unwrap().unwrap();
    let mut leg = legs.pop().unwrap();
    leg.updated_at = at(0);
    leg
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_order_and_any_repetition_end_in_the_same_leg(
        order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
        again in prop::collection::vec(0_usize..6, 0..6),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let expected = end_state(&table().await, &[0, 1, 2, 3, 4, 5]).await;
            assert_eq!(expected.status, CallStatus::Completed);
            assert_eq!(expected.duration, Some(60));
            let order: Vec<usize> = order.into_iter().chain(again).collect();
            assert_eq!(end_state(&table().await, &order).await, expected);
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_moves_only_its_own_legs() {
    let table = table().await;
    let name = reference("demo");
    table.store.open(&call(&name)).await.unwrap();
    assert_eq!(table.store.merge_leg(&name, &reached(CallStatus::Ringing, 0)).await, Ok(Merged::Applied));
    for change in [reached(CallStatus::Completed, 1), nothing(1), reached(CallStatus::Queued, 1)] {
        let foreign = LegChange { account: "acme-telnyx".parse().unwrap(), ..change };
        assert_eq!(table.store.merge_leg(&name, &foreign).await, Ok(Merged::Foreign));
    }
    let (_, legs) = table.store.call(&name).await.unwrap().unwrap();
    assert_eq!((legs.len(), legs[0].status), (1, CallStatus::Ringing));
    assert_eq!(table.store.call(&reference("rival")).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_costs_one_operation_and_a_call_is_opened_once() {
    let table = table().await;
    let name = reference("demo");
    let first = call(&name);
    table.store.open(&first).await.unwrap();
    table.store.open(&Call { to: Address::parse("+14155550101"), ..first.clone() }).await.unwrap();
    assert_eq!(table.store.call(&name).await.unwrap().unwrap().0, first);
    table.meter.reset();
    table.store.merge_leg(&name, &reached(CallStatus::Initiated, 0)).await.unwrap();
    assert_eq!(table.meter.take().requests, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_remembered_for_each_account() {
    let table = table().await;
    let (one, other) = ("platform-telnyx".parse().unwrap(), "acme-telnyx".parse().unwrap());
    assert_eq!(table.store.was_done(&one, "event-1:answer").await, Ok(false));
    table.store.done(&one, "event-1:answer", at(0)).await.unwrap();
    assert_eq!(table.store.was_done(&one, "event-1:answer").await, Ok(true));
    assert_eq!(table.store.was_done(&other, "event-1:answer").await, Ok(false));
}
