//! Rows from a recording and a text, and the continued recording from generated codes.

use syrinx_speech::{
    AlignedRecording, Onward, Sentence, SentenceOffset, Setup, Spoken, SpokenWords, join,
    prompt_of, reading, rolling, sentences,
};
use syrinx_task::{AnswerIssue, Content, Context, Generated, Plan, Speech, TaskError};
use syrinx_types::Audio;

use crate::{ContinueAnswer, ContinueConfig, ContinueIssue, ContinueRequest};

/// A section before the end of a long recording, or the end that is continued.
pub enum Prepared {
    /// Section that stays as it is.
    Before(Box<AlignedRecording>),
    /// End of the recording, or all of it.
    End(Box<End>),
}

/// The recording, the sentences of the text with their offsets in the rows, and the first row, which continues the
/// recording.
pub struct End {
    recording: AlignedRecording,
    sentences: Vec<(Sentence, SentenceOffset)>,
    first: Onward,
}

/// Plans one row per sentence: the first continues the recording, the others follow in the same voice.
pub(crate) fn plan(
    setup: Setup<'_, ContinueConfig>,
    request: &ContinueRequest,
    context: &Context<'_>,
) -> Result<(Plan, Prepared), TaskError> {
    let (config, speaking, kit) = (setup.config, setup.speaking(), setup.kit);
    let recognize =
        || AlignedRecording::recognize(kit, &request.audio, request.says.as_deref(), context);
    if request.is_before {
        let before = Prepared::Before(Box::new(recognize()?));
        return Ok((Plan { rows: Vec::new() }, before));
    }
    let sentences = sentences(speaking, &request.text)?;
    let recording = recognize()?;
    let prompt = prompt_of(speaking.config, &recording.audio, "the recording", context)?;
    let prompt = Content::Codes(prompt);
    // The last frame may be incomplete, so only complete frames are given.
    let whole = recording.audio.samples.len() / recording.frame_samples();
    let given = recording.context(whole.min(recording.codes.frames()), config.context_s);
    let spoken = &sentences[0].spoken;
    let new = SpokenWords::of(spoken, 0..spoken.words.len());
    let first =
        recording.onward(given, &new, &SpokenWords::default(), Some(prompt.clone()), speaking);
    let first = first.ok_or(ContinueIssue::TooManyPhones)?;
    // In its row, the first sentence follows the words of the recording, which replace its initial silence.
    let offset = first.new.start.saturating_sub(1);
    let rows = match request.rolling && kit.switches.alignment.is_aligned() {
        true => rolling(&sentences, offset, Some(&prompt), speaking)?,
        false => reading(&sentences, false, Some(&prompt), speaking)?,
    };
    let (mut rows, places): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    if let Some(row) = rows.first_mut() {
        *row = first.utterance.clone().into_row(kit);
    }
    let sentences = sentences.into_iter().zip(places).collect();
    Ok((Plan { rows }, Prepared::End(Box::new(End { recording, sentences, first }))))
}

/// Returns the samples of the recording followed by the generated ones, with a short cross-fade.
pub(crate) fn finish(
    setup: Setup<'_, ContinueConfig>,
    request: &ContinueRequest,
    prepared: Prepared,
    generated: &[Generated],
    context: &Context<'_>,
) -> Result<ContinueAnswer, TaskError> {
    let prepared = match prepared {
        Prepared::End(end) => end,
        Prepared::Before(recording) => return Ok(unchanged(*recording)),
    };
    let End { recording, sentences, first } = prepared.as_ref();
    let codec = context.codec()?;
    let pause_s = setup.config.speaking.pause_s;
    let mut whole = Spoken::new("continue");
    for ((sentence, place), generated) in sentences.iter().zip(generated) {
        if whole.whole.is_some() {
            whole.push(sentence, *place, generated, context, pause_s)?;
            continue;
        }
        let codes = generated.codes.as_ref().filter(|c| c.frames() > first.given.len());
        let codes = codes
            .ok_or_else(|| AnswerIssue::NothingFor(sentence.spoken.spoken_text()).of("continue"))?;
        whole.whole = Some(joined(setup.config, &prepared, codec.decode(codes, context.run)?));
        // The phone indices of a sentence count from its own initial silence.
        let pointer = generated.pointer.iter().skip(first.given.len());
        let pointer: Vec<u32> = pointer.map(|&p| (p + 1).saturating_sub(first.new.start)).collect();
        if !pointer.is_empty() {
            let start_s = recording.at_s(first.given.end);
            whole.words.extend(sentence.word_times(&pointer, start_s, codec.frame_rate_hz()));
        }
        whole.previous = Some(generated);
    }
    let mut audio = whole.whole.unwrap_or_else(|| recording.audio.clone());
    let mut words = recording.word_times();
    words.extend(whole.words);
    let mut start_s = recording.audio.seconds();
    if request.alone {
        audio.samples.drain(..recording.audio.samples.len().min(audio.samples.len()));
        words.drain(..recording.words.len());
        for word in &mut words {
            word.start_s = (word.start_s - start_s).max(0.0);
            word.end_s = (word.end_s - start_s).max(0.0);
        }
        start_s = 0.0;
    }
    let spoken: Vec<String> = sentences.iter().map(|(p, _)| p.spoken.spoken_text()).collect();
    let speech = Speech {
        words,
        text_spoken: spoken.join(" "),
        complete: generated.iter().all(|g| g.finished),
        ..Speech::from(audio)
    };
    Ok(ContinueAnswer { speech, start_s, says: recording.text() })
}

/// Returns a section as it is, with its words.
fn unchanged(recording: AlignedRecording) -> ContinueAnswer {
    let (words, says) = (recording.word_times(), recording.text());
    let speech = Speech { words, complete: true, ..Speech::from(recording.audio) };
    ContinueAnswer { start_s: speech.seconds, speech, says }
}

/// Returns the recording with its continuation; `spoken` begins with the given frames.
fn joined(config: &ContinueConfig, prepared: &End, spoken: Audio) -> Audio {
    let End { recording, first, .. } = prepared;
    let mut samples = recording.audio.samples.clone();
    let fade = (config.fade_s * f64::from(spoken.sample_rate_hz)).round() as usize;
    let end = samples.len() - first.given.start * recording.frame_samples();
    let overlap = fade.min(end);
    join(&mut samples, spoken.samples.get(end - overlap..).unwrap_or_default(), overlap);
    Audio { samples, sample_rate_hz: spoken.sample_rate_hz }
}
