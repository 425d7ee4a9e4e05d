//! Training examples of speech to text.

use rand::{Rng, RngCore};
use syrinx_task::{Contents, Example, Response, TaskError, TaskKit, frame_labels};
use syrinx_text::{Phone, normalize, normalize_for_scoring};
use syrinx_types::{Coded, Sample, TimedPhone};

use crate::augmented::AUGMENTED;
use crate::frames::Frames;
use crate::layout::RECORDING;
use crate::{SttConfig, TextUnit};

/// Returns the input of an example: with probability `augmented_share` the augmented utterance, if the corpus has one
/// (`syrinx data simulate`), otherwise the utterance itself.
pub(crate) fn input(config: &SttConfig, sample: &Sample, rng: &mut dyn RngCore) -> Coded {
    let augmented = sample.renditions.get(AUGMENTED.name);
    let fits = augmented.filter(|rendition| rendition.frames() == sample.codes.frames());
    match fits.filter(|_| rng.random_bool(config.augmented_share)) {
        Some(rendition) => rendition.clone(),
        None => Coded { codes: sample.codes.clone(), latents: sample.latents.clone() },
    }
}

/// Builds an example of a recording with the phone of each subframe: without stress, silence for pauses and at both
/// ends. `None` if the utterance has no codes, no durations or no phone.
pub(crate) fn phones(config: &SttConfig, sample: &Sample, recording: Frames) -> Option<Example> {
    let labels = phone_labels(
        &sample.phones,
        sample.lead_s,
        sample.codes.frames(),
        config.per_frame,
        sample.frame_rate_hz,
    )?;
    Some(Example { contents: contents(recording), response: Response::Phones(labels) })
}

/// Returns the phone at the middle of each subframe as an index into the inventory: stress removed, silence in pauses,
/// before `lead_s` seconds and after the last phone. `None` without frames or phones, or if a symbol is unknown. //
/// (frames * per_frame)
pub fn phone_labels(
    phones: &[TimedPhone],
    lead_s: f64,
    frames: usize,
    per_frame: usize,
    frame_rate_hz: f64,
) -> Option<Vec<u32>> {
    let recognized = audible_phones(phones)?;
    if frames == 0 {
        return None;
    }
    let at = frame_labels(phones, lead_s, frames, per_frame, frame_rate_hz);
    let label =
        |phone: Option<usize>| phone.map_or(Phone::SILENCE, |i| recognized[i]).index() as u32;
    Some(at.into_iter().map(label).collect())
}

/// Minimum duration of a word boundary that is a pause, in seconds; the same value as in synthesis.
const PAUSE_FROM_S: f64 = 0.16;

/// Returns the phone that sounds during each entry: the previous phone for short word boundaries, silence for pauses.
/// `None` if a symbol is unknown or no phone sounds.
fn audible_phones(phones: &[TimedPhone]) -> Option<Vec<Phone>> {
    let mut recognized = Vec::with_capacity(phones.len());
    for timed in phones {
        let phone = Phone::from_arpabet(&timed.phone)?;
        recognized.push(match phone {
            Phone::BOUNDARY if timed.duration_s < PAUSE_FROM_S => {
                recognized.last().copied().unwrap_or(Phone::SILENCE)
            }
            special_token if special_token.is_mark() => Phone::SILENCE,
            phone => phone.strip_stress(),
        });
    }
    recognized.iter().any(|p| !p.is_mark()).then_some(recognized)
}

/// Builds an example of a recording and its text, in lower case without punctuation. `None` without codes or words.
pub(crate) fn text(
    config: &SttConfig,
    kit: &TaskKit,
    sample: &Sample,
    recording: Frames,
) -> Result<Option<Example>, TaskError> {
    let words = normalize_for_scoring(&normalize(&sample.text)).join(" ");
    if sample.codes.is_empty() || words.is_empty() {
        return Ok(None);
    }
    let ids = match config.text_unit {
        TextUnit::Letters => kit.vocab.encode_letters(&words),
        TextUnit::Bpe => kit.vocab.encode_bpe(&words)?,
    };
    Ok(Some(Example { contents: contents(recording), response: Response::Text(ids) }))
}

fn contents(recording: Frames) -> Contents {
    Contents::from([(RECORDING.to_owned(), recording.into())])
}
