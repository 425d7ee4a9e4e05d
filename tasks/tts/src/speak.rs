//! Rows from a request, and a recording from generated codes.

use syrinx_speech::{RequestedVoice, Sentence, SentenceOffset, Setup, Spoken, reading, sentences};
use syrinx_task::{AnswerIssue, Content, Context, Generated, Plan, Speech, TaskError};
use syrinx_types::WordTime;

use crate::TtsRequest;

/// Sentences of the request with their offsets in the rows, and the name of the built-in voice.
pub struct Prepared {
    sentences: Vec<(Sentence, SentenceOffset)>,
    voice: Option<String>,
}

/// Plans one row per sentence, all with the same prompt. In a rolling reading, each row continues the previous one.
pub(crate) fn plan(
    setup: Setup<'_>,
    request: &TtsRequest,
    context: &Context<'_>,
) -> Result<(Plan, Prepared), TaskError> {
    let sentences = sentences(setup, &request.text)?;
    let voice = RequestedVoice { name: request.voice.as_deref(), clip: request.prompt.as_ref() };
    let prompt = voice.codes(setup.config, context)?.map(Content::Codes);
    let rows = reading(&sentences, request.rolling, prompt.as_ref(), setup)?;
    let (rows, places): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let sentences = sentences.into_iter().zip(places).collect();
    Ok((Plan { rows }, Prepared { sentences, voice: voice.built_in(context)? }))
}

/// Returns the words of the first sentence that are complete in the frames generated so far.
pub(crate) fn words_so_far(
    prepared: &Prepared,
    pointer: &[u32],
    context: &Context<'_>,
) -> Vec<WordTime> {
    let (Some((sentence, _)), Ok(codec)) = (prepared.sentences.first(), context.codec()) else {
        return Vec::new();
    };
    let rate_hz = codec.frame_rate_hz();
    let now_s = pointer.len() as f64 / rate_hz;
    let mut words = sentence.word_times(pointer, 0.0, rate_hz);
    // A word that ends at the newest frame may be incomplete.
    words.truncate(words.iter().take_while(|w| w.end_s < now_s - 0.5 / rate_hz).count());
    words
}

/// Decodes the sentences and joins them.
pub(crate) fn finish(
    setup: Setup<'_>,
    prepared: Prepared,
    generated: &[Generated],
    context: &Context<'_>,
) -> Result<Speech, TaskError> {
    let mut whole = Spoken::new("tts");
    for ((sentence, place), generated) in prepared.sentences.iter().zip(generated) {
        whole.push(sentence, *place, generated, context, setup.config.pause_s)?;
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
