//! The `syrinx` program: reads flags, calls the engine, writes answers. Wiring only.
//!
//! Invariants: this is the only crate that reads the environment; no task is named here, their commands come from the
//! registry; standard output carries answers and nothing else; every way to end has a documented exit code.

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
            // A closed pipe behind `--help` is no fault.
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
