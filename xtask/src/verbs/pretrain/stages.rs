//! Stages of a recipe.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::recipe::{Import, Phase, Recipe};
use super::stage::{PretrainStage, StageCommand};
use crate::project::root;

/// The stages in their order; the corpus is made if it is neither there nor imported.
pub(super) fn stages(recipe: &Recipe) -> Vec<PretrainStage> {
    let places = Places::of(recipe);
    let made = match &recipe.corpus.import {
        Some(import) => Some(places.import("import", import, &places.corpus)),
        None => recipe.corpus.manifest.is_none().then(|| places.made()),
    };
    let aligned = recipe.corpus.align.then(|| places.align());
    let scenes = recipe.simulate.is_some().then(|| places.simulate());
    let fitted = recipe.codec.is_none().then(|| [places.fit(), places.vocoder()]);
    made.into_iter()
        .chain(aligned)
        .chain(fitted.into_iter().flatten())
        .chain([places.encode()])
        .chain(scenes)
        .chain(places.phases())
        .chain([places.package()])
        .chain(places.evaluate())
        .collect()
}

/// Paths of the stages' outputs.
struct Places<'a> {
    recipe: &'a Recipe,
    /// The corpus as it is found.
    corpus: PathBuf,
    /// The corpus that is trained on.
    manifest: PathBuf,
    rvq: PathBuf,
    /// The codec as commands name it.
    codec: String,
    /// The codec's file or folder.
    codec_path: PathBuf,
    shards: PathBuf,
    /// The language model of the last phase.
    lm: PathBuf,
}

/// Returns a command's words.
fn words(parts: &[&dyn Display]) -> Vec<String> {
    parts.iter().map(ToString::to_string).collect()
}

/// Returns the same with a configuration and changes of it.
fn configured(mut words: Vec<String>, config: Option<&Path>, set: &[String]) -> Vec<String> {
    let config = config.iter().flat_map(|c| ["--config".to_owned(), c.display().to_string()]);
    words.extend(config);
    words.extend(set.iter().flat_map(|change| ["--set".to_owned(), change.clone()]));
    words
}

/// Language model of a phase.
fn language_model(recipe: &Recipe, phase: &Phase) -> PathBuf {
    recipe.run.join(phase.stage()).join("lm/model.safetensors")
}

/// Returns the words that set the mix of a phase; none if it has the configuration's.
fn mix(phase: &Phase) -> Vec<String> {
    let entry = |task: &str, stage: &str, weight: f64| {
        format!("{{task=\"{task}\",stage=\"{stage}\",weight={weight}}}")
    };
    let stages = |(task, stages): (&String, &BTreeMap<String, f64>)| -> Vec<String> {
        stages.iter().map(|(stage, &weight)| entry(task, stage, weight)).collect()
    };
    let entries: Vec<String> = phase.mix.iter().flat_map(stages).collect();
    if entries.is_empty() {
        return Vec::new();
    }
    vec!["--set".to_owned(), format!("mix=[{}]", entries.join(","))]
}

/// Returns the variable of the environment that gives the program a setting.
fn variable(setting: &str) -> String {
    let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
    format!("SYRINX_{}={value}", key.replace('.', "__").to_uppercase())
}

impl<'a> Places<'a> {
    fn of(recipe: &'a Recipe) -> Self {
        let folder = |name: &str| recipe.run.join(name);
        let made = if recipe.corpus.import.is_some() { "import" } else { "corpus" };
        let made = folder(made).join("manifest.jsonl");
        let corpus = recipe.corpus.manifest.clone().unwrap_or(made);
        let aligned = || folder("align").join("manifest.jsonl");
        let trained = folder("vocoder").join("codec.safetensors").display().to_string();
        let codec = recipe.codec.clone().unwrap_or(trained);
        let codec_path = PathBuf::from(codec.split(',').next().unwrap_or_default());
        Self {
            recipe,
            manifest: if recipe.corpus.align { aligned() } else { corpus.clone() },
            corpus,
            rvq: folder("fit").join("rvq.safetensors"),
            codec,
            codec_path,
            shards: folder("encode").join("shards"),
            lm: recipe.train.last().map(|phase| language_model(recipe, phase)).unwrap_or_default(),
        }
    }

    fn stage(
        &self,
        name: &str,
        inputs: &[&Path],
        config: Option<&Path>,
        outputs: &[&Path],
        work: StageCommand,
    ) -> PretrainStage {
        let owned = |paths: &[&Path]| paths.iter().map(|p| p.to_path_buf()).collect::<Vec<_>>();
        let mut inputs = owned(inputs);
        inputs.extend(config.map(Path::to_path_buf));
        PretrainStage {
            name: name.to_owned(),
            folder: self.recipe.run.join(name),
            inputs,
            outputs: owned(outputs),
            work,
        }
    }

    /// A published corpus as a manifest. Its folder may hold hundreds of gigabytes and isn't read to tell whether it
    /// changed.
    fn import(&self, name: &str, import: &Import, manifest: &Path) -> PretrainStage {
        let mut words = words(&[
            &"data",
            &"import",
            &import.form,
            &import.folder.display(),
            &"--out",
            &manifest.display(),
        ]);
        let grids = import.textgrids.iter();
        words.extend(grids.flat_map(|g| ["--textgrids".to_owned(), g.display().to_string()]));
        self.stage(name, &[], None, &[manifest], StageCommand::Program(words))
    }

