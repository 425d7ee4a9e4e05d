//! Fundamental frequency by YIN (de Cheveigné and Kawahara, JASA 111, 2002), with the difference function computed
//! through FFTs.

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use syrinx_audio::Audio;

/// Settings of the pitch tracker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct F0Config {
    /// Lowest pitch.
    pub min_hz: f64,
    /// Highest pitch.
    pub max_hz: f64,
    /// Hop between frames, seconds.
    pub hop_s: f64,
    /// Length of the window over which periods are compared, seconds.
    pub window_s: f64,
    /// Aperiodicity (0 to 1) below which a frame is voiced: YIN's absolute threshold.
    pub threshold: f64,
    /// Aperiodicity below which a frame is voiced if its pitch continues that of a voiced neighbour.
    pub weak_threshold: f64,
    /// Frames quieter than the loud ones by more decibels than this are unvoiced.
    pub range_db: f64,
}

impl Default for F0Config {
    fn default() -> Self {
        Self {
            min_hz: 60.0,
            max_hz: 500.0,
            hop_s: 0.01,
            window_s: 0.035,
            threshold: 0.3,
            weak_threshold: 0.6,
            range_db: 40.0,
        }
    }
}

/// Pitch over time.
#[derive(Debug, Clone, PartialEq)]
pub struct F0Track {
    /// Hop between frames, seconds. Frame `t` is centred at `t * hop_s`.
    pub hop_s: f64,
    /// Pitch of each frame; `None` for unvoiced frames.
    pub hz: Vec<Option<f64>>,
}

/// Smallest share of voiced frames for figures of pitch.
const MIN_VOICED_SHARE: f64 = 0.2;
/// Shortest voiced sound for figures of pitch, seconds.
const MIN_VOICED_S: f64 = 0.3;

/// Summary of a pitch track.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct F0Stats {
    /// Median of the voiced frames.
    pub median_hz: f64,
    /// Standard deviation around the mean, semitones.
    pub deviation_semitones: f64,
    /// Voiced frames over all frames.
    pub voiced_share: f64,
}

impl F0Track {
    /// Returns the voiced frames.
    pub fn voiced(&self) -> impl Iterator<Item = f64> + '_ {
        self.hz.iter().copied().flatten()
    }

    /// Whether enough frames are voiced for figures of pitch: a fifth of all, and 0.3 s.
    pub fn is_voiced_enough(&self) -> bool {
        let voiced = self.voiced().count();
        let least = ((MIN_VOICED_S / self.hop_s).round() as usize).max(1);
        voiced >= least && voiced as f64 >= MIN_VOICED_SHARE * self.hz.len() as f64
    }

    /// Returns the summary of the track, or `None` if too few frames are voiced for figures of pitch.
    pub fn reliable_stats(&self) -> Option<F0Stats> {
        self.stats().filter(|_| self.is_voiced_enough())
    }

    /// Returns the summary of the track, or `None` if no frame is voiced.
    pub fn stats(&self) -> Option<F0Stats> {
        let mut hz: Vec<f64> = self.voiced().collect();
        if hz.is_empty() {
            return None;
        }
        hz.sort_by(f64::total_cmp);
        let middle = hz.len() / 2;
        let median_hz =
            if hz.len() % 2 == 1 { hz[middle] } else { (hz[middle - 1] + hz[middle]) / 2.0 };
        let semitones: Vec<f64> = hz.iter().map(|f| 12.0 * f.log2()).collect();
        let n = hz.len() as f64;
        let mean = semitones.iter().sum::<f64>() / n;
        let variance = semitones.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / n;
        Some(F0Stats {
            median_hz,
            deviation_semitones: variance.sqrt(),
            voiced_share: n / self.hz.len() as f64,
        })
    }
}

/// Returns the pitch of a recording with the default [`F0Config`].
pub fn f0(audio: &Audio) -> F0Track {
    f0_with(audio, &F0Config::default())
}

