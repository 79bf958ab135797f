use std::time::Duration;

use proptest::prelude::*;

use super::{BUNDLED_JSON, Micros, PriceError, PriceTable};
use crate::provider::numbers::NumberKind;

const KINDS: [NumberKind; 3] = [NumberKind::Local, NumberKind::TollFree, NumberKind::Mobile];
const MINUTE: Duration = Duration::from_secs(60);

/// All pairs of capital letters.
fn countries() -> impl Iterator<Item = String> {
    ('A'..='Z').flat_map(|a| ('A'..='Z').map(move |b| format!("{a}{b}")))
}

#[test]
fn the_bundled_table_can_be_read() {
    PriceTable::from_json(BUNDLED_JSON).unwrap();
}

#[test]
fn texts_are_charged_by_part_and_media_by_message() {
    let table = PriceTable::bundled();
    let charge = |country, media, segments| table.message_charge(country, media, segments).map(Micros::get);
    assert_eq!(charge(Some("US"), false, 1), Some(7_500));
    assert_eq!(charge(Some("CA"), false, 3), Some(22_500));
    assert_eq!(charge(Some("US"), false, 0), Some(7_500));
    assert_eq!(charge(Some("US"), true, 3), Some(20_000));
}

#[test]
fn numbers_are_charged_by_country_and_kind() {
    let table = PriceTable::bundled();
    let charges = |country| KINDS.map(|kind| table.number_charge(country, kind).map(Micros::get));
    assert_eq!(charges("US"), [Some(1_500_000), Some(3_000_000), Some(2_000_000)]);
    assert_eq!(charges("CA"), charges("US"));
    assert_eq!(charges("GB"), [Some(2_250_000), Some(4_000_000), Some(3_000_000)]);
    assert_eq!(charges("IN"), [Some(3_000_000), None, None]);
    assert_eq!(charges("AU"), [Some(2_500_000), None, None]);
    assert_eq!(table.number_cost("US", NumberKind::Local).map(Micros::get), Some(1_000_000));
    assert_eq!(table.number_cost("US", NumberKind::TollFree), None);
    let sold: Vec<String> =
        countries().filter(|c| KINDS.iter().any(|k| table.number_charge(c, *k).is_some())).collect();
    assert_eq!(sold, ["AU", "CA", "GB", "IN", "US"]);
    assert_eq!(table.number_charge("us", NumberKind::Local), None);
}

#[test]
fn calls_and_recordings_are_charged_by_the_minute_begun() {
    let table = PriceTable::bundled();
    for (milliseconds, minutes) in [(0, 0), (1, 1), (60_000, 1), (60_001, 2), (61_000, 2), (3_600_000, 60)] {
        let duration = Duration::from_millis(milliseconds);
        let call = table.call_charge(Some("US"), duration).map(Micros::get);
        assert_eq!(call, Some(13_000 * minutes), "{milliseconds} ms");
        assert_eq!(table.recording_charge(duration).map(Micros::get), Some(500 * minutes));
    }
    assert_eq!(table.call_rate(Some("DE")).map(Micros::get), Some(260_000));
    assert_eq!(table.call_rate(None), None, "no country: a satellite");
    assert_eq!(table.call_charge(Some("US"), Duration::MAX), None);
}

#[test]
fn nothing_is_sold_below_what_it_is_known_to_cost() {
    let table = PriceTable::bundled();
    let mut known = 0;
    let mut covered = |what: &str, charge: Option<Micros>, cost: Option<Micros>| {
        if cost.is_some() {
            known += 1;
            assert!(charge >= cost, "{what}: {charge:?} for {cost:?}");
        }
    };
    for country in countries() {
        let there = Some(country.as_str());
        for media in [false, true] {
            let charge = table.message_charge(there, media, 1);
            covered(&country, charge, table.message_cost(there, media, 1));
            if table.message_cost(there, media, 1).is_some() {
                let elsewhere = table.message_charge(Some("ZZ"), media, 1);
                assert!(elsewhere > charge, "a country without a price must be dearer than {country}");
                assert_eq!(table.message_charge(None, media, 1), elsewhere);
            }
        }
        for kind in KINDS {
            covered(&country, table.number_charge(&country, kind), table.number_cost(&country, kind));
        }
        covered(&country, table.call_charge(there, MINUTE), table.call_cost(there, MINUTE));
        if table.call_cost(there, MINUTE).is_some() {
            assert!(table.call_rate(Some("ZZ")) > table.call_rate(there), "{country}");
        }
    }
    covered("recordings", table.recording_charge(MINUTE), table.recording_cost(MINUTE));
    assert_eq!(known, 2 * (2 + 1 + 1) + 1, "the costs of the US and Canada, and of recordings");
}