    /// Phone times by the embedded model.
    fn align(&self) -> PretrainStage {
        let words =
            words(&[&"data", &"align", &self.corpus.display(), &"--out", &self.manifest.display()]);
        self.stage("align", &[&self.corpus], None, &[&self.manifest], StageCommand::Program(words))
    }

    fn made(&self) -> PretrainStage {
        let c = &self.recipe.corpus;
        let out = self.recipe.run.join("corpus");
        let words = words(&[
            &"--out",
            &out.display(),
            &"--utterances",
            &c.utterances,
            &"--engines",
            &c.engines.join(","),
            &"--seed",
            &c.seed,
        ]);
        let here = root().join("xtask/corpus");
        let inputs = [here.join("make_corpus.py"), here.join("requirements.txt")];
        let inputs: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
        self.stage("corpus", &inputs, None, &[&self.corpus], StageCommand::Corpus(words))
    }

    fn fit(&self) -> PretrainStage {
        let verb = &self.recipe.fit;
        let config = verb.config.as_deref();
        let words =
            words(&[&"codec", &"fit", &self.manifest.display(), &"--out", &self.rvq.display()]);
        let work = StageCommand::Program(configured(words, config, &verb.set));
        self.stage("fit", &[&self.manifest], config, &[&self.rvq], work)
    }

    fn vocoder(&self) -> PretrainStage {
        let verb = &self.recipe.vocoder;
        let config = verb.config.as_deref();
        let state = self.recipe.run.join("vocoder/state.safetensors");
        let words = words(&[
            &"codec",
            &"train",
            &self.manifest.display(),
            &"--quantiser",
            &self.rvq.display(),
            &"--state",
            &state.display(),
            &"--out",
            &self.codec,
        ]);
        let work = StageCommand::Program(configured(words, config, &verb.set));
        self.stage("vocoder", &[&self.manifest, &self.rvq], config, &[&self.codec_path], work)
    }

    fn encode(&self) -> PretrainStage {
        let mut words = words(&[
            &"data",
            &"encode",
            &self.manifest.display(),
            &"--out",
            &self.shards.display(),
            &"--codec",
            &self.codec,
            &"--per-shard",
            &self.recipe.encode.per_shard,
        ]);
        words.extend(self.latents());
        let inputs: [&Path; 2] = [&self.manifest, &self.codec_path];
        self.stage("encode", &inputs, None, &[&self.shards], StageCommand::Program(words))
    }

    /// Returns the latents flag of `encode` and `simulate`.
    fn latents(&self) -> Option<String> {
        self.recipe.encode.latents.then(|| "--latents".to_owned())
    }

    /// Simulates renditions of the utterances with noise and other speakers: training data of the tasks that denoise
    /// and separate.
    fn simulate(&self) -> PretrainStage {
        let verb = self.recipe.simulate.clone().unwrap_or_default();
        let mut words = words(&[
            &"data",
            &"simulate",
            &self.manifest.display(),
            &"--out",
            &self.shards.display(),
            &"--codec",
            &self.codec,
            &"--seed",
            &verb.seed,
        ]);
        words.extend(self.latents());
        let range = |name: &str, (low, high): (f64, f64)| {
            [format!("--{name}"), low.to_string(), high.to_string()]
        };
        words.extend(verb.snr_db.into_iter().flat_map(|db| range("snr", db)));
        words.extend(verb.sir_db.into_iter().flat_map(|db| range("sir", db)));
        let inputs: [&Path; 2] = [&self.manifest, &self.codec_path];
        let renditions = self.shards.join("renditions");
        self.stage("simulate", &inputs, None, &[&renditions], StageCommand::Program(words))
    }

    /// Phases of the training, each with the weights of the one before.
    fn phases(&self) -> Vec<PretrainStage> {
        let phases = &self.recipe.train;
        let before = std::iter::once(None).chain(phases.iter().map(Some));
        phases.iter().zip(before).map(|(phase, before)| self.phase(phase, before)).collect()
    }

    fn phase(&self, phase: &Phase, before: Option<&Phase>) -> PretrainStage {
        let lm = language_model(self.recipe, phase);
        let data = phase.data.as_ref().unwrap_or(&self.shards);
        let from =
            phase.from.clone().or_else(|| before.map(|before| language_model(self.recipe, before)));
        let run = self.recipe.run.join(phase.stage()).join("lm");
        let mut words = words(&[
            &"train",
            &"--data",
            &data.display(),
            &"--codec",
            &self.codec,
            &"--run",
            &run.display(),
            &"--resume",
        ]);
        words
            .extend(from.iter().flat_map(|file| ["--from".to_owned(), file.display().to_string()]));
        if phase.in_training_eval > 0 {
            words.extend(["--in-training-eval".to_owned(), phase.in_training_eval.to_string()]);
        }
        let config = Some(phase.config.as_path());
        let mut words = configured(words, config, &phase.set);
        words.extend(mix(phase));
        let variables = phase.settings.iter().map(|setting| variable(setting)).collect();
        let inputs: Vec<&Path> =
            [data, &self.codec_path].into_iter().chain(&from).map(PathBuf::as_path).collect();
        let work = StageCommand::Train { variables, words };
        self.stage(&phase.stage(), &inputs, config, &[&lm], work)
    }