/// Returns the pitch of a recording. A rate of 0 or limits that leave no period give a track without frames.
pub fn f0_with(audio: &Audio, config: &F0Config) -> F0Track {
    // A hop of 0 or NaN gives no frames.
    let steps = config.hop_s > 0.0;
    let Some(mut yin) = Yin::new(audio.sample_rate_hz, config).filter(|_| steps) else {
        return F0Track { hop_s: config.hop_s, hz: Vec::new() };
    };
    let frames = (audio.seconds() / config.hop_s).ceil() as usize;
    let found: Vec<Frame> = (0..frames)
        .map(|t| {
            let centre = (t as f64 * config.hop_s * f64::from(audio.sample_rate_hz)).round();
            yin.frame(&audio.samples, centre as usize)
        })
        .collect();
    let gate = power_gate(&found, config.range_db);
    let hz: Vec<Option<f64>> =
        found.iter().map(|frame| frame.hz.filter(|_| frame.power >= gate)).collect();
    let mut hz = without_jumps(&hz);
    let order: Vec<usize> = (1..hz.len()).collect();
    continued(&mut hz, &found, gate, order.iter().map(|&t| (t - 1, t)));
    continued(&mut hz, &found, gate, order.iter().rev().map(|&t| (t, t - 1)));
    F0Track { hop_s: config.hop_s, hz }
}

/// Largest step of the pitch from a frame to the next where voicing is weak, octaves.
const CONTINUED_OCTAVES: f64 = 0.15;

/// Assigns unvoiced frames the pitch of a weak candidate that continues the neighbour's; steps are (from, to).
fn continued(
    hz: &mut [Option<f64>],
    found: &[Frame],
    gate: f64,
    steps: impl Iterator<Item = (usize, usize)>,
) {
    for (from, to) in steps {
        let (Some(near), None) = (hz[from], hz[to]) else { continue };
        if found[to].power < gate {
            continue;
        }
        let distance = |hz: f64| (hz / near).log2().abs();
        let nearest =
            found[to].weak.iter().copied().min_by(|&a, &b| distance(a).total_cmp(&distance(b)));
        hz[to] = nearest.filter(|&hz| distance(hz) < CONTINUED_OCTAVES);
    }
}

/// Pitch of a recording against that of the original, over the loud frames of the original.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PitchComparison {
    /// Number of voiced frames relative to the original: below 1 for lost voicing, above 1 for noise that became
    /// voiced.
    pub voiced_kept: f64,
    /// Median distance over the frames that are voiced in both, cents (hundredths of a semitone); `None` where these
    /// frames are shorter than 0.3 s together.
    pub error_cents: Option<f64>,
    /// Share of the frames that are voiced in one of the two only.
    pub voicing_error: f64,
}

/// Range below the loud frames of the original, dB, within which frames are compared.
const COMPARED_DB: f64 = 30.0;

/// Compares the pitch of `other` with that of `original` frame by frame; `None` where too few frames of the original are
/// voiced for figures of pitch.
pub fn compare(original: &Audio, other: &Audio, config: &F0Config) -> Option<PitchComparison> {
    let first = f0_with(original, config);
    if !first.is_voiced_enough() {
        return None;
    }
    let second = f0_with(other, config);
    let powers = frame_powers(original, config.hop_s, first.hz.len());
    let gate = gate_below(powers.clone(), COMPARED_DB);
    let pairs: Vec<(Option<f64>, Option<f64>)> = (0..first.hz.len())
        .filter(|&t| powers[t] >= gate && powers[t] > 0.0)
        .map(|t| (first.hz[t], second.hz.get(t).copied().flatten()))
        .collect();
    let voiced = pairs.iter().filter(|(a, _)| a.is_some()).count();
    if voiced == 0 {
        return None;
    }
    let voiced_after = pairs.iter().filter(|(_, b)| b.is_some()).count();
    let differ = pairs.iter().filter(|(a, b)| a.is_some() != b.is_some()).count();
    let cents = |(a, b): &(Option<f64>, Option<f64>)| Some(1200.0 * ((*a)? / (*b)?).log2().abs());
    let mut errors: Vec<f64> = pairs.iter().filter_map(cents).collect();
    errors.sort_by(f64::total_cmp);
    let enough = errors.len() as f64 * config.hop_s >= MIN_VOICED_S - 0.5 * config.hop_s;
    Some(PitchComparison {
        voiced_kept: voiced_after as f64 / voiced as f64,
        error_cents: errors.get(errors.len() / 2).copied().filter(|_| enough),
        voicing_error: differ as f64 / pairs.len() as f64,
    })
}

