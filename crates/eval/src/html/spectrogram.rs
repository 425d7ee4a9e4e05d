//! Narrow-band spectrograms with the fundamental frequency, as PNG files of 256 colors.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;
use syrinx_metrics::pitch::f0;
use syrinx_types::Audio;

/// Highest frequency shown.
pub(crate) const TOP_HZ: f64 = 5_000.0;
/// Rows of the picture.
const HEIGHT: usize = 250;
/// Columns a second.
const COLUMNS_PER_S: f64 = 100.0;
/// Analysis window, seconds: several periods of a low voice, so that harmonics are resolved.
const WINDOW_S: f64 = 0.043;
/// Range of levels shown, dB below the loudest.
const RANGE_DB: f32 = 65.0;
/// Scale of the line of the fundamental frequency: 100 Hz is drawn at 1 kHz.
const F0_SCALE: f64 = 10.0;
/// Palette entry of that line.
const F0_COLOR: u8 = 255;

/// Draws the spectrogram of a recording from 0 to 5 kHz on a linear scale, low frequencies at the bottom, and its
/// fundamental frequency as a line. Returns `None` for a recording without samples.
pub(crate) fn spectrogram(audio: &Audio) -> Option<Vec<u8>> {
    let rate_hz = f64::from(audio.sample_rate_hz);
    if audio.samples.is_empty() || rate_hz <= 0.0 {
        return None;
    }
    let top_hz = TOP_HZ.min(0.5 * rate_hz);
    let columns = ((audio.seconds() * COLUMNS_PER_S).ceil() as usize).max(1);
    let power_db = analysis(audio, columns, top_hz)?; // (columns, HEIGHT)
    let loudest = power_db.iter().copied().fold(f32::MIN, f32::max);
    let shade = |db: f32| (254.0 * (1.0 - (loudest - db) / RANGE_DB).clamp(0.0, 1.0)) as u8;
    let mut pixels = vec![0; columns * HEIGHT]; // (HEIGHT, columns), high frequencies first
    for column in 0..columns {
        for row in 0..HEIGHT {
            let db = power_db[column * HEIGHT + row];
            pixels[(HEIGHT - 1 - row) * columns + column] = shade(db);
        }
    }
    draw_f0(audio, &mut pixels, columns, top_hz);
    png(&pixels, columns)
}

/// Levels in dB, a column of [`HEIGHT`] frequencies from 0 to `top_hz` after another.
fn analysis(audio: &Audio, columns: usize, top_hz: f64) -> Option<Vec<f32>> {
    let rate_hz = f64::from(audio.sample_rate_hz);
    let window = ((WINDOW_S * rate_hz) as usize).max(2);
    // Zero padding interpolates between the bins.
    let size = (4 * window).next_power_of_two();
    let transform = RealFftPlanner::<f32>::new().plan_fft_forward(size);
    let (mut input, mut output) = (transform.make_input_vec(), transform.make_output_vec());
    let hann = |i: usize| {
        let phase = std::f32::consts::TAU * (i as f32 + 0.5) / window as f32;
        0.5 - 0.5 * phase.cos()
    };
    let taper: Vec<f32> = (0..window).map(hann).collect();
    let mut levels = Vec::with_capacity(columns * HEIGHT);
    for column in 0..columns {
        let center = (column as f64 / COLUMNS_PER_S * rate_hz) as usize;
        input.fill(0.0);
        for (i, weight) in taper.iter().enumerate() {
            let sample = (center + i).checked_sub(window / 2).and_then(|at| audio.samples.get(at));
            input[i] = weight * sample.copied().unwrap_or_default();
        }
        transform.process(&mut input, &mut output).ok()?;
        let level = |row: usize| {
            let hz = (row as f64 + 0.5) / HEIGHT as f64 * top_hz;
            let bin = (hz / rate_hz * size as f64) as usize;
            let power = output.get(bin).map_or(0.0, Complex::norm_sqr);
            10.0 * power.max(1e-12).log10()
        };
        levels.extend((0..HEIGHT).map(level));
    }
    Some(levels)
}

fn draw_f0(audio: &Audio, pixels: &mut [u8], columns: usize, top_hz: f64) {
    let track = f0(audio);
    for (t, hz) in track.hz.iter().enumerate() {
        let Some(hz) = hz else { continue };
        let column = (t as f64 * track.hop_s * COLUMNS_PER_S) as usize;
        let row = (F0_SCALE * hz / top_hz * HEIGHT as f64) as usize;
        if column < columns && row + 1 < HEIGHT {
            pixels[(HEIGHT - 1 - row) * columns + column] = F0_COLOR;
            pixels[(HEIGHT - 2 - row) * columns + column] = F0_COLOR;
        }
    }
}

fn png(pixels: &[u8], width: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, (pixels.len() / width) as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette());
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}

/// Colors from black over violet and orange to pale yellow: lightness rises evenly, so that the picture reads in gray,
/// too. The last entry, cyan, is that of the fundamental frequency.
fn palette() -> Vec<u8> {
    const STOPS: [[f32; 3]; 5] = [
        [4.0, 3.0, 15.0],
        [74.0, 16.0, 107.0],
        [178.0, 50.0, 90.0],
        [246.0, 136.0, 40.0],
        [252.0, 253.0, 191.0],
    ];
    const CYAN: [u8; 3] = [60, 230, 255];
    let mut palette = Vec::with_capacity(256 * 3);
    for i in 0..255 {
        let at = i as f32 / 254.0 * (STOPS.len() - 1) as f32;
        let low = (at as usize).min(STOPS.len() - 2);
        let share = at - low as f32;
        let between = STOPS[low].iter().zip(STOPS[low + 1]);
        palette.extend(between.map(|(a, b)| (a + (b - a) * share).round() as u8));
    }
    palette.extend(CYAN);
    palette
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a buzz of 20 harmonics of 120 Hz.
    fn buzz() -> Audio {
        let sample = |i: usize| {
            let t = i as f32 / 24_000.0;
            let tone = |k: usize| (std::f32::consts::TAU * 120.0 * k as f32 * t).sin();
            0.03 * (1..=20).map(tone).sum::<f32>()
        };
        Audio { samples: (0..24_000).map(sample).collect(), sample_rate_hz: 24_000 }
    }

    #[test]
    fn harmonics_and_the_fundamental_frequency_can_be_read() {
        let bytes = spectrogram(&buzz()).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (100, HEIGHT as u32));
        let at = |hz: f64, column: usize| {
            let row = (hz / TOP_HZ * HEIGHT as f64) as usize;
            pixels[(HEIGHT - 1 - row) * 100 + column]
        };
        // 600 Hz is the fifth harmonic, 660 Hz lies between two.
        let (harmonic, between) = (at(600.0, 50), at(660.0, 50));
        assert!(harmonic > 200 && harmonic - between > 100, "{harmonic} {between}");
        assert_eq!(at(10.0 * 120.0, 50), F0_COLOR);
    }

    #[test]
    fn a_recording_without_samples_has_no_spectrogram() {
        assert!(spectrogram(&Audio { samples: Vec::new(), sample_rate_hz: 24_000 }).is_none());
    }
}
