use super::{Outcome, outcome, root};
use crate::domain::address::Address;
use crate::domain::call::{Call, CallDirection, CallStatus, Dialled, Leg, SignatureReport};
use crate::domain::ids::CallId;
use crate::domain::timestamp::Timestamp;
use crate::domain::voice::plan::{Otherwise, Plan};
use crate::provider::ProviderId;

const NOW: Timestamp = Timestamp::from_millis(0);

fn call(direction: CallDirection, plan: Option<Plan>) -> Call {
    Call {
        id: CallId::from_bits(1),
        tenant: "demo".parse().unwrap(),
        direction,
        provider: ProviderId::Twilio,
        account: "a".parse().unwrap(),
        number: "01JDEM000000000000000000NE".parse().unwrap(),
        from: Address::parse("+14155552671"),
        to: Address::parse("+14155550100"),
        user: None,
        agent: None,
        own_account: false,
        lead: None,
        plan,
        created_at: NOW,
    }
}

fn leg(sid: &str, status: CallStatus) -> Leg {
    Leg {
        account: "a".parse().unwrap(),
        provider: ProviderId::Twilio,
        sid: sid.parse().unwrap(),
        control_id: None,
        session: None,
        parent: None,
        from: None,
        to: None,
        dialled: None,
        screened: None,
        stream_failed: false,
        status,
        cause: None,
        provider_cause: None,
        answered_at: None,
        ended_at: None,
        duration: None,
        answered_by: None,
        signature: SignatureReport::default(),
        cost: None,
        known: 0,
        updated_at: NOW,
    }
}

fn forward() -> Option<Plan> {
    Some(Plan::Forward {
        to: "+14155550199".into(),
        screened: false,
        agent: None,
        otherwise: Otherwise::Voicemail,
    })
}

fn stream() -> Option<Plan> {
    Some(Plan::Stream {
        agent: "sales".parse().unwrap(),
        url: "wss://a.example".into(),
        parameters: [].into(),
        otherwise: Otherwise::Apology,
    })
}

#[test]
fn what_came_of_calls() {
    use CallDirection::{Inbound, Outbound};
    use CallStatus::{Busy, Canceled, Completed, InProgress};
    let ended = |joined| Some(Dialled { status: if joined { Completed } else { Busy }, joined });
    for (direction, plan, status, dialled, message, expected) in [
        (Inbound, forward(), InProgress, None, false, None),
        (Inbound, forward(), Completed, ended(true), false, Some(Outcome::Answered)),
        // "completed" at the provider, and yet nobody talked.
        (Inbound, forward(), Completed, ended(false), false, Some(Outcome::Missed)),
        (Inbound, forward(), Completed, ended(false), true, Some(Outcome::Voicemail)),
        (Inbound, forward(), Completed, None, false, Some(Outcome::Abandoned)),
        (Inbound, forward(), Canceled, None, false, Some(Outcome::Abandoned)),
        (Inbound, Some(Plan::Voicemail), Completed, None, false, Some(Outcome::Missed)),
        (Inbound, Some(Plan::Voicemail), Completed, None, true, Some(Outcome::Voicemail)),
        (Inbound, Some(Plan::NotAccepting), Completed, None, false, Some(Outcome::Rejected)),
        (Inbound, Some(Plan::AgentNotFound), Completed, None, false, Some(Outcome::Rejected)),
        (Inbound, stream(), Completed, None, false, Some(Outcome::Agent)),
        (Inbound, stream(), Canceled, None, false, Some(Outcome::Abandoned)),
        (Inbound, None, Completed, None, false, Some(Outcome::Answered)),
        (
            Outbound,
            Some(Plan::Tell { text: "Hello".into() }),
            Completed,
            None,
            false,
            Some(Outcome::Answered),
        ),
        (Outbound, Some(Plan::Tell { text: "Hello".into() }), Busy, None, false, Some(Outcome::Missed)),
    ] {
        let root = Leg { dialled, ..leg("CA1", status) };
        let call = call(direction, plan);
        assert_eq!(outcome(&call, &[root], message), expected, "{:?} {status:?}", call.plan);
    }
    assert_eq!(outcome(&call(Inbound, None), &[], false), None);
}

#[test]
fn the_callers_leg_is_found_among_the_others() {
    let call = call(CallDirection::Inbound, forward());
    let child = Leg { parent: Some("CA1".parse().unwrap()), ..leg("CA0", CallStatus::Completed) };
    let of_the_same_session = Leg {
        to: Some(Address::parse("+14155550199")),
        from: Some(call.from.clone()),
        ..leg("CA2", CallStatus::Busy)
    };
    let own =
        Leg { to: Some(call.to.clone()), from: Some(call.from.clone()), ..leg("CA3", CallStatus::Completed) };
    let legs = [child.clone(), of_the_same_session.clone(), own];
    assert_eq!(root(&call, &legs).map(|leg| leg.sid.as_str()), Some("CA3"));
    assert_eq!(root(&call, &legs[..2]).map(|leg| leg.sid.as_str()), Some("CA2"));
    assert_eq!(root(&call, &legs[..1]).map(|leg| leg.sid.as_str()), Some("CA0"));
}
