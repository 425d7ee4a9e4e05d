//! Training examples of enhancement.

use rand::{Rng, RngCore};
use syrinx_task::{Content, Contents, Example, Response, TextContent};
use syrinx_types::{Coded, Sample};

use crate::layout::{RECORDING, SPEAKER, TEXT};
use crate::speak::Setup;

/// Builds the training example of an utterance, which is the same for both stages. `None` without simulated input
/// (`syrinx data simulate`), or without the enrolment that the task requires.
pub(crate) fn example(
    Setup { kind, config, kit }: Setup<'_>,
    sample: &Sample,
    rng: &mut dyn RngCore,
) -> Option<Example> {
    let given = sample.renditions.get(kind.input.name)?;
    let target = match kind.target {
        Some(rendition) => sample.renditions.get(rendition.name)?.clone(),
        None => Coded { codes: sample.codes.clone(), latents: sample.latents.clone() },
    };
    if given.is_empty() || given.frames() != target.frames() {
        return None;
    }
    let mut contents = Contents::from([(RECORDING.to_owned(), Content::Coded(given.clone()))]);
    if kind.speaker {
        let speaker = sample.prompt.as_ref().filter(|p| !p.is_empty())?;
        let speaker = speaker.slice(0, config.max_enrolment_frames);
        contents.insert(SPEAKER.into(), Content::Codes(speaker));
    }
    if kind.text && rng.random_bool(config.text_share) {
        let spoken = kit.frontend.phonemize(&sample.text).ok();
        let text = spoken.map(|s| TextContent::plain(kit.vocab.encode_phones(&s.phones)));
        contents.extend(text.map(|t| (TEXT.to_owned(), Content::Text(t))));
    }
    Some(Example { contents, response: Response::Coded(target) })
}
