//! The smallest files that are still valid.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::Deserialize;

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    #[default]
    Png,
    Jpeg,
    Gif,
    Vcard,
    Mp4,
    Text,
}

/// 1×1 pixels, RGBA.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// 1×1 pixels, two colours.
const GIF: &str = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

const VCARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Jane;;;\r\nFN:Jane Doe\r\nTEL;TYPE=CELL:+14155550123\r\nEND:VCARD\r\n";

impl Kind {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Vcard => "text/vcard",
            Self::Mp4 => "video/mp4",
            Self::Text => "text/plain",
        }
    }

    pub(crate) fn bytes(self) -> Bytes {
        match self {
            Self::Png => STANDARD.decode(PNG).unwrap_or_default().into(),
            Self::Jpeg => jpeg().into(),
            Self::Gif => STANDARD.decode(GIF).unwrap_or_default().into(),
            Self::Vcard => Bytes::from_static(VCARD.as_bytes()),
            Self::Mp4 => mp4().into(),
            Self::Text => Bytes::from_static(b"A long message that the carrier turned into an attachment.\n"),
        }
    }
}

/// One grey 8×8 block: a baseline JPEG whose Huffman tables have one code each (ITU T.81, annex B).
fn jpeg() -> Vec<u8> {
    let mut file = vec![0xff, 0xd8];
    file.extend_from_slice(b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00");
    file.extend_from_slice(&[0xff, 0xdb, 0x00, 0x43, 0x00]);
    file.extend_from_slice(&[1; 64]);
    // Eight bits, 8×8, one component without subsampling.
    file.extend_from_slice(&[0xff, 0xc0, 0x00, 0x0b, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
    // DC and AC tables: the one-bit code 0 means "no difference" and "end of block".
    for class in [0x00, 0x10] {
        file.extend_from_slice(&[0xff, 0xc4, 0x00, 0x14, class, 1]);
        file.extend_from_slice(&[0; 15]);
        file.push(0);
    }
    file.extend_from_slice(&[0xff, 0xda, 0x00, 0x08, 1, 1, 0x00, 0, 63, 0]);
    // The two codes, padded with ones.
    file.extend_from_slice(&[0b0011_1111, 0xff, 0xd9]);
    file
}

/// A tenth of a second of a 400 Hz tone: 8 kHz, 16 bits, mono, PCM.
pub(super) fn wav() -> Vec<u8> {
    let samples: Vec<i16> = (0..800i16).map(|at| if at % 20 < 10 { 4_000 } else { -4_000 }).collect();
    let size = u32::try_from(samples.len() * 2).unwrap_or_default();
    let mut file = b"RIFF".to_vec();
    file.extend_from_slice(&(36 + size).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00");
    file.extend_from_slice(&8_000u32.to_le_bytes());
    file.extend_from_slice(&16_000u32.to_le_bytes());
    file.extend_from_slice(b"\x02\x00\x10\x00data");
    file.extend_from_slice(&size.to_le_bytes());
    for sample in samples {
        file.extend_from_slice(&sample.to_le_bytes());
    }
    file
}

/// One silent frame: MPEG 1 layer III, 128 kbit/s, 44.1 kHz.
pub(super) fn mp3() -> Vec<u8> {
    let mut file = vec![0xff, 0xfb, 0x90, 0x00];
    file.resize(417, 0);
    file
}

/// A file type box and an empty media box: recognised as MP4, though it plays nothing.
fn mp4() -> Vec<u8> {
    let mut file = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom".to_vec();
    file.extend_from_slice(b"\x00\x00\x00\x08mdat");
    file
}
