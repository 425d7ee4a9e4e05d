//! State that all verbs share: settings, the engine, the event sink, the cancel token.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use syrinx_config::{Layer, LoadedConfig, SETTINGS_FILE, Settings, load_config};
use syrinx_engine::Engine;
use syrinx_pretrained::CodecSpec;
use syrinx_recipes::pretraining::RecipeLayers;
use syrinx_recipes::{CorpusCodec, JsonLines, open_engine};
use syrinx_types::{CancelToken, EventSink, RunContext, Tee};

use crate::failure::{Exit, Failure, Outcome};
use crate::globals::Globals;
use crate::progress::{Bars, Lines, ProgressScreen};
use crate::provenance::now_s;
use crate::stop;

/// Prefix of the program's variables in the environment.
const PREFIX: &str = "SYRINX_";

/// State of one run of the program.
pub struct Session {
    /// Flags that every verb takes.
    pub globals: Globals,
    /// Set by Ctrl-C.
    pub cancel: CancelToken,
    sink: Tee<'static>,
    screen: ProgressScreen,
}

impl Session {
    /// Installs the handler of Ctrl-C and opens the event sinks.
    pub fn new(globals: Globals) -> Outcome<Self> {
        let cancel = CancelToken::default();
        let mut sinks: Vec<Box<dyn EventSink>> = Vec::new();
        let bars = !globals.quiet
            && globals.verbose == 0
            && !globals.json
            && std::io::stderr().is_terminal();
        let screen = if bars {
            let bars = Bars::default();
            let screen = bars.screen();
            sinks.push(Box::new(bars));
            screen
        } else {
            sinks.push(Box::new(Lines::new(globals.verbose > 0, !globals.quiet)));
            ProgressScreen::default()
        };
        stop::on_signal(cancel.clone(), screen.clone())?;
        if let Some(path) = &globals.events {
            sinks.push(Box::new(JsonLines::open(path, now_s)?));
        }
        Ok(Self { globals, cancel, sink: Tee(sinks), screen })
    }

    /// Returns the event sink.
    pub fn sink(&self) -> &dyn EventSink {
        &self.sink
    }

    /// Returns the settings of all layers, with `flags` above the global flags.
    pub fn settings(&self, flags: &[(String, String)]) -> Outcome<LoadedConfig<Settings>> {
        settings_of(&self.globals, flags)
    }

    /// Returns the settings for verbs whose `--config` and `--set` refer to a file of their own.
    pub fn base_settings(&self) -> Outcome<Settings> {
        Ok(Settings::load(&self.base_layers()?)?.value)
    }

    /// Returns the layers of [`Self::base_settings`].
    fn base_layers(&self) -> Outcome<Vec<Layer>> {
        let plain = Globals { config: None, set: Vec::new(), ..self.globals.clone() };
        layers_with_voices(&plain)
    }

    /// Returns the configuration layers below the changes of a recipe.
    pub fn recipe_layers(&self) -> Outcome<RecipeLayers> {
        let of_verb = |section: &str| vec![verb_layer(section)];
        Ok(RecipeLayers {
            settings: self.base_layers()?,
            fit: of_verb("codec_fit"),
            vocoder: of_verb("codec_train"),
            train: of_verb("train"),
        })
    }

    /// Returns the layers of the settings, above the default folder of the user's voices.
    pub fn layers(&self) -> Outcome<Vec<Layer>> {
        layers_with_voices(&self.globals)
    }

    /// Returns the configuration of a verb with a file of its own, from the layers defaults, `--config`, variables such
    /// as `SYRINX_TRAIN__STEPS` (for the section `train`), `--set`.
    pub fn verb_config<T>(&self, section: &str) -> Outcome<T>
    where
        T: Default + Serialize + serde::de::DeserializeOwned + schemars::JsonSchema,
    {
        let mut layers: Vec<Layer> = self.globals.config.iter().cloned().map(Layer::File).collect();
        layers.push(verb_layer(section));
        layers.push(Layer::Flags(set_pairs(&self.globals.set)?));
        Ok(load_config(&layers)?.value)
    }

    /// Loads the model that the settings name.
    pub fn engine(&self, settings: &Settings) -> Outcome<Engine> {
        Ok(open_engine(settings)?)
    }

    /// Opens the codec of a corpus: the named codec, or that of the model in use.
    pub fn corpus_codec(&self, named: Option<&CodecSpec>) -> Outcome<CorpusCodec<'static>> {
        Ok(CorpusCodec::open(named, &self.base_settings()?)?)
    }

    /// Returns the path of the results store: from the flag, else from the settings, else `runs/results.db`.
    pub fn results(&self, flag: Option<&Path>, settings: &Settings) -> PathBuf {
        let named = flag.map(Path::to_path_buf).or_else(|| settings.results.clone());
        named.unwrap_or_else(|| PathBuf::from("runs/results.db"))
    }

    /// Fails if Ctrl-C was pressed. Called before a result is written, after work that does not poll the cancel token.
    pub fn check(&self) -> Outcome {
        if self.cancel.is_cancelled() {
            return Err(Failure::interrupted("nothing was written; run the command again"));
        }
        Ok(())
    }

    /// Returns the run context of a request: the cancel token, the event sink, and the seed of the settings.
    pub fn run(&self, settings: &Settings) -> RunContext<'_> {
        RunContext::new(&self.cancel, self.sink()).with_seed(settings.seed)
    }

    /// Prints a line on standard output.
    pub fn print(&self, line: &str) -> Outcome {
        let write = || {
            let mut out = std::io::stdout().lock();
            writeln!(out, "{line}").and_then(|()| out.flush())
        };
        // A pipe whose reader waits must not block the progress bars and Ctrl-C.
        let written =
            if std::io::stdout().is_terminal() { self.screen.without_bars(write) } else { write() };
        written.map_err(|e| Failure::writing("standard output", &e))
    }

    /// Prints a JSON value on standard output, on one line.
    pub fn print_json(&self, value: &impl Serialize) -> Outcome {
        let json = serde_json::to_string(value).map_err(|e| {
            Failure::new(Exit::Unexpected, format!("an answer that is no JSON: {e}"))
        })?;
        self.print(&json)
    }

    /// Prints a message on standard error, unless `--quiet` or `--json` is given.
    pub fn say(&self, line: &str) {
        if !self.globals.quiet && !self.globals.json {
            self.screen.line(line);
        }
    }

    /// Prints a failure after which the run continues.
    pub fn report(&self, failure: &Failure) {
        self.screen.without_bars(|| failure.report());
    }
}

