//! Training of the project's codec on the recordings of a manifest: first the quantizer, then the vocoder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use syrinx_audio::{AudioError, AudioWarning, LogMel, ReadLimits, UniqueWarnings};
use syrinx_codec::{
    ClipSource, CodecError, EmbeddedCodec, FitConfig, MelRvq, PatchSample, Start,
    VocoderTrainConfig, fit, patches, train_vocoder,
};
use syrinx_data::{Corpus, Manifest};
use syrinx_types::{Codes, Event, EventSink, RunContext};

use crate::RecipeError;

/// Number of recordings that are decoded at a time before their patches are sampled.
const AT_ONCE: usize = 256;

/// Maximum number of samples of recordings kept in memory: 2 GiB at 16 bits each.
const KEPT_SAMPLES: usize = 1 << 30;

/// Recordings of a manifest to train a codec on.
#[derive(Debug, Clone)]
pub struct CodecCorpus {
    /// Identifiers of the utterances.
    ids: Vec<String>,
    /// Paths of their recordings, in the same order.
    paths: Vec<PathBuf>,
}

impl CodecCorpus {
    /// Selects the recordings of a split, or all recordings if no utterance of the manifest has a split.
    ///
    /// # Errors
    /// [`RecipeError::Data`] for an unknown split or an empty manifest.
    pub fn new(manifest: &Manifest, split: &str) -> Result<Self, RecipeError> {
        let chosen = manifest.split_or_all(split)?;
        let utterances = chosen.utterances();
        Ok(Self {
            ids: utterances.iter().map(|u| u.id.clone()).collect(),
            paths: utterances.iter().map(|u| manifest.audio_path(u)).collect(),
        })
    }
}

/// Fits the residual quantizer to log-mel patches of the recordings. Warnings of the audio decoder become events.
///
/// # Errors
/// [`RecipeError::Cancelled`]; [`RecipeError::Audio`] for an unreadable recording; [`RecipeError::Codec`].
pub fn fit_quantizer(
    corpus: &CodecCorpus,
    config: &FitConfig,
    run: RunContext<'_>,
) -> Result<MelRvq, RecipeError> {
    const NAME: &str = "reading recordings";
    let paths = &corpus.paths;
    let log_mel = LogMel::new(config.mel.clone())?;
    let (warnings, limits) = (UniqueWarnings::default(), ReadLimits::default());
    let mut sample = PatchSample::new(config);
    run.events.emit(Event::JobStarted { name: NAME.into(), total: Some(paths.len() as u64) });
    for (i, some) in paths.chunks(AT_ONCE).enumerate() {
        let made: Vec<Vec<f32>> = some
            .par_iter()
            .map(|path| {
                let (rate_hz, mut warn) = (config.mel.sample_rate_hz, warnings.emit_to(run.events));
                let audio = syrinx_audio::load_warned(path, rate_hz, &limits, &mut warn)?;
                Ok(patches(&log_mel, config.patch_frames, &audio.samples))
            })
            .collect::<Result<_, AudioError>>()?;
        made.iter().for_each(|p| sample.add(p));
        let done = (i * AT_ONCE + some.len()) as u64;
        run.events.emit(Event::JobProgress { name: NAME.into(), done, note: String::new() });
        if run.is_cancelled() {
            return Err(RecipeError::Cancelled);
        }
    }
    let summary = format!("{} recordings", paths.len());
    run.events.emit(Event::JobFinished { name: NAME.into(), summary });
    Ok(fit(sample.values(), config, run.events, run.cancel)?)
}

/// Start of a vocoder training.
pub struct CodecTraining<'a> {
    /// Quantizer of the codes.
    pub quantizer: MelRvq,
    /// Codec whose vocoder and enhancement layer are the initial weights; `None` for new weights.
    pub from: Option<&'a EmbeddedCodec>,
    /// File that the state of the run is saved to and resumed from; `None` to save no state.
    pub state: Option<&'a Path>,
}

/// A codec with a trained vocoder.
pub struct TrainedCodec {
    /// The codec.
    pub codec: EmbeddedCodec,
    /// Number of completed steps.
    pub step: u64,
    /// Whether all steps are completed.
    pub finished: bool,
}

