//! The dashboard in a real terminal: a scripted run through tmux.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::bench::{Bench, finish, model};

/// Longest wait for something to appear, in steps.
const STEPS: usize = 900;
const STEP: Duration = Duration::from_millis(100);

/// A terminal of its own, gone with this value.
pub struct Terminal {
    socket: String,
}

impl Terminal {
    /// Runs a shell line in a terminal of this size; none without tmux.
    pub fn start(bench: &Bench, line: &str, columns: u16, lines: u16) -> Option<Self> {
        let there = Command::new("tmux").arg("-V").stdout(Stdio::null()).status();
        if there.is_err() {
            eprintln!("skipped: there is no tmux to run the dashboard in; install tmux");
            return None;
        }
        let terminal = Self { socket: bench.path("tmux").display().to_string() };
        let size = [columns.to_string(), lines.to_string()];
        let args = ["-f", "/dev/null", "new-session", "-d", "-x", &size[0], "-y", &size[1], line];
        assert!(
            terminal
                .command(&args)
                .current_dir(bench.path(""))
                .status()
                .expect("tmux runs")
                .success()
        );
        Some(terminal)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-S", &self.socket]).args(args);
        command.env_remove("TMUX").env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SYRINX_") {
                command.env_remove(name);
            }
        }
        command
    }

    fn screen(&self) -> String {
        let output = self.command(&["capture-pane", "-p"]).output().expect("tmux runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until the screen has all of this on it; returns it.
    pub fn shows(&self, parts: &[&str]) -> String {
        let mut screen = String::new();
        for _ in 0..STEPS {
            screen = self.screen();
            if parts.iter().all(|part| screen.contains(part)) {
                return screen;
            }
            std::thread::sleep(STEP);
        }
        panic!("never saw {parts:?}, but:\n{screen}");
    }

    pub fn press(&self, keys: &[&str]) {
        let args = [&["send-keys"], keys].concat();
        assert!(self.command(&args).status().expect("tmux runs").success());
    }

    /// Leaves the dashboard; returns the screen after it. A run whose row is there may still be ending, so that the
    /// first key asks whether to leave, and the question goes away with the run.
    fn leave(&self) -> String {
        for _ in 0..STEPS {
            self.press(&["q"]);
            let screen = self.screen();
            if screen.contains("LEFT 0") {
                return screen;
            }
            std::thread::sleep(STEP);
        }
        panic!("never left:\n{}", self.screen());
    }

    fn resize(&self, columns: &str, lines: &str) {
        let args = ["resize-window", "-x", columns, "-y", lines];
        assert!(self.command(&args).status().expect("tmux runs").success());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.command(&["kill-server"]).status();
    }
}

/// The dashboard with the tiny model, and what it ended with after it.
fn line() -> String {
    format!(
        "{} dash --model {} --voices-dir voices; echo LEFT $?; sleep 1000",
        env!("CARGO_BIN_EXE_syrinx"),
        model().display()
    )
}

#[test]
fn a_scripted_run() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("evals")).unwrap();
    bench.write("evals/words.toml", SUITE);
    let Some(terminal) = Terminal::start(&bench, &line(), 90, 30) else { return };
    terminal.shows(&["[1 Compare]", "The birch canoe", "enter runs it"]);
    terminal.press(&["5"]);
    terminal.shows(&["[5 Tasks]", "[layout]", "stage "]);
    terminal.press(&["?"]);
    terminal.shows(&["any key closes", "the next page"]);
    terminal.press(&["x"]);

    // A suite runs on the second screen, and lands in the store.
    terminal.press(&["2"]);
    terminal.shows(&["[2 Evals]", "words", "the store is empty"]);
    terminal.press(&["r"]);
    terminal.shows(&["per ", "words"]);
    assert!(bench.path("runs/results.db").is_file());

    // Smaller than it is made for, and back.
    terminal.resize("50", "14");
    terminal.shows(&["[2 Evals]", "1 ", "Suites"]);
    terminal.resize("100", "32");
    terminal.shows(&["1 Compare", "Runs"]);

    let after = terminal.leave();
    assert!(!after.contains("[2 Evals]"), "the old screen is back:\n{after}");
}

const SUITE: &str = r#"
    summary = "Some words."
    task = "g2p"
    request = { text = "{word}" }
    items = { held_out_words = 3, seed = 1 }
"#;

#[test]
fn it_leaves_when_it_is_told_to() {
    let bench = Bench::new();
    let Some(terminal) = Terminal::start(&bench, &line(), 80, 24) else { return };
    terminal.shows(&["[1 Compare]"]);
    let pane =
        terminal.command(&["display-message", "-p", "#{pane_pid}"]).output().expect("tmux runs");
    let shell = String::from_utf8_lossy(&pane.stdout).trim().to_owned();
    let told = Command::new("sh")
        .args(["-c", &format!("kill -TERM $(cat /proc/{shell}/task/{shell}/children)")])
        .status();
    assert!(told.expect("a shell").success());
    terminal.shows(&["LEFT 0"]);
}

#[test]
fn it_ends_when_its_terminal_goes_away() {
    let bench = Bench::new();
    // In a session of its own the program gets no signal of the terminal's end.
    let line = format!(
        "sh -c 'echo $$ > pid; exec setsid {} dash --model {} --voices-dir voices'; sleep 1000",
        env!("CARGO_BIN_EXE_syrinx"),
        model().display()
    );
    let Some(terminal) = Terminal::start(&bench, &line, 80, 24) else { return };
    terminal.shows(&["[1 Compare]"]);
    let pid = std::fs::read_to_string(bench.path("pid")).expect("the shell wrote it");
    let status = format!("/proc/{}/status", pid.trim());
    assert!(std::path::Path::new(&status).exists());
    drop(terminal);
    for _ in 0..STEPS {
        // A process whose parent is gone as well may be left as a zombie.
        let left = std::fs::read_to_string(&status).unwrap_or_default();
        if left.is_empty() || left.contains("State:\tZ") {
            return;
        }
        std::thread::sleep(STEP);
    }
    panic!("it still runs without a terminal");
}

#[test]
fn without_a_terminal_it_says_so() {
    let bench = Bench::new();
    let ended = finish(bench.command(&["dash"]), b"");
    ended.failed(2, &["needs a terminal"]);
}
