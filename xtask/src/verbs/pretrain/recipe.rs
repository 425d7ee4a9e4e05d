//! Recipes: files that describe the stages of a pretraining.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A recipe. Paths start from the workspace's folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recipe {
    /// Folder of the stages' outputs.
    pub(super) run: PathBuf,
    /// The model file at the end.
    pub(super) out: PathBuf,
    pub(super) corpus: Corpus,
    /// A published codec, as `PATH[,levels=N]`; without it one is fitted and trained.
    #[serde(default)]
    pub(super) codec: Option<String>,
    #[serde(default)]
    pub(super) fit: Verb,
    #[serde(default)]
    pub(super) vocoder: Verb,
    #[serde(default)]
    pub(super) encode: Encode,
    /// Noise, rooms and other speakers; left out if not given.
    #[serde(default)]
    pub(super) simulate: Option<Simulate>,
    /// Phases of the training in their order: the curriculum.
    pub(super) train: Vec<Phase>,
    pub(super) package: Package,
    /// Evaluation of the model at the end; left out if not given.
    #[serde(default)]
    pub(super) evaluate: Option<Evaluate>,
}

/// A corpus that is there, one that is imported, or one that is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Corpus {
    pub(super) manifest: Option<PathBuf>,
    pub(super) import: Option<Import>,
    /// Whether the embedded model aligns phones with recordings: the pointer needs their times. For corpora without
    /// TextGrids.
    pub(super) align: bool,
    pub(super) utterances: usize,
    pub(super) engines: Vec<String>,
    pub(super) seed: u64,
}

impl Default for Corpus {
    fn default() -> Self {
        let engines = ["kokoro", "piper"].map(str::to_owned).to_vec();
        Self { manifest: None, import: None, align: false, utterances: 9600, engines, seed: 1 }
    }
}

/// A published corpus in one of the importer's forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Import {
    /// `libri`, `ljspeech` or `pairs`.
    pub(super) form: String,
    pub(super) folder: PathBuf,
    /// Folder of TextGrids with phone times.
    #[serde(default)]
    pub(super) textgrids: Option<PathBuf>,
}

/// A suite, and the corpus that its items are from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evaluate {
    pub(super) suite: PathBuf,
    /// The manifest that the suite names, where it is imported.
    #[serde(default)]
    pub(super) manifest: Option<PathBuf>,
    #[serde(default)]
    pub(super) import: Option<Import>,
    /// Words that are added to the command, such as `--limit 10`.
    #[serde(default)]
    pub(super) words: Vec<String>,
}

/// A verb of the program with a configuration of its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Verb {
    pub(super) config: Option<PathBuf>,
    /// `KEY=VALUE`, as `--set` takes them.
    pub(super) set: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Encode {
    pub(super) per_shard: usize,
    /// Whether shards and renditions keep the latents that the codes round.
    pub(super) latents: bool,
}

/// Acoustic scenes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Simulate {
    pub(super) seed: u64,
    /// Lowest and highest level of the speech above the background, dB; the program's own range if not given.
    pub(super) snr_db: Option<(f64, f64)>,
    /// The same above another speaker.
    pub(super) sir_db: Option<(f64, f64)>,
}

impl Default for Encode {
    fn default() -> Self {
        Self { per_shard: 500, latents: false }
    }
}

/// A phase of the training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Phase {
    /// Name, unique in the recipe; the stage is called `train-NAME`.
    pub(super) name: String,
    /// Training configuration.
    pub(super) config: PathBuf,
    /// `KEY=VALUE` of the training configuration, as `--set` takes them.
    #[serde(default)]
    pub(super) set: Vec<String>,
    /// Sampling weights by task and stage of its layout; those of the configuration if empty.
    #[serde(default)]
    pub(super) mix: BTreeMap<String, BTreeMap<String, f64>>,
    /// `KEY=VALUE` of the program's settings, such as `tasks.stt.augmented_share=0.3`.
    #[serde(default)]
    pub(super) settings: Vec<String>,
    /// Folder of token shards with their renditions; what the recipe encodes and simulates if not given.
    #[serde(default)]
    pub(super) data: Option<PathBuf>,
    /// Model file whose weights the phase begins with; those of the phase before if not given.
    #[serde(default)]
    pub(super) from: Option<PathBuf>,
    /// Sentences of the in-training evaluation; 0 for none.
    #[serde(default)]
    pub(super) in_training_eval: usize,
}

