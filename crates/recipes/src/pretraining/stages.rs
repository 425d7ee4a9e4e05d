//! Derivation of the stages from a recipe.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syrinx_data::RENDITIONS;

use super::CorpusMaker;
use super::recipe::{ConfiguredStage, ImportRecipe, PhaseRecipe, Recipe};
use super::stage::RecipeStage;
use super::work::{CorpusRequest, Encoding, PhaseWork, StageWork};

/// Returns the stages in order. The corpus is synthesized if the recipe neither names nor imports one.
pub(super) fn stages(recipe: &Recipe, maker: Option<&dyn CorpusMaker>) -> Vec<RecipeStage> {
    let paths = StagePaths::of(recipe);
    let corpus = match &recipe.corpus.import {
        Some(import) => Some(paths.import("import", import, &paths.corpus)),
        None => recipe.corpus.manifest.is_none().then(|| paths.synthesize(maker)),
    };
    let aligned = recipe.corpus.align.then(|| paths.align());
    let fitted = recipe.codec.is_none().then(|| [paths.fit(), paths.vocoder()]);
    corpus
        .into_iter()
        .chain(aligned)
        .chain(fitted.into_iter().flatten())
        .chain([paths.encode()])
        .chain(paths.simulate())
        .chain(paths.phases())
        .chain([paths.package()])
        .chain(paths.evaluate())
        .collect()
}

/// Paths of the outputs of all stages.
struct StagePaths<'a> {
    recipe: &'a Recipe,
    /// Manifest of the corpus before alignment.
    corpus: PathBuf,
    /// Manifest of the training corpus.
    manifest: PathBuf,
    quantizer: PathBuf,
    /// Codec specification.
    codec: String,
    /// File or folder of the codec.
    codec_path: PathBuf,
    shards: PathBuf,
    /// Path of the language model after the last phase.
    lm: PathBuf,
}

/// Returns the path of the language model after a phase.
fn language_model(recipe: &Recipe, phase: &PhaseRecipe) -> PathBuf {
    recipe.run.join(phase.stage()).join("lm/model.safetensors")
}

/// Returns the change of the training configuration that sets the sampling weights of a phase; `None` if it has no
/// weights.
fn mix(phase: &PhaseRecipe) -> Option<String> {
    let entry = |task: &str, stage: &str, weight: f64| {
        format!("{{task=\"{task}\",stage=\"{stage}\",weight={weight}}}")
    };
    let stages = |(task, stages): (&String, &BTreeMap<String, f64>)| -> Vec<String> {
        stages.iter().map(|(stage, &weight)| entry(task, stage, weight)).collect()
    };
    let entries: Vec<String> = phase.mix.iter().flat_map(stages).collect();
    (!entries.is_empty()).then(|| format!("mix=[{}]", entries.join(",")))
}

