//! Output of events: progress bars on a terminal, lines in a log.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use syrinx_types::{Event, EventSink};

/// Largest number of redraws per second.
const REFRESH_HZ: u8 = 20;

/// Terminal of standard error, which may show progress bars. All lines are printed by [`Self::without_bars`], since a
/// line printed over a bar leaves the remainder of the bar on the terminal.
#[derive(Debug, Clone, Default)]
pub struct ProgressScreen(Option<MultiProgress>);

impl ProgressScreen {
    /// Clears the bars, calls `print`, and draws the bars again below its output.
    pub fn without_bars<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(bars) => bars.suspend(print),
            None => print(),
        }
    }

    /// Prints a line on standard error. Errors are ignored, since a closed standard error has no reader.
    pub fn line(&self, line: &str) {
        self.without_bars(|| {
            let _ = writeln!(io::stderr(), "{line}");
        });
    }
}

/// Standard error that keeps the cursor at the start of the last bar. indicatif leaves it at the end, where the `^C`
/// echoed by a terminal starts a new line, so that the bar above stays on the screen.
#[derive(Debug)]
struct Returning(Term);

impl TermLike for Returning {
    fn width(&self) -> u16 {
        self.0.size().1
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        self.0.write_line(s)
    }

    fn write_str(&self, s: &str) -> io::Result<()> {
        self.0.write_str(s)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    /// Writes the drawn bars. A closed terminal is not an error.
    fn flush(&self) -> io::Result<()> {
        self.0.write_str("\r")?;
        let _ = self.0.flush();
        Ok(())
    }
}

/// Progress bars on standard error, one for each job, removed when the job is finished.
pub struct Bars {
    screen: MultiProgress,
    jobs: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Default for Bars {
    fn default() -> Self {
        let terminal = Returning(Term::buffered_stderr());
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal), REFRESH_HZ);
        Self { screen: MultiProgress::with_draw_target(target), jobs: Mutex::default() }
    }
}

impl Drop for Bars {
    /// Clears the bars of jobs that did not finish.
    fn drop(&mut self) {
        let jobs = self.jobs.get_mut().unwrap_or_else(PoisonError::into_inner);
        jobs.values().for_each(ProgressBar::finish_and_clear);
        let _ = self.screen.clear();
    }
}

impl Bars {
    /// Returns the terminal of the bars, for lines above them.
    pub fn screen(&self) -> ProgressScreen {
        ProgressScreen(Some(self.screen.clone()))
    }

    fn begin(&self, name: &str, total: Option<u64>) -> ProgressBar {
        let bar = match total {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::new_spinner(),
        };
        let template = if total.is_some() {
            "{prefix} {wide_bar:.cyan/blue} {pos}/{len} {eta} {msg}"
        } else {
            "{spinner} {prefix} {pos} {msg}"
        };
        // The templates are constants, so the fallback to the default style is not expected.
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = self.screen.add(bar.with_style(style).with_prefix(name.to_owned()));
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }
}

impl EventSink for Bars {
    fn emit(&self, event: Event) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::JobStarted { name, total } => {
                let bar = self.begin(&name, total);
                if let Some(old) = jobs.insert(name, bar) {
                    old.finish_and_clear();
                }
            }
            Event::JobProgress { name, done, note } => {
                if let Some(bar) = jobs.get(&name) {
                    bar.set_position(done);
                    bar.set_message(note.chars().take(40).collect::<String>());
                }
            }
            Event::JobFinished { name, .. } => {
                if let Some(bar) = jobs.remove(&name) {
                    bar.finish_and_clear();
                }
            }
            Event::TrainStep { step, total, loss, tokens_per_s, .. } => {
                let bar = jobs
                    .entry("training".into())
                    .or_insert_with(|| self.begin("training", Some(total)));
                bar.set_position(step);
                bar.set_message(format!("loss {loss:.3}, {tokens_per_s:.0} positions/s"));
            }
            Event::Warning { message } | Event::TrainWarning { message, .. } => {
                self.screen().line(&format!("warning: {message}"));
            }
            _ => {}
        }
    }
}

