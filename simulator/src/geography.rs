//! Where numbers live.

pub(crate) struct Place {
    pub(crate) area_code: &'static str,
    pub(crate) country: &'static str,
    pub(crate) city: &'static str,
    pub(crate) rate_center: &'static str,
    pub(crate) region: &'static str,
    pub(crate) postal_code: &'static str,
    pub(crate) latitude: &'static str,
    pub(crate) longitude: &'static str,
    pub(crate) lata: &'static str,
}

const fn place(
    [area_code, country, city, rate_center, region, postal_code, latitude, longitude, lata]: [&'static str;
        9],
) -> Place {
    Place { area_code, country, city, rate_center, region, postal_code, latitude, longitude, lata }
}

/// The area codes that are offered when none is asked for.
pub(crate) const PLACES: [Place; 13] = [
    place(["415", "US", "San Francisco", "SNFC CNTRL", "CA", "94105", "37.789000", "-122.394000", "722"]),
    place(["212", "US", "New York", "NWYRCYZN01", "NY", "10001", "40.750000", "-73.997000", "132"]),
    place(["310", "US", "Santa Monica", "SNMN SNMN", "CA", "90401", "34.015000", "-118.493000", "730"]),
    place(["312", "US", "Chicago", "CHICAGOZ01", "IL", "60601", "41.886000", "-87.622000", "358"]),
    place(["512", "US", "Austin", "AUSTIN", "TX", "78701", "30.271000", "-97.742000", "558"]),
    place(["206", "US", "Seattle", "SEATTLE", "WA", "98101", "47.611000", "-122.334000", "674"]),
    place(["808", "US", "Hilo", "HILO", "HI", "96720", "19.720000", "-155.090000", "834"]),
    place(["617", "US", "Boston", "BOSTON", "MA", "02108", "42.357000", "-71.065000", "128"]),
    place(["303", "US", "Denver", "DENVER", "CO", "80202", "39.750000", "-104.997000", "656"]),
    place(["604", "CA", "Vancouver", "VANCOUVER", "BC", "V5K 0A1", "49.283000", "-123.120000", "888"]),
    place(["416", "CA", "Toronto", "TORONTO", "ON", "M4B 1B3", "43.700000", "-79.416000", "888"]),
    place(["514", "CA", "Montreal", "MONTREAL", "QC", "H2Y 1C6", "45.508000", "-73.554000", "888"]),
    place(["615", "US", "Nashville", "NASHVILLE", "TN", "37201", "36.166000", "-86.778000", "470"]),
];

const ELSEWHERE: Place = place(["", "US", "", "", "", "", "", "", ""]);

/// The place of a number; blank members where it is not known, as Twilio leaves them.
pub(crate) fn of(number: &str) -> Place {
    let known = number
        .strip_prefix("+1")
        .and_then(|rest| PLACES.iter().find(|place| rest.starts_with(place.area_code)));
    match known {
        Some(place) => Place { ..*place },
        None => Place { country: super::number_text::country(number), ..ELSEWHERE },
    }
}
