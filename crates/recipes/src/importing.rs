//! Imported corpora: phone times from TextGrids, and warnings.

use std::path::Path;

use syrinx_data::import::{Import, merge_textgrids};
use syrinx_text::Phone;
use syrinx_types::{Event, EventSink};

use crate::RecipeError;
use crate::recordings::with_lengths;

/// Adds phones and durations from the TextGrids of a folder; returns the number of utterances with them. Lengths are those
/// of the recordings, with which the times are compared. What was left out is added to the warnings.
///
/// # Errors
/// [`RecipeError::Data`].
pub fn add_phone_times(
    import: &mut Import,
    textgrids: &Path,
    events: &dyn EventSink,
) -> Result<usize, RecipeError> {
    let arpabet = |label: &str| Phone::from_arpabet(label).map(|phone| phone.arpabet().to_owned());
    let manifest = with_lengths(&import.manifest, events)?;
    let merged = merge_textgrids(manifest, textgrids, &arpabet)?;
    import.warnings.extend(merged.left_out);
    import.warnings.extend(merged.warnings);
    import.manifest = merged.manifest;
    Ok(merged.aligned)
}

/// Warns of every item that was left out, and of files that were used in part.
pub fn warn_of_import(import: &Import, events: &dyn EventSink) {
    for warning in import.left_out.iter().chain(&import.warnings) {
        events.emit(Event::Warning { message: warning.to_string() });
    }
}