impl Phase {
    /// Returns the name of its stage.
    pub(super) fn stage(&self) -> String {
        format!("train-{}", self.name)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Package {
    /// A JSON object; the durations of the recipe are added to it.
    #[serde(default)]
    pub(super) card: Option<PathBuf>,
    pub(super) voices: Vec<Voice>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Voice {
    pub(super) name: String,
    /// The utterance of the corpus that is its prompt.
    pub(super) utterance: String,
}

impl Recipe {
    /// Reads a recipe, and changes it as `STAGE.KEY=VALUE` say: values are JSON or plain text; `set`, `settings` and
    /// `words` get longer by a value. Entries of a list are known by their names: `train.NAME.KEY`,
    /// `package.voices.NAME.KEY`.
    pub(super) fn read(path: &Path, changes: &[String]) -> Result<Self> {
        let at = || path.display().to_string();
        let text = fs::read_to_string(path).with_context(at)?;
        let recipe: Self = toml::from_str(&text).with_context(at)?;
        let mut json = serde_json::to_value(&recipe)?;
        for change in changes {
            let (key, value) = change
                .split_once('=')
                .with_context(|| format!("--set {change}: that is no STAGE.KEY=VALUE"))?;
            let Some(place) = setting_at(&mut json, key) else {
                bail!("--set {change}: the recipe has no `{key}`");
            };
            let grows = [".set", ".settings", ".words"].iter().any(|end| key.ends_with(end));
            match place {
                Value::Array(list) if grows => list.push(value.into()),
                place => {
                    *place = serde_json::from_str(value).unwrap_or_else(|_| value.into());
                }
            }
        }
        let recipe: Self = serde_json::from_value(json).context("--set")?;
        recipe.check().with_context(at)?;
        Ok(recipe)
    }

    fn check(&self) -> Result<()> {
        ensure!(!self.package.voices.is_empty(), "a model needs a voice");
        let twice = self.corpus.import.is_some() && self.corpus.manifest.is_some();
        ensure!(!twice, "corpus.manifest and corpus.import exclude each other");
        let nowhere = |e: &Evaluate| e.import.is_some() && e.manifest.is_none();
        ensure!(
            !self.evaluate.as_ref().is_some_and(nowhere),
            "evaluate.import needs evaluate.manifest"
        );
        ensure!(!self.train.is_empty(), "a model needs a phase of training: [[train]]");
        let names: BTreeSet<&str> = self.train.iter().map(|phase| phase.name.as_str()).collect();
        ensure!(names.len() == self.train.len(), "two phases of [[train]] have the same name");
        for phase in &self.train {
            let at = &phase.name;
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            ensure!(
                !at.is_empty() && at.chars().all(plain),
                "phase `{at}`: use letters, digits and dashes"
            );
            ensure!(
                phase.from.as_ref() != Some(&self.out),
                "phase `{at}`: `from` is the file that the recipe writes"
            );
            let bare = phase.settings.iter().find(|setting| !setting.contains('='));
            ensure!(bare.is_none(), "phase `{at}`: `settings` are KEY=VALUE");
        }
        Ok(())
    }
}

/// Returns the value under a key with dots; entries of lists are known by their names.
fn setting_at<'a>(recipe: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    key.split('.').try_fold(recipe, |at, part| match at {
        Value::Array(entries) => entries.iter_mut().find(|entry| entry["name"] == part),
        table => table.get_mut(part),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "run = 'runs/x'\nout = 'x'\n[corpus]\nmanifest = 'm.jsonl'\n[[train]]\nname = 'all'\nconfig = 'c.toml'\n\
        [package]\nvoices = [{ name = 'ann', utterance = 'u1' }]\n";

    #[test]
    fn settings_can_be_changed_and_unknown_ones_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.toml");
        fs::write(&path, TEXT).unwrap();
        let read = |changes: &[&str]| {
            Recipe::read(&path, &changes.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>())
        };
        let changed = read(&[
            "train.all.set=steps=3",
            "train.all.in_training_eval=2",
            "encode.per_shard=7",
            "package.voices.ann.utterance=u2",
        ])
        .unwrap();
        assert_eq!(changed.train[0].set, ["steps=3"]);
        assert_eq!((changed.train[0].in_training_eval, changed.encode.per_shard), (2, 7));
        assert_eq!(changed.package.voices[0].utterance, "u2");
        for (change, expected) in [
            ("train.steps=3", "no `train.steps`"),
            ("train", "no STAGE.KEY=VALUE"),
            ("train.all.in_training_eval=many", "--set"),
            ("train.all.settings=device", "`settings` are KEY=VALUE"),
            ("train.all.from=x", "`from` is the file that the recipe writes"),
            ("train=[]", "needs a phase"),
        ] {
            let error = format!("{:#}", read(&[change]).unwrap_err());
            assert!(error.contains(expected), "{change}: {error}");
        }
        fs::write(&path, format!("{TEXT}[dance]\n")).unwrap();
        let error = format!("{:#}", read(&[]).unwrap_err());
        assert!(error.contains("dance"), "{error}");
        for (more, expected) in [
            ("[[train]]\nname = 'all'\nconfig = 'c.toml'\n", "the same name"),
            ("[[train]]\nname = 'a/b'\nconfig = 'c.toml'\n", "phase `a/b`"),
            ("[corpus.import]\nform = 'libri'\nfolder = 'x'\n", "exclude each other"),
            (
                "[evaluate]\nsuite = 's'\nimport = { form = 'libri', folder = 'x' }\n",
                "evaluate.manifest",
            ),
        ] {
            fs::write(&path, format!("{TEXT}{more}")).unwrap();
            let error = format!("{:#}", read(&[]).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn every_recipe_can_be_read_and_names_files_that_are_there() {
        let folder = crate::project::root().join("configs/recipes");
        let mut recipes = 0;
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().extension().is_none_or(|e| e != "toml") {
                continue;
            }
            let recipe = Recipe::read(&entry.path(), &[]).unwrap();
            let suite = recipe.evaluate.as_ref().map(|e| &e.suite);
            let card = recipe.package.card.as_ref().unwrap();
            let configs = recipe.train.iter().map(|phase| &phase.config);
            for file in configs.chain([card]).chain(suite) {
                assert!(crate::project::root().join(file).is_file(), "{}", file.display());
            }
            recipes += 1;
        }
        assert!(recipes >= 3, "only {recipes} recipes");
    }
}
