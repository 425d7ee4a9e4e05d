//! Parts of a model file that a training run and recordings give: the card, and voices.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use syrinx_audio::ReadLimits;
use syrinx_codec::Codec;
use syrinx_engine::{PackageVoice, PromptConfig, excerpt};
use syrinx_train::TrainingCheckpoint;

use crate::RecipeError;
use crate::evaluation::Origin;
use crate::events::{EVENTS_FILE, last_figures};

/// Card of a language model file: the file, the program that packaged it, and settings and figures of the training run in
/// its folder, where there is one.
///
/// # Errors
/// [`RecipeError::Train`] for a damaged checkpoint.
pub fn card_of_run(lm: &Path, program: &str, origin: &Origin) -> Result<Value, RecipeError> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut card = json!({
        "language model": name(lm),
        "packaged": { "by": program, "revision": origin.revision, "date": origin.date() },
    });
    let run = lm.parent().unwrap_or(Path::new("."));
    if let Some(checkpoint) = TrainingCheckpoint::read(run)? {
        let figures: BTreeMap<String, f64> =
            last_figures(&run.join(EVENTS_FILE)).into_iter().collect();
        card["training"] = json!({
            "steps": checkpoint.step,
            "figures": figures,
            "settings": checkpoint.config,
        });
    }
    Ok(card)
}

/// Returns a voice of a model file: the best stretch of a recording, encoded. The file is described by its name.
///
/// # Errors
/// Errors of reading the recording and of finding a stretch.
pub fn package_voice(
    name: &str,
    file: &str,
    codec: &dyn Codec,
    prompt: &PromptConfig,
) -> Result<PackageVoice, RecipeError> {
    let rate_hz = codec.info().sample_rate_hz;
    let audio = syrinx_audio::load_source(file, rate_hz, &ReadLimits::default())?;
    let codes = codec.encode(&excerpt(&audio, file, prompt)?)?;
    let about = Path::new(file).file_name();
    let about = about.map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(PackageVoice { name: name.to_owned(), about, codes })
}
