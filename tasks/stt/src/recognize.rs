//! Rows from a recording, and words with times from phone scores.

use std::ops::Range;

use syrinx_audio::silence::{PauseConfig, chunks, is_inaudible, speech_bounds};
use syrinx_audio::speech::speech_regions;
use syrinx_speech::{Acoustics, SpeechError, SpokenForm, align, clamp_phones};
use syrinx_task::{
    AnswerIssue, Contents, Context, FrameScores, Generated, Opened, Plan, RecordingIssue, RowPlan,
    StageRun, TaskError, TaskKit, Transcript,
};
use syrinx_types::{Audio, Event, RunContext, TimedPhone};

use crate::confidence::Confidence;
use crate::decoder::Decoder;
use crate::frames::Frames;
use crate::known_text::Scorer;
use crate::layout::{PHONES, RECORDING, TEXT};
use crate::passes::{RecordingForm, averaged};
use crate::{MAX_SECTION_S, SttConfig, SttError, SttMode, SttRequest};

/// Silence kept on both sides of the speech of a part, in seconds. Training utterances have no longer silences, which
/// would cause word errors.
const KEEP_SILENCE_S: f64 = 0.3;

/// Maximum number of text tokens: this number per frame of 40 ms, plus [`TOKENS_ANYWAY`].
const TOKENS_A_FRAME: usize = 2;
/// Text tokens that a recording of any length may have.
const TOKENS_ANYWAY: usize = 32;

/// Parts of a recording, which give the words of each row their time offset.
pub struct Prepared {
    /// Adjacent parts that cover the recording, in order.
    parts: Vec<Part>,
    /// Length of the recording, in seconds.
    pub(crate) seconds: f64,
    /// Phone scores of all parts, if they were computed during planning; the plan then has no rows.
    pub(crate) scores: Option<Acoustics>,
}

/// Part of a recording, at most `max_part_s` seconds long.
struct Part {
    seconds: f64,
    /// Whether the part may contain speech. Such a part has one row per pass, any other none.
    is_speech: bool,
}

/// Plans one row per pass for each part of the recording that may contain speech. Parts end in pauses.
pub(crate) fn plan(
    config: &SttConfig,
    reading: RecordingForm,
    request: &SttRequest,
    context: &Context<'_>,
) -> Result<(Plan, Prepared), TaskError> {
    if config.mode == SttMode::Text && request.text.is_some() {
        return Err(SttError::NoTimes.into());
    }
    let codec = context.codec()?;
    let mut sections = Sections {
        config,
        reading,
        context,
        rate_hz: codec.frame_rate_hz(),
        has_known_text: request.text.is_some(),
        scorer: None,
        rows: Vec::new(),
        parts: Vec::new(),
        is_audible: false,
    };
    let seconds = match context.open(&request.audio)? {
        Opened::Memory(audio) => {
            sections.push(&audio)?;
            audio.seconds()
        }
        Opened::Long(long) => {
            // Sections consist of complete frames, so that their codes follow one another without a gap.
            let rate_hz = codec.frame_rate_hz();
            let at_frame_s = |at_s: f64| (at_s * rate_hz).round() / rate_hz;
            let cuts = long.cuts(MAX_SECTION_S)?;
            let phones = context.services.phones.as_deref().filter(|_| sections.has_known_text);
            let scorer = phones.map(|p| Scorer::begin(p, config, cuts.len(), context.run));
            sections.scorer = scorer.transpose()?;
            for (start_s, end_s) in cuts {
                context.check()?;
                let end_s = if end_s < long.seconds() { at_frame_s(end_s) } else { end_s };
                sections.push(&long.slice(at_frame_s(start_s), end_s)?)?;
            }
            long.seconds()
        }
    };
    let name = request.audio.named("recording");
    let Sections { rows, parts, has_known_text, is_audible, scorer, .. } = sections;
    if parts.is_empty() {
        return Err(RecordingIssue::TooShort { name, seconds }.into());
    }
    if has_known_text && !is_audible {
        return Err(TaskError::no_speech(&name));
    }
    let scores = scorer.and_then(Scorer::end);
    Ok((Plan { rows }, Prepared { parts, seconds, scores }))
}

/// Rows and parts of the sections so far.
struct Sections<'a> {
    config: &'a SttConfig,
    reading: RecordingForm,
    context: &'a Context<'a>,
    /// Frames per second.
    rate_hz: f64,
    /// Whether the text is known, in which case all parts get rows.
    has_known_text: bool,
    /// Computes the phone scores of each part at once, instead of planning rows: latents and scores of long recordings
    /// need much memory.
    scorer: Option<Scorer<'a>>,
    rows: Vec<RowPlan>,
    parts: Vec<Part>,
    /// Whether any section is loud enough for speech.
    is_audible: bool,
}