#[test]
fn a_table_without_a_price_sells_nothing() {
    let empty = PriceTable::default();
    assert_eq!(empty.message_charge(Some("US"), false, 1), None);
    assert_eq!(empty.number_charge("US", NumberKind::Local), None);
    assert_eq!(empty.call_charge(Some("US"), Duration::ZERO), None);
    assert_eq!(empty.recording_charge(Duration::ZERO), None);
    assert_eq!(PriceTable::bundled().message_cost(Some("DE"), false, 1), None);
    assert_eq!(PriceTable::bundled().call_cost(Some("DE"), MINUTE), None);
}

#[test]
fn wrong_tables_are_refused() {
    let with = |from: &str, to: &str| {
        let text = BUNDLED_JSON.replacen(from, to, 1);
        assert_ne!(text, BUNDLED_JSON, "{from}");
        PriceTable::from_json(&text)
    };
    for (from, to) in [
        ("\"0.0075\"", "0.0075"),
        ("\"0.0075\"", "\"0.00000075\""),
        ("\"sms\"", "\"smss\""),
        ("\"1.50\"", "1.50"),
        ("\"1.50\"", "null"),
        ("\"tollFree\"", "\"toll_free\""),
        ("\"perMinute\"", "\"perSecond\""),
        ("\"numberCharges\"", "\"numberPrices\""),
    ] {
        assert!(matches!(with(from, to), Err(PriceError::Json(_))), "{to}");
    }
    for (from, to) in [
        ("\"0.0075\"", "\"-0.0075\""),
        ("\"4.00\"", "\"-4.00\""),
        ("\"0.26\"", "\"-0.26\""),
        ("\"0.0005\"", "\"-0.0005\""),
        ("\"USD\"", "\"EUR\""),
        ("\"CA\"", "\"US\""),
        ("\"CA\"", "\"Canada\""),
        ("\"GB\"", "\"CA\""),
        ("\"GB\"", "\"gb\""),
        ("[\"AU\"]", "[]"),
        ("\"local\": \"3.00\",", ""),
        ("\"perMinute\": \"0.26\",", "\"perMinute\": \"0.26\", \"countries\": [\"DE\"],"),
        ("2026-11-21", ""),
        ("an operator's setting: starts at cost", " "),
    ] {
        assert!(matches!(with(from, to), Err(PriceError::Invalid(_))), "{to}");
    }
}

proptest! {
    #[test]
    fn longer_is_never_cheaper(a in 0_u64..10_000_000, b in 0_u64..10_000_000) {
        let table = PriceTable::bundled();
        let (short, long) = (Duration::from_millis(a.min(b)), Duration::from_millis(a.max(b)));
        for country in ["US", "DE"] {
            let charge = |duration| table.call_charge(Some(country), duration).unwrap();
            prop_assert!(charge(short) <= charge(long));
            // Never less than the time used, and never a minute more.
            let rate = table.call_rate(Some(country)).unwrap().get();
            let exact = i128::from(rate) * i128::try_from(long.as_millis()).unwrap();
            let charged = i128::from(charge(long).get()) * 60_000;
            prop_assert!(exact <= charged && charged < exact + i128::from(rate) * 60_000);
        }
        prop_assert!(table.recording_charge(short).unwrap() <= table.recording_charge(long).unwrap());
    }
}
