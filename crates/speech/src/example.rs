//! Training examples of speech synthesis.

use syrinx_task::{Content, Contents, Example, Response, TaskKit, TextForm};
use syrinx_types::Sample;

use crate::sentence::words;
use crate::timeline::Timeline;
use crate::{PROMPT, Script, Setup, TEXT};

/// Builds the training example of an utterance, which is the same for all stages. `None` if the utterance has no codes,
/// or if the alignment needs phone durations that the utterance lacks.
pub fn example(setup: Setup<'_>, sample: &Sample) -> Option<Example> {
    let Setup { config, kit } = setup;
    let frames = sample.codes.frames();
    if frames == 0 {
        return None;
    }
    let seconds = frames as f64 / sample.frame_rate_hz;
    let timed = Timeline::of_recording(
        &sample.phones,
        sample.lead_s,
        seconds,
        config.stress,
        config.pause_from_s,
    );
    let timed = timed.and_then(|line| with_words(line, kit, &sample.text));
    let (script, pointer) = if kit.switches.alignment.is_aligned() {
        let script = Script::of(&timed?, kit).ok()?;
        let pointer = script.pointer(frames, sample.frame_rate_hz)?;
        (script, pointer)
    } else {
        let line = timed.or_else(|| from_text(setup, &sample.text))?;
        (Script::of(&line, kit).ok()?, Vec::new())
    };
    let mut contents = Contents::new();
    contents.insert(TEXT.into(), Content::Text(script.content()));
    if let Some(prompt) = sample.prompt.as_ref().filter(|p| !p.is_empty()) {
        let prompt = config.shown(Some(Content::Codes(prompt.clone())));
        contents.extend(prompt.map(|prompt| (PROMPT.to_owned(), prompt)));
    }
    Some(Example { contents, response: Response::Codes { codes: sample.codes.clone(), pointer } })
}

/// Adds the words of the text to the line, if the model reads letters or byte pairs. `None` if the text has another
/// number of words than the recording: "25" has one, the spoken "twenty five" two.
fn with_words(line: Timeline, kit: &TaskKit, text: &str) -> Option<Timeline> {
    if kit.switches.text == TextForm::Phones {
        return Some(line);
    }
    let spoken = kit.frontend.phonemize(text).ok()?;
    (spoken.words.len() == line.word_count()).then(|| line.with_words(words(&spoken)))
}

fn from_text(setup: Setup<'_>, text: &str) -> Option<Timeline> {
    let spoken = setup.kit.frontend.phonemize(text).ok()?;
    Some(Timeline::of_text(&spoken.phones, setup.config.stress).with_words(words(&spoken)))
}
