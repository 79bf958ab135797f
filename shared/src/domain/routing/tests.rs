//! Laws of the router, and each step by an example.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{
    AccountState, Candidate, Capability, Decision, Exclusion, KEPT, RouteContext, RouteRecord, RouteRequest,
    Scope, decide,
};
use crate::domain::money::Micros;
use crate::domain::phone::E164;
use crate::domain::timestamp::Timestamp;
use crate::provider::ProviderId;

const TO: &str = "+12125550123";

fn phone(text: &str) -> E164 {
    text.parse().unwrap()
}

fn texts() -> BTreeSet<Capability> {
    BTreeSet::from([Capability::Sms, Capability::Mms])
}

fn candidate(number: &str) -> Candidate {
    Candidate {
        number: phone(number),
        provider: ProviderId::Twilio,
        account: "platform-twilio".parse().unwrap(),
        can: texts(),
        active: true,
        primary: false,
        state: AccountState::default(),
        cost: Some(Micros::new(7_500)),
        created_at: Timestamp::from_millis(0),
    }
}

fn request() -> RouteRequest {
    RouteRequest::new(phone(TO), [Capability::Sms])
}

fn context() -> RouteContext {
    RouteContext { last_used: None, seed: "seed".into() }
}

#[track_caller]
fn winner(request: &RouteRequest, candidates: &[Candidate], context: &RouteContext) -> (String, Vec<String>) {
    let decision = decide(request, candidates, context);
    let best = decision.selected().unwrap();
    (best.number.expose().to_owned(), best.reasons.clone())
}

#[test]
fn each_step_outweighs_the_later_ones() {
    let cheap = Some(Micros::new(1_000));
    let state = |priority| AccountState { priority, ..AccountState::default() };
    let far = "+442079460018";
    // From the weakest to the strongest: each one beats all before it.
    let ladder = [
        Candidate { primary: true, cost: None, ..candidate(far) },
        Candidate { cost: Some(Micros::new(9_000)), ..candidate("+442079460019") },
        Candidate { cost: cheap, ..candidate("+442079460020") },
        Candidate { cost: cheap, state: state(2), ..candidate("+442079460021") },
        Candidate { state: state(1), primary: true, ..candidate("+442079460022") },
        Candidate {
            state: state(9),
            can: [Capability::Sms, Capability::Shaken].into(),
            ..candidate("+442079460023")
        },
        Candidate { state: state(200), ..candidate("+14155550100") },
        Candidate { state: state(200), ..candidate("+17185550100") },
        Candidate { state: state(200), ..candidate("+16465550100") },
        Candidate { state: state(200), ..candidate("+12125550100") },
        Candidate { state: state(300), cost: None, ..candidate("+4930901820") },
    ];
    let request = RouteRequest { signed: true, ..request() };
    let context = RouteContext { last_used: Some(phone("+4930901820")), ..context() };
    let decision = decide(&request, &ladder, &context);
    let order: Vec<&str> = decision.ranked.iter().rev().map(|ranked| ranked.number.expose()).collect();
    let expected: Vec<&str> = ladder.iter().map(|candidate| candidate.number.expose()).collect();
    assert_eq!(order, expected);
    let words: Vec<&str> = decision.ranked.iter().map(|r| r.reasons.first().unwrap().as_str()).collect();
    assert_eq!(words[..6], ["sticky", "area_code", "overlay", "state", "country", "signed"]);
    assert_eq!(words[6..], ["priority:1", "priority:2", "priority:100", "priority:100", "priority:100"]);
    assert_eq!(decision.decided_by(), Some("sticky"));
    assert_eq!(decision.ranked[6].reasons, ["priority:1", "cost:0.0075", "primary"]);
}

#[test]
fn a_tenant_with_one_account_and_a_primary_number_sends_from_it() {
    let numbers = ["+14155550100", "+14155550101", "+14155550102"];
    let mut candidates: Vec<Candidate> = numbers.map(candidate).into();
    candidates[1].primary = true;
    let (number, reasons) = winner(&request(), &candidates, &context());
    assert_eq!(
        (number.as_str(), reasons),
        (numbers[1], ["country", "priority:100", "cost:0.0075", "primary"].map(String::from).into())
    );
    let decision = decide(&request(), &candidates, &context());
    assert_eq!(decision.decided_by(), Some("primary"));
    // Only the two that nothing parts drew lots.
    assert!(decision.ranked[1..].iter().all(|ranked| ranked.reasons.last().unwrap() == "balance"));
    let alone = decide(&request(), &candidates[..1], &context());
    assert_eq!(alone.decided_by(), Some("only"));
    assert_eq!(alone.selected().unwrap().reasons, ["country", "priority:100", "cost:0.0075"]);
}

#[test]
fn without_local_presence_the_place_does_not_matter() {
    let candidates = [candidate("+12125550100"), Candidate { primary: true, ..candidate("+14155550100") }];
    assert_eq!(winner(&request(), &candidates, &context()).0, "+12125550100");
    let request = RouteRequest { local_presence: false, ..request() };
    assert_eq!(winner(&request, &candidates, &context()).0, "+14155550100");
}