/// Lines on standard error: warnings and training progress, and with `-v` all other events.
pub struct Lines {
    /// Whether to print all events.
    pub verbose: bool,
    /// Whether to print warnings and the progress of training.
    pub warnings: bool,
    /// Time of the last line about a training step.
    last_step: Mutex<Option<Instant>>,
}

/// Shortest time between two lines about training steps without `-v`.
const STEP_INTERVAL: Duration = Duration::from_secs(10);

impl Lines {
    /// Builds an output of all events (`verbose`), or of warnings and training progress.
    pub fn new(verbose: bool, warnings: bool) -> Self {
        Self { verbose, warnings, last_step: Mutex::default() }
    }

    /// Whether an event is printed.
    fn prints(&self, event: &Event) -> bool {
        match event {
            _ if self.verbose => true,
            Event::Warning { .. }
            | Event::TrainWarning { .. }
            | Event::TrainEval { .. }
            | Event::CheckpointSaved { .. } => self.warnings,
            Event::TrainStep { step, total, .. } => {
                let mut last = self.last_step.lock().unwrap_or_else(PoisonError::into_inner);
                let due = last.is_none_or(|last| last.elapsed() >= STEP_INTERVAL);
                let prints = self.warnings && (due || step == total);
                if prints {
                    *last = Some(Instant::now());
                }
                prints
            }
            _ => false,
        }
    }
}

impl EventSink for Lines {
    fn emit(&self, event: Event) {
        if !self.prints(&event) {
            return;
        }
        let line = match event {
            Event::Warning { message } => format!("warning: {message}"),
            Event::TrainWarning { step, message, .. } => {
                format!("warning: step {step}: {message}")
            }
            Event::JobStarted { name, total: Some(total) } => format!("{name}: {total} to do"),
            Event::JobStarted { name, total: None } => format!("{name}: begun"),
            Event::JobProgress { name, done, note } => format!("{name}: {done} {note}"),
            Event::JobFinished { name, summary } => format!("{name}: done, {summary}"),
            Event::TrainStep {
                step,
                total,
                loss,
                learning_rate,
                gradient_norm,
                tokens_per_s,
                ..
            } => format!(
                "step {step}/{total}: loss {loss:.4}, rate {learning_rate:.2e}, gradient {gradient_norm:.2}, {tokens_per_s:.0} positions/s"
            ),
            Event::TrainEval { step, figures } => format!("step {step}: {}", pairs(&figures)),
            Event::CheckpointSaved { step, path } => format!("step {step}: saved {path}"),
            Event::EvalRow { suite, id, figures } => format!("{suite}: {id}: {}", pairs(&figures)),
            _ => return,
        };
        let _ = writeln!(std::io::stderr(), "{}", line.trim_end());
    }
}

fn pairs(figures: &[(String, f64)]) -> String {
    figures.iter().map(|(n, v)| format!("{n} {v:.4}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_is_reported_without_a_terminal_and_not_at_every_step() {
        let step = |step| Event::TrainStep {
            step,
            total: 3,
            loss: 1.0,
            losses: Vec::new(),
            learning_rate: 0.1,
            gradient_norm: 1.0,
            tokens_per_s: 10.0,
        };
        let saved = Event::CheckpointSaved { step: 2, path: "p".into() };
        let progress = Event::JobProgress { name: "n".into(), done: 1, note: String::new() };
        let check = |lines: &Lines, expected: [bool; 5]| {
            let events = [step(1), step(2), step(3), saved.clone(), progress.clone()];
            assert_eq!(events.map(|event| lines.prints(&event)), expected);
        };
        // The first step, the last one, and what is rare.
        check(&Lines::new(false, true), [true, false, true, true, false]);
        check(&Lines::new(true, true), [true; 5]);
        check(&Lines::new(false, false), [false; 5]);
    }
}