/// Trains the vocoder on clips and their codes. A cancelled run returns the codec after the completed steps. Warnings
/// of the audio decoder become events.
///
/// # Errors
/// [`RecipeError::NoCodedClips`] if `coded_share` is above 0 and no recording has resynthesized codes;
/// [`RecipeError::Codec`].
pub fn train_codec(
    training: CodecTraining<'_>,
    clips: &CodecClips,
    config: &VocoderTrainConfig,
    run: RunContext<'_>,
) -> Result<TrainedCodec, RecipeError> {
    if config.coded_share > 0.0 && clips.coded.is_empty() {
        return Err(RecipeError::NoCodedClips);
    }
    let CodecTraining { quantizer, from, state } = training;
    let start = Start {
        rvq: &quantizer,
        vocoder: from.map(EmbeddedCodec::vocoder),
        enhancement: from.and_then(EmbeddedCodec::enhancement),
    };
    let clips = ReportedClips { clips, events: run.events, warnings: UniqueWarnings::default() };
    let trained = train_vocoder(start, &clips, config, state, run.events, run.cancel)?;
    let (step, finished) = (trained.step, trained.finished);
    let codec = EmbeddedCodec::new(quantizer, trained.vocoder, trained.enhancement)?;
    Ok(TrainedCodec { codec, step, finished })
}

/// Random clips of recordings. Decoded recordings are kept in memory as 16-bit samples, up to 2 GiB.
pub struct CodecClips {
    paths: Vec<PathBuf>,
    /// Recordings with resynthesized codes.
    coded: Vec<CodedRecording>,
    rate_hz: u32,
    kept: Mutex<Kept>,
}

/// A recording with the codes that a model resynthesized.
struct CodedRecording {
    /// Index of the recording.
    index: usize,
    codes: Codes,
}

#[derive(Default)]
struct Kept {
    recordings: HashMap<usize, Arc<Vec<i16>>>,
    samples: usize,
}

impl CodecClips {
    /// Returns the clips of a corpus at the sample rate of the quantizer. `resynthesized` is a folder of shards written
    /// by [`crate::Resynthesis`].
    ///
    /// # Errors
    /// [`RecipeError::OtherRecordings`] if the shards hold none of the recordings; [`RecipeError::Data`].
    pub fn new(
        corpus: &CodecCorpus,
        quantizer: &MelRvq,
        resynthesized: Option<&Path>,
    ) -> Result<Self, RecipeError> {
        let mut coded = Vec::new();
        if let Some(folder) = resynthesized {
            let shards = Corpus::open(folder)?;
            let indices = corpus.ids.iter().enumerate();
            let at: HashMap<&str, usize> = indices.map(|(i, id)| (id.as_str(), i)).collect();
            for i in 0..shards.len() {
                if let Some(&index) = at.get(shards.utterance(i).id.as_str()) {
                    coded.push(CodedRecording { index, codes: shards.codes(i)? });
                }
            }
            if coded.is_empty() {
                return Err(RecipeError::OtherRecordings { path: folder.to_path_buf() });
            }
        }
        Ok(Self {
            paths: corpus.paths.clone(),
            coded,
            rate_hz: quantizer.config().mel.sample_rate_hz,
            kept: Mutex::default(),
        })
    }

    fn recording(
        &self,
        index: usize,
        warn: &mut dyn FnMut(AudioWarning),
    ) -> Result<Arc<Vec<i16>>, CodecError> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept().recordings.get(&index) {
            return Ok(Arc::clone(found));
        }
        let (path, limits) = (&self.paths[index], ReadLimits::default());
        let audio = syrinx_audio::load_warned(path, self.rate_hz, &limits, warn)?;
        let integer = |x: &f32| (x.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16;
        let samples = Arc::new(audio.samples.iter().map(integer).collect::<Vec<i16>>());
        let mut kept = kept();
        if kept.samples + samples.len() <= KEPT_SAMPLES {
            kept.samples += samples.len();
            kept.recordings.insert(index, Arc::clone(&samples));
        }
        Ok(samples)
    }
}