/// Returns the mean power of the frames of a recording.
fn frame_powers(audio: &Audio, hop_s: f64, frames: usize) -> Vec<f64> {
    let hop = hop_s * f64::from(audio.sample_rate_hz);
    let power = |t: usize| {
        let from = ((t as f64 - 1.0) * hop).max(0.0) as usize;
        let to = (((t as f64 + 1.0) * hop) as usize).min(audio.samples.len());
        let part = &audio.samples[from.min(to)..to];
        let sum: f64 = part.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        sum / part.len().max(1) as f64
    };
    (0..frames).map(power).collect()
}

/// One frame before the decision on voicing by level.
struct Frame {
    power: f64,
    hz: Option<f64>,
    /// Frequencies of all local minima below the weak threshold.
    weak: Vec<f64>,
}

struct Yin {
    rate_hz: f64,
    min_lag: usize,
    max_lag: usize,
    window: usize,
    threshold: f64,
    weak_threshold: f64,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    segment: Vec<f32>,
    time: Vec<f32>,
    head: Vec<Complex<f32>>,
    whole: Vec<Complex<f32>>,
    normalised: Vec<f64>,
}

impl Yin {
    fn new(sample_rate_hz: u32, config: &F0Config) -> Option<Self> {
        let rate_hz = f64::from(sample_rate_hz);
        let min_lag = (rate_hz / config.max_hz).floor() as usize;
        let max_lag = (rate_hz / config.min_hz).ceil() as usize;
        let window = (rate_hz * config.window_s).round() as usize;
        if min_lag < 2 || max_lag <= min_lag || window == 0 {
            return None;
        }
        // One lag more, for the parabola at the end.
        let length = window + max_lag + 1;
        let size = length.next_power_of_two();
        let mut planner = RealFftPlanner::new();
        let forward = planner.plan_fft_forward(size);
        let inverse = planner.plan_fft_inverse(size);
        Some(Self {
            rate_hz,
            min_lag,
            max_lag,
            window,
            threshold: config.threshold,
            weak_threshold: config.weak_threshold,
            segment: vec![0.0; length],
            time: vec![0.0; size],
            head: forward.make_output_vec(),
            whole: forward.make_output_vec(),
            normalised: vec![1.0; max_lag + 2],
            forward,
            inverse,
        })
    }

    fn frame(&mut self, samples: &[f32], centre: usize) -> Frame {
        let start = centre as isize - (self.segment.len() / 2) as isize;
        for (i, x) in self.segment.iter_mut().enumerate() {
            *x = usize::try_from(start + i as isize)
                .ok()
                .and_then(|at| samples.get(at))
                .copied()
                .unwrap_or(0.0);
        }
        let power = self.difference();
        if power <= 0.0 {
            return Frame { power, hz: None, weak: Vec::new() };
        }
        let hz = self.period().map(|lag| self.rate_hz / lag);
        Frame { power, hz, weak: self.weak() }
    }

    /// Fills the cumulative mean normalised difference (equations 6 and 8 of the paper) and returns the mean power.
    fn difference(&mut self) -> f64 {
        let correlation = self.correlate();
        let mut squares = Vec::with_capacity(self.segment.len() + 1);
        squares.push(0.0f64);
        for x in &self.segment {
            squares.push(squares[squares.len() - 1] + f64::from(*x) * f64::from(*x));
        }
        let energy = |from: usize| squares[from + self.window] - squares[from];
        let mut sum = 0.0;
        self.normalised[0] = 1.0;
        for (lag, (out, r)) in self.normalised.iter_mut().zip(&correlation).enumerate().skip(1) {
            let d = (energy(0) + energy(lag) - 2.0 * f64::from(*r)).max(0.0);
            sum += d;
            *out = if sum > 0.0 { d * lag as f64 / sum } else { 1.0 };
        }
        energy(0) / self.window as f64
    }

