//! Stages of a recipe.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::recipe::{Import, Recipe};
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
        .chain([places.train(), places.package()])
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
    lm_run: PathBuf,
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

impl<'a> Places<'a> {
    fn of(recipe: &'a Recipe) -> Self {
        let folder = |name: &str| recipe.run.join(name);
        let made = if recipe.corpus.import.is_some() { "import" } else { "corpus" };
        let made = folder(made).join("manifest.jsonl");
        let corpus = recipe.corpus.manifest.clone().unwrap_or(made);
        let aligned = || folder("align").join("manifest.jsonl");
        let lm_run = folder("train").join("lm");
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
            lm: lm_run.join("model.safetensors"),
            lm_run,
        }
    }

    fn stage(
        &self,
        name: &'static str,
        inputs: &[&Path],
        config: Option<&Path>,
        outputs: &[&Path],
        work: StageCommand,
    ) -> PretrainStage {
        let owned = |paths: &[&Path]| paths.iter().map(|p| p.to_path_buf()).collect::<Vec<_>>();
        let mut inputs = owned(inputs);
        inputs.extend(config.map(Path::to_path_buf));
        PretrainStage {
            name,
            folder: self.recipe.run.join(name),
            inputs,
            outputs: owned(outputs),
            work,
        }
    }

    /// A published corpus as a manifest. Its folder may hold hundreds of gigabytes and isn't read to tell whether it
    /// changed.
    fn import(&self, name: &'static str, import: &Import, manifest: &Path) -> PretrainStage {
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

    /// Simulates views of the utterances with noise and other speakers: training data of the tasks that denoise and
    /// separate.
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
        let views = self.shards.join("views");
        self.stage("simulate", &inputs, None, &[&views], StageCommand::Program(words))
    }

    fn train(&self) -> PretrainStage {
        let train = &self.recipe.train;
        let mut words = words(&[
            &"train",
            &"--data",
            &self.shards.display(),
            &"--codec",
            &self.codec,
            &"--run",
            &self.lm_run.display(),
            &"--resume",
        ]);
        if train.in_training_eval > 0 {
            words.extend(["--in-training-eval".to_owned(), train.in_training_eval.to_string()]);
        }
        let config = Some(train.config.as_path());
        let work = StageCommand::Program(configured(words, config, &train.set));
        self.stage("train", &[&self.shards, &self.codec_path], config, &[&self.lm], work)
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
             [train]\nconfig = 't.toml'\n[package]\nvoices = [{ name = 'ann', utterance = 'u' }]\n\
             [evaluate]\nsuite = 's.toml'\nmanifest = 'l.jsonl'\nwords = ['--limit', '2']\n\
             import = { form = 'libri', folder = 'test-clean' }\n",
        )
        .unwrap();
        let stages = stages(&recipe);
        let names: Vec<&str> = stages.iter().map(|s| s.name).collect();
        let expected = ["import", "align", "encode", "train", "package", "test-set", "evaluate"];
        assert_eq!(names, expected);
        let lines: Vec<String> = stages.iter().map(|s| s.work.line()).collect();
        assert_eq!(lines[0], "syrinx data import libri tts --out r/import/manifest.jsonl");
        assert!(lines[2].contains("data encode r/align/manifest.jsonl"), "{}", lines[2]);
        assert_eq!(lines[5], "syrinx data import libri test-clean --out l.jsonl");
        assert!(lines[6].starts_with("syrinx eval s.toml --model m"), "{}", lines[6]);
        assert!(lines[6].ends_with("--limit 2"), "{}", lines[6]);
    }
}
