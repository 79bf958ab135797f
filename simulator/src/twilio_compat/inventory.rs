//! Numbers for sale. They are all fictional: 555-0100 to 0199 in North America, Ofcom's drama ranges in Britain,
//! ACMA's in Australia.

use serde_json::{Value, json};

use super::{Answer, errors::ApiError, request::Incoming};
use crate::{
    geography::{PLACES, Place},
    model::Provider,
    number_text::national,
    state::State,
};

const COUNTRIES: [(&str, &str); 4] =
    [("US", "United States"), ("CA", "Canada"), ("GB", "United Kingdom"), ("AU", "Australia")];

const TOLL_FREE: [&str; 7] = ["800", "888", "877", "866", "855", "844", "833"];

/// A page has 50 numbers (Twilio's default); there is only one.
const SHOWN: usize = 50;

struct Offer {
    phone_number: String,
    place: Option<&'static Place>,
    country: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Local,
    TollFree,
    Mobile,
}

fn kinds(provider: Provider, country: &str) -> &'static [(&'static str, &'static str, Kind)] {
    const LOCAL: (&str, &str, Kind) = ("local", "Local", Kind::Local);
    const TOLL_FREE: (&str, &str, Kind) = ("toll_free", "TollFree", Kind::TollFree);
    const MOBILE: (&str, &str, Kind) = ("mobile", "Mobile", Kind::Mobile);
    match (provider, country) {
        (_, "US" | "CA") => &[LOCAL, TOLL_FREE],
        (Provider::Twilio, "GB") => &[LOCAL, MOBILE],
        (Provider::Twilio, "AU") => &[LOCAL],
        _ => &[],
    }
}

/// Each provider sells its own quarter of a range, so that two of them never offer the same number; the last
/// quarter (75 to 99) is left for people's phones.
fn lines(provider: Provider) -> std::ops::Range<u32> {
    match provider {
        Provider::Twilio => 0..25,
        _ => 25..50,
    }
}

pub(crate) fn countries(incoming: &Incoming) -> Result<Answer, ApiError> {
    let countries: Vec<Value> = COUNTRIES
        .iter()
        .filter(|(code, _)| !kinds(incoming.provider, code).is_empty())
        .map(|(code, name)| country_json(incoming, code, name))
        .collect();
    Ok(Answer::Json(200, json!({ "countries": countries, "uri": incoming.uri_path })))
}

pub(crate) fn country(incoming: &Incoming) -> Result<Answer, ApiError> {
    let (code, name) = COUNTRIES
        .iter()
        .find(|(code, _)| *code == incoming.arg(0) && !kinds(incoming.provider, code).is_empty())
        .ok_or_else(|| ApiError::not_found(&incoming.uri_path))?;
    Ok(Answer::Json(200, country_json(incoming, code, name)))
}

fn country_json(incoming: &Incoming, code: &str, name: &str) -> Value {
    let (root, account) = (incoming.provider.api_root(), incoming.account());
    let suffix = if incoming.provider == Provider::Twilio { ".json" } else { "" };
    let base = format!("{root}/Accounts/{account}/AvailablePhoneNumbers/{code}");
    let uris: serde_json::Map<String, Value> = kinds(incoming.provider, code)
        .iter()
        .map(|(member, path, _)| ((*member).to_owned(), json!(format!("{base}/{path}{suffix}"))))
        .collect();
    json!({
        "country_code": code, "country": name, "uri": format!("{base}{suffix}"), "beta": false,
        "subresource_uris": uris,
    })
}

pub(crate) fn search(state: &State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let (country, path) = (incoming.arg(0), incoming.arg(1));
    let kind = kinds(incoming.provider, country)
        .iter()
        .find(|(_, name, _)| *name == path)
        .map(|(_, _, kind)| *kind)
        .ok_or_else(|| ApiError::not_found(&incoming.uri_path))?;
    let limit = incoming.filled("PageSize").and_then(|size| size.parse().ok()).unwrap_or(SHOWN).min(1000);
    let pattern = incoming.filled("Contains");
    if let Some(pattern) = pattern
        && !pattern.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '*' | '+'))
    {
        // SignalWire 90000: "the wildcard is invalid"; Twilio 21451 is about area codes only.
        let code = if incoming.provider == Provider::Twilio { 20422 } else { 90000 };
        return Err(ApiError::bad(code, "Contains is invalid"));
    }
    let found: Vec<Value> = offers(state, incoming.provider, country, kind, incoming.filled("AreaCode"))
        .filter(|offer| matches_filters(incoming, offer))
        .filter(|offer| pattern.is_none_or(|pattern| contains(&offer.phone_number, pattern)))
        .take(limit)
        .map(|offer| offer_json(incoming.provider, &offer))
        .collect();
    Ok(Answer::Json(200, json!({ "available_phone_numbers": found, "uri": incoming.uri_path })))
}

/// Everything for sale of one kind, without what is owned already.
fn offers<'a>(
    state: &'a State,
    provider: Provider,
    country: &'a str,
    kind: Kind,
    area_code: Option<&'a str>,
) -> Box<dyn Iterator<Item = Offer> + 'a> {
    let all: Box<dyn Iterator<Item = Offer>> = match (country, kind) {
        ("GB", kind) => {
            let prefix = if kind == Kind::Mobile { "+447700900" } else { "+442079460" };
            Box::new(lines(provider).map(move |line| Offer {
                phone_number: format!("{prefix}{line:03}"),
                place: None,
                country: "GB",
                kind,
            }))
        }
        ("AU", _) => Box::new(lines(provider).map(|line| Offer {
            phone_number: format!("+61255500{line:03}"),
            place: None,
            country: "AU",
            kind: Kind::Local,
        })),
        (_, Kind::TollFree) => Box::new(
            TOLL_FREE
                .iter()
                .filter(move |code| area_code.is_none_or(|wanted| wanted == **code))
                .flat_map(move |code| american(provider, code).map(move |n| (n, code)))
                .map(|(phone_number, _)| Offer {
                    phone_number,
                    place: None,
                    country: "US",
                    kind: Kind::TollFree,
                }),
        ),
        _ => {
            let places = PLACES.iter().filter(move |place| {
                place.country == country && area_code.is_none_or(|wanted| wanted == place.area_code)
            });
            Box::new(places.flat_map(move |place| {
                american(provider, place.area_code).map(move |phone_number| Offer {
                    phone_number,
                    place: Some(place),
                    country: place.country,
                    kind: Kind::Local,
                })
            }))
        }
    };
    Box::new(all.filter(move |offer| !state.numbers.keys().any(|(_, owned)| *owned == offer.phone_number)))
}

