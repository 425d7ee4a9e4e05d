//! `voices`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueHint};
use serde_json::json;
use syrinx_audio::UniqueWarnings;
use syrinx_data::import::recordings;
use syrinx_engine::{Engine, VoiceOrigin};
use syrinx_recipes::{
    VoiceConfig, VoiceRun, build_tasks, model_source, train_voice, warn_of_import,
};

use crate::failure::{Failure, Outcome};
use crate::session::{Session, data_folder};
use crate::table::table;

/// `voices`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx voices\n  syrinx voices add me recording.wav\n  syrinx voices train me recordings/\n  syrinx say hello --voice me\n  syrinx voices remove me"
)]
pub struct VoicesArgs {
    #[command(subcommand)]
    what: Option<VoicesCommand>,
}

#[derive(Debug, Subcommand)]
enum VoicesCommand {
    /// List all voices; the first is the default
    List,
    /// Keep the best few seconds of a recording as a voice
    Add {
        /// Name of the voice: letters, digits, - and _
        name: String,
        /// A recording of one speaker, some seconds long; - for standard input
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        audio: String,
    },
    /// Train a voice on 10 to 200 recordings of one speaker; resumes a stopped run
    Train {
        /// Name of the voice: letters, digits, - and _
        name: String,
        /// Folder with NAME.wav and NAME.txt for each recording, or with a metadata.csv in LJSpeech's layout
        #[arg(value_name = "DIR", value_hint = ValueHint::AnyPath)]
        folder: PathBuf,
        /// Steps of fine-tuning
        #[arg(long, value_name = "N", default_value_t = VoiceConfig::default().steps)]
        steps: u64,
        /// Rank of the adapter
        #[arg(long, value_name = "RANK", default_value_t = VoiceConfig::default().rank)]
        rank: usize,
        /// Peak learning rate
        #[arg(long, value_name = "RATE", default_value_t = VoiceConfig::default().learning_rate)]
        rate: f64,
        /// Folder of the run: shards, checkpoints [default: voice-runs/NAME in the user's data folder]
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        run: Option<PathBuf>,
    },
    /// Remove a voice that you added
    Remove {
        /// Name of the voice
        name: String,
    },
}

/// Runs `voices`.
pub fn run(session: &Session, args: &VoicesArgs) -> Outcome {
    let settings = session.settings(&[])?.value;
    let engine = session.engine(&settings)?;
    let voices = engine.voices();
    match args.what.as_ref().unwrap_or(&VoicesCommand::List) {
        VoicesCommand::List => {
            let list = voices.list();
            if session.globals.json {
                return session.print_json(&list);
            }
            let rows: Vec<[String; 4]> = list
                .into_iter()
                .map(|v| {
                    let origin = match v.origin {
                        VoiceOrigin::Model => "model".to_owned(),
                        VoiceOrigin::File(path) => path.display().to_string(),
                    };
                    let about = v.problem.map_or(v.about, |p| format!("can't be used: {p}"));
                    [v.name, format!("{:.1} s", v.seconds), origin, about]
                })
                .collect();
            session.print(&table(["VOICE", "PROMPT", "FROM", "ABOUT"], &rows))
        }
        VoicesCommand::Add { name, audio } => {
            let recording = engine.load(audio)?;
            let warnings = UniqueWarnings::default();
            let best = voices.excerpt(&recording, audio, &mut warnings.emit_to(session.sink()))?;
            let codes = engine.encode(&best)?;
            session.check()?;
            let path = voices.add(name, &codes, audio)?;
            if session.globals.json {
                return session
                    .print_json(&json!({"name": name, "seconds": best.seconds(), "file": path}));
            }
            session.say(&format!(
                "added {name}: the best {:.1} s of {audio}, in {}",
                best.seconds(),
                path.display()
            ));
            Ok(())
        }
        VoicesCommand::Train { name, folder, steps, rank, rate, run } => {
            let config = VoiceConfig {
                steps: *steps,
                rank: *rank,
                learning_rate: *rate,
                seed: settings.seed,
                ..VoiceConfig::default()
            };
            train(session, &engine, name, folder, run.as_deref(), &config)
        }
        VoicesCommand::Remove { name } => {
            let path = voices.remove(name)?;
            if session.globals.json {
                return session.print_json(&json!({"name": name, "file": path}));
            }
            session.say(&format!("removed {name} ({})", path.display()));
            Ok(())
        }
    }
}

fn train(
    session: &Session,
    engine: &Engine,
    name: &str,
    folder: &Path,
    run: Option<&Path>,
    config: &VoiceConfig,
) -> Outcome {
    let found = recordings(folder, name)?;
    warn_of_import(&found, session.sink());
    let own = || data_folder().map(|data| data.join("voice-runs").join(name));
    let Some(place) = run.map(Path::to_path_buf).or_else(own) else {
        return Err(Failure::usage("there is no folder for the run", "name one with --run"));
    };
    let settings = session.settings(&[])?.value;
    let (source, device) = (model_source(&settings)?, settings.device.open()?);
    let descriptors: Vec<_> = engine.tasks().collect();
    let tasks = build_tasks(&descriptors, &settings, engine.model().config().switches)?;
    let voice =
        VoiceRun { name, engine, source: &source, tasks: &tasks, folder: &place, device: &device };
    let voice = train_voice(&voice, &found.manifest, config, session.run(&settings))?;
    if session.globals.json {
        return session.print_json(&voice);
    }
    if voice.left_out.count() > 0 {
        session.say(&format!("warning: {}", voice.left_out));
    }
    session.say(&format!(
        "trained {name} on {} of {} recordings ({:.0} s) for {} steps, in {}",
        voice.recordings,
        found.found(),
        voice.seconds,
        voice.steps,
        voice.file.display()
    ));
    Ok(())
}
