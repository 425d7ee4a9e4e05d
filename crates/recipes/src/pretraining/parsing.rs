//! Parsing of recipes, with changes and checks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use syrinx_pretrained::CodecSpec;
use syrinx_types::IoOperation;

use super::fault::{PretrainingFault, RecipeIssue};
use super::recipe::{EvaluateRecipe, ImportRecipe, PhaseRecipe, Recipe};
use crate::RecipeError;

impl Recipe {
    /// Reads a recipe and applies changes of the form `STAGE.KEY=VALUE`. A value is JSON or plain text; it is appended
    /// to the lists `set` and `settings`, and replaces any other value. Entries of other lists are selected by name:
    /// `train.NAME.KEY`, `package.voices.NAME.KEY`.
    ///
    /// # Errors
    /// [`RecipeError::Io`] if the file cannot be read, [`PretrainingFault::Recipe`] if the recipe or a change is
    /// invalid.
    pub fn read(path: &Path, changes: &[String]) -> Result<Self, RecipeError> {
        let text = fs::read_to_string(path).map_err(RecipeError::io(IoOperation::Read, path))?;
        let recipe = Self::parse(&text, changes);
        recipe.map_err(|issue| PretrainingFault::Recipe { path: path.to_path_buf(), issue }.into())
    }

    /// Parses a recipe and applies changes, as [`Self::read`] does.
    ///
    /// # Errors
    /// [`RecipeIssue`] if the recipe or a change is invalid.
    pub fn parse(text: &str, changes: &[String]) -> Result<Self, RecipeIssue> {
        let recipe: Self =
            toml::from_str(text).map_err(|cause| RecipeIssue::Syntax { cause: Box::new(cause) })?;
        let mut json = serde_json::to_value(&recipe)?;
        for change in changes {
            let (key, value) = key_and_value(change)?;
            let at = value_at(&mut json, key);
            let at = at.ok_or_else(|| RecipeIssue::UnknownKey { key: key.to_owned() })?;
            let grows = [".set", ".settings"].iter().any(|end| key.ends_with(end));
            match at {
                Value::Array(list) if grows => list.push(value.into()),
                at => *at = serde_json::from_str(value).unwrap_or_else(|_| value.into()),
            }
        }
        let recipe: Self = serde_json::from_value(json)?;
        recipe.check()?;
        Ok(recipe)
    }

    fn check(&self) -> Result<(), RecipeIssue> {
        if self.package.voices.is_empty() {
            return Err(RecipeIssue::NoVoices);
        }
        if self.corpus.import.is_some() && self.corpus.manifest.is_some() {
            return Err(RecipeIssue::TwoCorpora);
        }
        let unnamed = |e: &EvaluateRecipe| e.import.is_some() && e.manifest.is_none();
        if self.evaluate.as_ref().is_some_and(unnamed) {
            return Err(RecipeIssue::NoTestManifest);
        }
        if let Some(codec) = &self.codec {
            codec.parse::<CodecSpec>()?;
        }
        self.check_phases()?;
        let settings = self.train.iter().flat_map(|phase| phase.set.iter().chain(&phase.settings));
        for pair in settings.chain(&self.fit.set).chain(&self.vocoder.set) {
            key_and_value(pair)?;
        }
        Ok(())
    }

    fn check_phases(&self) -> Result<(), RecipeIssue> {
        if self.train.is_empty() {
            return Err(RecipeIssue::NoPhases);
        }
        let mut names = BTreeSet::new();
        for PhaseRecipe { name, from, .. } in &self.train {
            let phase = || name.clone();
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                return Err(RecipeIssue::PhaseName { phase: phase() });
            }
            if !names.insert(name) {
                return Err(RecipeIssue::RepeatedPhase { phase: phase() });
            }
            if from.as_ref() == Some(&self.out) {
                return Err(RecipeIssue::PhaseStart { phase: phase() });
            }
        }
        Ok(())
    }

    /// Resolves the relative paths of the recipe against a folder.
    #[must_use]
    pub fn below(mut self, folder: &Path) -> Self {
        let place = |path: &mut PathBuf| *path = folder.join(&*path);
        let import = |import: &mut ImportRecipe| {
            place(&mut import.folder);
            import.textgrids.iter_mut().for_each(place);
        };
        place(&mut self.run);
        place(&mut self.out);
        self.corpus.manifest.iter_mut().for_each(place);
        self.corpus.import.iter_mut().for_each(import);
        // `join` keeps the options after the path of the codec.
        self.codec = self.codec.map(|codec| folder.join(codec).display().to_string());
        self.fit.config.iter_mut().for_each(place);
        self.vocoder.config.iter_mut().for_each(place);
        for phase in &mut self.train {
            place(&mut phase.config);
            phase.data.iter_mut().chain(&mut phase.from).for_each(place);
        }
        self.package.card.iter_mut().for_each(place);
        if let Some(evaluate) = &mut self.evaluate {
            place(&mut evaluate.suite);
            evaluate.manifest.iter_mut().chain(&mut evaluate.judge_whisper).for_each(place);
            evaluate.import.iter_mut().for_each(import);
        }
        self
    }
}

