//! Simulated input: renditions of utterances with noise, room echoes and other speakers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;
use syrinx_audio::{AudioError, ReadLimits, UniqueWarnings, WavFormat, write_wav};
use syrinx_data::{
    DataError, EncodeFault, EncodePlan, Exclusion, LeftOutReasons, Manifest, RENDITIONS, Summary,
    Utterance, encode_manifest,
};
use syrinx_engine::write_atomic;
use syrinx_scene::{Scene, SceneRanges, seed_of};
use syrinx_task::{
    Rendition, Simulation, SimulationMaterial, SimulationRanges, TaskDescriptor, TaskError,
};
use syrinx_types::{Audio, CallbackError, Coded, Event, EventSink, IoOperation, RunContext};

use crate::{CorpusCodec, RecipeError, UtteranceFault};

/// Maximum number of other speakers' recordings in a scene.
const BABBLE_SPEAKERS: usize = 4;
/// Name of the clean recording of an utterance in an evaluation set.
const CLEAN: &str = "clean";
/// Name of the enrolment recording: another recording of the same speaker.
const SPEAKER: &str = "speaker";

/// Returns the tasks that are trained on simulated input.
fn simulations(
    tasks: &[&'static TaskDescriptor],
) -> impl Iterator<Item = (&'static str, Simulation)> {
    tasks.iter().filter_map(|task| Some((task.id, task.simulation?)))
}

/// Returns the renditions that the tasks need, without duplicates.
fn renditions(tasks: &[&'static TaskDescriptor]) -> Vec<Rendition> {
    let mut renditions: Vec<Rendition> = Vec::new();
    for rendition in simulations(tasks).flat_map(|(_, simulation)| simulation.renditions()) {
        if !renditions.iter().any(|known| known.name == rendition.name) {
            renditions.push(rendition);
        }
    }
    renditions
}

fn scene_ranges(ranges: SimulationRanges) -> SceneRanges {
    let SimulationRanges { snr_db, sir_db, echo_share } = ranges;
    SceneRanges { snr_db, sir_db, echo_share, ..SceneRanges::default() }
}

/// Token shards of a rendition.
#[derive(Debug)]
pub struct EncodedRendition {
    /// Folder of the shards.
    pub folder: PathBuf,
    /// Summary of the encoding.
    pub summary: Summary,
}

/// Renders the renditions of a manifest's utterances that the tasks need. A rendition depends only on the seed and the
/// identifier of the utterance. Every warning of the audio decoder is emitted once.
pub struct Simulator<'a> {
    manifest: &'a Manifest,
    sample_rate_hz: u32,
    ranges: SimulationRanges,
    seed: u64,
    tasks: &'a [&'static TaskDescriptor],
    warnings: UniqueWarnings,
}

impl<'a> Simulator<'a> {
    /// Returns a simulator for recordings at a sample rate, with the renditions of the registered tasks.
    ///
    /// # Errors
    /// [`RecipeError::Scene`] if the minimum of a range is above its maximum.
    pub fn new(
        manifest: &'a Manifest,
        sample_rate_hz: u32,
        ranges: SimulationRanges,
        seed: u64,
    ) -> Result<Self, RecipeError> {
        Self::check(ranges)?;
        let (tasks, warnings) = (syrinx_registry::ALL, UniqueWarnings::default());
        Ok(Self { manifest, sample_rate_hz, ranges, seed, tasks, warnings })
    }

