//! Keys, clicks and size changes of the terminal.

use std::sync::mpsc::Sender;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event as Input, MouseButton, MouseEventKind};
use syrinx_types::CancelToken;

use crate::Msg;
use crate::keys::Key;

/// Interval at which the keyboard thread polls its cancel token.
const POLL: Duration = Duration::from_millis(100);

/// Sends keys, clicks and size changes until `stop` is cancelled or the terminal is closed.
pub(crate) fn read_keys(send: &Sender<Msg>, stop: &CancelToken) {
    let Ok(terminal) = Terminal::open() else {
        let _ = send.send(Msg::Terminate);
        return;
    };
    while !stop.is_cancelled() {
        match terminal.wait().and_then(|()| forward(send, stop)) {
            Ok(true) => {}
            Ok(false) => return,
            Err(_) => {
                let _ = send.send(Msg::Terminate);
                return;
            }
        }
    }
}

/// Sends the available events; returns `false` if the receiver is closed.
fn forward(send: &Sender<Msg>, stop: &CancelToken) -> std::io::Result<bool> {
    while !stop.is_cancelled() && event::poll(Duration::ZERO)? {
        let input = event::read()?;
        if let Some(msg) = message(&input)
            && send.send(msg).is_err()
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The terminal that crossterm reads. Its state is checked before each read, since crossterm reads from a closed
/// terminal in an endless loop.
#[cfg(unix)]
struct Terminal(std::os::fd::OwnedFd);

#[cfg(unix)]
impl Terminal {
    fn open() -> std::io::Result<Self> {
        use std::io::IsTerminal as _;
        use std::os::fd::AsFd as _;

        let stdin = std::io::stdin();
        Ok(Self(match stdin.is_terminal() {
            true => stdin.as_fd().try_clone_to_owned()?,
            false => std::fs::File::open("/dev/tty")?.into(),
        }))
    }

    /// Waits for input, at most for [`POLL`].
    ///
    /// # Errors
    /// Fails if the terminal is closed.
    fn wait(&self) -> std::io::Result<()> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        use rustix::io::Errno;

        let time = Timespec::try_from(POLL).map_err(std::io::Error::other)?;
        let mut polled = [PollFd::new(&self.0, PollFlags::IN)];
        match poll(&mut polled, Some(&time)) {
            // A size change is a signal that interrupts the wait; crossterm keeps it.
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        match polled[0].revents().intersects(gone) {
            true => Err(std::io::ErrorKind::BrokenPipe.into()),
            false => Ok(()),
        }
    }
}

/// The terminal that crossterm reads.
#[cfg(not(unix))]
struct Terminal;

#[cfg(not(unix))]
impl Terminal {
    fn open() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Waits for input, at most for [`POLL`].
    fn wait(&self) -> std::io::Result<()> {
        event::poll(POLL).map(drop)
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_is_gone_is_told_from_one_without_keys() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let terminal = Terminal(reader.into());
        assert!(terminal.wait().is_ok());
        drop(writer);
        assert!(terminal.wait().is_err());
    }
}