impl<'a> StagePaths<'a> {
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
            quantizer: folder("fit").join("rvq.safetensors"),
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
        outputs: &[&Path],
        work: StageWork,
    ) -> RecipeStage {
        let owned = |paths: &[&Path]| paths.iter().map(|p| p.to_path_buf()).collect();
        let folder = self.recipe.run.join(name);
        let (inputs, outputs) = (owned(inputs), owned(outputs));
        RecipeStage { name: name.to_owned(), folder, inputs, outputs, work }
    }

    /// Returns the import of a published corpus. The stage has no inputs, since a corpus can have hundreds of gigabytes
    /// and is not hashed.
    fn import(&self, name: &str, import: &ImportRecipe, manifest: &Path) -> RecipeStage {
        let ImportRecipe { form, folder, textgrids } = import.clone();
        let (corpus, to) = (folder, manifest.to_path_buf());
        let work = StageWork::Import { form, corpus, textgrids, manifest: to };
        self.stage(name, &[], &[manifest], work)
    }

    fn align(&self) -> RecipeStage {
        let (corpus, manifest) = (self.corpus.clone(), self.manifest.clone());
        let work = StageWork::Align { corpus, manifest };
        self.stage("align", &[&self.corpus], &[&self.manifest], work)
    }

    fn synthesize(&self, maker: Option<&dyn CorpusMaker>) -> RecipeStage {
        let corpus = &self.recipe.corpus;
        let request = CorpusRequest {
            folder: self.recipe.run.join("corpus"),
            utterances: corpus.utterances,
            engines: corpus.engines.clone(),
            seed: corpus.seed,
        };
        let inputs = maker.map(|maker| maker.inputs()).unwrap_or_default();
        let inputs: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
        let line = maker.map(|maker| maker.line(&request)).unwrap_or_default();
        self.stage("corpus", &inputs, &[&self.corpus], StageWork::Synthesize { request, line })
    }

    fn fit(&self) -> RecipeStage {
        let config = self.recipe.fit.clone();
        let inputs = with_config(&[&self.manifest], &config);
        let work = StageWork::Fit {
            manifest: self.manifest.clone(),
            config: config.clone(),
            quantizer: self.quantizer.clone(),
        };
        self.stage("fit", &inputs, &[&self.quantizer], work)
    }

    fn vocoder(&self) -> RecipeStage {
        let config = self.recipe.vocoder.clone();
        let inputs = with_config(&[&self.manifest, &self.quantizer], &config);
        let work = StageWork::Vocoder {
            manifest: self.manifest.clone(),
            quantizer: self.quantizer.clone(),
            state: self.recipe.run.join("vocoder/state.safetensors"),
            config: config.clone(),
            codec: self.codec.clone(),
        };
        self.stage("vocoder", &inputs, &[&self.codec_path], work)
    }

    fn encoding(&self) -> Encoding {
        Encoding {
            manifest: self.manifest.clone(),
            shards: self.shards.clone(),
            codec: self.codec.clone(),
            latents: self.recipe.encode.latents,
        }
    }

    fn encode(&self) -> RecipeStage {
        let (encoding, per_shard) = (self.encoding(), self.recipe.encode.per_shard);
        let inputs: [&Path; 2] = [&self.manifest, &self.codec_path];
        self.stage("encode", &inputs, &[&self.shards], StageWork::Encode { encoding, per_shard })
    }

    fn simulate(&self) -> Option<RecipeStage> {
        let scenes = self.recipe.simulate.clone()?;
        let inputs: [&Path; 2] = [&self.manifest, &self.codec_path];
        let renditions = self.shards.join(RENDITIONS);
        let work = StageWork::Simulate { encoding: self.encoding(), scenes };
        Some(self.stage("simulate", &inputs, &[&renditions], work))
    }

    /// Returns the training phases. Each starts from the weights of the previous one unless the recipe names others.
    fn phases(&self) -> Vec<RecipeStage> {
        let phases = &self.recipe.train;
        let before = std::iter::once(None).chain(phases.iter().map(Some));
        phases.iter().zip(before).map(|(phase, before)| self.phase(phase, before)).collect()
    }

    fn phase(&self, phase: &PhaseRecipe, before: Option<&PhaseRecipe>) -> RecipeStage {
        let lm = language_model(self.recipe, phase);
        let data = phase.data.as_ref().unwrap_or(&self.shards);
        let previous = || before.map(|before| language_model(self.recipe, before));
        let from = phase.from.clone().or_else(previous);
        let set = phase.set.iter().cloned().chain(mix(phase)).collect();
        let config = ConfiguredStage { config: Some(phase.config.clone()), set };
        let inputs = [data, &self.codec_path].into_iter().chain(&from).chain(&config.config);
        let inputs: Vec<&Path> = inputs.map(PathBuf::as_path).collect();
        let work = PhaseWork {
            data: data.clone(),
            codec: self.codec.clone(),
            run: self.recipe.run.join(phase.stage()).join("lm"),
            from: from.clone(),
            config: config.clone(),
            settings: phase.settings.clone(),
            in_training_eval: phase.in_training_eval,
        };
        self.stage(&phase.stage(), &inputs, &[&lm], StageWork::Train(work))
    }

    fn package(&self) -> RecipeStage {
        let Recipe { package, out, run, .. } = self.recipe;
        let written_card = run.join("package/card.json");
        let inputs = [&self.manifest, &self.lm, &self.codec_path].into_iter().chain(&package.card);
        let inputs: Vec<&Path> = inputs.map(PathBuf::as_path).collect();
        let work = StageWork::Package {
            manifest: self.manifest.clone(),
            lm: self.lm.clone(),
            codec: self.codec.clone(),
            card: package.card.clone(),
            written_card: written_card.clone(),
            out: out.clone(),
            voices: package.voices.clone(),
        };
        self.stage("package", &inputs, &[out, &written_card], work)
    }

    /// Returns the evaluation of the model, after the import of its test set if there is one.
    fn evaluate(&self) -> Vec<RecipeStage> {
        let Some(evaluate) = &self.recipe.evaluate else { return Vec::new() };
        let folder = self.recipe.run.join("evaluate");
        let report = folder.join("report");
        let imported = evaluate.import.as_ref().zip(evaluate.manifest.as_deref());
        let imported = imported.map(|(import, to)| self.import("test-set", import, to));
        let inputs = [&evaluate.suite, &self.recipe.out].into_iter().chain(&evaluate.manifest);
        let inputs: Vec<&Path> = inputs.map(PathBuf::as_path).collect();
        let work = StageWork::Evaluate {
            recipe: evaluate.clone(),
            model: self.recipe.out.clone(),
            results: folder.join("results.db"),
            report: report.clone(),
        };
        let stage = self.stage("evaluate", &inputs, &[&report.join("report.json")], work);
        imported.into_iter().chain([stage]).collect()
    }
}

