//! Figures of other programs in the results store.

use serde_json::json;
use syrinx_eval::Figure;
use syrinx_results::{RunAbout, Store, content_hash};

use crate::RecipeError;
use crate::evaluation::Origin;

/// Stores figures that another program measured, as a finished run without rows. Returns the identifier of the run.
/// `suite` is the name of the measurement, `source` the file of the figures.
///
/// # Errors
/// [`RecipeError::Results`] if the store cannot be written.
pub fn keep_figures(
    store: &Store,
    suite: &str,
    figures: &[Figure],
    source: &str,
    origin: &Origin,
) -> Result<String, RecipeError> {
    let now_s = (origin.now_s)();
    let settings = json!({ "figures": source });
    let about = RunAbout {
        suite: suite.to_owned(),
        config_hash: content_hash(&[&settings.to_string()]),
        settings,
        revision: origin.revision.clone(),
        machine: origin.machine.clone(),
        ..RunAbout::default()
    };
    let run = store.begin(&about, now_s)?;
    store.finish_with(&run, &[], figures, now_s)?;
    Ok(run)
}
