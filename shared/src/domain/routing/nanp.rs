//! Where an area code of the North American numbering plan is, and which ones share a place.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::domain::phone::E164;

/// How near two numbers are to each other, the farthest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// The same country.
    Country,
    /// The same state or province.
    State,
    /// Area codes that serve the same place.
    Overlay,
    /// The same area code.
    AreaCode,
}

impl Nearness {
    /// The word that a decision is explained with.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::State => "state",
            Self::Overlay => "overlay",
            Self::AreaCode => "area_code",
        }
    }

    /// Its figure in a score.
    pub(super) const fn weight(self) -> i64 {
        match self {
            Self::Country => 1,
            Self::State => 2,
            Self::Overlay => 3,
            Self::AreaCode => 4,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    country: &'static str,
    state: Option<&'static str>,
}

#[derive(Debug, Default)]
struct Plan {
    places: BTreeMap<&'static str, Place>,
    complexes: Vec<Vec<&'static str>>,
}

/// Read once. What could not be read is left out; a test holds that there is nothing of the kind.
static PLAN: LazyLock<Plan> = LazyLock::new(|| Plan {
    places: lines(AREA_CODES).flat_map(places).collect(),
    complexes: lines(OVERLAYS).map(|line| line.split(' ').collect()).collect(),
});

const AREA_CODES: &str = include_str!("../../../data/area-codes.txt");
const OVERLAYS: &str = include_str!("../../../data/area-code-overlays.txt");

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

fn places(line: &'static str) -> Vec<(&'static str, Place)> {
    let mut words = line.split(' ');
    let (Some(country), Some(state)) = (words.next(), words.next()) else { return Vec::new() };
    let place = Place { country, state: (state != "-").then_some(state) };
    words.map(|code| (code, place)).collect()
}

/// The state or province of a number, e.g. `CA`; `None` where its plan does not tell.
pub fn state(number: &E164) -> Option<&'static str> {
    area(number).and_then(|(_, place)| place.state)
}

/// The area code and where it is; `None` for other plans, and for codes that are nowhere (toll-free).
fn area(number: &E164) -> Option<(&str, Place)> {
    let code = number.expose().strip_prefix("+1").filter(|rest| rest.len() == 10)?.get(..3)?;
    PLAN.places.get(code).map(|place| (code, *place))
}

/// How near two numbers are; `None` for two countries, and where nobody knows.
pub fn nearness(a: &E164, b: &E164) -> Option<Nearness> {
    match (area(a), area(b)) {
        (Some((mine, here)), Some((theirs, there))) => {
            if mine == theirs {
                return Some(Nearness::AreaCode);
            }
            if PLAN.complexes.iter().any(|codes| codes.contains(&mine) && codes.contains(&theirs)) {
                return Some(Nearness::Overlay);
            }
            if here.country != there.country {
                return None;
            }
            let same_state = here.state.is_some() && here.state == there.state;
            Some(if same_state { Nearness::State } else { Nearness::Country })
        }
        // No number of this plan is in a country of another one.
        (Some(_), None) | (None, Some(_)) => None,
        (None, None) => {
            let country = a.country()?;
            (b.country() == Some(country)).then_some(Nearness::Country)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{AREA_CODES, Nearness, OVERLAYS, PLAN, lines, nearness};
    use crate::domain::phone::E164;

    fn of_area(code: &str) -> E164 {
        format!("+1{code}5550100").parse().unwrap()
    }

    fn between(a: &str, b: &str) -> Option<Nearness> {
        let (a, b) = (of_area(a), of_area(b));
        assert_eq!(nearness(&a, &b), nearness(&b, &a));
        nearness(&a, &b)
    }

    #[test]
    fn every_line_is_read_and_every_code_stands_once() {
        let codes: Vec<&str> = lines(AREA_CODES).flat_map(|line| line.split(' ').skip(2)).collect();
        let distinct: BTreeSet<&str> = codes.iter().copied().collect();
        assert_eq!((codes.len(), distinct.len()), (PLAN.places.len(), PLAN.places.len()));
        assert!(codes.len() > 400);
        for code in codes.into_iter().chain(lines(OVERLAYS).flat_map(|line| line.split(' '))) {
            assert!(code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
        }
        for place in PLAN.places.values() {
            assert!(place.country.len() == 2 && place.state != Some(""), "{place:?}");
        }
    }

    #[test]
    fn the_codes_of_an_overlay_are_in_one_state() {
        for complex in &PLAN.complexes {
            let places: Vec<_> = complex.iter().map(|code| PLAN.places.get(code)).collect();
            assert!(complex.len() > 1 && places.iter().all(|place| place.is_some()), "{complex:?}");
            assert!(places.windows(2).all(|pair| pair[0] == pair[1]), "{complex:?}");
            let distinct: BTreeSet<_> = complex.iter().collect();
            assert_eq!(distinct.len(), complex.len(), "{complex:?}");
        }
    }

    #[test]
    fn well_known_areas() {
        for (a, b) in [
            ("212", "917"),
            ("212", "332"),
            ("646", "332"),
            ("718", "917"),
            ("416", "437"),
            ("647", "416"),
            ("310", "424"),
            ("803", "839"),
            ("213", "323"),
            ("773", "872"),
            ("604", "778"),
            ("809", "829"),
            ("787", "939"),
            ("404", "470"),
            ("770", "678"),
            ("703", "571"),
            ("215", "267"),
            ("902", "782"),
        ] {
            assert_eq!(between(a, b), Some(Nearness::Overlay), "{a} {b}");
        }
        for (a, b) in [
            ("212", "718"),
            ("310", "415"),
            ("803", "843"),
            ("416", "613"),
            ("312", "773"),
            ("404", "770"),
            ("206", "360"),
            ("514", "418"),
        ] {
            assert_eq!(between(a, b), Some(Nearness::State), "{a} {b}");
        }
        assert_eq!(between("212", "415"), Some(Nearness::Country));
        assert_eq!(between("416", "514"), Some(Nearness::Country));
        assert_eq!(between("415", "415"), Some(Nearness::AreaCode));
        // Two countries, though they have one plan; KY is Kentucky there and the Cayman Islands here.
        for (a, b) in [("212", "416"), ("787", "212"), ("242", "305"), ("345", "502"), ("876", "868")] {
            assert_eq!(between(a, b), None, "{a} {b}");
        }
        assert_eq!(between("800", "800"), Some(Nearness::Country));
    }

    #[test]
    fn other_plans_know_countries_only() {
        let between = |a: &str, b: &str| nearness(&a.parse().unwrap(), &b.parse().unwrap());
        assert_eq!(between("+442079460018", "+441614960000"), Some(Nearness::Country));
        assert_eq!(between("+442079460018", "+4930901820"), None);
        assert_eq!(between("+442079460018", "+14155550100"), None);
        assert_eq!(between("+999123456789", "+999123456789"), None);
    }
}
