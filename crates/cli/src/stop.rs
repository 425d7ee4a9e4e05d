//! Handling of Ctrl-C: the first stops at the next safe point, the second quits at once.

use std::io::{self, Write as _};

use syrinx_types::CancelToken;

use crate::failure::{Exit, Failure, Outcome};
use crate::progress::ProgressScreen;

/// Makes Ctrl-C, SIGTERM and SIGHUP set the cancel token. A second signal clears the progress bars and ends the
/// program.
pub fn on_signal(cancel: CancelToken, screen: ProgressScreen) -> Outcome {
    ctrlc::set_handler(move || {
        let again = cancel.is_cancelled();
        cancel.cancel();
        screen.without_bars(|| {
            if again {
                std::process::exit(i32::from(Exit::Interrupted as u8));
            }
            // An error is ignored, since a closed standard error has no reader.
            let _ = writeln!(io::stderr(), "stopping (Ctrl-C again to quit at once)");
        });
    })
    .map_err(|e| Failure::new(Exit::Unexpected, format!("can't listen for Ctrl-C: {e}")))
}