/// Appends the path of the configuration file to the inputs.
fn with_config<'a>(inputs: &[&'a Path], config: &'a ConfiguredStage) -> Vec<&'a Path> {
    inputs.iter().copied().chain(config.config.as_deref()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPE: &str = "run = 'r'\nout = 'm'\ncodec = 'c,levels=8'\n\
        [corpus]\nalign = true\nimport = { form = 'libri', folder = 'tts' }\n\
        [[train]]\nname = 'first'\nconfig = 't.toml'\nset = ['steps=9']\n\
        [[train]]\nname = 'second'\nconfig = 't.toml'\nsettings = ['tasks.stt.augmented_share=0.3']\n\
        mix = { tts = { ar = 2, nar = 1.5 }, stt = { phones = 4 } }\n[package]\nvoices = [{ name = 'ann', utterance = 'u' }]\n\
        [evaluate]\nsuite = 's.toml'\nmanifest = 'l.jsonl'\nlimit = 2\n\
        import = { form = 'libri', folder = 'test-clean' }\n";

    #[test]
    fn stages_go_from_the_importer_to_the_evaluation() {
        let recipe = Recipe::parse(RECIPE, &[]).expect("a recipe");
        let stages = stages(&recipe, None);
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

    #[test]
    fn keys_of_stages_are_those_of_earlier_versions() {
        // The command is part of the key in the records of finished stages: a changed command would repeat hours of
        // work.
        let recipe = "run = 'r'\nout = 'm'\n[corpus]\nmanifest = 'c.jsonl'\n\
            [fit]\nconfig = 'f.toml'\nset = ['levels=8']\n[vocoder]\nset = ['steps=2']\n\
            [encode]\nlatents = true\n[simulate]\nseed = 3\nsnr_db = [-5.0, 20.0]\n\
            [[train]]\nname = 'all'\nconfig = 't.toml'\nin_training_eval = 20\n\
            [package]\nvoices = [{ name = 'ann', utterance = 'u' }]\n";
        let recipe = Recipe::parse(recipe, &[]).expect("a recipe");
        let lines: Vec<String> = stages(&recipe, None).iter().map(|s| s.work.line()).collect();
        let expected = [
            "syrinx codec fit c.jsonl --out r/fit/rvq.safetensors --config f.toml --set levels=8",
            "syrinx codec train c.jsonl --quantiser r/fit/rvq.safetensors --state r/vocoder/state.safetensors \
             --out r/vocoder/codec.safetensors --set steps=2",
            "syrinx data encode c.jsonl --out r/encode/shards --codec r/vocoder/codec.safetensors --per-shard 500 --latents",
            "syrinx data simulate c.jsonl --out r/encode/shards --codec r/vocoder/codec.safetensors --seed 3 --latents \
             --snr -5 20",
            "syrinx train --data r/encode/shards --codec r/vocoder/codec.safetensors --run r/train-all/lm --resume \
             --in-training-eval 20 --config t.toml",
            "syrinx package --lm r/train-all/lm/model.safetensors --codec r/vocoder/codec.safetensors \
             --card r/package/card.json --out m --voice ann=u",
        ];
        assert_eq!(lines, expected);
    }
}
