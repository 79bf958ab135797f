//! Numbers for sale: lines 50 to 74 of the fictional ranges.

use serde_json::{Value, json};

use super::errors::about;
use crate::{
    app::Settings,
    geography::{PLACES, Place},
    json_api::{Answered, Call, Reply},
    state::State,
};

const TOLL_FREE: [&str; 7] = ["800", "888", "877", "866", "855", "844", "833"];
const LINES: std::ops::Range<u32> = 50..75;

/// The list has one page; this long unless asked.
const SHOWN: usize = 50;

/// What a number costs a month, and once: round figures near the list prices, in micro-dollars.
pub(super) const MONTHLY_MICROS: i64 = 1_000_000;
pub(super) const UPFRONT_MICROS: i64 = 1_000_000;

pub(super) struct Offer {
    pub(super) phone_number: String,
    place: Option<&'static Place>,
    country: &'static str,
    kind: &'static str,
}

/// Everything for sale, without what is owned already.
fn offers(state: &State) -> impl Iterator<Item = Offer> {
    let american = PLACES.iter().flat_map(|place| {
        LINES.map(move |line| Offer {
            phone_number: format!("+1{}55501{line:02}", place.area_code),
            place: Some(place),
            country: place.country,
            kind: "local",
        })
    });
    let toll_free = TOLL_FREE.iter().flat_map(|code| {
        LINES.map(move |line| Offer {
            phone_number: format!("+1{code}55501{line:02}"),
            place: None,
            country: "US",
            kind: "toll_free",
        })
    });
    let british =
        [("+442079460", "local"), ("+447700900", "mobile")].into_iter().flat_map(|(prefix, kind)| {
            LINES.map(move |line| Offer {
                phone_number: format!("{prefix}{line:03}"),
                place: None,
                country: "GB",
                kind,
            })
        });
    let australian = LINES.map(|line| Offer {
        phone_number: format!("+61255500{line:03}"),
        place: None,
        country: "AU",
        kind: "local",
    });
    let owned: std::collections::BTreeSet<String> =
        state.numbers.keys().map(|(_, number)| number.clone()).collect();
    american
        .chain(toll_free)
        .chain(british)
        .chain(australian)
        .filter(move |offer| !owned.contains(&offer.phone_number))
}

/// A number that is for sale.
pub(super) fn find(state: &State, phone_number: &str) -> Option<Offer> {
    offers(state).find(|offer| offer.phone_number == phone_number)
}

/// `GET /v2/available_phone_numbers`
pub(super) fn search(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let filter = |name: &str| call.query(&format!("filter[{name}]"));
    let limit = match filter("limit").map(str::parse::<usize>) {
        None => SHOWN,
        Some(Ok(limit)) if limit > 0 => limit,
        Some(_) => return Err(about(422, 10033, "/filter/limit", "limit must be a positive number")),
    };
    let features: Vec<&str> = call
        .query
        .iter()
        .filter(|(name, _)| name.starts_with("filter[features]"))
        .flat_map(|(_, value)| value.split(','))
        .collect();
    let pattern = |name: &str| filter_pattern(call, name);
    let fits = |offer: &Offer| {
        // A pattern is compared with the part behind the area code where one is asked for.
        let number = offer.phone_number.trim_start_matches('+');
        let shown = match (filter("national_destination_code"), number.strip_prefix('1')) {
            (Some(code), Some(rest)) => rest.strip_prefix(code).unwrap_or(rest),
            _ => number,
        };
        let same = |name: &str, value: Option<&str>| {
            filter(name).is_none_or(|wanted| value.is_some_and(|value| value.eq_ignore_ascii_case(wanted)))
        };
        let national = ["1", "44", "61"].iter().find_map(|code| number.strip_prefix(code)).unwrap_or(number);
        same("country_code", Some(offer.country))
            && same("phone_number_type", Some(offer.kind))
            && filter("national_destination_code").is_none_or(|wanted| national.starts_with(wanted))
            && same("locality", offer.place.map(|place| place.city))
            && same("administrative_area", offer.place.map(|place| place.region))
            && same("rate_center", offer.place.map(|place| place.rate_center))
            && features.iter().all(|feature| feature_names(offer).contains(feature))
            && pattern("starts_with").is_none_or(|p| shown.starts_with(&p) || number.starts_with(&p))
            && pattern("ends_with").is_none_or(|p| shown.ends_with(&p))
            && pattern("contains").is_none_or(|p| shown.contains(&p))
    };
    let found: Vec<Offer> = offers(state).filter(fits).take(limit).collect();
    for offer in &found {
        state.telnyx.searched.insert((call.account().to_owned(), offer.phone_number.clone()));
    }
    let shown: Vec<Value> = found.iter().map(show).collect();
    let meta = json!({ "total_results": shown.len(), "best_effort_results": 0 });
    Ok(Reply::new(200, json!({ "data": shown, "metadata": meta, "meta": meta })))
}

fn filter_pattern(call: &Call, name: &str) -> Option<String> {
    let pattern = call.query(&format!("filter[phone_number][{name}]"))?;
    Some(pattern.chars().filter(char::is_ascii_digit).collect())
}

fn feature_names(offer: &Offer) -> &'static [&'static str] {
    match (offer.country, offer.kind) {
        ("GB" | "AU", "local") => &["voice"],
        ("GB", _) => &["sms", "voice"],
        _ => &["sms", "mms", "voice", "fax", "emergency"],
    }
}

fn show(offer: &Offer) -> Value {
    let mut regions = vec![json!({ "region_type": "country_code", "region_name": offer.country })];
    if let Some(place) = offer.place {
        regions.push(json!({ "region_type": "state", "region_name": place.region }));
        regions.push(json!({ "region_type": "rate_center", "region_name": place.rate_center }));
        regions.push(json!({ "region_type": "location", "region_name": place.city }));
    }
    let features: Vec<Value> = feature_names(offer).iter().map(|name| json!({ "name": name })).collect();
    json!({
        "record_type": "available_phone_number",
        "phone_number": offer.phone_number,
        "vanity_format": "",
        "best_effort": false,
        "quickship": true,
        "reservable": true,
        "region_information": regions,
        "cost_information": {
            "upfront_cost": super::money(UPFRONT_MICROS, 2),
            "monthly_cost": super::money(MONTHLY_MICROS, 2),
            "currency": "USD",
        },
        "features": features,
    })
}