impl Sections<'_> {
    /// Appends a section. Its parts are slices of the section's frames, so that there is no gap between them.
    fn push(&mut self, audio: &Audio) -> Result<(), TaskError> {
        // Scores of long recordings need much memory, so a known text is aligned with the scores of one pass.
        let once = self.has_known_text || self.config.mode == SttMode::Text;
        let count = if once { 1 } else { self.config.passes.len() };
        let passes: Result<Vec<Frames>, TaskError> = self.config.passes[..count]
            .iter()
            .map(|pass| pass.frames(audio, self.reading, self.context))
            .collect();
        let passes = passes?;
        let all = passes.first().map_or(0, Frames::count);
        self.is_audible |= !is_inaudible(audio);
        let rate_hz = self.rate_hz;
        let frame = |at_s: f64| ((at_s * rate_hz).round() as usize).min(all);
        let regions = if self.has_known_text { Vec::new() } else { speech_regions(audio) };
        let mut start = 0;
        for (start_s, end_s) in chunks(audio, self.config.max_part_s) {
            // The last frame may be incomplete.
            let end = if end_s < audio.seconds() { frame(end_s) } else { all };
            let may_be_speech = |&(from_s, to_s): &(f64, f64)| from_s < end_s && start_s < to_s;
            let spoken = if self.has_known_text {
                start..end
            } else if regions.iter().any(may_be_speech) {
                let bounds = speech_bounds(&audio.slice(start_s, end_s), &PauseConfig::default());
                bounds.map_or(start..start, |(from_s, to_s)| {
                    let first = frame(start_s + from_s - KEEP_SILENCE_S);
                    let last_s = start_s + to_s + KEEP_SILENCE_S;
                    let last = if last_s < end_s { frame(last_s) } else { end };
                    first.clamp(start, end)..last.clamp(start, end)
                })
            } else {
                start..start
            };
            self.part(&passes, start..spoken.start, false)?;
            self.part(&passes, spoken.clone(), true)?;
            self.part(&passes, spoken.end..end, false)?;
            start = end;
        }
        if let Some(scorer) = &mut self.scorer {
            scorer.end_section();
        }
        Ok(())
    }

    /// Appends a part unless it is empty. A part with speech is scored, or gets one row per pass.
    fn part(
        &mut self,
        passes: &[Frames],
        frames: Range<usize>,
        is_speech: bool,
    ) -> Result<(), TaskError> {
        if frames.is_empty() {
            return Ok(());
        }
        let seconds = frames.len() as f64 / self.rate_hz;
        self.parts.push(Part { seconds, is_speech });
        for pass in passes.iter().filter(|_| is_speech) {
            let part = pass.slice(frames.start, frames.end);
            match &mut self.scorer {
                Some(scorer) => scorer.push(&part)?,
                None => self.rows.push(row(self.config, part)),
            }
        }
        Ok(())
    }
}

/// Clamps words and phones to the length of the recording in seconds, since the last frame may extend beyond it.
pub(crate) fn clamped(mut transcript: Transcript, seconds: f64) -> Transcript {
    for word in &mut transcript.words {
        word.end_s = word.end_s.min(seconds);
        word.start_s = word.start_s.min(word.end_s);
    }
    clamp_phones(&mut transcript.phones, seconds);
    transcript
}

fn row(config: &SttConfig, recording: Frames) -> RowPlan {
    let frames = recording.count();
    let (stage, limit) = match config.mode {
        SttMode::Aligned => (PHONES, frames),
        SttMode::Text => (TEXT, TOKENS_A_FRAME * frames + TOKENS_ANYWAY),
    };
    let contents = Contents::from([(RECORDING.to_owned(), recording.into())]);
    RowPlan::new(vec![StageRun::new(stage, contents, limit)])
}

/// Returns the transcript of a model that predicts text tokens.
pub(crate) fn from_tokens(kit: &TaskKit, generated: &[Generated]) -> Transcript {
    let texts: Vec<String> = generated
        .iter()
        .map(|g| kit.vocab.decode_predicted(&g.text).trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect();
    Transcript { text: texts.join(" "), ..Transcript::default() }
}

/// Returns the mean of the scores of the passes over a part.
fn mean_scores(config: &SttConfig, rows: &[Generated]) -> Result<FrameScores, TaskError> {
    let scores: Option<Vec<&FrameScores>> = rows.iter().map(|row| row.phones.as_ref()).collect();
    let mean = scores.and_then(|scores| averaged(&config.passes, &scores));
    mean.ok_or_else(|| AnswerIssue::NoScores.of("stt"))
}

/// Returns the transcript from phone scores: the most probable words of each part with speech. If their mean confidence
/// is below `min_confidence`, as in music, the transcript has no words.
pub(crate) fn transcribed(
    config: &SttConfig,
    decoder: &Decoder,
    kit: &TaskKit,
    prepared: &Prepared,
    generated: &[Generated],
    run: RunContext<'_>,
) -> Result<Transcript, TaskError> {
    let silence = |duration_s| TimedPhone { phone: "SIL".into(), duration_s };
    let mut rows = generated.chunks(config.passes.len());
    let mut answer = Transcript::default();
    let mut sum = Confidence::default();
    let mut start_s = 0.0;
    for part in &prepared.parts {
        let from_s = start_s;
        start_s += part.seconds;
        if !part.is_speech {
            answer.phones.push(silence(part.seconds));
            continue;
        }
        let scores = mean_scores(config, rows.next().unwrap_or_default())?;
        let recognized = decoder.decode(&scores)?;
        let forms: Vec<SpokenForm> =
            recognized.words.iter().map(|w| SpokenForm::of(&kit.frontend, &w.word, None)).collect();
        match align(&forms, &scores, decoder.units(), decoder.prior_weight()) {
            Ok(aligned) => {
                sum.add(&aligned);
                answer.words.extend(aligned.words.iter().map(|w| w.shifted(from_s)));
                answer.phones.extend(aligned.phones);
            }
            Err(SpeechError::NoWords) => answer.phones.push(silence(part.seconds)),
            Err(other) => return Err(SttError::from(other).into()),
        }
    }
    if let Some(confidence) = sum.mean().filter(|c| *c < config.min_confidence) {
        let (count, seconds) = (answer.words.len(), prepared.seconds);
        let message = format!(
            "{count} words in {seconds:.1} s were omitted, since their confidence is low ({confidence:.2})"
        );
        run.events.emit(Event::Warning { message });
        return Ok(Transcript { phones: vec![silence(seconds)], ..Transcript::default() });
    }
    let words: Vec<&str> = answer.words.iter().map(|w| w.word.as_str()).collect();
    answer.text = words.join(" ");
    answer.confidence = sum.mean();
    Ok(answer)
}
