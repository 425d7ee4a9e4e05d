//! Date, machine, command and revision of a run.

use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use syrinx_recipes::Origin;

/// Returns the current time, seconds since 1970, UTC.
pub fn now_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

/// Returns the origin of the results of this process.
pub fn origin() -> Origin {
    Origin { revision: revision(), machine: machine(), command: command(), now_s }
}

/// Returns the command line of this process.
fn command() -> String {
    let quoted = |arg: String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+".contains(c);
        if !arg.is_empty() && arg.chars().all(plain) { arg } else { format!("'{arg}'") }
    };
    let rest: Vec<String> = std::env::args().skip(1).map(quoted).collect();
    format!("syrinx {}", rest.join(" "))
}

/// Returns the name of the computer with its number of threads.
fn machine() -> String {
    let name = gethostname::gethostname().to_string_lossy().into_owned();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{name}, {cores} cores")
}

/// Returns the git revision of the current folder, with `-dirty` for uncommitted changes; empty outside a git
/// repository.
fn revision() -> String {
    let described = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=12"])
        .stderr(Stdio::null())
        .output();
    let described = described.ok().filter(|o| o.status.success());
    described.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned()).unwrap_or_default()
}
