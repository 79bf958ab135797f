//! How many parts a text is sent in: what carriers bill by.

use serde::{Deserialize, Serialize};

/// The alphabet that a text is sent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// The 7-bit alphabet of 3GPP TS 23.038, 6.2.1.
    #[serde(rename = "GSM-7")]
    Gsm7,
    /// UTF-16 code units (TS 23.038, 6.2.3 says UCS-2; handsets read surrogate pairs).
    #[serde(rename = "UCS-2")]
    Ucs2,
}

impl Encoding {
    /// The name of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        }
    }

    /// Units that fit in a text of one part: 140 octets (TS 23.040, 9.2.3.24).
    const fn alone(self) -> u32 {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Units that fit in each part of several: 140 octets less the 6 of the concatenation header
    /// (TS 23.040, 9.2.3.24.1).
    const fn joined(self) -> u32 {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    /// Units that one character takes. Zero: it cannot be written.
    fn units(self, c: char) -> u32 {
        match self {
            Self::Gsm7 if BASIC.contains(c) => 1,
            Self::Gsm7 if EXTENSION.contains(c) => 2,
            Self::Gsm7 => 0,
            Self::Ucs2 => u32::from(c > '\u{ffff}') + 1,
        }
    }
}

/// The default alphabet, without the escape (TS 23.038, 6.2.1).
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// The characters behind the escape, two septets each (TS 23.038, 6.2.1.1).
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// A text as the network sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segmentation {
    /// The alphabet.
    pub encoding: Encoding,
    /// Parts; at least one. An empty text is one part of no units: a message with media only is
    /// reported as one part too, and is priced per message anyway.
    pub segments: u32,
    /// Septets of [`Encoding::Gsm7`], or code units of [`Encoding::Ucs2`], of the whole text.
    pub units: u32,
}

/// How `text` is sent. A character is never split between two parts: neither an escape and what it
/// escapes, nor a surrogate pair. (What looks like one emoji may be several characters.)
pub fn segment(text: &str) -> Segmentation {
    let gsm = text.chars().all(|c| Encoding::Gsm7.units(c) > 0);
    let encoding = if gsm { Encoding::Gsm7 } else { Encoding::Ucs2 };
    let units = text.chars().fold(0_u32, |sum, c| sum.saturating_add(encoding.units(c)));
    if units <= encoding.alone() {
        return Segmentation { encoding, segments: 1, units };
    }
    let mut segments = 1_u32;
    let mut filled = 0;
    for c in text.chars() {
        let needed = encoding.units(c);
        if filled + needed > encoding.joined() {
            segments = segments.saturating_add(1);
            filled = 0;
        }
        filled += needed;
    }
    Segmentation { encoding, segments, units }
}

#[cfg(test)]
mod tests {
    use super::{BASIC, EXTENSION, Encoding, segment};
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, encoding: Encoding, segments: u32, units: u32) {
        let got = segment(text);
        assert_eq!((got.encoding, got.segments, got.units), (encoding, segments, units), "{text:?}");
    }

    #[test]
    fn the_alphabet_has_its_127_and_10_characters() {
        // 128 codes less the escape itself; the extension table of release 99 has ten characters.
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(EXTENSION.chars().count(), 10);
    }

    #[test]
    fn parts_change_at_the_limits() {
        use Encoding::{Gsm7, Ucs2};
        check("", Gsm7, 1, 0);
        check(&"a".repeat(160), Gsm7, 1, 160);
        check(&"a".repeat(161), Gsm7, 2, 161);
        check(&"a".repeat(306), Gsm7, 2, 306);
        check(&"a".repeat(307), Gsm7, 3, 307);
        check(&"ж".repeat(70), Ucs2, 1, 70);
        check(&"ж".repeat(71), Ucs2, 2, 71);
        check(&"ж".repeat(134), Ucs2, 2, 134);
        check(&"ж".repeat(135), Ucs2, 3, 135);
        // One typographic apostrophe makes a text three times as dear.
        check(&format!("it’s {}", "a".repeat(155)), Ucs2, 3, 160);
    }

    #[test]
    fn no_character_is_split() {
        use Encoding::{Gsm7, Ucs2};
        check(&"€".repeat(80), Gsm7, 1, 160);
        // 76 euro signs fill 152 of 153 septets: the 77th goes to the next part, whole.
        check(&"€".repeat(152), Gsm7, 2, 304);
        check(&"€".repeat(153), Gsm7, 3, 306);
        check(&"😀".repeat(35), Ucs2, 1, 70);
        check(&"😀".repeat(66), Ucs2, 2, 132);
        check(&"😀".repeat(67), Ucs2, 3, 134);
    }

    proptest! {
        #[test]
        fn parts_hold_the_text_and_waste_at_most_one_unit(text in "[a-z€😀ж]{0,400}|[a-z€^]{0,400}|\\PC{0,200}") {
            let got = segment(&text);
            let (alone, joined) = (got.encoding.alone(), got.encoding.joined());
            if got.segments == 1 {
                prop_assert!(got.units <= alone);
            } else {
                prop_assert!(got.units > alone);
                prop_assert!(got.units <= got.segments * joined);
                // A part ends early only for a character of two units.
                prop_assert!(got.units > (got.segments - 1) * (joined - 1));
            }
            if got.encoding == Encoding::Ucs2 {
                prop_assert_eq!(got.units as usize, text.encode_utf16().count());
            }
        }

        #[test]
        fn a_longer_text_never_has_fewer_parts(text in "[a-z€ж]{0,300}", more in any::<char>()) {
            let longer = format!("{text}{more}");
            prop_assert!(segment(&longer).segments >= segment(&text).segments);
        }
    }
}
