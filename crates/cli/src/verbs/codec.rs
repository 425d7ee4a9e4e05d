//! `codec`: fit the quantiser, train the vocoder, show codecs.

mod listing;

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
    ClipSource, CodecError, EmbeddedCodec, FitConfig, MelRvq, PatchSample, Start,
    VocoderTrainConfig, fit, patches, train_vocoder,
};
use syrinx_data::{Corpus, Manifest, Utterance};
use syrinx_pretrained::CodecSpec;
use syrinx_types::{Codes, Event};

use crate::failure::{Failure, Outcome};
use crate::session::{Session, model_source};

/// `codec`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx codec info mimi,levels=8\n  syrinx codec fit manifest.jsonl -o rvq.safetensors\n  syrinx codec train manifest.jsonl --quantiser rvq.safetensors --state vocoder-state.safetensors -o codec.safetensors\n\nHere --config names the fit's or the training's own file; --set changes keys of it."
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
    /// File to write
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: PathBuf,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Fit the residual quantiser to the recordings of a manifest
    Fit(Material),
    /// Codecs of the model, of the installed models, or in folders: kinds, rates, levels
    List {
        /// Folders that hold codecs, each in a folder of its own
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        folders: Vec<PathBuf>,
        /// Folder of the installed models [default: syrinx/models in the user's data folder]
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "folders")]
        models_dir: Option<PathBuf>,
    },
    /// One codec: rates, levels, codebooks, look-ahead, fingerprint
    Info {
        /// The codec, PATH[,levels=N][,vocoder=PATH]; that of the model if not given
        #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
        codec: Option<CodecSpec>,
    },
    /// Train the vocoder on what the quantiser makes of them
    Train {
        #[command(flatten)]
        material: Material,
        /// The quantiser, as `syrinx codec fit` writes it; that of --from if not given
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        quantiser: Option<PathBuf>,
        /// A codec whose vocoder is trained further: its file, or `embedded`
        #[arg(long, value_name = "FILE")]
        from: Option<String>,
        /// Folder of `syrinx data resynthesize`: `coded_share` of the clips are these
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        resynthesized: Option<PathBuf>,
        /// Saved here now and then, and gone on from if it is there
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        state: Option<PathBuf>,
    },
}

/// Fits or trains.
pub fn run(session: &Session, args: &CodecArgs) -> Outcome {
    match &args.what {
        What::Fit(material) => fit_quantiser(session, material),
        What::List { folders, models_dir } => listing::list(session, folders, models_dir.as_ref()),
        What::Info { codec } => listing::info(session, codec.as_ref()),
        What::Train { material, quantiser, from, resynthesized, state } => {
            let start = from.as_deref().map(|from| codec_of(session, from)).transpose()?;
            let rvq = match (quantiser, &start) {
                (Some(path), _) => MelRvq::load(path)?,
                (None, Some(codec)) => codec.rvq().clone(),
                (None, None) => {
                    let remedy = "name one with --quantiser, or a codec with --from";
                    return Err(Failure::usage("there is no quantiser", remedy));
                }
            };
            let clips = Clips::new(material, &rvq, resynthesized.as_deref())?;
            train(session, rvq, start.as_ref(), &clips, &material.out, state.as_deref())
        }
    }
}

impl Material {
    /// Names and paths of the recordings to learn from.
    fn recordings(&self) -> Outcome<Vec<(String, PathBuf)>> {
        let manifest = Manifest::read(&self.manifest)?;
        let chosen = manifest.split_or_all(&self.split)?;
        let one = |u: &Utterance| (u.id.clone(), manifest.audio_path(u));
        Ok(chosen.utterances().iter().map(one).collect())
    }
}

/// The codec of a file, or that of the embedded model.
fn codec_of(session: &Session, from: &str) -> Outcome<EmbeddedCodec> {
    if from != "embedded" {
        return Ok(EmbeddedCodec::load(Path::new(from))?);
    }
    let settings = session.base_settings()?;
    Ok(syrinx_engine::codec(&model_source(&settings)?)?)
}

/// Recordings decoded before their patches are taken together.
const AT_ONCE: usize = 256;

