//! Splicing of new words into a recording.

use syrinx_speech::{Setup, join};
use syrinx_task::{AnswerIssue, Context, Generated, Plan, Speech, TaskError};
use syrinx_types::{Audio, Codes, WordTime};

use crate::background::under;
use crate::spans::{EditSpan, Prepared};
use crate::{EditAnswer, EditConfig, EditedSpan};

/// Number of the recording's frames after an edit that the codec decodes with it, so that the edit's end continues
/// smoothly.
const FRAMES_AFTER: usize = 10;

/// Plans one row per span with new words.
pub(crate) fn plan(setup: Setup<'_, EditConfig>, prepared: &Prepared) -> Plan {
    let spoken = prepared.spans.iter().filter_map(|span| span.onward.as_ref());
    Plan { rows: spoken.map(|onward| onward.utterance.clone().into_row(setup.kit)).collect() }
}

/// Generated speech of a span.
struct Spoken {
    samples: Vec<f32>,
    /// Times of the words, in seconds from the first sample.
    words: Vec<WordTime>,
    complete: bool,
}

/// Splices the generated speech into the recording, with cross-fades inside the edits.
pub(crate) fn finish(
    setup: Setup<'_, EditConfig>,
    work: &Prepared,
    generated: &[Generated],
    context: &Context<'_>,
) -> Result<EditAnswer, TaskError> {
    let recording = &work.recording;
    let original = &work.original;
    let rate_hz = f64::from(original.sample_rate_hz);
    let sample = |at_s: f64| ((at_s * rate_hz).round() as usize).min(original.samples.len());
    let fade = (setup.config.fade_s * rate_hz).round() as usize;
    let mut answer = EditAnswer { says: recording.text(), ..EditAnswer::default() };
    let mut words: Vec<WordTime> = Vec::new();
    let mut samples: Vec<f32> = Vec::with_capacity(original.samples.len());
    let (mut at, mut word) = (0, 0);
    let mut generated = generated.iter();
    for span in &work.spans {
        let (start, end) = (sample(span.start_s).max(at), sample(span.end_s).max(at));
        let later_s = (samples.len() as f64 - at as f64) / rate_hz;
        words.extend(moved(&recording.word_times()[word..span.old.start.max(word)], later_s));
        samples.extend_from_slice(&original.samples[at..start]);
        let start_s = samples.len() as f64 / rate_hz;
        let spoken = match (&span.onward, generated.as_slice().first()) {
            (Some(_), Some(row)) => {
                generated.next();
                spoken(setup, context, work, span, row)?
            }
            _ => Spoken { samples: Vec::new(), words: Vec::new(), complete: true },
        };
        answer.speech.complete &= spoken.complete;
        words.extend(moved(&spoken.words, start_s));
        let behind = work.background.as_ref();
        let length = spoken.samples.len().max(fade);
        let behind = behind.map_or_else(|| vec![0.0; length], |b| under(b, start..end, length));
        let new: Vec<f32> = spoken.samples.iter().zip(&behind).map(|(x, b)| x + b).collect();
        samples.extend(faded(&original.samples[start..end], &behind, &new, fade));
        let new: Vec<&str> = span.new.words.iter().map(String::as_str).collect();
        let old: Vec<&str> =
            recording.words[span.old.clone()].iter().map(|w| w.word.as_str()).collect();
        let end_s = samples.len() as f64 / rate_hz;
        answer.edits.push(EditedSpan { start_s, end_s, old: old.join(" "), new: new.join(" ") });
        (at, word) = (end, span.old.end);
    }
    let later_s = (samples.len() as f64 - at as f64) / rate_hz;
    words.extend(moved(&recording.word_times()[word..], later_s));
    samples.extend_from_slice(&original.samples[at..]);
    let audio = Audio { samples, sample_rate_hz: original.sample_rate_hz };
    let complete = answer.speech.complete;
    answer.speech = Speech { words, complete, ..Speech::from(audio) };
    Ok(answer)
}

fn moved(words: &[WordTime], by_s: f64) -> impl Iterator<Item = WordTime> {
    words.iter().map(move |w| WordTime {
        start_s: w.start_s + by_s,
        end_s: w.end_s + by_s,
        ..w.clone()
    })
}

/// Returns the new samples, cross-faded with the edges of the old ones. Without old samples, the edges are those of the
/// background.
fn faded(old: &[f32], behind: &[f32], new: &[f32], fade: usize) -> Vec<f32> {
    let edge = if old.is_empty() { fade } else { fade.min(old.len() / 2) };
    let (first, last) = if old.is_empty() {
        let behind = &behind[..edge.min(behind.len())];
        (behind, behind)
    } else {
        (&old[..edge], &old[old.len() - edge..])
    };
    let mut samples = first.to_vec();
    join(&mut samples, new, edge);
    join(&mut samples, last, edge);
    samples
}

/// Returns the samples and the word times of the new words.
fn spoken(
    setup: Setup<'_, EditConfig>,
    context: &Context<'_>,
    work: &Prepared,
    span: &EditSpan,
    generated: &Generated,
) -> Result<Spoken, TaskError> {
    let (Some(onward), Some(codes)) = (&span.onward, &generated.codes) else {
        return Err(nothing(span));
    };
    let known = onward.given.len();
    let frames = codes.frames();
    let at = |phone_index: u32| {
        let before = generated.pointer.iter().skip(known).take_while(|&&p| p < phone_index).count();
        (known + before).min(frames)
    };
    let (start, end, complete) = if setup.kit.switches.alignment.is_aligned() {
        let (start, end) = (at(onward.new.start), at(onward.new.end));
        (start, end, end < frames || generated.finished)
    } else {
        (known.min(frames), frames, generated.finished)
    };
    if start >= end {
        return Err(nothing(span));
    }
    let recording = &work.recording;
    let after = recording.frame(span.end_s);
    let given = &onward.given;
    let parts = [
        recording.codes.slice(given.start, given.end),
        codes.slice(start, end),
        recording.codes.slice(after, after + FRAMES_AFTER),
    ];
    let mut whole = Codes::empty(codes.levels());
    for part in parts.iter().filter(|part| part.levels() == codes.levels()) {
        whole.append(part);
    }
    let audio = context.codec()?.decode(&whole, context.run)?;
    let size = recording.frame_samples();
    let (from, to) = (known * size, (known + end - start) * size);
    let samples = audio.samples.get(from..to.min(audio.samples.len())).unwrap_or_default();
    let mut words = Vec::new();
    let time = |phone_index: u32| recording.at_s(at(phone_index).clamp(start, end) - start);
    let timed = span.new.words.iter().zip(&onward.words).filter(|_| !generated.pointer.is_empty());
    for (word, phones) in timed {
        let (start_s, end_s) = (time(phones.start), time(phones.end));
        words.push(WordTime { word: word.clone(), start_s, end_s });
    }
    Ok(Spoken { samples: samples.to_vec(), words, complete })
}

fn nothing(span: &EditSpan) -> TaskError {
    AnswerIssue::NothingFor(span.new.words.join(" ")).of("edit")
}
