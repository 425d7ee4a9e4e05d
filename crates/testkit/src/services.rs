//! Services without weights.

use std::f64::consts::TAU;
use std::path::Path;
use std::sync::Arc;

use syrinx_task::{
    FrameScores, PhoneRecognizer, Recognizer, RecordingIssue, Recordings, Separator, Service,
    Services, SpeechCodec, Stem, TaskError, Transcript, Voices,
};
use syrinx_text::Phone;
use syrinx_types::{Audio, Coded, Codes, Latents, RunContext, SpectralGain};

use crate::speech::codes_of;

/// Dimensions of the codec's latents.
pub(crate) const LATENT_DIM: usize = 8;
/// Rate of the recordings.
const SAMPLE_RATE_HZ: u32 = 24_000;
/// Samples a frame: 25 frames a second.
const FRAME_SAMPLES: usize = 960;
/// Pitch of code 0 of the first level, and the distance of its neighbours.
const LOWEST_HZ: f64 = 100.0;
const STEP_HZ: f64 = 25.0;
/// Peak of backgrounds.
const BACKGROUND_PEAK: f32 = 0.004;
/// Frames of a built-in voice.
const VOICE_FRAMES: usize = 60;

/// Every frame is a tone, whose pitch is the first level's code and whose loudness the second's; the other levels are
/// a mix of the two. [`SpeechCodec::encode`] reads back what [`SpeechCodec::decode`] wrote, within a code or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToneCodec {
    /// Levels of the codes.
    pub levels: usize,
    /// Entries a level.
    pub codebook_size: usize,
}

impl Default for ToneCodec {
    fn default() -> Self {
        Self { levels: 4, codebook_size: 32 }
    }
}

impl ToneCodec {
    /// Returns the codes with latents: how high those of the levels are, from 0 to 1, in turn.
    pub(crate) fn with_latents(&self, codes: Codes) -> Coded {
        let height = |code: u16| f32::from(code) / self.codebook_size as f32;
        let latent = |frame| (0..LATENT_DIM).map(move |d| (frame, d % self.levels));
        let places = (0..codes.frames()).flat_map(latent);
        let latents = places.map(|(frame, level)| height(codes.at(frame, level))).collect();
        Coded { latents: Latents::new(LATENT_DIM, latents), codes }
    }

    fn frame(&self, samples: &[f32]) -> Vec<u16> {
        let crossings = samples.windows(2).filter(|w| (w[0] < 0.0) != (w[1] < 0.0)).count() as f64;
        let pitch_hz = crossings / 2.0 * f64::from(SAMPLE_RATE_HZ) / samples.len() as f64;
        let size = self.codebook_size as f64;
        let pitch = ((pitch_hz - LOWEST_HZ) / STEP_HZ).round().clamp(0.0, size - 1.0) as u16;
        let power = samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32;
        let loud = (f64::from((2.0 * power).sqrt()) * size).round().clamp(0.0, size - 1.0) as u16;
        let mixed = |level: u16| (pitch + level * loud) % self.codebook_size as u16;
        (0..self.levels as u16)
            .map(|level| match level {
                0 => pitch,
                1 => loud,
                level => mixed(level),
            })
            .collect()
    }
}

/// All services: [`ToneCodec`] as the codec, two voices, and recognizers and a separator that know its tones.
pub fn services() -> Services {
    let codec = Arc::new(ToneCodec::default());
    Services {
        codec: Some(Arc::clone(&codec) as _),
        recordings: Some(Arc::clone(&codec) as _),
        voices: Some(Arc::clone(&codec) as _),
        recognizer: Some(Arc::clone(&codec) as _),
        phones: Some(Arc::clone(&codec) as _),
        separator: Some(codec as _),
    }
}

impl ToneCodec {
    /// Returns the sound of the first voice: the recording of requests.
    pub fn tone(&self) -> Audio {
        let codes = (0..VOICE_FRAMES * self.levels).map(|i| self.voice_code(i, 0)).collect();
        Codes::new(self.levels, codes)
            .map_or_else(|_| Audio::silence(0.0, SAMPLE_RATE_HZ), |codes| self.sound(&codes))
    }

    fn voice_code(&self, i: usize, voice: usize) -> u16 {
        ((i * (voice + 3) + i / 7) % self.codebook_size) as u16
    }

    /// Returns the sound of codes that are in range.
    pub fn sound(&self, codes: &Codes) -> Audio {
        let mut samples = Vec::with_capacity(codes.frames() * FRAME_SAMPLES);
        for frame in 0..codes.frames() {
            let pitch_hz = LOWEST_HZ + STEP_HZ * f64::from(codes.at(frame, 0));
            let loud = if codes.levels() > 1 { codes.at(frame, 1) } else { 8 };
            let peak = f64::from(loud) / self.codebook_size as f64;
            samples.extend((0..FRAME_SAMPLES).map(|i| {
                let phase = TAU * pitch_hz * (i as f64 + 0.5) / f64::from(SAMPLE_RATE_HZ);
                (peak * phase.sin()) as f32
            }));
        }
        Audio { samples, sample_rate_hz: SAMPLE_RATE_HZ }
    }
}

impl SpeechCodec for ToneCodec {
    fn sample_rate_hz(&self) -> u32 {
        SAMPLE_RATE_HZ
    }

    fn frame_rate_hz(&self) -> f64 {
        f64::from(SAMPLE_RATE_HZ) / FRAME_SAMPLES as f64
    }

