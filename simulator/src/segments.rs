//! How many segments a text takes.

/// GSM 03.38 basic character set (3GPP TS 23.038, 6.2.1).
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension table (6.2.1.1): two septets each.
const EXTENSION: &str = "^{}\\[~]|€\u{c}";

/// `None` where a character is not in the GSM set.
fn septets(body: &str) -> Option<usize> {
    body.chars().try_fold(0usize, |sum, c| {
        if BASIC.contains(c) {
            Some(sum + 1)
        } else if EXTENSION.contains(c) {
            Some(sum + 2)
        } else {
            None
        }
    })
}

pub(crate) fn is_gsm(body: &str) -> bool {
    septets(body).is_some()
}

/// One segment holds 160 septets or 70 UTF-16 units; several hold 153 or 67 each (the rest is the header).
pub(crate) fn count(body: &str) -> u32 {
    let (units, single, several) = match septets(body) {
        Some(septets) => (septets, 160, 153),
        None => (body.encode_utf16().count(), 70, 67),
    };
    let segments = if units <= single { 1 } else { units.div_ceil(several) };
    u32::try_from(segments).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn boundaries() {
        for (body, expect) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("ж".repeat(70), 1),
            ("ж".repeat(71), 2),
            ("👋".repeat(35), 1),
            ("👋".repeat(36), 2),
        ] {
            assert_eq!(count(&body), expect, "{body}");
        }
    }
}
