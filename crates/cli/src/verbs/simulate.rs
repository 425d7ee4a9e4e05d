//! `data simulate`: utterances in noise, in rooms, among other speakers.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde_json::json;
use syrinx_audio::{WavFormat, write_wav};
use syrinx_data::{EncodePlan, Manifest, Utterance, VIEWS, encode_manifest};
use syrinx_scene::{Rendered, Scene, SceneRanges, active_level_db, render, seed_of};
use syrinx_types::{Audio, Coded};

use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;
use crate::verbs::data::Coder;

/// `data simulate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx data simulate corpus.jsonl -o shards\n  syrinx data simulate evals/data/test/manifest.jsonl --wavs evals/data/scenes --limit 8\n\nWith -o the shards of `syrinx data encode` get folders views/noisy, views/background and views/mixture beside them; what is there is kept. With --wavs the recordings themselves are written, with a manifest a task."
)]
pub struct SimulateArgs {
    /// The manifest
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    manifest: PathBuf,
    /// Folder of the shards of this manifest: views are encoded beside them
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath, required_unless_present = "wavs")]
    out: Option<PathBuf>,
    /// Write recordings and manifests here: a fixed set for evaluation
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "out")]
    wavs: Option<PathBuf>,
    /// The codec; that of the model if not given
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    codec: Option<PathBuf>,
    /// Keep the latents that the codes round, too, as `syrinx data encode --latents` does (with -o)
    #[arg(long, conflicts_with = "wavs")]
    latents: bool,
    /// Only so many utterances, evenly spread (with --wavs)
    #[arg(long, value_name = "N", requires = "wavs")]
    limit: Option<usize>,
    /// Level of the speech above the background, lowest and highest, dB
    #[arg(long, value_name = "DB", num_args = 2, default_values_t = [-5.0, 20.0], allow_negative_numbers = true)]
    snr: Vec<f64>,
    /// Level of the wanted speaker above the other, lowest and highest, dB
    #[arg(long, value_name = "DB", num_args = 2, default_values_t = [-5.0, 20.0], allow_negative_numbers = true)]
    sir: Vec<f64>,
    /// Share of the scenes with an echo, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.3)]
    echo: f64,
    /// Threads
    #[arg(long, value_name = "N", default_value_t = 2)]
    threads: usize,
}

/// Voices of a babble.
const BABBLE_VOICES: usize = 4;

/// Renders the scene of any utterance of a manifest. What comes out depends on the seed and the utterance's name only.
struct Studio<'a> {
    manifest: &'a Manifest,
    sample_rate_hz: u32,
    ranges: SceneRanges,
    seed: u64,
}

impl Studio<'_> {
    fn load(&self, utterance: &Utterance) -> Result<Audio, String> {
        let path = self.manifest.audio_path(utterance);
        syrinx_audio::load(&path, self.sample_rate_hz).map_err(|e| e.to_string())
    }

    /// Utterances of other speakers, so many at the most, drawn by a seed.
    fn others(&self, utterance: &Utterance, count: usize, seed: u64) -> Vec<&Utterance> {
        let all = self.manifest.utterances();
        let from = (seed % all.len().max(1) as u64) as usize;
        let around = all.iter().cycle().skip(from).take(all.len());
        // A stride through the manifest meets several speakers, where neighbours are mostly one.
        let stride = (all.len() / (count + 1)).max(1);
        let spread = (0..stride).flat_map(|s| around.clone().skip(s).step_by(stride));
        spread.filter(|u| u.speaker != utterance.speaker).take(count).collect()
    }

    fn scene(&self, utterance: &Utterance) -> Scene {
        let voices = self.manifest.utterances().iter().any(|u| u.speaker != utterance.speaker);
        Scene::draw(&self.ranges, voices, seed_of(self.seed, &utterance.id))
    }

    /// The utterance and its scene as recordings.
    fn render(&self, utterance: &Utterance) -> Result<(Audio, Rendered), String> {
        let speech = self.load(utterance)?;
        let scene = self.scene(utterance);
        let others = self.others(utterance, BABBLE_VOICES, scene.seed);
        let voices = others.into_iter().map(|u| self.load(u)).collect::<Result<Vec<_>, _>>()?;
        // A silent recording makes no mixture; the next one does.
        let other = voices.iter().find(|v| active_level_db(v).is_some());
        let rendered = render(&scene, &speech, &voices, other).map_err(|e| e.to_string())?;
        Ok((speech, rendered))
    }
}

