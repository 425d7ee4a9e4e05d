//! The first and the last tenth of long recordings, for judges that measure whether the voice drifts.

use std::path::{Path, PathBuf};

use syrinx_audio::{AudioWarning, ReadLimits, WavFormat, write_wav};
use syrinx_types::Audio;

use crate::judge::JudgeLine;
use crate::score::LONG_S;
use crate::{EvalError, SubjectError};

/// Returns the first and the last tenth of a recording as lines for a judge; `None` if the recording is short, or its
/// requested voice is unknown.
///
/// # Errors
/// [`EvalError::Subject`] if they can't be written.
pub(super) fn tenths(
    line: &JudgeLine,
    number: usize,
    folder: &Path,
    warn: &mut dyn FnMut(AudioWarning),
) -> Result<Option<[JudgeLine; 2]>, EvalError> {
    // An unreadable recording already counts as all wrong.
    let limits = ReadLimits::default();
    let read = |_| syrinx_audio::read_warned(&line.wav, &limits, warn).ok();
    let whole = line.prompt.as_ref().and_then(read);
    let Some(whole) = whole.filter(|audio| audio.seconds() >= LONG_S) else { return Ok(None) };
    let tenth = whole.samples.len() / 10;
    let last = whole.samples.len() - tenth;
    let written = |name: &str, samples: &[f32]| -> Result<JudgeLine, EvalError> {
        let path: PathBuf = folder.join(format!("{number}-{name}.wav"));
        let audio = Audio { samples: samples.to_vec(), sample_rate_hz: whole.sample_rate_hz };
        write_wav(&path, &audio, WavFormat::Int16).map_err(SubjectError::from)?;
        Ok(JudgeLine { wav: path, rival: None, ..line.clone() })
    };
    let first = written("first", &whole.samples[..tenth])?;
    Ok(Some([first, written("last", &whole.samples[last..])?]))
}