    fn encode(&self, audio: &Audio, _: RunContext<'_>) -> Result<Codes, TaskError> {
        let frames = audio.samples.chunks_exact(FRAME_SAMPLES).flat_map(|f| self.frame(f));
        Codes::new(self.levels, frames.collect()).map_err(|e| TaskError::service(Service::Codec, e))
    }

    fn encode_with_latents(&self, audio: &Audio, run: RunContext<'_>) -> Result<Coded, TaskError> {
        Ok(self.with_latents(self.encode(audio, run)?))
    }

    fn decode(&self, codes: &Codes, _: RunContext<'_>) -> Result<Audio, TaskError> {
        codes.check(self.codebook_size).map_err(|e| TaskError::service(Service::Codec, e))?;
        Ok(self.sound(codes))
    }

    /// Scales every frame by the first value of its latent, from 0 to 1, above the gain floor.
    fn attenuate(
        &self,
        audio: &Audio,
        latents: &[f32],
        SpectralGain { gain_floor, .. }: SpectralGain,
        _: RunContext<'_>,
    ) -> Result<Option<Audio>, TaskError> {
        let frames = audio.samples.len().div_ceil(FRAME_SAMPLES);
        let dim = (latents.len() / frames.max(1)).max(1);
        let shares = latents
            .chunks(dim)
            .map(|latent| gain_floor + (1.0 - gain_floor) * latent[0].clamp(0.0, 1.0));
        let scaled = audio.samples.chunks(FRAME_SAMPLES).zip(shares);
        let samples = scaled.flat_map(|(f, share)| f.iter().map(move |x| share * x)).collect();
        Ok(Some(Audio { samples, ..audio.clone() }))
    }
}

impl Recordings for ToneCodec {
    fn read(&self, path: &Path, _rate_hz: u32, _: RunContext<'_>) -> Result<Audio, TaskError> {
        let missing = format!("there is no file `{}` in a test", path.display());
        Err(TaskError::service(Service::Recordings, missing))
    }

    fn resample(&self, audio: &Audio, rate_hz: u32, _: RunContext<'_>) -> Result<Audio, TaskError> {
        Ok(Audio { sample_rate_hz: rate_hz, ..audio.clone() })
    }
}

impl Voices for ToneCodec {
    fn names(&self) -> Vec<String> {
        vec!["alto".into(), "bass".into()]
    }

    fn prompt(&self, name: &str) -> Result<Codes, TaskError> {
        let voice = self.names().iter().position(|v| v == name);
        let voice = voice
            .ok_or_else(|| TaskError::service(Service::Voices, format!("no voice `{name}`")))?;
        let codes = (0..VOICE_FRAMES * self.levels).map(|i| self.voice_code(i, voice));
        Codes::new(self.levels, codes.collect()).map_err(|e| TaskError::service(Service::Voices, e))
    }

    /// Half a second of anything that sounds is a prompt.
    fn excerpt(
        &self,
        audio: &Audio,
        name: &str,
        longest_s: f64,
        _: RunContext<'_>,
    ) -> Result<Audio, TaskError> {
        const SHORTEST_S: f64 = 0.5;
        let seconds = audio.seconds();
        if seconds < SHORTEST_S || audio.is_silent() {
            let name = name.to_owned();
            return Err(TaskError::input(RecordingIssue::TooShort { name, seconds }));
        }
        Ok(audio.slice(0.0, longest_s))
    }
}

impl Separator for ToneCodec {
    /// Separates by level: the background is what never exceeds a quiet peak, speech is the rest.
    fn separate(&self, audio: &Audio, stem: Stem, _: RunContext<'_>) -> Result<Audio, TaskError> {
        let behind = |x: f32| x.clamp(-BACKGROUND_PEAK, BACKGROUND_PEAK);
        let of = |&x: &f32| if stem == Stem::Background { behind(x) } else { x - behind(x) };
        Ok(Audio { samples: audio.samples.iter().map(of).collect(), ..audio.clone() })
    }
}

impl PhoneRecognizer for ToneCodec {
    /// Two parts a frame, in which the phones are likely whose codes ([`codes_of`]) are most like the frame's.
    fn phone_scores(&self, codes: &Codes, _: RunContext<'_>) -> Result<FrameScores, TaskError> {
        let of_phones: Vec<Vec<u16>> = Phone::all().map(|phone| codes_of(self, phone)).collect();
        let mut log_probs = Vec::with_capacity(2 * codes.frames() * Phone::COUNT);
        for frame in 0..codes.frames() {
            let weight = |of: &Vec<u16>| {
                let alike = of.iter().zip(codes.frame(frame)).filter(|(a, b)| a == b).count();
                (3.0 * alike as f32).exp()
            };
            let weights: Vec<f32> = of_phones.iter().map(weight).collect();
            let total: f32 = weights.iter().sum();
            for _ in 0..2 {
                log_probs.extend(weights.iter().map(|w| (w / total).ln()));
            }
        }
        let rate_hz = 2.0 * self.frame_rate_hz();
        Ok(FrameScores { log_probs, labels: Phone::COUNT, rate_hz })
    }
}

impl Recognizer for ToneCodec {
    /// Every recording has the same two words.
    fn transcribe(&self, _: &Audio, _: RunContext<'_>) -> Result<Transcript, TaskError> {
        Ok(Transcript { text: "oh no".into(), ..Transcript::default() })
    }
}