    fn package(&self) -> PretrainStage {
        let package = &self.recipe.package;
        let written = self.recipe.run.join("package/card.json");
        let mut words = words(&[
            &"package",
            &"--lm",
            &self.lm.display(),
            &"--codec",
            &self.codec,
            &"--card",
            &written.display(),
            &"--out",
            &self.recipe.out.display(),
        ]);
        for voice in &package.voices {
            words.extend(["--voice".to_owned(), format!("{}={}", voice.name, voice.utterance)]);
        }
        let inputs: [&Path; 3] = [&self.manifest, &self.lm, &self.codec_path];
        let outputs: [&Path; 2] = [&self.recipe.out, &written];
        let card = package.card.as_deref();
        let work =
            StageCommand::Package { words, card: package.card.clone(), written: written.clone() };
        self.stage("package", &inputs, card, &outputs, work)
    }

    /// The suite with the model, after the import of the corpus that it is from.
    fn evaluate(&self) -> Vec<PretrainStage> {
        let Some(evaluate) = &self.recipe.evaluate else { return Vec::new() };
        let folder = self.recipe.run.join("evaluate");
        let report = folder.join("report");
        let mut words = words(&[
            &"eval",
            &evaluate.suite.display(),
            &"--model",
            &self.recipe.out.display(),
            &"--out",
            &report.display(),
            &"--results",
            &folder.join("results.db").display(),
        ]);
        words.extend(evaluate.words.iter().cloned());
        let manifest = evaluate.manifest.as_deref();
        let imported = evaluate.import.as_ref().zip(manifest);
        let imported = imported.map(|(import, to)| self.import("test-set", import, to));
        let mut inputs = vec![evaluate.suite.as_path(), self.recipe.out.as_path()];
        inputs.extend(manifest);
        let outputs = [report.join("report.json")];
        let outputs: Vec<&Path> = outputs.iter().map(PathBuf::as_path).collect();
        let work = StageCommand::Program(words);
        imported
            .into_iter()
            .chain([self.stage("evaluate", &inputs, None, &outputs, work)])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_go_from_the_importer_to_the_evaluation() {
        let recipe: Recipe = toml::from_str(
            "run = 'r'\nout = 'm'\ncodec = 'c,levels=8'\n\
             [corpus]\nalign = true\nimport = { form = 'libri', folder = 'tts' }\n\
             [[train]]\nname = 'first'\nconfig = 't.toml'\nset = ['steps=9']\n\
             [[train]]\nname = 'second'\nconfig = 't.toml'\nsettings = ['tasks.stt.augmented_share=0.3']\n\
             mix = { tts = { ar = 2, nar = 1.5 }, stt = { phones = 4 } }\n[package]\nvoices = [{ name = 'ann', utterance = 'u' }]\n\
             [evaluate]\nsuite = 's.toml'\nmanifest = 'l.jsonl'\nwords = ['--limit', '2']\n\
             import = { form = 'libri', folder = 'test-clean' }\n",
        )
        .unwrap();
        let stages = stages(&recipe);
        let names: Vec<&str> = stages.iter().map(|s| s.name.as_str()).collect();
        let expected = [
            "import",
            "align",
            "encode",
            "train-first",
            "train-second",
            "package",
            "test-set",
            "evaluate",
        ];
        assert_eq!(names, expected);
        let lines: Vec<String> = stages.iter().map(|s| s.work.line()).collect();
        assert_eq!(lines[0], "syrinx data import libri tts --out r/import/manifest.jsonl");
        assert!(lines[2].contains("data encode r/align/manifest.jsonl"), "{}", lines[2]);
        assert_eq!(
            lines[3],
            "syrinx train --data r/encode/shards --codec c,levels=8 --run r/train-first/lm --resume --config t.toml --set steps=9"
        );
        assert_eq!(
            lines[4],
            "SYRINX_TASKS__STT__AUGMENTED_SHARE=0.3 syrinx train --data r/encode/shards --codec c,levels=8 \
             --run r/train-second/lm --resume --from r/train-first/lm/model.safetensors --config t.toml \
             --set mix=[{task=\"stt\",stage=\"phones\",weight=4},{task=\"tts\",stage=\"ar\",weight=2},\
             {task=\"tts\",stage=\"nar\",weight=1.5}]"
        );
        assert!(lines[5].contains("--lm r/train-second/lm/model.safetensors"), "{}", lines[5]);
        assert_eq!(lines[6], "syrinx data import libri test-clean --out l.jsonl");
        assert!(lines[7].starts_with("syrinx eval s.toml --model m"), "{}", lines[7]);
        assert!(lines[7].ends_with("--limit 2"), "{}", lines[7]);
    }
}