fn fit_quantiser(session: &Session, material: &Material) -> Outcome {
    const NAME: &str = "reading recordings";
    let config: FitConfig = session.verb_config("codec_fit")?;
    let paths: Vec<PathBuf> = material.recordings()?.into_iter().map(|(_, path)| path).collect();
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
    rvq: MelRvq,
    from: Option<&EmbeddedCodec>,
    clips: &Clips,
    out: &Path,
    state: Option<&Path>,
) -> Outcome {
    let config: VocoderTrainConfig = session.verb_config("codec_train")?;
    if config.coded_share > 0.0 && clips.coded.is_empty() {
        let remedy = "name a folder of `syrinx data resynthesize` with --resynthesized";
        return Err(Failure::usage("coded_share asks for clips with codes", remedy));
    }
    let (sink, cancel) = (session.sink(), &session.cancel);
    let vocoder = from.map(EmbeddedCodec::vocoder);
    let enhancement = from.and_then(EmbeddedCodec::enhancement);
    let start = Start { rvq: &rvq, vocoder, enhancement };
    let trained = train_vocoder(start, clips, &config, state, sink, cancel)?;
    let (step, finished) = (trained.step, trained.finished);
    EmbeddedCodec::new(rvq, trained.vocoder, trained.enhancement)?.save(out, config.stored)?;
    if session.globals.json {
        session.print_json(&json!({"out": out, "step": step, "finished": finished}))?;
    }
    session.say(&format!("wrote {} after {step} steps", out.display()));
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
        out.display()
    )))
}

/// Samples kept in memory at most: 2 GiB of 16 bits.
const KEPT_SAMPLES: usize = 1 << 30;

/// Random pieces of recordings. What was decoded is kept while there is room, as 16 bits.
struct Clips {
    paths: Vec<PathBuf>,
    /// Which of them have codes of their own, and these.
    coded: Vec<(usize, Codes)>,
    rate_hz: u32,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    recordings: HashMap<usize, Arc<Vec<i16>>>,
    samples: usize,
}

impl Clips {
    fn new(material: &Material, rvq: &MelRvq, resynthesized: Option<&Path>) -> Outcome<Self> {
        let recordings = material.recordings()?;
        let mut coded = Vec::new();
        if let Some(folder) = resynthesized {
            let corpus = Corpus::open(folder)?;
            let at: HashMap<&str, usize> =
                recordings.iter().enumerate().map(|(i, (id, _))| (id.as_str(), i)).collect();
            for i in 0..corpus.len() {
                if let Some(&recording) = at.get(corpus.utterance(i).id.as_str()) {
                    coded.push((recording, corpus.codes(i)?));
                }
            }
            if coded.is_empty() {
                return Err(Failure::usage(
                    format!("{} has none of the manifest's recordings", folder.display()),
                    "make it of the same manifest with `syrinx data resynthesize`",
                ));
            }
        }
        Ok(Self {
            paths: recordings.into_iter().map(|(_, path)| path).collect(),
            coded,
            rate_hz: rvq.config().mel.sample_rate_hz,
            kept: Mutex::default(),
        })
    }

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
        Ok(clip(&all, start, samples))
    }

    fn draw_coded(
        &self,
        frames: usize,
        frame_samples: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<Option<(Vec<f32>, Codes)>, CodecError> {
        if self.coded.is_empty() {
            return Ok(None);
        }
        let (index, codes) = &self.coded[rng.random_range(0..self.coded.len())];
        if codes.frames() < frames {
            return Ok(None);
        }
        let all = self.recording(*index)?;
        let start = rng.random_range(0..codes.frames() - frames + 1);
        let clip = clip(&all, start * frame_samples, frames * frame_samples);
        Ok(Some((clip, codes.slice(start, start + frames))))
    }
}

/// Returns samples from `start` on, with silence after the recording's end.
fn clip(recording: &[i16], start: usize, samples: usize) -> Vec<f32> {
    let from = start.min(recording.len());
    let clip = &recording[from..recording.len().min(from + samples)];
    let mut clip: Vec<f32> = clip.iter().map(|&x| f32::from(x) / f32::from(i16::MAX)).collect();
    clip.resize(samples, 0.0);
    clip
}