    /// Replaces the registered tasks by `tasks`.
    #[must_use]
    pub fn with_tasks(self, tasks: &'a [&'static TaskDescriptor]) -> Self {
        Self { tasks, ..self }
    }

    /// Returns the renditions of the tasks, without duplicates.
    pub fn renditions(&self) -> Vec<Rendition> {
        renditions(self.tasks)
    }

    /// Checks the ranges of a simulation.
    ///
    /// # Errors
    /// [`RecipeError::Scene`] if the minimum of a range is above its maximum.
    pub fn check(ranges: SimulationRanges) -> Result<(), RecipeError> {
        Ok(scene_ranges(ranges).check()?)
    }

    /// Encodes a rendition of every utterance. The shards are written to a folder below `shards`, the folder of the
    /// corpus. Existing finished shards are kept.
    ///
    /// # Errors
    /// [`RecipeError::Data`]. The summary lists utterances that could not be rendered.
    pub fn encode(
        &self,
        rendition: Rendition,
        codec: &CorpusCodec<'_>,
        shards: &Path,
        plan: &EncodePlan,
        run: RunContext<'_>,
    ) -> Result<EncodedRendition, RecipeError> {
        let one = |utterance: &Utterance| -> Result<Coded, EncodeFault> {
            let material = self.material(utterance, run.events).map_err(CallbackError::new)?;
            let audio = self.render(rendition, utterance, &material).map_err(CallbackError::new)?;
            let audio = audio.ok_or_else(|| CallbackError::new(UtteranceFault::NoOtherSpeaker))?;
            Ok(codec.encode(&audio).map_err(CallbackError::new)?)
        };
        let folder = shards.join(RENDITIONS).join(rendition.name);
        let summary = encode_manifest(self.manifest, &folder, plan, &one, run.events, run.cancel)?;
        Ok(EncodedRendition { folder, summary })
    }

    /// Writes an evaluation set to `folder`: the recordings of `limit` utterances spread evenly over the manifest, one
    /// manifest per task, and the parameters of the scenes. Returns the number of utterances. A task gets an empty
    /// manifest and a warning if no utterance has the other speaker or the enrolment recording that the task needs.
    ///
    /// # Errors
    /// [`DataError::NothingSelected`] if `limit` is 0 or the manifest is empty, [`RecipeError::Cancelled`],
    /// [`RecipeError::Utterance`] for an utterance that cannot be rendered, and errors of writing.
    pub fn write(
        &self,
        folder: &Path,
        limit: Option<usize>,
        run: RunContext<'_>,
    ) -> Result<usize, RecipeError> {
        let all = self.manifest.utterances();
        let count = limit.unwrap_or(all.len()).min(all.len());
        if count == 0 {
            let mut left_out = LeftOutReasons::default();
            let limit = Exclusion::Limit { limit: count };
            all.iter().for_each(|utterance| left_out.add(&limit, &utterance.id));
            return Err(DataError::NothingSelected { selection: "simulated set", left_out }.into());
        }
        std::fs::create_dir_all(folder)
            .map_err(RecipeError::io(IoOperation::CreateFolder, folder))?;
        let mut set = EvaluationSet::default();
        for i in 0..count {
            if run.is_cancelled() {
                return Err(RecipeError::Cancelled);
            }
            self.write_scene(&all[i * all.len() / count], folder, &mut set, run.events)?;
        }
        for task in set.write(folder, self.tasks)? {
            let message = format!(
                "no utterance for the task `{task}`, which needs another speaker or another recording of the speaker"
            );
            run.events.emit(Event::Warning { message });
        }
        Ok(count)
    }

    /// Writes the recordings of one utterance and adds it to the manifests.
    fn write_scene(
        &self,
        utterance: &Utterance,
        folder: &Path,
        set: &mut EvaluationSet,
        events: &dyn EventSink,
    ) -> Result<(), RecipeError> {
        let failed = |fault| RecipeError::Utterance { id: utterance.id.clone(), fault };
        let material = self.material(utterance, events).map_err(|e| failed(e.into()))?;
        let enrolment = self.enrolment(utterance, events).map_err(|e| failed(e.into()))?;
        let mut recordings = vec![(CLEAN, Some(material.speech.clone())), (SPEAKER, enrolment)];
        for rendition in self.renditions() {
            let audio =
                self.render(rendition, utterance, &material).map_err(|e| failed(e.into()))?;
            recordings.push((rendition.name, audio));
        }
        let mut there: Vec<&str> = Vec::new();
        for (rendition, audio) in &recordings {
            if let Some(audio) = audio {
                let path = folder.join(recording_name(utterance, rendition));
                write_wav(&path, audio, WavFormat::Int16)?;
                there.push(*rendition);
            }
        }
        set.add(utterance, &there, self.tasks);
        let voices = !material.others.is_empty();
        let seed = self.seed_of(utterance);
        let scene = Scene::draw(&scene_ranges(self.ranges), voices, seed);
        set.scenes.push(json!({"id": utterance.id, "scene": scene}).to_string());
        Ok(())
    }

    fn load(&self, utterance: &Utterance, events: &dyn EventSink) -> Result<Audio, AudioError> {
        let (path, limits) = (self.manifest.audio_path(utterance), ReadLimits::default());
        let mut warn = self.warnings.emit_to(events);
        syrinx_audio::load_warned(&path, self.sample_rate_hz, &limits, &mut warn)
    }

    /// Returns at most `count` utterances of other speakers, selected by the seed.
    fn others(&self, utterance: &Utterance, count: usize, seed: u64) -> Vec<&Utterance> {
        let all = self.manifest.utterances();
        let from = (seed % all.len().max(1) as u64) as usize;
        let around = all.iter().cycle().skip(from).take(all.len());
        // Neighbours in a manifest mostly share a speaker, so utterances are taken at a stride.
        let stride = (all.len() / (count + 1)).max(1);
        let spread = (0..stride).flat_map(|s| around.clone().skip(s).step_by(stride));
        spread.filter(|u| u.speaker != utterance.speaker).take(count).collect()
    }

    /// Returns another recording of the utterance's speaker; `None` if there is none.
    fn enrolment(
        &self,
        utterance: &Utterance,
        events: &dyn EventSink,
    ) -> Result<Option<Audio>, AudioError> {
        let all = self.manifest.utterances();
        let other = all.iter().find(|u| u.speaker == utterance.speaker && u.id != utterance.id);
        other.map(|u| self.load(u, events)).transpose()
    }

    fn seed_of(&self, utterance: &Utterance) -> u64 {
        seed_of(self.seed, &utterance.id)
    }

    fn material(
        &self,
        utterance: &Utterance,
        events: &dyn EventSink,
    ) -> Result<SceneRecordings, AudioError> {
        let others = self.others(utterance, BABBLE_SPEAKERS, self.seed_of(utterance));
        let others = others.into_iter().map(|u| self.load(u, events)).collect::<Result<_, _>>()?;
        Ok(SceneRecordings { speech: self.load(utterance, events)?, others })
    }

    fn render(
        &self,
        rendition: Rendition,
        utterance: &Utterance,
        recordings: &SceneRecordings,
    ) -> Result<Option<Audio>, TaskError> {
        let (ranges, seed) = (self.ranges, self.seed_of(utterance));
        let SceneRecordings { speech, others } = recordings;
        (rendition.render)(&SimulationMaterial { speech, others, ranges, seed })
    }
}