/// Clips of a training run. Emits each warning of the audio decoder once, although a recording may be decoded at every
/// step.
struct ReportedClips<'a> {
    clips: &'a CodecClips,
    events: &'a dyn EventSink,
    warnings: UniqueWarnings,
}

impl ReportedClips<'_> {
    fn recording(&self, index: usize) -> Result<Arc<Vec<i16>>, CodecError> {
        self.clips.recording(index, &mut self.warnings.emit_to(self.events))
    }
}

impl ClipSource for ReportedClips<'_> {
    fn draw(&self, samples: usize, rng: &mut ChaCha8Rng) -> Result<Vec<f32>, CodecError> {
        let all = self.recording(rng.random_range(0..self.clips.paths.len()))?;
        let start = rng.random_range(0..all.len().saturating_sub(samples) + 1);
        Ok(clip(&all, start, samples))
    }

    fn draw_coded(
        &self,
        frames: usize,
        frame_samples: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<Option<(Vec<f32>, Codes)>, CodecError> {
        let coded = &self.clips.coded;
        if coded.is_empty() {
            return Ok(None);
        }
        let CodedRecording { index, codes } = &coded[rng.random_range(0..coded.len())];
        if codes.frames() < frames {
            return Ok(None);
        }
        let all = self.recording(*index)?;
        let start = rng.random_range(0..codes.frames() - frames + 1);
        let clip = clip(&all, start * frame_samples, frames * frame_samples);
        Ok(Some((clip, codes.slice(start, start + frames))))
    }
}

/// Returns `samples` samples from index `start`, scaled to -1 to 1 and padded with zeros after the end of the
/// recording.
fn clip(recording: &[i16], start: usize, samples: usize) -> Vec<f32> {
    let from = start.min(recording.len());
    let clip = &recording[from..recording.len().min(from + samples)];
    let mut clip: Vec<f32> = clip.iter().map(|&x| f32::from(x) / f32::from(i16::MAX)).collect();
    clip.resize(samples, 0.0);
    clip
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use syrinx_audio::MelConfig;
    use syrinx_types::{CancelToken, RecordingSink};

    use super::*;
    use crate::damaged::{check_warnings, tone, truncated, utterance};

    #[test]
    fn a_clip_beyond_the_end_is_filled_with_silence() {
        assert_eq!(clip(&[i16::MAX, 0, -i16::MAX], 1, 4), [0.0, -1.0, 0.0, 0.0]);
        assert_eq!(clip(&[i16::MAX], 5, 2), [0.0, 0.0]);
    }

    fn fit_config() -> FitConfig {
        let mel = MelConfig {
            sample_rate_hz: 8_000,
            n_fft: 64,
            hop: 16,
            bins: 8,
            fmax_hz: 4_000.0,
            ..MelConfig::default()
        };
        FitConfig {
            mel,
            latent_dim: 4,
            levels: 1,
            codebook_size: 4,
            iterations: 1,
            max_frames: 400,
            ..FitConfig::default()
        }
    }

    #[test]
    fn a_truncated_recording_is_reported_once_by_the_fit_and_once_by_the_training() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = truncated(folder.path(), "a.wav", &tone(1.0, 8_000));
        // Two utterances of one recording: it is read twice.
        let utterances = ["a", "b"].map(|id| utterance(id, "x", &path)).to_vec();
        let manifest = Manifest::new("", utterances).expect("a manifest");
        let corpus = CodecCorpus::new(&manifest, "train").expect("a corpus");
        let (sink, cancel) = (RecordingSink::default(), CancelToken::default());
        let quantizer = fit_quantizer(&corpus, &fit_config(), RunContext::new(&cancel, &sink));
        let quantizer = quantizer.expect("a quantizer");
        check_warnings(&sink, &[&path]);

        let clips = CodecClips::new(&corpus, &quantizer, None).expect("clips");
        let (sink, warnings) = (RecordingSink::default(), UniqueWarnings::default());
        let reported = ReportedClips { clips: &clips, events: &sink, warnings };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..20 {
            assert_eq!(reported.draw(100, &mut rng).expect("a clip").len(), 100);
        }
        assert_eq!(clips.kept.lock().expect("clips").recordings.len(), 2, "both were read");
        check_warnings(&sink, &[&path]);
    }
}
