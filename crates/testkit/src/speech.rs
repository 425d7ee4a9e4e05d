//! Synthetic utterances.

use std::f32::consts::TAU;
use std::sync::Arc;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use syrinx_task::{FrameScores, ModelSwitches, SpeechCodec, TaskKit};
use syrinx_text::{Frontend, Phone, TextError, TextVocab};
use syrinx_types::{Audio, Coded, Codes, Sample, TimedPhone};

use crate::ToneCodec;

/// Settings of synthetic utterances.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeechSpec {
    /// Shortest and longest phone, seconds.
    pub phone_s: (f64, f64),
    /// Silence before the first phone and after the last, seconds.
    pub silence_s: f64,
    /// Frames of the prompt; none for 0.
    pub prompt_frames: usize,
    /// Names of the utterance's renditions: its codes, shifted.
    pub renditions: Vec<String>,
}

impl Default for SpeechSpec {
    fn default() -> Self {
        Self { phone_s: (0.05, 0.15), silence_s: 0.1, prompt_frames: 12, renditions: Vec::new() }
    }
}

/// Material that a task is built with: the English vocabulary and front end.
///
/// # Errors
/// Only when the build is broken.
pub fn kit(switches: impl Into<ModelSwitches>) -> Result<TaskKit, TextError> {
    Ok(TaskKit {
        vocab: Arc::new(TextVocab::english()?),
        frontend: Arc::new(Frontend::english()?),
        switches: switches.into(),
    })
}

/// Returns an utterance of a text: phones of the front end, durations by the seed, and codes that depend on the phone
/// that sounds, so that a model can learn them.
///
/// # Errors
/// If there is nothing to say in the text.
pub fn sample(
    kit: &TaskKit,
    codec: &ToneCodec,
    text: &str,
    spec: &SpeechSpec,
    seed: u64,
) -> Result<Sample, TextError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let spoken = kit.frontend.phonemize(text)?;
    let timed: Vec<TimedPhone> = spoken
        .phones
        .iter()
        .map(|phone| {
            let duration_s = rng.random_range(spec.phone_s.0..=spec.phone_s.1);
            let duration_s = if *phone == Phone::BOUNDARY { 0.0 } else { duration_s };
            TimedPhone { phone: phone.arpabet().into(), duration_s }
        })
        .collect();
    let spoken_s: f64 = timed.iter().map(|p| p.duration_s).sum();
    let rate_hz = codec.frame_rate_hz();
    let frames = ((spoken_s + 2.0 * spec.silence_s) * rate_hz).ceil() as usize;
    let mut codes = Codes::empty(codec.levels);
    for frame in 0..frames {
        let at_s = (frame as f64 + 0.5) / rate_hz - spec.silence_s;
        codes.push(&codes_of(codec, sounding(&spoken.phones, &timed, at_s)));
    }
    let mut prompt = Codes::empty(codec.levels);
    for _ in 0..spec.prompt_frames {
        let phone = Phone::from_index(rng.random_range(0..Phone::COUNT)).unwrap_or(Phone::SILENCE);
        prompt.push(&codes_of(codec, phone));
    }
    let rendition = |shift: u16| -> Coded {
        let mut rendition = Codes::empty(codec.levels);
        let other = |c: &u16| (c + shift) % codec.codebook_size as u16;
        (0..codes.frames())
            .for_each(|f| rendition.push(&codes.frame(f).iter().map(other).collect::<Vec<_>>()));
        codec.with_latents(rendition)
    };
    let renditions =
        spec.renditions.iter().zip(1..).map(|(name, shift)| (name.clone(), rendition(shift)));
    let renditions = renditions.collect();
    Ok(Sample {
        latents: codec.with_latents(codes.clone()).latents,
        id: format!("synthetic-{seed}"),
        speaker: "nobody".into(),
        text: text.into(),
        codes,
        frame_rate_hz: rate_hz,
        phones: timed,
        lead_s: spec.silence_s,
        prompt: (!prompt.is_empty()).then_some(prompt),
        renditions,
    })
}

/// Returns the phone that sounds at a time after the first one's beginning.
fn sounding(phones: &[Phone], timed: &[TimedPhone], at_s: f64) -> Phone {
    let mut end_s = 0.0;
    if at_s < 0.0 {
        return Phone::SILENCE;
    }
    for (phone, timed) in phones.iter().zip(timed) {
        end_s += timed.duration_s;
        if at_s < end_s {
            return *phone;
        }
    }
    Phone::SILENCE
}

/// Returns the codes of a phone in synthetic utterances; stress does not count.
pub(crate) fn codes_of(codec: &ToneCodec, phone: Phone) -> Vec<u16> {
    let index = phone.strip_stress().index();
    (0..codec.levels).map(|l| ((index * (2 * l + 1) + l) % codec.codebook_size) as u16).collect()
}

/// Returns the phones of a text with silence before, after, and at its pauses, each with a number of parts.
fn with_parts(
    kit: &TaskKit,
    text: &str,
    rng: &mut ChaCha8Rng,
) -> Result<Vec<(Phone, usize)>, TextError> {
    let phones = kit.frontend.phonemize(text)?.phones;
    let mut line = vec![(Phone::SILENCE, 5)];
    for phone in phones.into_iter().filter(|&p| p != Phone::BOUNDARY) {
        let phone = if phone.is_mark() { Phone::SILENCE } else { phone.strip_stress() };
        line.push((phone, rng.random_range(2..=6)));
    }
    line.push((Phone::SILENCE, 5));
    Ok(line)
}

/// Returns the scores of an imperfect recogniser of a text, 50 parts a second: the true phone of every part has a
/// probability of `sure` on the average, and in one part of `wrong_of` another phone has it (never for 0).
///
/// # Errors
/// If there is nothing to say in the text.
pub fn scores(
    kit: &TaskKit,
    text: &str,
    sure: f64,
    wrong_of: usize,
    seed: u64,
) -> Result<FrameScores, TextError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut log_probs = Vec::new();
    for (phone, parts) in with_parts(kit, text, &mut rng)? {
        for _ in 0..parts {
            let mut weights: Vec<f64> = Phone::all().map(|_| rng.random::<f64>().powi(4)).collect();
            let others: f64 = weights.iter().sum();
            let wrong = wrong_of > 0 && rng.random_range(0..wrong_of) == 0;
            let loud = if wrong { rng.random_range(6..Phone::COUNT) } else { phone.index() };
            weights[loud] += others * sure / (1.0 - sure);
            let total: f64 = weights.iter().sum();
            log_probs.extend(weights.iter().map(|w| (w / total).max(1e-9).ln() as f32));
        }
    }
    Ok(FrameScores { log_probs, labels: Phone::COUNT, rate_hz: 50.0 })
}

/// Returns `periods` times five seconds like speech, at 24 kHz: two syllables of a voice a second, then a pause of one.
pub fn syllables(periods: usize) -> Audio {
    let (rate_hz, pitch_hz) = (24_000, 120.0);
    let voiced = |i: usize| {
        let t_s = i as f32 / rate_hz as f32;
        let partial = |k: usize| (TAU * pitch_hz * k as f32 * t_s).sin() / k as f32;
        let loudness = (TAU * 2.0 * t_s).sin().max(0.0) * if t_s % 5.0 < 4.0 { 1.0 } else { 0.0 };
        0.1 * loudness * (1..25).map(partial).sum::<f32>()
    };
    let seconds: Vec<f32> = (0..5 * rate_hz as usize).map(voiced).collect();
    Audio { samples: seconds.repeat(periods), sample_rate_hz: rate_hz }
}