#[test]
fn every_exclusion_has_its_word() {
    let state = |state: AccountState| Candidate { state, ..candidate("+14155550100") };
    let demanding = RouteRequest { provider: Some(ProviderId::SignalWire), ..request() };
    for (request, candidate, word) in [
        (&demanding, candidate("+14155550100"), "override_mismatch"),
        (&request(), candidate(TO), "is_recipient"),
        (&request(), Candidate { active: false, ..candidate("+14155550100") }, "not_active"),
        (&request(), state(AccountState { scope: Scope::Foreign, ..AccountState::default() }), "not_allowed"),
        (&request(), state(AccountState::UNKNOWN), "account_not_configured"),
        (&request(), state(AccountState { active: false, ..AccountState::default() }), "account_inactive"),
        (
            &request(),
            Candidate { can: [Capability::Voice].into(), ..candidate("+14155550100") },
            "capability_missing:sms",
        ),
    ] {
        let decision = decide(request, &[candidate], &context());
        assert_eq!(decision.selected(), None);
        assert_eq!(decision.excluded[0].reason.to_string(), word);
        assert_eq!(word.parse(), Ok(decision.excluded[0].reason));
    }
    assert!("capability_missing:fax".parse::<Exclusion>().is_err() && "other".parse::<Exclusion>().is_err());
}

#[test]
fn contacts_spread_evenly_and_only_those_of_a_lost_number_move() {
    let numbers = ["+14155550100", "+14155550101", "+14155550102", "+14155550103"];
    let candidates = numbers.map(candidate);
    let chosen = |contact: u32, among: &[Candidate]| {
        let context = RouteContext { last_used: None, seed: format!("conversation-{contact}") };
        winner(&request(), among, &context).0
    };
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for contact in 0..10_000 {
        let with_all = chosen(contact, &candidates);
        let without_last = chosen(contact, &candidates[..3]);
        assert!(with_all == without_last || with_all == numbers[3]);
        *counts.entry(with_all).or_default() += 1;
    }
    // 2,500 each; five standard deviations are 217.
    assert!(counts.len() == 4 && counts.values().all(|count| (2_283..=2_717).contains(count)), "{counts:?}");
}

#[test]
fn a_record_is_bounded_and_keeps_the_winner() {
    let mut candidates: Vec<Candidate> = (0..400).map(|n| candidate(&format!("+1415555{n:04}"))).collect();
    for candidate in candidates.iter_mut().skip(300) {
        candidate.active = false;
    }
    let best = decide(&request(), &candidates, &context()).selected().unwrap().number.clone();
    let record = RouteRecord::decide(request(), &candidates, context());
    assert_eq!(record.outcome.selected().unwrap().number, best);
    assert_eq!((record.candidates.len(), record.outcome.excluded.len()), (KEPT, 5));
    assert_eq!((record.more_ranked, record.more_excluded), (280, 95));
    assert!(record.is_same(&record.replay()));
    let bytes = serde_json::to_vec(&record).unwrap().len();
    assert!(bytes < 8_000, "{bytes}");
    let few = serde_json::to_vec(&RouteRecord::decide(request(), &candidates[..2], context())).unwrap().len();
    assert!(few < 900, "{few}");
}

const NUMBERS: [&str; 8] = [
    "+12125550100",
    "+16465550100",
    "+17185550100",
    "+14155550100",
    "+14165550100",
    "+442079460018",
    "+4930901820",
    TO,
];

fn arbitrary_candidate(number: &'static str) -> impl Strategy<Value = Candidate> {
    let state = (prop::bool::weighted(0.9), prop::bool::weighted(0.9), 0_u32..4, 0_u32..8).prop_map(
        |(configured, active, priority, scope)| AccountState {
            configured,
            active,
            priority,
            scope: match scope {
                0 => Scope::Foreign,
                1 => Scope::Own,
                _ => Scope::Platform,
            },
        },
    );
    let can = prop::collection::btree_set(prop::sample::select(&Capability::ALL[..]), 2..5);
    let provider = prop::sample::select(&ProviderId::ALL[..]);
    let cost = prop::option::of(0_i64..3);
    (provider, can, prop::bool::weighted(0.9), any::<bool>(), state, cost, 0_i64..3).prop_map(
        move |(provider, can, active, primary, state, cost, at)| Candidate {
            account: format!("{provider}-{}", state.priority).parse().unwrap(),
            number: phone(number),
            provider,
            can,
            active,
            primary,
            state,
            cost: cost.map(Micros::new),
            created_at: Timestamp::from_millis(at),
        },
    )
}

fn arbitrary_candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let each: Vec<_> =
        NUMBERS.into_iter().map(|number| prop::option::weighted(0.7, arbitrary_candidate(number))).collect();
    each.prop_map(|found| found.into_iter().flatten().collect::<Vec<_>>()).prop_shuffle()
}

