//! The pitch level of the codec: fundamental frequency and voicing of the mel frames of a codec frame, in one code.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_metrics::pitch::{F0Config, f0_with};
use syrinx_types::{Allowed, Audio, Codes, ConfigIssue};

use crate::CodecError;
use crate::fault::WeightsMismatch;
use crate::harmonic_fit::HarmonicFit;
use crate::kmeans::KMeans;
use crate::nearest::{Codebook, MAX_ENTRIES};
use crate::weights::round_to_f16;

/// Pitch of one mel frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PitchFrame {
    /// Base-2 logarithm of the fundamental frequency in Hz, interpolated through unvoiced stretches.
    pub log2_hz: f32,
    /// Degree of voicing, from 0 (noise) to 1 (voiced).
    pub voicing: f32,
}

impl PitchFrame {
    /// Fundamental frequency, Hz.
    pub fn hz(self) -> f64 {
        f64::from(self.log2_hz).exp2()
    }
}

/// Pitch of a recording without a voiced frame, Hz.
const DEFAULT_HZ: f32 = 150.0;

/// Shape of the pitch level, and how its table is fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PitchConfig {
    /// Lowest fundamental frequency, Hz.
    pub min_hz: f64,
    /// Highest fundamental frequency, Hz.
    pub max_hz: f64,
    /// Aperiodicity (0 to 1) below which a frame is voiced.
    pub threshold: f64,
    /// Entries of the table.
    pub entries: usize,
    /// Weight of voicing relative to octaves in the distance between frames.
    pub voicing_weight: f64,
    /// Seconds of sound that the enhancement layer is fitted on.
    pub fit_seconds: usize,
    /// Iterations of k-means.
    pub iterations: usize,
}

impl Default for PitchConfig {
    fn default() -> Self {
        Self {
            min_hz: 60.0,
            max_hz: 500.0,
            threshold: 0.3,
            entries: 1024,
            voicing_weight: 0.25,
            fit_seconds: 2500,
            iterations: 12,
        }
    }
}

impl PitchConfig {
    /// # Errors
    /// [`CodecError::Config`] naming the setting that can't work.
    pub fn check(&self) -> Result<(), CodecError> {
        if !(self.min_hz > 0.0 && self.max_hz > self.min_hz && self.max_hz.is_finite()) {
            return Err(CodecError::setting("min_hz", "must lie above 0 and below max_hz"));
        }
        Allowed::Within(1.0, MAX_ENTRIES).check("entries", self.entries as f64)?;
        Allowed::Above(0.0).check("voicing_weight", self.voicing_weight)?;
        Allowed::Finite.check("voicing_weight", self.voicing_weight)?;
        Ok(ConfigIssue::above_zero(&[("iterations", self.iterations)])?)
    }

    /// Returns the pitch of `frames` mel frames of samples, `hop` samples apart, by YIN, refined by the harmonics of
    /// the spectrum.
    pub fn track(
        &self,
        samples: &[f32],
        sample_rate_hz: u32,
        hop: usize,
        frames: usize,
    ) -> Vec<PitchFrame> {
        let config = F0Config {
            min_hz: self.min_hz,
            max_hz: self.max_hz,
            hop_s: hop as f64 / f64::from(sample_rate_hz),
            threshold: self.threshold,
            ..F0Config::default()
        };
        let mut hz = f0_with(&Audio { samples: samples.to_vec(), sample_rate_hz }, &config).hz;
        hz.resize(frames, None);
        let mut fit = HarmonicFit::new(sample_rate_hz);
        for (t, hz) in hz.iter_mut().enumerate() {
            *hz = hz.map(|hz| fit.fit(samples, t * hop, hz));
        }
        interpolated(&hz)
    }
}

/// Returns the frames with the frequency of unvoiced frames interpolated on a logarithmic scale.
fn interpolated(hz: &[Option<f64>]) -> Vec<PitchFrame> {
    let voiced: Vec<(usize, f32)> =
        hz.iter().enumerate().filter_map(|(t, hz)| hz.map(|hz| (t, hz.log2() as f32))).collect();
    let (mut next, mut out) = (0, Vec::with_capacity(hz.len()));
    for (t, here) in hz.iter().enumerate() {
        while next < voiced.len() && voiced[next].0 < t {
            next += 1;
        }
        let before = next.checked_sub(1).map(|i| voiced[i]);
        let log2_hz = match (before, voiced.get(next)) {
            (_, Some(&(at, value))) if at == t => value,
            (Some((a, low)), Some(&(b, high))) => {
                low + (high - low) * (t - a) as f32 / (b - a) as f32
            }
            (Some((_, value)), None) | (None, Some(&(_, value))) => value,
            (None, None) => DEFAULT_HZ.log2(),
        };
        out.push(PitchFrame { log2_hz, voicing: if here.is_some() { 1.0 } else { 0.0 } });
    }
    out
}