fn american(provider: Provider, area_code: &str) -> impl Iterator<Item = String> + use<> {
    let area_code = area_code.to_owned();
    lines(provider).map(move |line| format!("+1{area_code}55501{line:02}"))
}

/// A number of the range that could be bought by name, or the first one of an area code.
pub(crate) fn find(state: &State, provider: Provider, wanted: Wanted<'_>) -> Option<(String, &'static str)> {
    COUNTRIES.iter().find_map(|(country, _)| {
        kinds(provider, country).iter().find_map(|(_, _, kind)| {
            let area_code = match wanted {
                Wanted::InArea(code) => Some(code),
                Wanted::Number(_) => None,
            };
            offers(state, provider, country, *kind, area_code)
                .find(|offer| match wanted {
                    Wanted::Number(number) => offer.phone_number == number,
                    Wanted::InArea(_) => !state.snatched.contains(&offer.phone_number),
                })
                .map(|offer| (offer.phone_number, offer.country))
        })
    })
}

#[derive(Clone, Copy)]
pub(crate) enum Wanted<'a> {
    Number(&'a str),
    InArea(&'a str),
}

fn matches_filters(incoming: &Incoming, offer: &Offer) -> bool {
    let same = |name: &str, value: Option<&str>| {
        incoming
            .filled(name)
            .is_none_or(|wanted| value.is_some_and(|value| value.eq_ignore_ascii_case(wanted)))
    };
    // SignalWire "accepts and ignores" the capability filters; everything here can do SMS, MMS and voice except
    // toll-free MMS and fax.
    let wants = |name: &str| incoming.provider == Provider::Twilio && incoming.filled(name) == Some("true");
    let twilio_only = incoming.provider == Provider::SignalWire
        || same("InPostalCode", offer.place.map(|place| place.postal_code));
    let capable = !wants("FaxEnabled") && (has_mms(offer) || !wants("MmsEnabled"));
    twilio_only
        && capable
        && same("InRegion", offer.place.map(|place| place.region))
        && same("InLocality", offer.place.map(|place| place.city))
}

fn has_mms(offer: &Offer) -> bool {
    offer.kind == Kind::Local && matches!(offer.country, "US" | "CA")
}

/// Twilio sells Australian numbers against an address anywhere.
pub(super) fn address_requirement(country: &str) -> &'static str {
    if country == "AU" { "any" } else { "none" }
}

/// `*` stands for one digit, letters for the keys they are on; the pattern may stand anywhere in the number.
fn contains(number: &str, pattern: &str) -> bool {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    let pattern: Vec<char> = pattern.trim_start_matches('+').chars().map(key).collect();
    pattern.is_empty()
        || digits.windows(pattern.len()).any(|window| {
            window.iter().zip(&pattern).all(|(digit, wanted)| *wanted == '*' || digit == wanted)
        })
}

fn key(letter: char) -> char {
    match letter.to_ascii_uppercase() {
        'A'..='C' => '2',
        'D'..='F' => '3',
        'G'..='I' => '4',
        'J'..='L' => '5',
        'M'..='O' => '6',
        'P'..='S' => '7',
        'T'..='V' => '8',
        'W'..='Z' => '9',
        other => other,
    }
}

fn offer_json(provider: Provider, offer: &Offer) -> Value {
    let place = offer.place;
    let text = |value: Option<&'static str>| value.filter(|value| !value.is_empty());
    let mut shown = json!({
        "friendly_name": national(&offer.phone_number),
        "phone_number": offer.phone_number,
        "rate_center": text(place.map(|place| place.rate_center)),
        "region": text(place.map(|place| place.region)),
        "iso_country": offer.country,
        "beta": false,
        "lata": null, "locality": null, "latitude": null, "longitude": null, "postal_code": null,
    });
    if let Some(shown) = shown.as_object_mut() {
        match provider {
            Provider::Twilio => {
                shown.insert("lata".to_owned(), json!(text(place.map(|place| place.lata))));
                shown.insert("locality".to_owned(), json!(text(place.map(|place| place.city))));
                shown.insert("latitude".to_owned(), json!(text(place.map(|place| place.latitude))));
                shown.insert("longitude".to_owned(), json!(text(place.map(|place| place.longitude))));
                shown.insert("postal_code".to_owned(), json!(text(place.map(|place| place.postal_code))));
                shown.insert("address_requirements".to_owned(), json!(address_requirement(offer.country)));
                let mms = has_mms(offer);
                shown.insert("capabilities".to_owned(), json!({ "voice": true, "sms": true, "mms": mms }));
            }
            // Upper-case keys and no geography (compatibility-openapi.yaml, AvailablePhoneNumber).
            _ => {
                let capabilities = json!({ "voice": true, "SMS": true, "MMS": has_mms(offer) });
                shown.insert("capabilities".to_owned(), capabilities);
            }
        }
    }
    shown
}
