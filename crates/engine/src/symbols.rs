//! Warnings of symbols that are not spoken.

use syrinx_task::Request;
use syrinx_types::{Event, RunContext};

use crate::running::LoadedTask;

/// Warns once of each symbol in a request's text that has no spoken name.
pub(crate) fn warn_of_symbols(running: &LoadedTask, request: &Request, run: RunContext<'_>) {
    let capabilities = running.descriptor.capabilities;
    let fields = [capabilities.text, capabilities.known_text, capabilities.phonemized_text];
    let Some(field) = fields.into_iter().flatten().find(|field| request.fields[*field].is_string())
    else {
        return;
    };
    warn_of_text(request.fields[field].as_str().unwrap_or_default(), run);
}

/// Warns once of each symbol in a text that has no spoken name.
pub(crate) fn warn_of_text(text: &str, run: RunContext<'_>) {
    for symbol in syrinx_text::symbols_left_out(text) {
        run.events.emit(Event::Warning { message: format!("nothing is said for {symbol}") });
    }
}
