//! Terminal in raw mode, restored on drop and on panic.

use std::io::{Stdout, Write as _};
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute};

/// Function that opens standard output. The caller provides it, because libraries don't print.
pub(crate) type Output = fn() -> Stdout;

type Hook = Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// A terminal in raw mode. Dropping it restores the terminal.
pub(crate) struct Taken {
    pub(crate) terminal: Terminal<CrosstermBackend<Stdout>>,
    output: Output,
    hook: Hook,
}

impl Taken {
    /// Puts the terminal in raw mode. A panic of this thread restores it before its report; panics of worker threads
    /// are reported as messages, since their output would overwrite the screen.
    pub(crate) fn new(output: Output, mouse: bool) -> std::io::Result<Self> {
        enable_raw_mode()?;
        let entered = enter(output, mouse);
        if entered.is_err() {
            give_back(output);
        }
        entered?;
        let terminal = Terminal::new(CrosstermBackend::new(output()));
        if terminal.is_err() {
            give_back(output);
        }
        let terminal = terminal?;
        let hook: Hook = Arc::from(take_hook());
        let (before, here) = (Arc::clone(&hook), std::thread::current().id());
        set_hook(Box::new(move |info| {
            if std::thread::current().id() == here {
                give_back(output);
                before(info);
            }
        }));
        Ok(Self { terminal, output, hook })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back(self.output);
        // The panic hook can't be changed while the thread panics.
        if !std::thread::panicking() {
            drop(take_hook());
            let hook = Arc::clone(&self.hook);
            set_hook(Box::new(move |info| hook(info)));
        }
    }
}

fn enter(output: Output, mouse: bool) -> std::io::Result<()> {
    let mut out = output();
    execute!(out, EnterAlternateScreen, EnableBracketedPaste)?;
    if mouse {
        execute!(out, EnableMouseCapture)?;
    }
    Ok(())
}

/// Restores the terminal. Errors are ignored, since they occur only if the terminal is closed.
fn give_back(output: Output) {
    let mut out = output();
    let _ = execute!(
        out,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = out.flush();
    let _ = disable_raw_mode();
}
