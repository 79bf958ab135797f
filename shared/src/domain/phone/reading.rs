//! Reading numbers as people write them.
//!
//! The tables of libphonenumber are used and its way of reading is not: the port at hand takes the
//! trunk prefix of the reader's country off numbers of other countries too (`+86 131…` read in the US
//! loses its first 1), and it finds a number within nearly anything.

use phonenumber::Metadata;
use phonenumber::metadata::{DATABASE, Descriptor};

use crate::provider::numbers::NumberKind;

/// The digits of `text`, country code first, when a numbering plan knows them.
pub(super) fn read(text: &str, region: &str) -> Option<String> {
    let written = Written::read(text)?;
    let readings = if written.international {
        written.international_readings()
    } else {
        written.national_readings(region)
    };
    // Vanity letters are a custom of the North American plan, whose numbers have one length; anywhere
    // else letters after digits are an extension.
    let fits = |digits: &String| {
        plan(digits).is_some() && (!written.letters || (digits.starts_with('1') && digits.len() == 11))
    };
    readings.into_iter().find(fits)
}

/// The country (ISO 3166) to whose plan the digits belong.
pub(super) fn country(digits: &str) -> Option<&'static str> {
    let id = plan(digits)?.id();
    // Numbers of no country (`+800`, `+883`) have the region `001` there.
    id.bytes().all(|b| b.is_ascii_alphabetic()).then_some(id)
}

/// The digits after the country code.
pub(super) fn national(digits: &str) -> Option<&str> {
    split_country_code(digits).map(|(_, national, _)| national)
}

/// The kind of number, as its plan tells it.
pub(super) fn kind(digits: &str) -> Option<NumberKind> {
    let kinds = plan(digits)?.descriptors();
    let (_, national, _) = split_country_code(digits)?;
    let is = |kind: Option<&Descriptor>| kind.is_some_and(|kind| kind.is_match(national));
    if is(kinds.toll_free()) {
        Some(NumberKind::TollFree)
    } else if is(kinds.fixed_line()) {
        Some(NumberKind::Local)
    } else {
        is(kinds.mobile()).then_some(NumberKind::Mobile)
    }
}

/// What a person wrote, reduced to what can be dialled.
struct Written {
    international: bool,
    letters: bool,
    digits: String,
}

impl Written {
    /// `None` for what has characters that no phone number has, e.g. a URI or a list of two.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
        if text.len() > 80 {
            return None;
        }
        let mut digits = String::new();
        let (mut international, mut letters) = (false, 0);
        for c in text.chars() {
            if let Some(digit) = digit(c) {
                digits.push(digit);
            } else if matches!(c, '+' | '＋') && digits.is_empty() && !international {
                international = true;
            } else if let Some(key) = keypad(c).filter(|_| !digits.is_empty()) {
                letters += 1;
                digits.push(key);
            } else if !is_separator(c) && !is_invisible(c) {
                return None;
            }
        }
        // One letter is an `x` before an extension; libphonenumber asks for three, too.
        let plausible = !digits.is_empty() && digits.len() <= 20 && (letters == 0 || letters >= 3);
        plausible.then_some(Self { international, letters: letters > 0, digits })
    }

    /// As written; then without the 0 of `+44 (0)20 …`.
    fn international_readings(&self) -> Vec<String> {
        let mut readings = vec![self.digits.clone()];
        if let Some((code, national, plans)) = split_country_code(&self.digits)
            && plans.first().is_some_and(|plan| plan.national_prefix() == Some("0"))
            && let Some(rest) = national.strip_prefix('0')
        {
            readings.push(format!("{code}{rest}"));
        }
        readings
    }

    /// The most likely reading first, as libphonenumber orders them: dialled abroad, then without the
    /// trunk prefix, as it is, and with the country's code but no `+`.
    fn national_readings(&self, region: &str) -> Vec<String> {
        let Some(home) = DATABASE.by_id(region) else { return Vec::new() };
        let code = home.country_code().to_string();
        let mut readings = Vec::new();
        let abroad = home
            .international_prefix()
            .and_then(|prefix| prefix.find(&self.digits).map(|m| (m.start(), m.end())));
        if let Some((0, end)) = abroad
            && let Some(rest) = self.digits.get(end..)
        {
            readings.push(rest.to_owned());
        }
        let with_trunk = without_trunk_prefix(home, &self.digits);
        readings.extend(with_trunk.map(|national| format!("{code}{national}")));
        readings.push(format!("{code}{}", self.digits));
        if self.digits.starts_with(&code) {
            readings.push(self.digits.clone());
        }
        readings
    }
}

