//! `data simulate`: utterances in noise, in rooms, among other speakers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde_json::json;
use syrinx_audio::{WavFormat, write_wav};
use syrinx_data::{EncodePlan, Manifest, Utterance, VIEWS, encode_manifest};
use syrinx_pretrained::CodecSpec;
use syrinx_scene::{Scene, SceneRanges, seed_of};
use syrinx_task::{Simulation, SimulationMaterial, SimulationRanges, View};
use syrinx_types::{Audio, Coded};

use crate::coder::Coder;
use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;

/// `data simulate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx data simulate corpus.jsonl -o shards\n  syrinx data simulate evals/data/test/manifest.jsonl --wavs evals/data/scenes --limit 8\n\nWith -o the shards of `syrinx data encode` get a folder views/NAME for every view that a task learns from; what is there is kept. With --wavs the recordings themselves are written, with a manifest a task."
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
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    codec: Option<CodecSpec>,
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
/// Names of the recordings that are not rendered: the utterance itself, and another one of its speaker.
const CLEAN: &str = "clean";
const SPEAKER: &str = "speaker";

/// Renders views of any utterance of a manifest. They depend on the seed and the utterance's name only.
struct Simulator<'a> {
    manifest: &'a Manifest,
    sample_rate_hz: u32,
    ranges: SimulationRanges,
    seed: u64,
}

impl Simulator<'_> {
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

    fn seed_of(&self, utterance: &Utterance) -> u64 {
        seed_of(self.seed, &utterance.id)
    }

    /// Recordings that the views of an utterance are rendered from: its own, and some of other speakers.
    fn material(&self, utterance: &Utterance) -> Result<(Audio, Vec<Audio>), String> {
        let others = self.others(utterance, BABBLE_VOICES, self.seed_of(utterance));
        let others = others.into_iter().map(|u| self.load(u)).collect::<Result<_, _>>()?;
        Ok((self.load(utterance)?, others))
    }

    fn render(
        &self,
        view: View,
        utterance: &Utterance,
        speech: &Audio,
        others: &[Audio],
    ) -> Result<Option<Audio>, String> {
        let (ranges, seed) = (self.ranges, self.seed_of(utterance));
        (view.render)(&SimulationMaterial { speech, others, ranges, seed })
            .map_err(|e| e.to_string())
    }
}

/// Tasks that learn from simulated input.
fn simulations() -> impl Iterator<Item = (&'static str, Simulation)> {
    syrinx_registry::ALL.iter().filter_map(|task| Some((task.id, task.simulation?)))
}

/// Views of all tasks, each once.
fn views() -> Vec<View> {
    let mut views: Vec<View> = Vec::new();
    for view in simulations().flat_map(|(_, simulation)| simulation.views()) {
        if !views.iter().any(|known| known.name == view.name) {
            views.push(view);
        }
    }
    views
}

/// Encodes views, or writes recordings.
pub fn run(session: &Session, args: &SimulateArgs) -> Outcome {
    let ranges = SimulationRanges {
        snr_db: (args.snr[0], args.snr[1]),
        sir_db: (args.sir[0], args.sir[1]),
        echo_share: args.echo,
    };
    scene_ranges(ranges).check().map_err(|e| Failure::usage(e.to_string(), e.hint()))?;
    let manifest = Manifest::read(&args.manifest)?;
    let coder = Coder::new(session, args.codec.as_ref())?;
    let simulator = Simulator {
        manifest: &manifest,
        sample_rate_hz: coder.sample_rate_hz(),
        ranges,
        seed: session.globals.seed.unwrap_or_default(),
    };
    match (&args.out, &args.wavs) {
        (Some(out), _) => encode(session, &simulator, &coder, args, out),
        (None, Some(folder)) => write(session, &simulator, folder, args.limit),
        (None, None) => Err(Failure::usage("neither -o nor --wavs", "say where to write")),
    }
}

fn scene_ranges(ranges: SimulationRanges) -> SceneRanges {
    let SimulationRanges { snr_db, sir_db, echo_share } = ranges;
    SceneRanges { snr_db, sir_db, echo_share, ..SceneRanges::default() }
}