/// Codebook of pitch contours: one code for the mel frames of one codec frame.
#[derive(Debug, Clone)]
pub struct PitchTable {
    config: PitchConfig,
    frames: usize,
    book: Codebook, // (entries, frames * 2): octaves above the default pitch, then weighted voicing
}

impl PitchTable {
    /// Builds a table of `entries` (entries, patch_frames * 2).
    ///
    /// # Errors
    /// [`CodecError::Mismatch`] for another number of values or one that isn't finite.
    pub fn new(
        config: PitchConfig,
        patch_frames: usize,
        entries: Vec<f32>,
    ) -> Result<Self, CodecError> {
        let expected = config.entries * 2 * patch_frames;
        if entries.len() != expected || entries.iter().any(|v| !v.is_finite()) {
            let (table, found) = ("pitch table", entries.len());
            return Err(WeightsMismatch::TableValues { table, found, expected }.into());
        }
        let book = Codebook::new(entries, 2 * patch_frames);
        Ok(Self { config, frames: patch_frames, book })
    }

    /// Fits a table on tracks.
    ///
    /// # Errors
    /// [`CodecError::Config`] or [`CodecError::TooLittleData`].
    pub fn fit(
        config: &PitchConfig,
        patch_frames: usize,
        tracks: &[Vec<PitchFrame>],
        seed: u64,
    ) -> Result<Self, CodecError> {
        config.check()?;
        let dim = 2 * patch_frames;
        let book = Codebook::new(Vec::new(), dim);
        let plain = Self { config: config.clone(), frames: patch_frames, book };
        let vectors: Vec<f32> = tracks.iter().flat_map(|track| plain.vectors(track)).collect();
        let found = vectors.len() / dim;
        if found < config.entries {
            return Err(CodecError::TooLittleData {
                operation: "fit pitch table",
                found,
                needed: config.entries,
                unit: "codec frames",
            });
        }
        let mut means = KMeans::new(&vectors, dim, config.entries, seed);
        for round in 0..config.iterations {
            means.step(&vectors, round, config.iterations);
        }
        Ok(Self { book: means.finish(), ..plain })
    }

    /// Shape and settings.
    pub fn config(&self) -> &PitchConfig {
        &self.config
    }

    /// Returns the values of the table, (entries, patch_frames * 2).
    pub fn entries(&self) -> &[f32] {
        self.book.entries()
    }

    fn vectors(&self, track: &[PitchFrame]) -> Vec<f32> {
        let weight = self.config.voicing_weight as f32;
        track
            .chunks(self.frames)
            .flat_map(|frames| {
                let at = move |i: usize| frames[i.min(frames.len() - 1)];
                let octaves = (0..self.frames).map(move |i| at(i).log2_hz - DEFAULT_HZ.log2());
                octaves.chain((0..self.frames).map(move |i| weight * at(i).voicing))
            })
            .map(round_to_f16)
            .collect()
    }

    /// Returns the codes of a track, one for every begun codec frame.
    pub fn encode(&self, track: &[PitchFrame]) -> Vec<u16> {
        self.book.nearest(&self.vectors(track))
    }

    /// Returns the track of codes, (codes * patch_frames).
    ///
    /// # Errors
    /// [`CodecError::Codes`] for a code outside the table.
    pub fn decode(&self, codes: &[u16]) -> Result<Vec<PitchFrame>, CodecError> {
        Codes::new(1, codes.to_vec())?.check(self.config.entries)?;
        let weight = self.config.voicing_weight as f32;
        let frame = |entry: &[f32], i: usize| PitchFrame {
            log2_hz: entry[i] + DEFAULT_HZ.log2(),
            voicing: (entry[self.frames + i] / weight).clamp(0.0, 1.0),
        };
        let one = |&code| {
            let entry = self.book.entry(code);
            (0..self.frames).map(move |i| frame(entry, i))
        };
        Ok(codes.iter().flat_map(one).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_interpolated_between_voiced_frames() {
        let track = interpolated(&[None, Some(100.0), None, None, None, Some(400.0), None]);
        let hz: Vec<f64> = track.iter().map(|f| f.hz().round()).collect();
        assert_eq!(hz, [100.0, 100.0, 141.0, 200.0, 283.0, 400.0, 400.0]);
        let voicing: Vec<f32> = track.iter().map(|f| f.voicing).collect();
        assert_eq!(voicing, [0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        assert!((interpolated(&[None])[0].hz() - 150.0).abs() < 1e-3);
    }
}
