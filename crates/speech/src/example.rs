//! Training examples.

use syrinx_task::{Alignment, Content, Contents, Example, Response, TaskKit};
use syrinx_types::Sample;

use crate::timeline::Timeline;
use crate::{PROMPT, SpeakConfig, TEXT};

/// The example of speaking an utterance, the same for both stages; `None` if it has no codes, or no phones with durations
/// where the alignment needs them.
pub fn example(config: &SpeakConfig, kit: &TaskKit, sample: &Sample) -> Option<Example> {
    let frames = sample.codes.frames();
    if frames == 0 {
        return None;
    }
    let seconds = frames as f64 / sample.frame_rate_hz;
    let timed = Timeline::of_recording(
        &sample.phones,
        (sample.lead_s, seconds),
        config.stress,
        config.pause_from_s,
    );
    let (line, pointer) = match kit.alignment {
        Alignment::Pointer => {
            let line = timed?;
            let pointer = line.pointer(frames, sample.frame_rate_hz)?;
            (line, pointer)
        }
        Alignment::None => (timed.or_else(|| from_text(config, kit, &sample.text))?, Vec::new()),
    };
    let mut contents = Contents::new();
    contents.insert(TEXT.into(), Content::Text(line.content(&kit.vocab)));
    if let Some(prompt) = sample.prompt.as_ref().filter(|p| !p.is_empty()) {
        let prompt = config.shown(Some(Content::Codes(prompt.clone())));
        contents.extend(prompt.map(|prompt| (PROMPT.to_owned(), prompt)));
    }
    Some(Example { contents, response: Response::Codes { codes: sample.codes.clone(), pointer } })
}

fn from_text(config: &SpeakConfig, kit: &TaskKit, text: &str) -> Option<Timeline> {
    let spoken = kit.frontend.phonemize(text).ok()?;
    Some(Timeline::of_text(&spoken.phones, config.stress))
}
