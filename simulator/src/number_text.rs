//! Telephone numbers as text.

/// `+` and 7 to 15 digits, the first not 0 (ITU E.164). Twilio also takes ten digits for a US number and drops
/// punctuation; both are done here, `None` is a number that would be refused.
pub(crate) fn normalised(input: &str) -> Option<String> {
    let bare: String = input.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
    let number = match bare.strip_prefix('+') {
        Some(digits) => digits.to_owned(),
        None if bare.len() == 10 => format!("1{bare}"),
        None => bare,
    };
    let digits = number.chars().all(|c| c.is_ascii_digit()) && !number.starts_with('0');
    // A NANP number has ten digits, and neither its area code nor its exchange begins with 0 or 1.
    let nanp = number.strip_prefix('1').is_none_or(|national| {
        let exchange = national.get(3..4).unwrap_or_default();
        national.len() == 10 && !national.starts_with(['0', '1']) && !matches!(exchange, "0" | "1")
    });
    (digits && nanp && (7..=15).contains(&number.len())).then(|| format!("+{number}"))
}

/// `(415) 555-0100`
pub(crate) fn national(number: &str) -> String {
    match number.strip_prefix("+1").filter(|rest| rest.len() == 10) {
        Some(rest) => {
            let part = |from: usize, to: usize| rest.get(from..to).unwrap_or_default();
            format!("({}) {}-{}", part(0, 3), part(3, 6), part(6, 10))
        }
        None => number.to_owned(),
    }
}

pub(crate) fn country(number: &str) -> &'static str {
    if number.starts_with("+44") {
        return "GB";
    }
    if number.starts_with("+61") {
        return "AU";
    }
    let canadian = super::geography::PLACES.iter().any(|place| {
        place.country == "CA" && number.strip_prefix("+1").is_some_and(|n| n.starts_with(place.area_code))
    });
    if canadian { "CA" } else { "US" }
}

#[cfg(test)]
mod tests {
    use super::normalised;

    #[test]
    fn numbers() {
        for (input, expect) in [
            ("+14155550100", Some("+14155550100")),
            ("(415) 555-0100", Some("+14155550100")),
            ("+442079460000", Some("+442079460000")),
            ("+1415555010", None),
            ("+10155550100", None),
            ("hello", None),
            ("+", None),
            ("", None),
        ] {
            assert_eq!(normalised(input).as_deref(), expect, "{input}");
        }
    }
}
