//! `codec`: fit the quantiser, train the vocoder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::{Args, Subcommand, ValueHint};
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde_json::json;
use syrinx_audio::LogMel;
use syrinx_codec::{
    ClipSource, CodecError, EmbeddedCodec, FitConfig, MelRvq, PatchSample, VocoderTrainConfig, fit,
    patches, train_vocoder,
};
use syrinx_data::Manifest;
use syrinx_types::Event;

use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// `codec`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx codec fit manifest.jsonl -o rvq.safetensors\n  syrinx codec train manifest.jsonl --quantiser rvq.safetensors --state vocoder-state.safetensors -o codec.safetensors\n\nHere --config names the fit's or the training's own file; --set changes keys of it."
)]
pub struct CodecArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Args)]
struct Material {
    /// The manifest of the recordings
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    manifest: PathBuf,
    /// Split to learn from; all of it if no utterance has a split
    #[arg(long, default_value = "train", value_name = "NAME")]
    split: String,
    /// Where to write the result
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: PathBuf,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Fit the residual quantiser to the recordings of a manifest
    Fit(Material),
    /// Train the vocoder on what the quantiser makes of them
    Train {
        #[command(flatten)]
        material: Material,
        /// The quantiser, as `syrinx codec fit` writes it
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        quantiser: PathBuf,
        /// Saved here now and then, and gone on from if it is there
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        state: Option<PathBuf>,
    },
}

/// Fits or trains.
pub fn run(session: &Session, args: &CodecArgs) -> Outcome {
    match &args.what {
        What::Fit(material) => fit_quantiser(session, material),
        What::Train { material, quantiser, state } => {
            train(session, material, quantiser, state.as_deref())
        }
    }
}

impl Material {
    /// Paths of the recordings to learn from.
    fn paths(&self) -> Outcome<Vec<PathBuf>> {
        let manifest = Manifest::read(&self.manifest)?;
        let split = manifest.split(&self.split);
        let chosen = if split.is_empty() { &manifest } else { &split };
        Ok(chosen.utterances().iter().map(|u| manifest.audio_path(u)).collect())
    }
}

/// Recordings decoded before their patches are taken together.
const AT_ONCE: usize = 256;

fn fit_quantiser(session: &Session, material: &Material) -> Outcome {
    const NAME: &str = "reading recordings";
    let config: FitConfig = session.verb_config("codec_fit")?;
    let paths = material.paths()?;
    let log_mel = LogMel::new(config.mel.clone())?;
    let mut sample = PatchSample::new(&config);
    let sink = session.sink();
    sink.emit(Event::JobStarted { name: NAME.into(), total: Some(paths.len() as u64) });
    for (i, some) in paths.chunks(AT_ONCE).enumerate() {
        let made: Vec<Vec<f32>> = some
            .par_iter()
            .map(|path| {
                let audio = syrinx_audio::load(path, config.mel.sample_rate_hz)?;
                Ok(patches(&log_mel, config.patch_frames, &audio.samples))
            })
            .collect::<Result<_, syrinx_audio::AudioError>>()?;
        made.iter().for_each(|p| sample.add(p));
        let done = (i * AT_ONCE + some.len()) as u64;
        sink.emit(Event::JobProgress { name: NAME.into(), done, note: String::new() });
        if session.cancel.is_cancelled() {
            return Err(Failure::interrupted("nothing was written; run the command again"));
        }
    }
    sink.emit(Event::JobFinished {
        name: NAME.into(),
        summary: format!("{} recordings", paths.len()),
    });
    let rvq = fit(sample.values(), &config, sink, &session.cancel)?;
    rvq.save(&material.out)?;
    if session.globals.json {
        return session.print_json(&json!({"out": material.out, "fingerprint": rvq.fingerprint()}));
    }
    session.say(&format!("wrote {} ({})", material.out.display(), rvq.fingerprint()));
    Ok(())
}

fn train(
    session: &Session,
    material: &Material,
    quantiser: &Path,
    state: Option<&Path>,
) -> Outcome {
    let config: VocoderTrainConfig = session.verb_config("codec_train")?;
    let rvq = MelRvq::load(quantiser)?;
    let clips = Clips {
        paths: material.paths()?,
        rate_hz: rvq.config().mel.sample_rate_hz,
        kept: Mutex::default(),
    };
    let trained = train_vocoder(&rvq, &clips, &config, state, session.sink(), &session.cancel)?;
    let (step, finished) = (trained.step, trained.finished);
    EmbeddedCodec::new(rvq, trained.vocoder)?.save(&material.out, true)?;
    if session.globals.json {
        session.print_json(&json!({"out": material.out, "step": step, "finished": finished}))?;
    }
    session.say(&format!("wrote {} after {step} steps", material.out.display()));
    if finished {
        return Ok(());
    }
    let how = if state.is_some() {
        "the same command goes on from there"
    } else {
        "with --state the same command could go on"
    };
    Err(Failure::interrupted(format!(
        "the codec after {step} steps is in {}; {how}",
        material.out.display()
    )))
}

/// Samples kept in memory at most: 2 GiB of 16 bits.
const KEPT_SAMPLES: usize = 1 << 30;

/// Random pieces of recordings. What was decoded is kept while there is room, as 16 bits.
struct Clips {
    paths: Vec<PathBuf>,
    rate_hz: u32,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    recordings: HashMap<usize, Arc<Vec<i16>>>,
    samples: usize,
}

impl Clips {
    fn recording(&self, index: usize) -> Result<Arc<Vec<i16>>, CodecError> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept().recordings.get(&index) {
            return Ok(Arc::clone(found));
        }
        let audio = syrinx_audio::load(&self.paths[index], self.rate_hz)?;
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

impl ClipSource for Clips {
    fn draw(&self, samples: usize, rng: &mut ChaCha8Rng) -> Result<Vec<f32>, CodecError> {
        let all = self.recording(rng.random_range(0..self.paths.len()))?;
        let start = rng.random_range(0..all.len().saturating_sub(samples) + 1);
        let clip = &all[start..all.len().min(start + samples)];
        let mut clip: Vec<f32> = clip.iter().map(|&x| f32::from(x) / f32::from(i16::MAX)).collect();
        clip.resize(samples, 0.0);
        Ok(clip)
    }
}