/// Encodes views, or writes recordings.
pub fn run(session: &Session, args: &SimulateArgs) -> Outcome {
    let ranges = SceneRanges {
        snr_db: (args.snr[0], args.snr[1]),
        sir_db: (args.sir[0], args.sir[1]),
        echo_share: args.echo,
        ..SceneRanges::default()
    };
    ranges.check().map_err(|e| Failure::new(Exit::Usage, e.to_string()))?;
    let manifest = Manifest::read(&args.manifest)?;
    let coder = Coder::new(session, args.codec.as_deref())?;
    let studio = Studio {
        manifest: &manifest,
        sample_rate_hz: coder.sample_rate_hz(),
        ranges,
        seed: session.globals.seed.unwrap_or_default(),
    };
    match (&args.out, &args.wavs) {
        (Some(out), _) => encode(session, &studio, (&coder, args), out),
        (None, Some(folder)) => write(session, &studio, folder, args.limit),
        (None, None) => Err(Failure::usage("neither -o nor --wavs", "say where to write")),
    }
}

type Pick = fn(Rendered) -> Option<Audio>;

/// The views, and which recording of a scene each is.
const PICKS: [(&str, Pick); 3] = [
    ("noisy", |r| Some(r.noisy)),
    ("background", |r| Some(r.background)),
    ("mixture", |r| r.mixture),
];

fn encode(
    session: &Session,
    studio: &Studio<'_>,
    (coder, args): (&Coder, &SimulateArgs),
    out: &Path,
) -> Outcome {
    let plan = EncodePlan {
        latent_dim: coder.latent_dim(args.latents),
        threads: args.threads,
        ..EncodePlan::new(coder.stamp())
    };
    let (sink, cancel) = (session.sink(), &session.cancel);
    let mut failed = Vec::new();
    for (view, pick) in PICKS {
        let one = |u: &Utterance| -> Result<Coded, String> {
            let (_, rendered) = studio.render(u)?;
            let audio = pick(rendered).ok_or("there is no other speaker")?;
            coder.encode_audio(&audio)
        };
        session.say(&format!("view {view}"));
        let folder = out.join(VIEWS).join(view);
        let summary = encode_manifest(studio.manifest, &folder, &plan, &one, sink, cancel)?;
        session.say(&format!("{}: {} utterances", folder.display(), summary.utterances));
        failed.extend(summary.failed.into_iter().map(|f| format!("{}: {}", f.id, f.reason)));
    }
    if session.globals.json {
        return session.print_json(&json!({"out": out, "failed": failed}));
    }
    if let Some(first) = failed.first() {
        session.say(&format!("{} failed, the first is {first}", failed.len()));
    }
    Ok(())
}

/// A recording in 16 bits.
fn save(audio: &Audio, path: &Path) -> Outcome {
    Ok(write_wav(path, audio, WavFormat::Int16)?)
}

fn write(session: &Session, studio: &Studio<'_>, folder: &Path, limit: Option<usize>) -> Outcome {
    std::fs::create_dir_all(folder)
        .map_err(|e| Failure::writing(&folder.display().to_string(), &e))?;
    let all = studio.manifest.utterances();
    let count = limit.unwrap_or(all.len()).min(all.len());
    let (mut denoise, mut remove, mut extract) = (Vec::new(), Vec::new(), Vec::new());
    let mut scenes = Vec::new();
    for i in 0..count {
        session.check()?;
        let utterance = &all[i * all.len() / count];
        let failed = |e: String| Failure::new(Exit::BadInput, format!("{}: {e}", utterance.id));
        let (speech, rendered) = studio.render(utterance).map_err(failed)?;
        let name = |view: &str| PathBuf::from(format!("{}.{view}.wav", utterance.id));
        let line = |audio: &str, views: &[&str]| Utterance {
            audio: name(audio),
            views: views.iter().map(|v| ((*v).to_owned(), name(v))).collect(),
            ..utterance.clone()
        };
        let parts = [
            ("clean", Some(speech)),
            ("noisy", Some(rendered.noisy)),
            ("background", Some(rendered.background)),
            ("mixture", rendered.mixture),
            ("speaker", enrolment(studio, utterance).map_err(failed)?),
        ];
        for (view, audio) in &parts {
            if let Some(audio) = audio {
                save(audio, &folder.join(name(view)))?;
            }
        }
        denoise.push(line("clean", &["noisy"]));
        remove.push(line("background", &["noisy"]));
        if parts[3].1.is_some() && parts[4].1.is_some() {
            extract.push(line("clean", &["mixture", "speaker"]));
        }
        scenes.push(json!({"id": utterance.id, "scene": studio.scene(utterance)}).to_string());
    }
    for (task, lines) in [("denoise", denoise), ("remove", remove), ("extract", extract)] {
        Manifest::new(folder, lines)?.write(&folder.join(format!("{task}.jsonl")))?;
    }
    let path = folder.join("scenes.jsonl");
    syrinx_engine::write_atomic(&path, (scenes.join("\n") + "\n").as_bytes())?;
    session.say(&format!("wrote {count} scenes to {}", folder.display()));
    Ok(())
}

/// Another recording of the same speaker.
fn enrolment(studio: &Studio<'_>, utterance: &Utterance) -> Result<Option<Audio>, String> {
    let all = studio.manifest.utterances();
    let other = all.iter().find(|u| u.speaker == utterance.speaker && u.id != utterance.id);
    other.map(|u| studio.load(u)).transpose()
}
