//! Ctrl-C: once to stop at the next safe point, twice to quit at once.

use syrinx_types::CancelToken;

use crate::failure::{Exit, Failure, Outcome};

/// Makes Ctrl-C, SIGTERM and SIGHUP set the token; a second one ends the program. `say` prints a line above progress bars.
pub fn on_signal(cancel: CancelToken, say: impl Fn(&str) + Send + 'static) -> Outcome {
    ctrlc::set_handler(move || {
        if cancel.is_cancelled() {
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
        cancel.cancel();
        say("stopping (Ctrl-C again to quit at once)");
    })
    .map_err(|e| Failure::new(Exit::Unexpected, format!("can't listen for Ctrl-C: {e}")))
}
