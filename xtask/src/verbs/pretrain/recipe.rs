//! Recipes: files that describe the stages of a pretraining.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

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
    pub(super) train: Train,
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
    /// Whether shards and views keep the latents that the codes round.
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

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Train {
    pub(super) config: PathBuf,
    #[serde(default)]
    pub(super) set: Vec<String>,
    /// Sentences of the in-training evaluation while training; 0 for none.
    #[serde(default)]
    pub(super) in_training_eval: usize,
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
    /// Reads a recipe, and changes it as `STAGE.KEY=VALUE` say: values are JSON or plain text; `train.set`, `fit.set`,
    /// `vocoder.set` and `evaluate.words` get longer by a value.
    pub(super) fn read(path: &Path, changes: &[String]) -> Result<Self> {
        let at = || path.display().to_string();
        let text = fs::read_to_string(path).with_context(at)?;
        let recipe: Self = toml::from_str(&text).with_context(at)?;
        let mut json = serde_json::to_value(&recipe)?;
        for change in changes {
            let (key, value) = change
                .split_once('=')
                .with_context(|| format!("--set {change}: that is no STAGE.KEY=VALUE"))?;
            let pointer = format!("/{}", key.replace('.', "/"));
            let Some(place) = json.pointer_mut(&pointer) else {
                bail!("--set {change}: the recipe has no `{key}`");
            };
            match place {
                serde_json::Value::Array(list)
                    if key.ends_with(".set") || key.ends_with(".words") =>
                {
                    list.push(value.into())
                }
                place => {
                    *place = serde_json::from_str(value).unwrap_or_else(|_| value.into());
                }
            }
        }
        let recipe: Self = serde_json::from_value(json).context("--set")?;
        ensure!(!recipe.package.voices.is_empty(), "{}: a model needs a voice", path.display());
        let twice = recipe.corpus.import.is_some() && recipe.corpus.manifest.is_some();
        ensure!(!twice, "{}: corpus.manifest and corpus.import exclude each other", path.display());
        let nowhere = |e: &Evaluate| e.import.is_some() && e.manifest.is_none();
        let nowhere = recipe.evaluate.as_ref().is_some_and(nowhere);
        ensure!(!nowhere, "{}: evaluate.import needs evaluate.manifest", path.display());
        Ok(recipe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "run = 'runs/x'\nout = 'x'\n[corpus]\nmanifest = 'm.jsonl'\n[train]\nconfig = 'c.toml'\n\
        [package]\nvoices = [{ name = 'ann', utterance = 'u1' }]\n";

    #[test]
    fn settings_can_be_changed_and_unknown_ones_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.toml");
        fs::write(&path, TEXT).unwrap();
        let read = |changes: &[&str]| {
            Recipe::read(&path, &changes.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>())
        };
        let changed =
            read(&["train.set=steps=3", "train.in_training_eval=2", "encode.per_shard=7"]).unwrap();
        assert_eq!(changed.train.set, ["steps=3"]);
        assert_eq!((changed.train.in_training_eval, changed.encode.per_shard), (2, 7));
        for (change, expected) in [
            ("train.steps=3", "no `train.steps`"),
            ("train", "no STAGE.KEY=VALUE"),
            ("train.in_training_eval=many", "--set"),
        ] {
            let error = read(&[change]).unwrap_err().to_string();
            assert!(error.contains(expected), "{change}: {error}");
        }
        fs::write(&path, format!("{TEXT}[dance]\n")).unwrap();
        let error = format!("{:#}", read(&[]).unwrap_err());
        assert!(error.contains("dance"), "{error}");
        for (more, expected) in [
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
            for file in [&recipe.train.config, card].into_iter().chain(suite) {
                assert!(crate::project::root().join(file).is_file(), "{}", file.display());
            }
            recipes += 1;
        }
        assert!(recipes >= 3, "only {recipes} recipes");
    }
}