/// Recordings from which the renditions of an utterance are rendered.
struct SceneRecordings {
    speech: Audio,
    /// Recordings of other speakers.
    others: Vec<Audio>,
}

/// Returns the file name of a recording in an evaluation set.
fn recording_name(utterance: &Utterance, rendition: &str) -> PathBuf {
    PathBuf::from(format!("{}.{rendition}.wav", utterance.id))
}

/// Manifests and scenes of an evaluation set.
#[derive(Default)]
struct EvaluationSet {
    /// Utterances by task.
    manifests: BTreeMap<&'static str, Vec<Utterance>>,
    /// Parameters of the scenes as JSON, in the order of the utterances.
    scenes: Vec<String>,
}

impl EvaluationSet {
    /// Adds an utterance to the manifests of all tasks whose input, enrolment and target recordings are in `there`.
    fn add(&mut self, utterance: &Utterance, there: &[&str], tasks: &[&'static TaskDescriptor]) {
        for (task, simulation) in simulations(tasks) {
            let target = simulation.target.map_or(CLEAN, |rendition| rendition.name);
            let mut renditions = vec![simulation.input.name];
            renditions.extend(simulation.enrolment.then_some(SPEAKER));
            if !renditions.iter().chain([&target]).all(|rendition| there.contains(rendition)) {
                continue;
            }
            let rendition =
                |rendition: &&str| ((*rendition).to_owned(), recording_name(utterance, rendition));
            self.manifests.entry(task).or_default().push(Utterance {
                audio: recording_name(utterance, target),
                renditions: renditions.iter().map(rendition).collect(),
                ..utterance.clone()
            });
        }
    }

    /// Writes one manifest per task, even if it is empty, and the scenes. Returns the tasks with an empty manifest.
    fn write(
        mut self,
        folder: &Path,
        tasks: &[&'static TaskDescriptor],
    ) -> Result<Vec<&'static str>, RecipeError> {
        let mut empty = Vec::new();
        for (task, _) in simulations(tasks) {
            let lines = self.manifests.remove(task).unwrap_or_default();
            if lines.is_empty() {
                empty.push(task);
            }
            Manifest::new(folder, lines)?.write(&folder.join(format!("{task}.jsonl")))?;
        }
        let path = folder.join("scenes.jsonl");
        write_atomic(&path, (self.scenes.join("\n") + "\n").as_bytes())?;
        Ok(empty)
    }
}

#[cfg(test)]
mod tests {
    use syrinx_types::{CancelToken, RecordingSink};

