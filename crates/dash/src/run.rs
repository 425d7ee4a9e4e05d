//! Event loop: applies messages, runs effects, and draws at most thirty times a second.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use syrinx_types::CancelToken;

use crate::input::read_keys;
use crate::terminal::{Output, Taken};
use crate::workers::{Places, Workers};
use crate::{App, DashError, Effect, Facts, Msg, Program, Screen, ThemeName};

/// Shortest time between two draws.
const FRAME: Duration = Duration::from_millis(33);
/// Interval of clock ticks.
const TICK: Duration = Duration::from_millis(250);
/// Longest wait for the end of the keyboard thread.
const GRACE: Duration = Duration::from_millis(500);
/// Largest number of messages applied between two draws, so that many messages can't delay drawing.
const MOST: usize = 500;

/// Options of the dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct DashOptions {
    /// Color theme.
    pub theme: ThemeName,
    /// First screen.
    pub screen: Screen,
    /// Whether the dashboard receives mouse clicks; otherwise the terminal uses them to select text.
    pub mouse: bool,
    /// File of the results store.
    pub results: PathBuf,
    /// Folder that is searched for training runs.
    pub runs: PathBuf,
    /// Folder for saved answers.
    pub out: PathBuf,
    /// Event file of a past run to show.
    pub replay: Option<PathBuf>,
}

/// Runs the dashboard until the user quits or `cancel` is set. `output` opens standard output.
///
/// # Errors
/// [`DashError::Terminal`] without a terminal, [`DashError::Replay`], [`DashError::Thread`].
pub fn run(
    options: &DashOptions,
    program: Arc<dyn Program>,
    cancel: &CancelToken,
    output: Output,
) -> Result<(), DashError> {
    if let Some(path) = &options.replay {
        let readable = std::fs::File::open(path).map(drop);
        readable.map_err(|cause| DashError::Replay { path: path.clone(), cause })?;
    }
    let facts = Facts {
        theme: options.theme,
        screen: if options.replay.is_some() { Screen::Training } else { options.screen },
        now_s: program.now_s(),
        replay: options.replay.clone(),
    };
    let (mut app, effects) = App::new(facts);
    let (send, receive) = channel();
    let places = Places {
        results: options.results.clone(),
        runs: options.runs.clone(),
        out: options.out.clone(),
    };
    let mut workers = Workers::start(Arc::clone(&program), places, send.clone())?;
    workers.begin();
    for effect in effects {
        workers.does(effect);
    }
    let terminal = |cause| DashError::Terminal { cause };
    let mut taken = Taken::new(output, options.mouse).map_err(terminal)?;
    let stop = CancelToken::default();
    let keys = {
        let stop = stop.clone();
        std::thread::Builder::new().name("keys".into()).spawn(move || read_keys(&send, &stop))
    };
    let keys = keys.map_err(|cause| DashError::Thread { cause })?;
    let clock = || program.now_s();
    let outcome = attend(&mut app, &mut workers, &mut taken, &receive, cancel, &clock);
    // Jobs are cancelled first and joined last; the terminal is restored in between.
    workers.cancel_all();
    stop.cancel();
    // A thread that is reading while the terminal closes may never return, so it is awaited for a limited time.
    let told = Instant::now();
    while !keys.is_finished() && told.elapsed() < GRACE {
        std::thread::sleep(Duration::from_millis(5));
    }
    if keys.is_finished() {
        let _ = keys.join();
    }
    drop(taken);
    workers.join();
    outcome.map_err(terminal)
}

fn attend(
    app: &mut App,
    workers: &mut Workers,
    taken: &mut Taken,
    receive: &Receiver<Msg>,
    cancel: &CancelToken,
    clock: &dyn Fn() -> f64,
) -> std::io::Result<()> {
    let mut drawn: Option<Instant> = None;
    let mut dirty = true;
    loop {
        let since = drawn.map_or(FRAME, |at| at.elapsed());
        if dirty && since >= FRAME {
            taken.terminal.draw(|frame| app.draw(frame))?;
            (drawn, dirty) = (Some(Instant::now()), false);
        }
        let wait = if dirty { FRAME.saturating_sub(since) } else { TICK };
        let mut messages: Vec<Msg> = match receive.recv_timeout(wait) {
            Ok(msg) => vec![msg],
            Err(RecvTimeoutError::Timeout) => Vec::new(),
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        messages.extend(receive.try_iter().take(MOST));
        messages.insert(0, Msg::Now(clock()));
        if cancel.is_cancelled() {
            messages.push(Msg::Terminate);
        }
        for msg in messages {
            for effect in app.update(msg) {
                match effect {
                    Effect::Quit => return Ok(()),
                    Effect::Redraw => taken.terminal.clear()?,
                    effect => workers.does(effect),
                }
            }
        }
        dirty = true;
    }
}