fn arbitrary_request() -> impl Strategy<Value = RouteRequest> {
    let needs = prop::collection::btree_set(prop::sample::select(&Capability::ALL[..]), 0..2);
    let from = prop::option::weighted(0.2, prop::sample::select(&NUMBERS[..]));
    let provider = prop::option::weighted(0.2, prop::sample::select(&ProviderId::ALL[..]));
    let account = prop::option::weighted(0.1, prop::sample::select(&["twilio-1", "telnyx-2"][..]));
    (needs, any::<bool>(), any::<bool>(), from, provider, account).prop_map(
        |(needs, local_presence, signed, from, provider, account)| RouteRequest {
            to: phone(TO),
            from: from.map(phone),
            needs,
            local_presence,
            signed,
            provider,
            account: account.map(|account| account.parse().unwrap()),
        },
    )
}

fn arbitrary_context() -> impl Strategy<Value = RouteContext> {
    (prop::option::of(prop::sample::select(&NUMBERS[..])), "[a-z]{0,4}")
        .prop_map(|(last, seed)| RouteContext { last_used: last.map(phone), seed })
}

fn numbers(decision: &Decision) -> Vec<E164> {
    decision.ranked.iter().map(|ranked| ranked.number.clone()).collect()
}

proptest! {
    #[test]
    fn the_order_of_the_candidates_does_not_matter(
        request in arbitrary_request(), candidates in arbitrary_candidates(), context in arbitrary_context()
    ) {
        let decision = decide(&request, &candidates, &context);
        prop_assert_eq!(&decision, &decide(&request, &candidates, &context));
        let mut sorted = candidates.clone();
        sorted.sort_by(|a, b| a.number.cmp(&b.number));
        prop_assert_eq!(&decision, &decide(&request, &sorted, &context));
        sorted.reverse();
        prop_assert_eq!(&decision, &decide(&request, &sorted, &context));
        // Everybody is either ranked or excluded, and the best is the greatest.
        prop_assert_eq!(decision.ranked.len() + decision.excluded.len(), candidates.len());
        prop_assert!(decision.ranked.windows(2).all(|pair| pair[0].score >= pair[1].score));
        let excluded: BTreeSet<_> = decision.excluded.iter().map(|excluded| &excluded.number).collect();
        prop_assert!(decision.ranked.iter().all(|ranked| !excluded.contains(&ranked.number)));
    }

    #[test]
    fn who_is_excluded_changes_nothing_for_the_others(
        request in arbitrary_request(), candidates in arbitrary_candidates(), context in arbitrary_context()
    ) {
        let decision = decide(&request, &candidates, &context);
        let able: Vec<Candidate> = candidates
            .iter()
            .filter(|candidate| decision.excluded.iter().all(|excluded| excluded.number != candidate.number))
            .cloned()
            .collect();
        let among_able = decide(&request, &able, &context);
        prop_assert_eq!(&among_able.ranked, &decision.ranked);
        prop_assert!(among_able.excluded.is_empty());
    }

    #[test]
    fn what_is_demanded_by_name_wins_or_nobody_does(
        request in arbitrary_request(), candidates in arbitrary_candidates(), context in arbitrary_context()
    ) {
        let decision = decide(&request, &candidates, &context);
        if let Some(selected) = decision.selected() {
            let chosen = candidates.iter().find(|candidate| candidate.number == selected.number).unwrap();
            prop_assert_eq!(request.unmet(chosen), None);
            prop_assert_eq!(selected.reasons[0] == "override", request.overrides());
        }
    }

    #[test]
    fn the_number_of_the_conversation_is_kept_wherever_the_contact_is(
        request in arbitrary_request(), candidates in arbitrary_candidates(), context in arbitrary_context()
    ) {
        let decision = decide(&request, &candidates, &context);
        let last = context.last_used.filter(|last| numbers(&decision).contains(last));
        if let Some(last) = last {
            prop_assert_eq!(&decision.selected().unwrap().number, &last);
        }
    }

    #[test]
    fn when_the_winner_goes_the_next_one_wins(
        request in arbitrary_request(), candidates in arbitrary_candidates(), context in arbitrary_context()
    ) {
        let before = numbers(&decide(&request, &candidates, &context));
        let left: Vec<Candidate> =
            candidates.iter().filter(|candidate| before.first() != Some(&candidate.number)).cloned().collect();
        let after = numbers(&decide(&request, &left, &context));
        prop_assert_eq!(after.as_slice(), before.get(1..).unwrap_or_default());
    }

    #[test]
    fn a_stored_decision_is_made_again_to_the_byte(
        request in arbitrary_request(), candidates in arbitrary_candidates(), context in arbitrary_context()
    ) {
        let record = RouteRecord::decide(request, &candidates, context);
        let stored = serde_json::to_string(&record).unwrap();
        let read: RouteRecord = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(&read, &record);
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), stored);
        let replayed = read.replay();
        prop_assert!(read.is_same(&replayed));
        prop_assert_eq!(&replayed, &record.outcome);
    }
}