/// Splits a text of the form `KEY=VALUE`.
pub(super) fn key_and_value(text: &str) -> Result<(&str, &str), RecipeIssue> {
    let pair = text.split_once('=').map(|(key, value)| (key.trim(), value));
    let pair = pair.filter(|(key, _)| !key.is_empty());
    pair.ok_or_else(|| RecipeIssue::NoValue { text: text.to_owned() })
}

/// Returns the value of a dotted key. Entries of lists are selected by their field `name`.
fn value_at<'a>(recipe: &'a mut Value, key: &str) -> Option<&'a mut Value> {
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

    fn parsed(text: &str, changes: &[&str]) -> Result<Recipe, RecipeIssue> {
        Recipe::parse(text, &changes.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn settings_can_be_changed_and_unknown_ones_are_refused() {
        let changed = parsed(
            TEXT,
            &[
                "train.all.set=steps=3",
                "train.all.in_training_eval=2",
                "encode.per_shard=7",
                "package.voices.ann.utterance=u2",
            ],
        )
        .expect("a recipe");
        assert_eq!(changed.train[0].set, ["steps=3"]);
        assert_eq!((changed.train[0].in_training_eval, changed.encode.per_shard), (2, 7));
        assert_eq!(changed.package.voices[0].utterance, "u2");
        for (change, expected) in [
            ("train.steps=3", "the recipe has no key `train.steps`"),
            ("train", "`train` has no `=`"),
            ("train.all.in_training_eval=many", "invalid type: string \"many\", expected usize"),
            ("train.all.settings=device", "`device` has no `=`"),
            ("train.all.from=x", "phase `all` starts from the model file that the recipe writes"),
            ("train=[]", "the recipe has no training phase"),
            ("codec=mimi,voices=2", "codec option `voices=2` is not one of"),
        ] {
            let error = parsed(TEXT, &[change]).expect_err(change).to_string();
            assert!(error.starts_with(expected), "{change}: {error}");
        }
        for (more, expected) in [
            ("[dance]\n", "unknown field `dance`"),
            ("[[train]]\nname = 'all'\nconfig = 'c.toml'\n", "two phases are called `all`"),
            ("[[train]]\nname = 'a/b'\nconfig = 'c.toml'\n", "`a/b` can't be the name of a phase"),
            ("[corpus.import]\nform = 'libri'\nfolder = 'x'\n", "exclude each other"),
            (
                "[evaluate]\nsuite = 's'\nimport = { form = 'libri', folder = 'x' }\n",
                "`evaluate.import` needs `evaluate.manifest`",
            ),
        ] {
            let error = parsed(&format!("{TEXT}{more}"), &[]).expect_err(more).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn every_recipe_can_be_read_and_names_files_that_are_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut recipes = 0;
        for entry in fs::read_dir(root.join("configs/recipes")).expect("recipes").flatten() {
            if entry.path().extension().is_none_or(|e| e != "toml") {
                continue;
            }
            let recipe = Recipe::read(&entry.path(), &[]).expect("a recipe").below(&root);
            let suite = recipe.evaluate.as_ref().map(|e| &e.suite);
            let configs = recipe.train.iter().map(|phase| &phase.config);
            for file in configs.chain(&recipe.package.card).chain(suite) {
                assert!(file.is_file(), "{}", file.display());
            }
            recipes += 1;
        }
        assert!(recipes >= 3, "only {recipes} recipes");
    }
}