fn encode(
    session: &Session,
    simulator: &Simulator<'_>,
    coder: &Coder,
    args: &SimulateArgs,
    out: &Path,
) -> Outcome {
    let plan = EncodePlan {
        latent_dim: coder.latent_dim(args.latents),
        threads: args.threads,
        ..EncodePlan::new(coder.stamp())
    };
    let (sink, cancel) = (session.sink(), &session.cancel);
    let mut failed = Vec::new();
    for view in views() {
        let one = |u: &Utterance| -> Result<Coded, String> {
            let (speech, others) = simulator.material(u)?;
            let audio = simulator.render(view, u, &speech, &others)?;
            coder.encode_audio(&audio.ok_or("there is no other speaker")?)
        };
        session.say(&format!("view {}", view.name));
        let folder = out.join(VIEWS).join(view.name);
        let summary = encode_manifest(simulator.manifest, &folder, &plan, &one, sink, cancel)?;
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

fn write(
    session: &Session,
    simulator: &Simulator<'_>,
    folder: &Path,
    limit: Option<usize>,
) -> Outcome {
    std::fs::create_dir_all(folder)
        .map_err(|e| Failure::writing(&folder.display().to_string(), &e))?;
    let all = simulator.manifest.utterances();
    let count = limit.unwrap_or(all.len()).min(all.len());
    let mut manifests: BTreeMap<&str, Vec<Utterance>> = BTreeMap::new();
    let mut scenes = Vec::new();
    for i in 0..count {
        session.check()?;
        let utterance = &all[i * all.len() / count];
        let failed = |e: String| Failure::new(Exit::BadInput, format!("{}: {e}", utterance.id));
        let (speech, others) = simulator.material(utterance).map_err(failed)?;
        let name = |view: &str| PathBuf::from(format!("{}.{view}.wav", utterance.id));
        let mut there: Vec<&str> = Vec::new();
        let enrolment = enrolment(simulator, utterance).map_err(failed)?;
        let mut recordings = vec![(CLEAN, Some(speech.clone())), (SPEAKER, enrolment)];
        for view in views() {
            let audio = simulator.render(view, utterance, &speech, &others).map_err(failed)?;
            recordings.push((view.name, audio));
        }
        for (view, audio) in &recordings {
            if let Some(audio) = audio {
                save(audio, &folder.join(name(view)))?;
                there.push(*view);
            }
        }
        for (task, simulation) in simulations() {
            let target = simulation.target.map_or(CLEAN, |view| view.name);
            let mut views = vec![simulation.input.name];
            views.extend(simulation.enrolment.then_some(SPEAKER));
            if !views.iter().chain([&target]).all(|view| there.contains(view)) {
                continue;
            }
            manifests.entry(task).or_default().push(Utterance {
                audio: name(target),
                views: views.iter().map(|v| ((*v).to_owned(), name(v))).collect(),
                ..utterance.clone()
            });
        }
        let voices = !others.is_empty();
        let seed = simulator.seed_of(utterance);
        let scene = Scene::draw(&scene_ranges(simulator.ranges), voices, seed);
        scenes.push(json!({"id": utterance.id, "scene": scene}).to_string());
    }
    for (task, _) in simulations() {
        let lines = manifests.remove(task).unwrap_or_default();
        Manifest::new(folder, lines)?.write(&folder.join(format!("{task}.jsonl")))?;
    }
    let path = folder.join("scenes.jsonl");
    syrinx_engine::write_atomic(&path, (scenes.join("\n") + "\n").as_bytes())?;
    session.say(&format!("wrote {count} scenes to {}", folder.display()));
    Ok(())
}

/// Another recording of the same speaker.
fn enrolment(simulator: &Simulator<'_>, utterance: &Utterance) -> Result<Option<Audio>, String> {
    let all = simulator.manifest.utterances();
    let other = all.iter().find(|u| u.speaker == utterance.speaker && u.id != utterance.id);
    other.map(|u| simulator.load(u)).transpose()
}
