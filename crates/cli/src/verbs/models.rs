//! `models`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use syrinx_pretrained::hub::{
    DEFAULT_ENDPOINT, Hub, Installed, Listing, ModelName, installed, remove,
};

use crate::failure::{Failure, Outcome};
use crate::session::{Session, data_folder};
use crate::table::table;

/// `models`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx models add hf:openai/whisper-tiny.en\n  syrinx transcribe talk.mp3 --recognizer whisper:$(syrinx models path openai/whisper-tiny.en)\n  syrinx models remove openai/whisper-tiny.en\n\n`add` is the only command that opens a connection. HF_ENDPOINT names another hub, HF_TOKEN a token for it."
)]
pub struct ModelsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Folder of the models [default: syrinx/models in the user's data folder]
    #[arg(long, global = true, value_name = "DIR")]
    models_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the models in the folder
    List,
    /// Fetch a model; continues a download that was stopped
    Add {
        /// The model: hf:OWNER/NAME, with @REVISION for another than the latest
        #[arg(value_name = "NAME")]
        name: String,
        /// Fetch this file of the repository instead of those that a model is loaded from; may be repeated
        #[arg(long, value_name = "PATH")]
        file: Vec<String>,
        /// Show the licence and the files, and fetch nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Print the folder of a model
    Path {
        /// The model
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Remove a model
    Remove {
        /// The model
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// Runs `models`.
pub fn run(session: &Session, args: &ModelsArgs) -> Outcome {
    let folder = args.models_dir.clone().or_else(|| Some(data_folder()?.join("models")));
    let folder = folder.ok_or_else(|| {
        Failure::usage("the user has no data folder", "name a folder with --models-dir")
    })?;
    // An absolute path keeps links between files and printed paths valid in any current folder.
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let named = |name: &String| name.parse::<ModelName>();
    match args.action.as_ref().unwrap_or(&Action::List) {
        Action::List => list(session, &installed(&folder)?),
        Action::Path { name } => {
            let model = Installed::find(&folder, &named(name)?)?;
            if session.globals.json {
                return session.print_json(&model);
            }
            session.print(&model.path.display().to_string())
        }
        Action::Remove { name } => {
            let name = named(name)?;
            remove(&folder, &name)?;
            if session.globals.json {
                return session.print_json(&json!({"removed": name.id}));
            }
            session.say(&format!("removed {name}"));
            Ok(())
        }
        Action::Add { name, file, dry_run } => {
            let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
            let endpoint = variable("HF_ENDPOINT").unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
            let hub = Hub::new(&endpoint, &folder, variable("HF_TOKEN"));
            let listing = hub.look_up(&named(name)?, file)?;
            announce(session, &listing);
            if *dry_run {
                return Ok(());
            }
            let model = hub.fetch(&listing, &session.cancel, session.sink())?;
            if session.globals.json {
                return session.print_json(&model);
            }
            session.print(&model.path.display().to_string())
        }
    }
}

/// Prints licence, files and sizes on standard error before the download.
fn announce(session: &Session, listing: &Listing) {
    let licence = listing.licence.as_deref().unwrap_or("none named; see the repository");
    let size = |bytes: Option<u64>| bytes.map_or("unknown size".to_owned(), megabytes);
    session.say(&format!("model:   {} (commit {})", listing.name, listing.revision));
    session.say(&format!("licence: {licence}"));
    session.say(&format!("files:   {}, {}", listing.files.len(), size(listing.bytes())));
    for file in &listing.files {
        session.say(&format!("  {} ({})", file.path, size(file.bytes)));
    }
}

fn list(session: &Session, models: &[Installed]) -> Outcome {
    if session.globals.json {
        return session.print_json(&models);
    }
    if models.is_empty() {
        session.say("no models; fetch one: syrinx models add hf:openai/whisper-tiny.en");
        return Ok(());
    }
    let row = |model: &Installed| {
        let licence = model.licence.clone().unwrap_or_else(|| "-".to_owned());
        let revision: String = model.revision.chars().take(8).collect();
        [model.name.clone(), megabytes(model.bytes), licence, revision]
    };
    let rows: Vec<[String; 4]> = models.iter().map(row).collect();
    session.print(&table(["MODEL", "SIZE", "LICENCE", "COMMIT"], &rows))
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
