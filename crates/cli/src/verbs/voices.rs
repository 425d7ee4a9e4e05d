//! `voices`.

use clap::{Args, Subcommand, ValueHint};
use serde_json::json;
use syrinx_engine::{VoiceOrigin, excerpt};

use crate::failure::Outcome;
use crate::session::Session;
use crate::table::table;

/// `voices`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx voices\n  syrinx voices add me recording.wav\n  syrinx say hello --voice me\n  syrinx voices remove me"
)]
pub struct VoicesArgs {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
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
    /// Remove a voice that you added
    Remove {
        /// Its name
        name: String,
    },
}

/// Does what is asked with the voices.
pub fn run(session: &Session, args: &VoicesArgs) -> Outcome {
    let settings = session.settings(&[])?.value;
    let engine = session.engine(&settings)?;
    let voices = engine.voices();
    match args.what.as_ref().unwrap_or(&What::List) {
        What::List => {
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
        What::Add { name, audio } => {
            let recording = engine.load(audio)?;
            let best = excerpt(&recording, audio, &settings.prompt)?;
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
        What::Remove { name } => {
            let path = voices.remove(name)?;
            if session.globals.json {
                return session.print_json(&json!({"name": name, "file": path}));
            }
            session.say(&format!("removed {name} ({})", path.display()));
            Ok(())
        }
    }
}
