//! Spans of a recording that a request edits.

use syrinx_speech::{AlignedRecording, Onward, Setup, SpokenWords, prompt_of};
use syrinx_task::{Clip, Content, Context, TaskError, TaskKit};
use syrinx_types::{Audio, Event};

use crate::background::Stems;
use crate::changes::{Change, changes};
use crate::{EditConfig, EditIssue, EditRequest};

/// A transcript is refused if at least one word in this number is doubted.
const MOST_DOUBTED: usize = 3;

/// A span of the recording, with its new words.
pub(crate) struct EditSpan {
    /// Start and end of the old words, in seconds.
    pub(crate) start_s: f64,
    pub(crate) end_s: f64,
    /// Indices of the old words in the recording.
    pub(crate) old: std::ops::Range<usize>,
    /// New words, with their phones.
    pub(crate) new: SpokenWords,
    /// Plan for the new words; `None` for a deletion.
    pub(crate) onward: Option<Onward>,
}

/// A recording and its edited spans, in order.
pub struct Prepared {
    /// Recording of the request, at the codec's sample rate.
    pub(crate) original: Audio,
    /// Separated background, if it is kept.
    pub(crate) background: Option<Audio>,
    /// Recording that the model reads: without its background, if that is kept.
    pub(crate) recording: AlignedRecording,
    pub(crate) spans: Vec<EditSpan>,
}

impl Prepared {
    pub(crate) fn of(
        setup: Setup<'_, EditConfig>,
        request: &EditRequest,
        context: &Context<'_>,
    ) -> Result<Self, TaskError> {
        let Setup { config, kit } = setup;
        let Stems { speech, background } = Stems::of(config, request, context)?;
        let original = match background {
            Some(_) => context.audio(&request.audio)?.into_owned(),
            None => speech.clone(),
        };
        let clip = Clip { audio: Some(speech.into()), ..request.audio.clone() };
        let recording = AlignedRecording::recognize(kit, &clip, request.says.as_deref(), context)?;
        if let (Some(says), false) = (&request.says, request.force) {
            doubt(config, &recording, says, context)?;
        }
        let prompt = prompt_of(&config.speaking, &recording.audio, "the recording", context)?;
        let prompt = Content::Codes(prompt);
        let spans = match (request.start_s, request.end_s) {
            (None, None) => by_words(config, kit, &recording, &request.text)?,
            (Some(start_s), Some(end_s)) => {
                vec![by_time(kit, &recording, start_s, end_s, &request.text)?]
            }
            _ => return Err(EditIssue::OneTime.into()),
        };
        let spans = spans
            .into_iter()
            .map(|span| speak(setup, &recording, span, &prompt))
            .collect::<Result<_, _>>()?;
        Ok(Self { original, background, recording, spans })
    }
}

/// Checks that the recording contains the words of `says`. A word is doubted if the recognizer finds another one and
/// its goodness of pronunciation is low; the recognizer alone is unreliable for some voices. Few doubted words cause a
/// warning only.
fn doubt(
    config: &EditConfig,
    recording: &AlignedRecording,
    says: &str,
    context: &Context<'_>,
) -> Result<(), TaskError> {
    let recognized = context.recognizer()?.transcribe(&recording.audio, context.run)?.text;
    let given: Vec<String> = recording.words.iter().map(|w| w.word.clone()).collect();
    let other: Vec<String> = recognized.split_whitespace().map(str::to_owned).collect();
    let doubted: Vec<String> = changes(&given, &other)
        .into_iter()
        .flat_map(|change| change.old)
        .filter(|&i| recording.words[i].goodness < config.doubt_below)
        .map(|i| format!("`{}` at {:.2} s", recording.words[i].word, recording.words[i].start_s))
        .collect();
    if doubted.is_empty() {
        return Ok(());
    }
    let many = MOST_DOUBTED * doubted.len() >= given.len();
    let issue = EditIssue::OtherWords { doubted, says: says.to_owned(), recognized };
    if many && recording.typical_goodness() < config.doubt_below {
        return Err(issue.into());
    }
    context.run.events.emit(Event::Warning { message: issue.to_string() });
    Ok(())
}

