//! The bytes of recordings: as long as they say, and playable.

/// Samples a second, 16 bits each: with one channel the 128 kbit/s of both providers' WAV files.
const RATE: u32 = 8_000;

/// A 400 Hz tone: PCM, in as many channels.
pub(crate) fn wav(seconds: i64, channels: u8) -> Vec<u8> {
    let samples = u32::try_from(seconds).unwrap_or(0).saturating_mul(RATE);
    let frame = u32::from(channels) * 2;
    let size = samples.saturating_mul(frame);
    let mut file = b"RIFF".to_vec();
    file.extend_from_slice(&(36 + size).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt \x10\x00\x00\x00\x01\x00");
    file.extend_from_slice(&u16::from(channels).to_le_bytes());
    file.extend_from_slice(&RATE.to_le_bytes());
    file.extend_from_slice(&(RATE * frame).to_le_bytes());
    file.extend_from_slice(&(u16::from(channels) * 2).to_le_bytes());
    file.extend_from_slice(b"\x10\x00data");
    file.extend_from_slice(&size.to_le_bytes());
    for at in 0..samples {
        let sample: i16 = if at % 20 < 10 { 4_000 } else { -4_000 };
        for _ in 0..channels {
            file.extend_from_slice(&sample.to_le_bytes());
        }
    }
    file
}

/// Silent frames: MPEG 1 layer III, 32 kbit/s, 32 kHz, mono. Each is 144 bytes and lasts 36 ms.
pub(crate) fn mp3(seconds: i64) -> Vec<u8> {
    let frames = usize::try_from(seconds).unwrap_or(0).saturating_mul(1000).div_ceil(36);
    let mut frame = vec![0xff, 0xfb, 0x18, 0xc0];
    frame.resize(144, 0);
    frame.repeat(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_long_as_they_say() {
        for (seconds, channels) in [(0, 1), (1, 1), (7, 2)] {
            let file = wav(seconds, channels);
            let data = usize::try_from(seconds).unwrap() * 16_000 * usize::from(channels);
            assert_eq!(file.len(), 44 + data);
            assert_eq!(file[4..8], u32::try_from(36 + data).unwrap().to_le_bytes());
        }
        assert_eq!(mp3(9).len(), 250 * 144);
    }
}
