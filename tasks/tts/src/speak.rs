//! From a request to rows, and from their codes to a recording.

use syrinx_speech::{Place, Sentence, Setup, Spoken, Voice, reading, sentences};
use syrinx_task::{AnswerIssue, Content, Context, Generated, Plan, Speech, TaskError};

use crate::TtsRequest;

/// Sentences of the request with their places in the rows, and the built-in voice.
pub struct Prepared {
    sentences: Vec<(Sentence, Place)>,
    voice: Option<String>,
}

/// One row a sentence, each with the same prompt; in a continuous reading each goes on from the one before.
pub(crate) fn plan(
    setup: Setup<'_>,
    request: &TtsRequest,
    context: &Context<'_>,
) -> Result<(Plan, Prepared), TaskError> {
    let sentences = sentences(setup, &request.text)?;
    let voice = Voice { name: request.voice.as_deref(), clip: request.prompt.as_ref() };
    let prompt = voice.codes(setup.config, context)?.map(Content::Codes);
    let rows = reading(&sentences, request.rolling, prompt.as_ref(), setup)?;
    let (rows, places): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let sentences = sentences.into_iter().zip(places).collect();
    Ok((Plan { rows }, Prepared { sentences, voice: voice.built_in(context)? }))
}

/// Decodes the sentences and puts them one after another.
pub(crate) fn finish(
    setup: Setup<'_>,
    prepared: Prepared,
    generated: &[Generated],
    context: &Context<'_>,
) -> Result<Speech, TaskError> {
    let codec = context.codec()?;
    let mut whole = Spoken::new("tts");
    for ((sentence, place), generated) in prepared.sentences.iter().zip(generated) {
        whole.push(sentence, *place, generated, codec, setup.config.pause_s)?;
    }
    let audio = whole.whole.ok_or_else(|| AnswerIssue::NoWords.of("tts"))?;
    let spoken: Vec<String> =
        prepared.sentences.iter().map(|(sentence, _)| sentence.spoken.spoken_text()).collect();
    Ok(Speech {
        voice: prepared.voice,
        complete: generated.iter().all(|g| g.finished),
        words: whole.words,
        text_spoken: spoken.join(" "),
        ..Speech::from(audio)
    })
}
