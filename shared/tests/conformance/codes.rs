//! Each code of the providers' own lists has a meaning here or a reason to have none.

use std::collections::BTreeSet;

use serde_json::Value;
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::{ProviderId, registry};
use telephony::providers::twilio::compat::{CodeRow, Source};
use telephony::providers::{signalwire, telnyx, twilio};
use telephony_testkit::facts::facts;

/// From, to, and why.
type Elsewhere<'t> = &'t [(u32, u32, &'t str)];

/// What is wrong with the two tables of a provider, in words.
fn faults(list: &BTreeSet<u32>, mapped: &[u32], elsewhere: Elsewhere<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut reached = BTreeSet::new();
    for code in mapped {
        if !list.contains(code) {
            faults.push(format!("{code} is mapped and not in the list"));
        }
        if !reached.insert(*code) {
            faults.push(format!("{code} is mapped twice"));
        }
    }
    for (from, to, reason) in elsewhere {
        if from > to || !list.contains(from) || !list.contains(to) {
            faults.push(format!("{from} to {to} are not codes of the list"));
            continue;
        }
        if reason.is_empty() {
            faults.push(format!("{from} to {to} have no reason"));
        }
        for code in list.range(from..=to) {
            if !reached.insert(*code) {
                faults.push(format!("{code} is mapped, or listed before"));
            }
        }
    }
    faults.extend(list.difference(&reached).map(|code| format!("{code} is neither mapped nor listed")));
    faults
}

/// A number, or a text of digits.
fn codes(list: &Value) -> BTreeSet<u32> {
    let code = |item: &Value| match &item["code"] {
        Value::String(digits) => digits.parse().unwrap(),
        number => u32::try_from(number.as_u64().unwrap()).unwrap(),
    };
    list.as_array().unwrap().iter().map(code).collect()
}

/// The codes that are of the list; the others have a page of their own.
fn of_the_list(table: &[CodeRow], list: &BTreeSet<u32>) -> Vec<u32> {
    for row in table {
        if let Source::Page(page) = row.source {
            assert!(!list.contains(&row.code), "{} is in the list by now", row.code);
            assert!(page.starts_with("https://"), "{page}");
        }
    }
    table.iter().filter(|row| row.source == Source::List).map(|row| row.code).collect()
}

#[test]
fn every_code_of_the_lists_is_mapped_or_listed() {
    let Some(facts) = facts() else { return };
    let list = codes(&facts.json("specs/twilio/twilio-error-codes.2023-05-15.thirdparty.json"));
    assert_eq!(list.len(), 1953);
    let mapped = of_the_list(twilio::error::CODES, &list);
    assert_eq!(faults(&list, &mapped, twilio::elsewhere::ELSEWHERE), [""; 0], "Twilio");

    let list = codes(&facts.json("specs/signalwire/signalwire-error-codes.json")["codes"]);
    assert_eq!(list.len(), 114);
    let mapped = of_the_list(signalwire::error::CODES, &list);
    assert_eq!(faults(&list, &mapped, signalwire::error::ELSEWHERE), [""; 0], "SignalWire");

    let list = codes(&facts.json("specs/telnyx/telnyx-error-codes.json")["codes"]);
    assert_eq!(list.len(), 269);
    let mapped: Vec<u32> = telnyx::error::CODES.iter().map(|row| row.code).collect();
    assert_eq!(faults(&list, &mapped, telnyx::error::ELSEWHERE), [""; 0], "Telnyx");
}

#[test]
fn a_gap_and_an_overlap_are_seen() {
    let list = BTreeSet::from([1, 2, 3, 5, 8]);
    let all: Elsewhere<'_> = &[(2, 3, "a reason"), (8, 8, "another")];
    assert_eq!(faults(&list, &[1, 5], all), [""; 0]);
    for (mapped, elsewhere, fault) in [
        (&[1][..], all, "5 is neither mapped nor listed"),
        (&[1, 5, 5], all, "5 is mapped twice"),
        (&[1, 5, 13], all, "13 is mapped and not in the list"),
        (&[1, 2, 5], all, "2 is mapped, or listed before"),
        (&[1, 5], &[(2, 8, "a reason")], "5 is mapped, or listed before"),
        (&[1, 5], &[(2, 3, "a reason"), (3, 8, "a reason")], "3 is mapped, or listed before"),
        (&[1, 5], &[(2, 4, "a reason"), (8, 8, "another")], "2 to 4 are not codes of the list"),
        (&[1, 5], &[(3, 2, "a reason"), (8, 8, "another")], "3 to 2 are not codes of the list"),
        (&[1, 5], &[(2, 3, ""), (8, 8, "another")], "2 to 3 have no reason"),
        (&[1, 2, 3, 5], &[], "8 is neither mapped nor listed"),
    ] {
        assert!(faults(&list, mapped, elsewhere).contains(&fault.to_owned()), "{fault}");
    }
}

#[test]
fn what_is_told_of_calls_recordings_and_numbers_has_a_kind() {
    use ErrorKind as K;
    for (provider, code, kind) in [
        (ProviderId::Twilio, "11200", Some(K::InvalidRequest)),
        (ProviderId::Twilio, "16101", Some(K::NotFound)),
        (ProviderId::Twilio, "21472", Some(K::Authentication)),
        (ProviderId::Twilio, "22005", Some(K::RateLimited)),
        (ProviderId::Twilio, "22109", Some(K::InvalidRequest)),
        (ProviderId::Twilio, "32017", Some(K::Rejected)),
        (ProviderId::Twilio, "63033", Some(K::OptedOut)),
        (ProviderId::Twilio, "12100", None),
        (ProviderId::Twilio, "30025", None),
        (ProviderId::SignalWire, "21262", Some(K::InvalidRequest)),
        (ProviderId::SignalWire, "53603", Some(K::InvalidRequest)),
        // Twilio's queue of calls, SignalWire's nothing.
        (ProviderId::SignalWire, "22005", None),
        (ProviderId::SignalWire, "11200", None),
        (ProviderId::SignalWire, "22109", None),
    ] {
        assert_eq!(registry::error_kind(provider, code), kind, "{provider} {code}");
    }
}

#[test]
fn a_doubt_and_another_try_are_for_causes_that_pass() {
    let compat = twilio::error::CODES.iter().chain(signalwire::error::CODES);
    let rows = compat.map(|row| (row.code, row.kind, row.effect));
    for (code, kind, effect) in
        rows.chain(telnyx::error::CODES.iter().map(|row| (row.code, row.kind, row.effect)))
    {
        match effect {
            // Turned away at the door, or to be sent again.
            Effect::NotSent => {
                assert!(kind.is_passing() || kind == ErrorKind::Authentication, "{code} {kind:?}")
            }
            Effect::Unknown => assert!(kind.is_passing(), "{code} {kind:?}"),
            Effect::Refused => assert!(kind != ErrorKind::Config, "{code}"),
        }
    }
}
