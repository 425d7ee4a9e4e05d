//! Phone times and warnings of imported corpora.

use std::path::Path;

use syrinx_data::import::{Import, merge_textgrids};
use syrinx_text::Phone;
use syrinx_types::{Event, EventSink};

use crate::RecipeError;
use crate::recordings::with_lengths;

/// Adds phones and durations from the TextGrids of a folder; returns the number of utterances that have them. The times
/// are checked against the lengths of the recordings. Reasons for missing or changed times are added to the warnings.
///
/// # Errors
/// [`RecipeError::Data`] if the folder or a TextGrid cannot be read.
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

/// Emits a warning for every item that was left out or imported only partly.
pub fn warn_of_import(import: &Import, events: &dyn EventSink) {
    for warning in import.left_out.iter().chain(&import.warnings) {
        events.emit(Event::Warning { message: warning.to_string() });
    }
}