/// Returns the spans in which the new text differs from the words of the recording.
fn by_words(
    config: &EditConfig,
    kit: &TaskKit,
    recording: &AlignedRecording,
    text: &str,
) -> Result<Vec<EditSpan>, TaskError> {
    if recording.words.is_empty() {
        return Err(EditIssue::NoWords.into());
    }
    let spoken = kit.frontend.phonemize(text)?;
    let old: Vec<String> = recording.words.iter().map(|w| w.word.clone()).collect();
    let new: Vec<String> = spoken.words.iter().map(|w| w.spoken.clone()).collect();
    let changes = changes(&old, &new);
    if changes.is_empty() {
        return Err(EditIssue::Unchanged { text: old.join(" ") }.into());
    }
    let span = |change: Change| {
        let (start_s, end_s) = edges(config, recording, &change);
        let new = SpokenWords::of(&spoken, change.new);
        EditSpan { start_s, end_s, old: change.old, new, onward: None }
    };
    Ok(changes.into_iter().map(span).collect())
}

/// Returns start and end of the old words in seconds, with up to `margin_s` of the silence around them; for an
/// insertion, both are the same time in a pause.
fn edges(config: &EditConfig, recording: &AlignedRecording, change: &Change) -> (f64, f64) {
    let words = &recording.words;
    let before_s = change.old.start.checked_sub(1).map_or(0.0, |i| words[i].end_s);
    let after_s = words.get(change.old.end).map_or(recording.audio.seconds(), |w| w.start_s);
    if change.old.is_empty() {
        let gap_s = (after_s - before_s).max(0.0);
        let at_s = match (change.old.start == 0, change.old.end == words.len()) {
            (true, _) => after_s - gap_s.min(config.margin_s),
            (_, true) => before_s + gap_s.min(config.margin_s),
            _ => before_s + 0.5 * gap_s,
        };
        return (at_s, at_s);
    }
    let (start_s, end_s) = (words[change.old.start].start_s, words[change.old.end - 1].end_s);
    let margin = |gap_s: f64| gap_s.max(0.0).min(config.margin_s);
    (start_s - margin(start_s - before_s), end_s + margin(after_s - end_s))
}

/// Returns the span between two times in seconds.
fn by_time(
    kit: &TaskKit,
    recording: &AlignedRecording,
    start_s: f64,
    end_s: f64,
    text: &str,
) -> Result<EditSpan, TaskError> {
    let total_s = recording.audio.seconds();
    if !(start_s >= 0.0 && end_s > start_s) {
        return Err(EditIssue::EmptySpan { start_s, end_s }.into());
    }
    if end_s > total_s {
        return Err(EditIssue::PastEnd { end_s, total_s }.into());
    }
    let new = if text.trim().is_empty() {
        SpokenWords::default()
    } else {
        let spoken = kit.frontend.phonemize(text)?;
        SpokenWords::of(&spoken, 0..spoken.words.len())
    };
    let middle_s = |i: usize| 0.5 * (recording.words[i].start_s + recording.words[i].end_s);
    let words = recording.words.len();
    let first = (0..words).find(|&i| middle_s(i) >= start_s).unwrap_or(words);
    let last = (first..words).find(|&i| middle_s(i) >= end_s).unwrap_or(words);
    Ok(EditSpan { start_s, end_s, old: first..last, new, onward: None })
}

/// Plans the row of a span, which continues the frames before the span and reads the words after it.
fn speak(
    setup: Setup<'_, EditConfig>,
    recording: &AlignedRecording,
    span: EditSpan,
    prompt: &Content,
) -> Result<EditSpan, TaskError> {
    if span.new.words.is_empty() {
        return Ok(span);
    }
    let given = recording.context(recording.frame(span.start_s), setup.config.context_s);
    let later = span.old.end..(span.old.end + setup.config.ahead_words).min(recording.words.len());
    let mut ahead = SpokenWords::default();
    for word in later {
        let of_word = recording.sounds.iter().filter(|s| s.word == Some(word));
        ahead.push(&recording.words[word].word, of_word.map(|s| s.phone));
    }
    let onward = recording.onward(given, &span.new, &ahead, Some(prompt.clone()), setup.speaking());
    let onward = onward.ok_or(EditIssue::TooManyPhones { start_s: span.start_s })?;
    Ok(EditSpan { onward: Some(onward), ..span })
}
