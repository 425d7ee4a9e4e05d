//! Symbols of a corpus that the text front end omits.

use syrinx_data::Manifest;
use syrinx_text::{UnspokenSymbol, symbols_left_out};
use syrinx_types::{Event, EventSink};

/// Warns once of every symbol in the texts of a manifest that has no spoken name, with its total count and the first
/// utterance that has it.
pub fn warn_of_symbols(manifest: &Manifest, events: &dyn EventSink) {
    let mut known: Vec<(UnspokenSymbol, &str)> = Vec::new();
    for utterance in manifest.utterances() {
        for new in symbols_left_out(&utterance.text) {
            match known.iter_mut().find(|(old, _)| old.symbol == new.symbol) {
                Some((old, _)) => old.count += new.count,
                None => known.push((new, &utterance.id)),
            }
        }
    }
    for (symbol, id) in known {
        let message = format!("nothing is said for {symbol}, first in `{id}`");
        events.emit(Event::Warning { message });
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use syrinx_types::RecordingSink;

    use super::*;

    #[test]
    fn a_symbol_is_named_once_with_its_first_utterance() {
        let line = |id: &str, text: &str| {
            let json =
                serde_json::json!({"id": id, "audio": "a.wav", "speaker": "s", "text": text});
            serde_json::from_value(json).expect("an utterance")
        };
        let utterances = vec![line("a", "Yes."), line("b", "5 ₿."), line("c", "6 ₿, 7 ₿")];
        let manifest = Manifest::new(Path::new("."), utterances).expect("a manifest");
        let events = RecordingSink::default();
        warn_of_symbols(&manifest, &events);
        let message = "nothing is said for `₿` (U+20BF, 3 times), first in `b`".to_owned();
        assert_eq!(events.events(), [Event::Warning { message }]);
    }
}
