//! The loop: messages in, effects out, a picture at most thirty times a second.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event as Input, MouseButton, MouseEventKind};
use syrinx_types::CancelToken;

use crate::keys::Key;
use crate::terminal::{Output, Taken};
use crate::workers::{Places, Workers};
use crate::{App, DashError, Effect, Facts, Msg, Program, Screen, ThemeName};

/// Shortest time between two pictures.
const FRAME: Duration = Duration::from_millis(33);
/// Interval of clock ticks.
const TICK: Duration = Duration::from_millis(250);
/// Interval at which the keyboard thread checks for its end.
const POLL: Duration = Duration::from_millis(100);
/// Most messages taken between two pictures, so that a flood of news can't stop the drawing.
const MOST: usize = 500;

/// Options of the dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct DashOptions {
    /// Color theme.
    pub theme: ThemeName,
    /// First screen.
    pub screen: Screen,
    /// Whether clicks come to the dashboard; without, the terminal's own selection works.
    pub mouse: bool,
    /// The results store.
    pub results: PathBuf,
    /// Folder whose folders are training runs.
    pub runs: PathBuf,
    /// Folder that answers are written to.
    pub out: PathBuf,
    /// Events of a past run to be shown.
    pub replay: Option<PathBuf>,
}

/// Runs the dashboard until the user leaves or `cancel` is set. `output` opens standard output.
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
    let _ = keys.join();
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

/// Sends keys, clicks and sizes until it is told to stop.
fn read_keys(send: &Sender<Msg>, stop: &CancelToken) {
    while !stop.is_cancelled() {
        match event::poll(POLL) {
            Ok(false) => continue,
            Ok(true) => {}
            // The terminal is gone.
            Err(_) => {
                let _ = send.send(Msg::Terminate);
                return;
            }
        }
        let Ok(input) = event::read() else { continue };
        if let Some(msg) = message(&input)
            && send.send(msg).is_err()
        {
            return;
        }
    }
}

fn message(input: &Input) -> Option<Msg> {
    Some(match input {
        Input::Key(event) => Msg::Key(Key::of(event)?),
        Input::Paste(text) => Msg::Paste(text.clone()),
        Input::Resize(..) => Msg::Resized,
        Input::Mouse(event) => {
            let (column, row) = (event.column, event.row);
            match event.kind {
                MouseEventKind::Down(MouseButton::Left) => Msg::Click { column, row },
                MouseEventKind::ScrollDown => Msg::Scroll { column, row, down: true },
                MouseEventKind::ScrollUp => Msg::Scroll { column, row, down: false },
                _ => return None,
            }
        }
        _ => return None,
    })
}