/// Returns the settings of all layers, with `flags` above the global flags.
fn settings_of(globals: &Globals, flags: &[(String, String)]) -> Outcome<LoadedConfig<Settings>> {
    let LoadedConfig { value, keys } = Settings::load(&layers_of(globals, flags)?)?;
    Ok(LoadedConfig { value: with_voices_dir(value), keys })
}

/// Returns the layers of the settings, above the default folder of the user's voices.
fn layers_with_voices(globals: &Globals) -> Outcome<Vec<Layer>> {
    let voices =
        default_voices_dir().map(|dir| ("voices_dir".to_owned(), dir.display().to_string()));
    let mut layers = vec![Layer::Flags(voices.into_iter().collect())];
    layers.extend(layers_of(globals, &[])?);
    Ok(layers)
}

/// Returns the layers of the settings, with `flags` above the global flags.
fn layers_of(globals: &Globals, flags: &[(String, String)]) -> Outcome<Vec<Layer>> {
    let mut pairs = set_pairs(&globals.set)?;
    pairs.extend(named_flags(globals));
    pairs.extend_from_slice(flags);
    let file = match &globals.config {
        Some(path) => Layer::File(path.clone()),
        None => Layer::OptionalFile(SETTINGS_FILE.into()),
    };
    Ok(vec![file, Layer::Environment(variables()), Layer::Flags(pairs)])
}

/// Sets the default folder of the user's voices if the settings have none.
fn with_voices_dir(mut settings: Settings) -> Settings {
    settings.voices_dir = settings.voices_dir.or_else(default_voices_dir);
    settings
}

/// Returns the global flags that are settings, as keys and values.
fn named_flags(globals: &Globals) -> Vec<(String, String)> {
    let path = |p: &PathBuf| p.display().to_string();
    let named = [
        ("model", globals.model.as_ref().map(path)),
        ("adapter", globals.adapter.as_ref().map(path)),
        ("voices_dir", globals.voices_dir.as_ref().map(path)),
        ("lexicon", globals.lexicon.as_ref().map(path)),
        ("recognizer", globals.recognizer.as_ref().map(ToString::to_string)),
        ("seed", globals.seed.map(|s| s.to_string())),
        ("device", globals.device.map(|d| d.to_string())),
    ];
    named.into_iter().filter_map(|(k, v)| Some((k.to_owned(), v?))).collect()
}

/// Variables that are settings of single verbs, not of the program.
const OF_VERBS: [&str; 4] = ["TRAIN__", "CODEC_FIT__", "CODEC_TRAIN__", "JUDGE_KEY"];

/// Returns the program's settings from the environment.
fn variables() -> Vec<(String, String)> {
    let mut all = prefixed(PREFIX);
    all.retain(|(name, _)| !OF_VERBS.iter().any(|v| name.starts_with(v)));
    all
}

/// Returns the layer of a verb's environment variables, such as `SYRINX_TRAIN__STEPS` for the section `train`.
fn verb_layer(section: &str) -> Layer {
    Layer::Environment(prefixed(&format!("{PREFIX}{}__", section.to_uppercase())))
}

/// Returns the environment variables with a prefix; the prefix is removed from their names.
fn prefixed(prefix: &str) -> Vec<(String, String)> {
    let own = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        let name = name.to_str()?.strip_prefix(prefix)?.to_owned();
        Some((name, value.to_string_lossy().into_owned()))
    };
    std::env::vars_os().filter_map(own).collect()
}

/// Parses `KEY=VALUE` pairs.
pub fn set_pairs(set: &[String]) -> Outcome<Vec<(String, String)>> {
    set.iter()
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                Ok((key.trim().to_owned(), value.to_owned()))
            }
            _ => Err(Failure::usage(
                format!("--set {pair}: that is no KEY=VALUE"),
                "for instance --set decode.codes.temperature=0.5",
            )),
        })
        .collect()
}

/// Returns the default folder of a user's voices.
fn default_voices_dir() -> Option<PathBuf> {
    Some(data_folder()?.join("voices"))
}

/// Returns the folder of the user's data for this program.
pub fn data_folder() -> Option<PathBuf> {
    let data = std::env::var_os("XDG_DATA_HOME").filter(|p| !p.is_empty()).map(PathBuf::from);
    let data =
        data.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share")))?;
    Some(data.join("syrinx"))
}
