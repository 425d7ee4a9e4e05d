//! From a request to rows, and from their codes to a recording.

use syrinx_speech::{Piece, Place, Utterance, Voice, append, join, pieces, rolling};
use syrinx_task::{Content, Generated, Plan, RowPlan, TaskError, TaskKit};
use syrinx_types::Audio;

use crate::{TtsAnswer, TtsConfig, TtsRequest};

/// One row a piece, each with the same prompt; in a rolling reading each goes on from the one before.
pub(crate) fn plan(
    config: &TtsConfig,
    kit: &TaskKit,
    request: &TtsRequest,
) -> Result<Plan, TaskError> {
    let pieces = pieces(config, kit, &request.text)?;
    let prompt = voice(request).codes(config, kit)?.map(Content::Codes);
    let rows = rows(config, kit, (&pieces, request.rolling), prompt.as_ref())?;
    Ok(Plan { rows: rows.into_iter().map(|(row, _)| row).collect() })
}

/// The rows, and where each piece stands in its own. Without a pointer nobody knows where a piece ends in a row, so
/// nothing can go on from there.
fn rows(
    config: &TtsConfig,
    kit: &TaskKit,
    (pieces, roll): (&[Piece], bool),
    prompt: Option<&Content>,
) -> Result<Vec<(RowPlan, Place)>, TaskError> {
    if roll && kit.alignment.walks() {
        return rolling(pieces, prompt, (config, kit));
    }
    let row = |piece: &Piece| {
        let text = piece.script.content();
        (Utterance::new(text, prompt.cloned(), config).into_row(kit), Place::default())
    };
    Ok(pieces.iter().map(row).collect())
}

fn voice(request: &TtsRequest) -> Voice<'_> {
    Voice { name: request.voice.as_deref(), clip: request.prompt.as_ref() }
}

/// Decodes the pieces and puts them one after another.
pub(crate) fn finish(
    config: &TtsConfig,
    kit: &TaskKit,
    request: &TtsRequest,
    generated: &[Generated],
) -> Result<TtsAnswer, TaskError> {
    let fault = |reason: String| TaskError::Answer { task: "tts".into(), reason };
    let pieces = pieces(config, kit, &request.text)?;
    if pieces.len() != generated.len() {
        return Err(fault(format!("{} rows came out of {}", generated.len(), pieces.len())));
    }
    let studio = kit.studio()?;
    let mut answer = TtsAnswer {
        voice: voice(request).built_in(kit)?,
        complete: generated.iter().all(|g| g.finished),
        ..TtsAnswer::default()
    };
    let mut whole: Option<Audio> = None;
    let rows = rows(config, kit, (&pieces, request.rolling), None)?;
    let mut previous = None;
    for (i, (piece, generated)) in pieces.iter().zip(generated).enumerate() {
        let place = rows[i].1;
        let known = place.known(previous);
        previous = Some(generated);
        let codes = generated.codes.as_ref().filter(|c| c.frames() > known);
        let codes = codes.ok_or_else(|| {
            fault(format!("nothing came out for \"{}\"", piece.spoken.spoken_text()))
        })?;
        let mut audio = studio.decode(codes)?;
        let start_s = if known > 0 {
            let given = audio.samples.len() * known / codes.frames();
            go_on(&mut whole, &mut audio, given)
        } else {
            append(&mut whole, &audio, config.gap_s)
        };
        if !generated.pointer.is_empty() {
            let pointer = place.pointer(generated, known);
            answer.words.extend(piece.word_times(&pointer, start_s, studio.frame_rate_hz()));
        }
    }
    let audio = whole.unwrap_or_else(|| Audio::silence(0.0, 24_000));
    answer.seconds = audio.seconds();
    let spoken: Vec<String> = pieces.iter().map(|p| p.spoken.spoken_text()).collect();
    answer.text_spoken = spoken.join(" ");
    answer.audio = audio.into();
    Ok(answer)
}

/// How long a piece fades into the one that goes on from it, samples: 10 ms.
const FADE: usize = 240;

/// Appends a piece whose first `given` samples are there already; where the rest starts, seconds.
fn go_on(whole: &mut Option<Audio>, piece: &mut Audio, given: usize) -> f64 {
    let whole = whole.get_or_insert_with(|| Audio::silence(0.0, piece.sample_rate_hz));
    let start_s = whole.seconds();
    let overlap = FADE.min(given).min(whole.samples.len());
    piece.samples.drain(..given - overlap);
    join(&mut whole.samples, &piece.samples, overlap);
    start_s
}
