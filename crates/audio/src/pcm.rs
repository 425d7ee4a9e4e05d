//! 16-bit samples, and the header of a streamed WAV file.

/// Length of the header, bytes.
const HEADER_BYTES: u32 = 44;

/// Rounds a sample to 16 bits. Full scale is 32768, as for reading, so that a 16-bit file is read and written without
/// change.
pub fn to_int16(x: f32) -> i16 {
    (x * 32768.0).round().clamp(-32768.0, 32767.0) as i16
}

/// Returns samples as 16-bit little-endian integers.
pub fn pcm16(samples: &[f32]) -> Vec<u8> {
    samples.iter().flat_map(|x| to_int16(*x).to_le_bytes()).collect()
}

/// Returns the header of a 16-bit mono WAV file. If the number of samples is `None`, all bits of the length fields are
/// set, as in OpenAI's streams.
pub fn wav_header(rate_hz: u32, samples: Option<usize>) -> Vec<u8> {
    let data = samples.and_then(|n| u32::try_from(2 * n).ok());
    let riff = data.and_then(|n| n.checked_add(HEADER_BYTES - 8));
    let mut header = Vec::with_capacity(HEADER_BYTES as usize);
    header.extend(b"RIFF");
    header.extend(riff.unwrap_or(u32::MAX).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16u32.to_le_bytes());
    header.extend(1u16.to_le_bytes()); // PCM
    header.extend(1u16.to_le_bytes()); // channels
    header.extend(rate_hz.to_le_bytes());
    header.extend((2 * rate_hz).to_le_bytes()); // bytes a second
    header.extend(2u16.to_le_bytes()); // bytes a frame
    header.extend(16u16.to_le_bytes()); // bits a sample
    header.extend(b"data");
    header.extend(data.unwrap_or(u32::MAX).to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_samples_are_a_wav_file() {
        let samples = [0.0, 0.5, -1.0, 1.0, 1.5];
        let bytes = [wav_header(24_000, Some(samples.len())), pcm16(&samples)].concat();
        let mut wav = hound::WavReader::new(&bytes[..]).expect("a header");
        assert_eq!((wav.spec().sample_rate, wav.len()), (24_000, 5));
        let read: Vec<i16> = wav.samples().map(|x| x.expect("a sample")).collect();
        assert_eq!(read, [0, 16_384, -32_768, 32_767, 32_767]);
        assert_eq!(wav_header(8_000, None)[40..], [0xff; 4]);
    }
}