    /// Products of the window with itself shifted by each lag, summed.
    fn correlate(&mut self) -> Vec<f32> {
        let size = self.time.len();
        let work = "the buffers were made for this transform";
        self.time.fill(0.0);
        self.time[..self.window].copy_from_slice(&self.segment[..self.window]);
        self.forward.process(&mut self.time, &mut self.head).expect(work);
        self.time.fill(0.0);
        self.time[..self.segment.len()].copy_from_slice(&self.segment);
        self.forward.process(&mut self.time, &mut self.whole).expect(work);
        for (whole, head) in self.whole.iter_mut().zip(&self.head) {
            *whole *= head.conj();
        }
        // Rounding leaves small imaginary parts, which the inverse transform of a real signal refuses.
        let last = self.whole.len() - 1;
        self.whole[0].im = 0.0;
        self.whole[last].im = 0.0;
        self.inverse.process(&mut self.whole, &mut self.time).expect(work);
        self.time[..self.normalised.len()].iter().map(|x| x / size as f32).collect()
    }

    /// Returns the first local minimum below the threshold, refined by a parabola.
    fn period(&self) -> Option<f64> {
        let d = &self.normalised;
        let mut lag = (self.min_lag..=self.max_lag).find(|&lag| d[lag] < self.threshold)?;
        while lag < self.max_lag && d[lag + 1] < d[lag] {
            lag += 1;
        }
        Some(self.refined(lag))
    }

    /// Returns the frequencies of the local minima below the weak threshold.
    fn weak(&self) -> Vec<f64> {
        let d = &self.normalised;
        let dip = |lag: &usize| {
            d[*lag] < self.weak_threshold && d[*lag] <= d[lag - 1] && d[*lag] < d[lag + 1]
        };
        let lags = (self.min_lag..=self.max_lag).filter(dip);
        lags.map(|lag| self.rate_hz / self.refined(lag)).collect()
    }

    /// Returns the position of a local minimum by the parabola through it and its neighbours.
    fn refined(&self, lag: usize) -> f64 {
        let d = &self.normalised;
        let (a, b, c) = (d[lag - 1], d[lag], d[lag + 1]);
        let curve = a - 2.0 * b + c;
        let shift = if curve > 0.0 { (0.5 * (a - c) / curve).clamp(-0.5, 0.5) } else { 0.0 };
        lag as f64 + shift
    }
}

/// Returns the power below which frames are unvoiced: `range_db` below the 95th percentile.
fn power_gate(frames: &[Frame], range_db: f64) -> f64 {
    gate_below(frames.iter().map(|frame| frame.power).collect(), range_db)
}

/// Returns the power that is `range_db` below the 95th percentile.
fn gate_below(mut sorted: Vec<f64>, range_db: f64) -> f64 {
    sorted.sort_by(f64::total_cmp);
    let loud = sorted.get((0.95 * sorted.len().saturating_sub(1) as f64) as usize);
    loud.copied().unwrap_or(0.0) * 10f64.powf(-range_db / 10.0)
}

/// Marks frames more than half an octave away from their neighbours, which are octave errors, as unvoiced.
fn without_jumps(hz: &[Option<f64>]) -> Vec<Option<f64>> {
    const REACH: usize = 7;
    let mut near = Vec::new();
    hz.iter()
        .enumerate()
        .map(|(i, here)| {
            let here = (*here)?;
            near.clear();
            near.extend(
                hz[i.saturating_sub(REACH)..(i + REACH + 1).min(hz.len())].iter().flatten(),
            );
            near.sort_by(f64::total_cmp);
            let median = near[near.len() / 2];
            ((here / median).log2().abs() < 0.5).then_some(here)
        })
        .collect()
}
