//! The `syrinx` program: parses flags, calls libraries, prints answers.
//!
//! Invariants: no other crate reads the environment; commands of tasks come from the registry, and no source names a
//! task; standard output contains answers alone; every exit code is documented.

mod answer;
mod args;
mod array;
mod corpora;
mod dispatch;
mod failure;
mod globals;
mod memory;
mod playback;
mod progress;
mod provenance;
mod ranks;
mod session;
mod stop;
mod table;
mod verbs;

use std::process::ExitCode;

use clap::FromArgMatches;

use args::command;
use failure::{Exit, Failure};
use globals::Globals;
use session::Session;

fn main() -> ExitCode {
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            let code = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            // A closed pipe after `--help` is not an error.
            let _ = error.print();
            return code.into();
        }
    };
    let outcome = Globals::from_arg_matches(&matches)
        .map_err(|e| Failure::new(Exit::Usage, e.to_string()))
        .and_then(Session::new)
        .and_then(|session| dispatch::dispatch(&session, &matches));
    match outcome {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => {
            failure.report();
            failure.exit.into()
        }
    }
}