    use super::*;
    use crate::damaged::{check_warnings, tone, truncated, utterance};

    #[test]
    fn selecting_nothing_is_an_error_with_the_reasons() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.wav");
        let ranges = SimulationRanges { snr_db: (0.0, 10.0), sir_db: (0.0, 10.0), echo_share: 0.3 };
        let out = folder.path().join("scenes");
        for (utterances, limit, expected) in [
            (
                vec![utterance("a", "x", &path)],
                Some(0),
                "1 left out because at most 0 are selected",
            ),
            (Vec::new(), None, "there are no utterances"),
        ] {
            let manifest = Manifest::new("", utterances).expect("a manifest");
            let simulator = Simulator::new(&manifest, 16_000, ranges, 1).expect("a simulator");
            let cancel = CancelToken::default();
            let error = simulator.write(&out, limit, RunContext::quiet(&cancel));
            let error = error.expect_err("nothing is selected").to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!out.exists(), "nothing is written");
        }
    }

    #[test]
    fn truncated_recordings_are_reported_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let audio = tone(1.0, 16_000);
        let file = |name: &str| folder.path().join(name);
        let [a, c] = ["a.wav", "c.wav"].map(|name| truncated(folder.path(), name, &audio));
        write_wav(file("b.wav"), &audio, WavFormat::Int16).expect("it is written");
        // Every recording is read as speech and as a background voice; all except `c` are also enrolments.
        let utterances = vec![
            utterance("a", "x", &a),
            utterance("b", "x", &file("b.wav")),
            utterance("c", "y", &c),
        ];
        let manifest = Manifest::new("", utterances).expect("a manifest");
        let ranges = SimulationRanges { snr_db: (0.0, 10.0), sir_db: (0.0, 10.0), echo_share: 0.3 };
        let simulator = Simulator::new(&manifest, 16_000, ranges, 1).expect("a simulator");
        let (sink, cancel) = (RecordingSink::default(), CancelToken::default());
        for _ in 0..2 {
            let run = RunContext::new(&cancel, &sink);
            let count = simulator.write(&file("scenes"), None, run).expect("scenes");
            assert_eq!(count, 3);
        }
        check_warnings(&sink, &[&a, &c]);
    }
}
