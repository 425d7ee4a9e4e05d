//! Spectrograms as small PNG files (ISO/IEC 15948), 256 colours.

use std::io::Write;

use flate2::Compression;
use flate2::Crc;
use flate2::write::ZlibEncoder;
use syrinx_audio::{LogMel, MelConfig};
use syrinx_types::Audio;

/// The log-mel spectrogram of a recording, low bands at the bottom, one pixel a frame (10 ms) and band. `None` for a
/// recording without samples or of a rate too low for it.
pub(crate) fn spectrogram(audio: &Audio) -> Option<Vec<u8>> {
    let rate_hz = audio.sample_rate_hz;
    let defaults = MelConfig::default();
    let config = MelConfig {
        sample_rate_hz: rate_hz,
        hop: (rate_hz / 100).max(1) as usize,
        fmax_hz: defaults.fmax_hz.min(f64::from(rate_hz) / 2.0),
        ..defaults
    };
    let mel = LogMel::new(config).ok()?;
    let values = mel.compute(&audio.samples); // (frames, bins)
    let (bins, frames) = (mel.bins(), values.len() / mel.bins());
    if frames == 0 {
        return None;
    }
    let top = values.iter().copied().fold(f32::MIN, f32::max);
    // 70 dB below the loudest is black.
    let range = 70.0 / (20.0 * std::f32::consts::LOG10_E);
    let shade = |v: f32| (255.0 * (1.0 - (top - v) / range).clamp(0.0, 1.0)) as u8;
    let mut pixels = Vec::with_capacity(frames * bins);
    for bin in (0..bins).rev() {
        pixels.extend((0..frames).map(|t| shade(values[t * bins + bin])));
    }
    Some(indexed(&pixels, frames as u32))
}

/// A picture of rows of `width` palette entries.
fn indexed(pixels: &[u8], width: u32) -> Vec<u8> {
    let height = pixels.len() as u32 / width;
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    // 8 bits a pixel, palette, deflate, no interlace.
    header.extend([8, 3, 0, 0, 0]);
    chunk(&mut png, b"IHDR", &header);
    chunk(&mut png, b"PLTE", &palette());
    let mut rows = ZlibEncoder::new(Vec::new(), Compression::best());
    for row in pixels.chunks(width as usize) {
        // Each row begins with its filter; 0 is none.
        let written = rows.write_all(&[0]).and_then(|()| rows.write_all(row));
        written.expect("writing to memory doesn't fail");
    }
    chunk(&mut png, b"IDAT", &rows.finish().expect("writing to memory doesn't fail"));
    chunk(&mut png, b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    png.extend((data.len() as u32).to_be_bytes());
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    png.extend(kind);
    png.extend(data);
    png.extend(crc.sum().to_be_bytes());
}

/// Black over violet and orange to pale yellow: lightness rises evenly, so that it reads in grey, too.
fn palette() -> Vec<u8> {
    const STOPS: [[f32; 3]; 5] = [
        [4.0, 3.0, 15.0],
        [74.0, 16.0, 107.0],
        [178.0, 50.0, 90.0],
        [246.0, 136.0, 40.0],
        [252.0, 253.0, 191.0],
    ];
    let mut palette = Vec::with_capacity(256 * 3);
    for i in 0..256 {
        let at = i as f32 / 255.0 * (STOPS.len() - 1) as f32;
        let (low, share) = ((at as usize).min(STOPS.len() - 2), at.fract());
        let share = if i == 255 { 1.0 } else { share };
        let between = STOPS[low].iter().zip(STOPS[low + 1]);
        palette.extend(between.map(|(a, b)| (a + (b - a) * share).round() as u8));
    }
    palette
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// Chunks of a PNG by kind, checksums verified.
    fn chunks(png: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut rest = &png[8..];
        let mut chunks = Vec::new();
        while !rest.is_empty() {
            let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
            let body = &rest[4..8 + length];
            let mut crc = Crc::new();
            crc.update(body);
            assert_eq!(rest[8 + length..12 + length], crc.sum().to_be_bytes());
            chunks.push((String::from_utf8_lossy(&body[..4]).into_owned(), body[4..].to_vec()));
            rest = &rest[12 + length..];
        }
        chunks
    }

    #[test]
    fn a_tone_is_a_bright_line_in_a_well_formed_picture() {
        let samples = (0..12_000).map(|i| (i as f32 * 0.25).sin() * 0.5).collect();
        let png = spectrogram(&Audio { samples, sample_rate_hz: 24_000 }).unwrap();
        let chunks = chunks(&png);
        let kinds: Vec<_> = chunks.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["IHDR", "PLTE", "IDAT", "IEND"]);
        assert_eq!(chunks[1].1.len(), 768);
        let mut rows = Vec::new();
        flate2::read::ZlibDecoder::new(&chunks[2].1[..]).read_to_end(&mut rows).unwrap();
        assert_eq!(rows.len(), 80 * 51);
        let row_mean = |r: usize| {
            rows[r * 51 + 1..(r + 1) * 51].iter().map(|&p| f64::from(p)).sum::<f64>() / 50.0
        };
        let brightest = (0..80).max_by(|&a, &b| row_mean(a).total_cmp(&row_mean(b))).unwrap();
        // 0.25 radians a sample are 955 Hz: well in the lower half of the picture.
        assert!((40..75).contains(&brightest), "{brightest}");
        assert!(row_mean(brightest) > 200.0 && row_mean(5) < 60.0);
    }

    #[test]
    fn nothing_has_no_spectrogram() {
        assert!(spectrogram(&Audio { samples: Vec::new(), sample_rate_hz: 24_000 }).is_none());
    }
}
