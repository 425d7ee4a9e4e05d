//! From a recording and a text to rows, and from their codes to one recording.

use syrinx_speech::{
    Onward, Piece, Place, Recording, Said, Spoken, join, pieces, prompt_of, reading, rolling,
};
use syrinx_task::{Content, Generated, Plan, RowPlan, TaskError, TaskKit};
use syrinx_types::Audio;

use crate::{ContinueAnswer, ContinueConfig, ContinueRequest};

/// The recording, the pieces of the text, and how the first one goes on from the recording.
struct Work {
    recording: Recording,
    pieces: Vec<Piece>,
    prompt: Content,
    first: Onward,
}

impl Work {
    fn of(
        config: &ContinueConfig,
        kit: &TaskKit,
        request: &ContinueRequest,
    ) -> Result<Self, TaskError> {
        let pieces = pieces(&config.speaking, kit, &request.text)?;
        let recording = Recording::listen(kit, &request.audio, request.says.as_deref())?;
        let prompt = prompt_of(&config.speaking, kit, &recording.audio, "the recording")?;
        let prompt = Content::Codes(prompt);
        // The last frame may be half empty: only whole ones are given.
        let whole = recording.audio.samples.len() / recording.frame_samples();
        let context = recording.context(whole.min(recording.codes.frames()), config.context_s);
        let spoken = &pieces[0].spoken;
        let new = Said::of(spoken, 0..spoken.words.len());
        let first = recording.onward(
            context,
            (&new, &Said::default()),
            Some(prompt.clone()),
            (&config.speaking, kit),
        );
        let first = first.ok_or_else(|| {
            TaskError::Input(
                "too many sounds were heard in the recording to go on from: give what it says"
                    .into(),
            )
        })?;
        Ok(Self { recording, pieces, prompt, first })
    }

    /// The rows of the pieces, and where each stands in its own. The first piece stands after the recording, in another
    /// row than the one here; its silence doesn't.
    fn rows(
        &self,
        config: &ContinueConfig,
        kit: &TaskKit,
        request: &ContinueRequest,
    ) -> Result<Vec<(RowPlan, Place)>, TaskError> {
        let (prompt, how) = (Some(&self.prompt), (&config.speaking, kit));
        let offset = self.first.new.start.saturating_sub(1);
        match request.rolling && kit.alignment.walks() {
            true => rolling((&self.pieces, offset), prompt, how),
            false => reading((&self.pieces, false), prompt, how),
        }
    }
}

/// One row a piece: the first goes on from the recording, the others follow in its voice.
pub(crate) fn plan(
    config: &ContinueConfig,
    kit: &TaskKit,
    request: &ContinueRequest,
) -> Result<Plan, TaskError> {
    let work = Work::of(config, kit, request)?;
    let others = work.rows(config, kit, request)?.into_iter().skip(1).map(|(row, _)| row);
    Ok(Plan { rows: std::iter::once(work.first.utterance.into_row(kit)).chain(others).collect() })
}

/// The recording's own samples, then those of the model, joined by a short cross-fade.
pub(crate) fn finish(
    config: &ContinueConfig,
    kit: &TaskKit,
    request: &ContinueRequest,
    generated: &[Generated],
) -> Result<ContinueAnswer, TaskError> {
    let fault = |reason: String| TaskError::Answer { task: "continue".into(), reason };
    let work = Work::of(config, kit, request)?;
    if work.pieces.len() != generated.len() {
        return Err(fault(format!("{} rows came out of {}", generated.len(), work.pieces.len())));
    }
    let studio = kit.studio()?;
    let rate_hz = studio.frame_rate_hz();
    let recording = &work.recording;
    let given = &work.first.given;
    let mut answer = ContinueAnswer {
        words: recording.word_times(),
        start_s: recording.audio.seconds(),
        says: recording.text(),
        complete: generated.iter().all(|g| g.finished),
        ..ContinueAnswer::default()
    };
    let mut whole = Spoken::new("continue");
    let rows = work.rows(config, kit, request)?;
    for ((piece, generated), (_, place)) in work.pieces.iter().zip(generated).zip(rows) {
        if whole.whole.is_some() {
            whole.push((piece, place), generated, (studio, config.speaking.gap_s))?;
            continue;
        }
        let known = given.len();
        let codes = generated.codes.as_ref().filter(|c| c.frames() > known);
        let codes = codes.ok_or_else(|| {
            fault(format!("nothing came out for \"{}\"", piece.spoken.spoken_text()))
        })?;
        let audio = studio.decode(codes)?;
        let mut samples = recording.audio.samples.clone();
        let fade = (config.fade_s * f64::from(audio.sample_rate_hz)).round() as usize;
        let end = samples.len() - given.start * recording.frame_samples();
        let overlap = fade.min(end);
        join(&mut samples, audio.samples.get(end - overlap..).unwrap_or_default(), overlap);
        let first = work.first.new.start;
        // The stops of the piece count from its own silence.
        let stops = generated.pointer.iter().skip(known);
        let stops: Vec<u32> = stops.map(|&p| (p + 1).saturating_sub(first)).collect();
        if !stops.is_empty() {
            whole.words.extend(piece.word_times(&stops, recording.at_s(given.end), rate_hz));
        }
        whole.whole = Some(Audio { samples, sample_rate_hz: audio.sample_rate_hz });
        whole.previous = Some(generated);
    }
    answer.words.extend(whole.words);
    let mut audio = whole.whole.unwrap_or_else(|| recording.audio.clone());
    if request.alone {
        audio.samples.drain(..recording.audio.samples.len().min(audio.samples.len()));
        answer.words.drain(..recording.words.len());
        for word in &mut answer.words {
            word.start_s = (word.start_s - answer.start_s).max(0.0);
            word.end_s = (word.end_s - answer.start_s).max(0.0);
        }
        answer.start_s = 0.0;
    }
    answer.seconds = audio.seconds();
    let spoken: Vec<String> = work.pieces.iter().map(|p| p.spoken.spoken_text()).collect();
    answer.text_spoken = spoken.join(" ");
    answer.audio = audio.into();
    Ok(answer)
}
