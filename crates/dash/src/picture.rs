//! Waveform and mel spectrogram of a recording, drawn in characters.

use ratatui::layout::Rect;
use syrinx_audio::{LogMel, MelConfig};
use syrinx_types::Audio;

use crate::pen::Pen;

/// Largest number of columns kept. Terminals are narrower, and the picture of a long recording stays small.
const COLUMNS: usize = 600;
/// Number of mel bands.
const BANDS: usize = 40;
/// Range of log-mel values shown, in nepers below the maximum.
const RANGE: f32 = 9.0;

/// Picture of a recording.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Picture {
    /// Minimum and maximum sample of each column.
    pub wave: Vec<(f32, f32)>,
    /// Loudness from 0 to 1, (columns, bands), low bands first.
    pub mel: Vec<f32>,
    /// Number of bands in `mel`.
    pub bands: usize,
    /// Length, seconds.
    pub seconds: f64,
}

impl Picture {
    /// Returns the picture of a recording.
    pub fn of(audio: &Audio) -> Self {
        let (mel, bands) = mel(audio).unwrap_or_default();
        Self { wave: wave(&audio.samples), mel, bands, seconds: audio.seconds() }
    }

    /// Draws the waveform in braille characters, two dots wide and four dots high each.
    pub fn draw_wave(&self, pen: &mut Pen<'_>, area: Rect) {
        let area = area.intersection(pen.buf.area);
        if self.wave.is_empty() || area.is_empty() {
            return;
        }
        let (dots_x, dots_y) = (usize::from(area.width) * 2, usize::from(area.height) * 4);
        let peak = self.wave.iter().map(|(low, high)| high.max(-low)).fold(1e-4, f32::max);
        let style = pen.theme.accent(1);
        let dot_y = |value: f32| {
            let down = (1.0 - value / peak) / 2.0 * (dots_y - 1) as f32;
            (down.round().max(0.0) as usize).min(dots_y - 1)
        };
        let column = |x: usize| {
            let from = x * self.wave.len() / dots_x;
            let to =
                ((x + 1) * self.wave.len() / dots_x).clamp(from + 1, self.wave.len().max(from + 1));
            let part = self.wave.get(from..to.min(self.wave.len())).unwrap_or_default();
            part.iter().fold((0.0f32, 0.0f32), |(a, b), (low, high)| (a.min(*low), b.max(*high)))
        };
        let edges: Vec<(usize, usize)> =
            (0..dots_x).map(column).map(|(low, high)| (dot_y(high), dot_y(low))).collect();
        for line in 0..area.height {
            for at in 0..area.width {
                let mut dots = 0u32;
                for x in 0..2 {
                    let (top, bottom) = edges[usize::from(at) * 2 + x];
                    for (y, bits) in BRAILLE.iter().enumerate() {
                        let dot = usize::from(line) * 4 + y;
                        if (top..=bottom).contains(&dot) {
                            dots |= bits[x];
                        }
                    }
                }
                if let (Some(sign), Some(cell)) =
                    (char::from_u32(0x2800 + dots), pen.buf.cell_mut((area.x + at, area.y + line)))
                {
                    cell.set_char(sign).set_style(style);
                }
            }
        }
    }

    /// Draws the spectrogram, low bands at the bottom: two bands a line in colors; in a theme without colors one band a
    /// line, in shades.
    pub fn draw_mel(&self, pen: &mut Pen<'_>, area: Rect) {
        let area = area.intersection(pen.buf.area);
        if self.mel.is_empty() || self.bands == 0 || area.is_empty() {
            return;
        }
        let lines = usize::from(area.height) * 2;
        for line in 0..area.height {
            for at in 0..area.width {
                let loud = |half: usize| {
                    let up = lines - 1 - (usize::from(line) * 2 + half);
                    self.loudness(usize::from(at), usize::from(area.width), up, lines)
                };
                let (top, bottom) = (loud(0), loud(1));
                let colours = (pen.theme.heat(top), pen.theme.heat(bottom));
                let Some(cell) = pen.buf.cell_mut((area.x + at, area.y + line)) else { continue };
                match colours {
                    (Some(top), Some(bottom)) => {
                        cell.set_char('▀').set_fg(top).set_bg(bottom);
                    }
                    _ => {
                        let level = (top.max(bottom) * (SHADES.len() - 1) as f32).round() as usize;
                        cell.set_char(SHADES[level.min(SHADES.len() - 1)]);
                    }
                }
            }
        }
    }

    /// Returns the maximum of `mel` within column `x` of `columns` and line `y` of `lines`, counted from the bottom.
    fn loudness(&self, x: usize, columns: usize, y: usize, lines: usize) -> f32 {
        let there = self.mel.len() / self.bands;
        let span = |i: usize, n: usize, all: usize| {
            let from = (i * all / n).min(all.saturating_sub(1));
            from..((i + 1) * all / n).clamp(from + 1, all.max(from + 1))
        };
        let mut loudest = 0.0f32;
        for column in span(x, columns, there) {
            for band in span(y, lines, self.bands) {
                let value = self.mel.get(column * self.bands + band).copied();
                loudest = loudest.max(value.unwrap_or(0.0));
            }
        }
        loudest
    }
}

/// Characters for rising loudness in a theme without colors.
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];

/// Bits of the dots of a braille character, by line and column.
const BRAILLE: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

fn wave(samples: &[f32]) -> Vec<(f32, f32)> {
    let columns = samples.len().min(COLUMNS);
    (0..columns)
        .map(|i| {
            let part = &samples[i * samples.len() / columns..(i + 1) * samples.len() / columns];
            part.iter().fold((0.0, 0.0), |(low, high), &s| (f32::min(low, s), f32::max(high, s)))
        })
        .collect()
}

/// Returns loudness from 0 to 1 as (columns, bands), and the number of bands; `None` for a recording without a
/// spectrum.
fn mel(audio: &Audio) -> Option<(Vec<f32>, usize)> {
    let hop = (audio.samples.len() / COLUMNS).max(audio.sample_rate_hz as usize / 100).max(1);
    let config = MelConfig {
        sample_rate_hz: audio.sample_rate_hz,
        hop: hop.min(2048),
        n_fft: 2048,
        bins: BANDS,
        fmax_hz: (f64::from(audio.sample_rate_hz) / 2.0).min(8000.0),
        ..MelConfig::default()
    };
    let mel = LogMel::new(config).ok()?.compute(&audio.samples);
    let loudest = mel.iter().copied().fold(f32::MIN, f32::max);
    let columns = mel.len() / BANDS;
    // Neighbouring frames of a long recording are merged into one column by their maximum.
    let by = columns.div_ceil(COLUMNS).max(1);
    let mut out = Vec::with_capacity(columns / by * BANDS);
    for from in (0..columns).step_by(by) {
        for band in 0..BANDS {
            let value = (from..(from + by).min(columns))
                .map(|c| mel[c * BANDS + band])
                .fold(f32::MIN, f32::max);
            out.push((1.0 - (loudest - value) / RANGE).clamp(0.0, 1.0));
        }
    }
    Some((out, BANDS))
}