/// The national number without its trunk prefix or carrier code, rewritten where the plan says so
/// (Argentina's `15`, the seven-digit numbers of Caribbean islands).
fn without_trunk_prefix(home: &Metadata, digits: &str) -> Option<String> {
    if let Some(pattern) = home.national_prefix_for_parsing() {
        let groups = pattern.captures(digits)?;
        let prefix = groups.get(0).filter(|whole| whole.start() == 0)?;
        let captured = groups.len() > 1 && groups.get(groups.len() - 1).is_some();
        return match home.national_prefix_transform_rule() {
            Some(rule) if captured => Some(pattern.replace(digits, rule).into_owned()),
            Some(_) | None => digits.get(prefix.end()..).map(str::to_owned),
        };
    }
    digits.strip_prefix(home.national_prefix()?).map(str::to_owned)
}

/// The numbering plan to which `digits` (a country code and a national number) belong, when the
/// number is assigned to a kind of use there.
fn plan(digits: &str) -> Option<&'static Metadata> {
    let (_, national, plans) = split_country_code(digits)?;
    let shared = plans.len() > 1;
    let plan = plans.into_iter().find(|plan| match plan.leading_digits() {
        Some(leading) if shared => leading.find(national).is_some_and(|found| found.start() == 0),
        Some(_) | None => !shared || is_assigned(plan, national),
    })?;
    is_assigned(plan, national).then_some(plan)
}

fn is_assigned(plan: &Metadata, national: &str) -> bool {
    let kinds = [
        plan.descriptors().fixed_line(),
        plan.descriptors().mobile(),
        plan.descriptors().toll_free(),
        plan.descriptors().premium_rate(),
        plan.descriptors().shared_cost(),
        plan.descriptors().personal_number(),
        plan.descriptors().voip(),
        plan.descriptors().pager(),
        plan.descriptors().uan(),
        plan.descriptors().voicemail(),
    ];
    plan.descriptors().general().is_match(national)
        && kinds.into_iter().flatten().any(|kind| kind.is_match(national))
}

/// The country code, the rest, and the plans that share the code. No code is the start of another.
fn split_country_code(digits: &str) -> Option<(&str, &str, Vec<&'static Metadata>)> {
    (1..=3).find_map(|length| {
        let (code, national) = digits.split_at_checked(length)?;
        Some((code, national, DATABASE.by_code(&code.parse::<u16>().ok()?)?))
    })
}

/// ASCII, full-width, Arabic-Indic and Persian digits.
fn digit(c: char) -> Option<char> {
    let zero = match c {
        '0'..='9' => '0',
        '\u{ff10}'..='\u{ff19}' => '\u{ff10}',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        _ => return None,
    };
    char::from_digit(u32::from(c) - u32::from(zero), 10)
}

/// The key that has the letter (ITU-T E.161).
fn keypad(c: char) -> Option<char> {
    match c.to_ascii_lowercase() {
        'a'..='c' => Some('2'),
        'd'..='f' => Some('3'),
        'g'..='i' => Some('4'),
        'j'..='l' => Some('5'),
        'm'..='o' => Some('6'),
        'p'..='s' => Some('7'),
        't'..='v' => Some('8'),
        'w'..='z' => Some('9'),
        _ => None,
    }
}

/// Spaces of every width, hyphens and dashes, and the marks that people put between groups.
fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}'
        | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Marks of direction and width, which come along when a number is copied from a contact list.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
