//! Encoding and decoding of recordings of any length in chunks.

use std::path::Path;

use syrinx_audio::{Recording, Resampler, WavFile, WavFormat};
use syrinx_codec::Codec;
use syrinx_engine::RecordingLength;
use syrinx_types::{CancelToken, Codes};

use crate::RecipeError;

/// Length of a chunk, in seconds.
const CHUNK_S: f64 = 60.0;

/// Length of the context before and after a chunk when it is encoded, in seconds.
const CONTEXT_S: f64 = 5.0;

/// Length above which a recording is encoded in chunks, in seconds.
const LONG_S: f64 = 300.0;

/// Encodes all levels of a recording. Recordings of more than 300 s are encoded in chunks of 60 s with 5 s of context
/// on either side.
///
/// # Errors
/// [`RecipeError::Cancelled`], [`RecipeError::Audio`], [`RecipeError::Codec`].
pub fn encode_recording(
    codec: &dyn Codec,
    recording: &Recording,
    cancel: &CancelToken,
) -> Result<Codes, RecipeError> {
    if recording.seconds() <= LONG_S {
        return Ok(codec.encode_all_levels(&recording.whole()?)?);
    }
    let info = codec.info();
    let frame = info.frame_samples();
    let frames_of = |seconds: f64| (seconds * info.frame_rate_hz).ceil() as usize;
    let (chunk, around) = (frames_of(CHUNK_S), frames_of(CONTEXT_S));
    let all = recording.samples().div_ceil(frame.max(1));
    let mut codes: Option<Codes> = None;
    for start in (0..all).step_by(chunk) {
        check(cancel)?;
        let (first, last) = (start.saturating_sub(around), start + chunk);
        let audio = recording.section(first * frame, (last + around) * frame)?;
        let part = codec.encode_all_levels(&audio)?.slice(start - first, last - first);
        let codes = codes.get_or_insert_with(|| Codes::empty(part.levels()));
        codes.append(&part);
    }
    Ok(codes.unwrap_or_else(|| Codes::empty(info.levels)))
}

/// Decodes codes in chunks of 60 s to a WAV file. With `length`, the samples are resampled to its sample rate and
/// truncated or zero-padded to its number of samples. Returns the length of the file in seconds.
///
/// # Errors
/// [`RecipeError::Cancelled`], [`RecipeError::Audio`], [`RecipeError::Codec`].
pub fn decode_to_file(
    codec: &dyn Codec,
    codes: &Codes,
    length: Option<RecordingLength>,
    out: &Path,
    format: WavFormat,
    cancel: &CancelToken,
) -> Result<f64, RecipeError> {
    let info = codec.info();
    let rate_hz = length.map_or(info.sample_rate_hz, |length| length.sample_rate_hz);
    let mut resampler = (rate_hz != info.sample_rate_hz)
        .then(|| Resampler::new(info.sample_rate_hz, rate_hz))
        .transpose()?;
    let most = length.map_or(usize::MAX, |length| length.samples);
    let mut wav = WavFile::create(out, rate_hz, format)?;
    let write = |samples: Vec<f32>, wav: &mut WavFile| {
        let kept = samples.len().min(most - wav.samples());
        wav.write(&samples[..kept])
    };
    let mut stream = codec.decode_stream();
    let chunk = (CHUNK_S * info.frame_rate_hz).ceil() as usize;
    for start in (0..codes.frames()).step_by(chunk) {
        check(cancel)?;
        let mut samples = stream.push(&codes.slice(start, start + chunk))?;
        if start + chunk >= codes.frames() {
            samples.extend(stream.finish()?);
        }
        if let Some(resampler) = &mut resampler {
            resampler.push(&samples)?;
            samples = resampler.take();
        }
        write(samples, &mut wav)?;
    }
    if let Some(resampler) = resampler {
        write(resampler.finish()?, &mut wav)?;
    }
    if let Some(length) = length {
        write(vec![0.0; length.samples.saturating_sub(wav.samples())], &mut wav)?;
    }
    let seconds = wav.samples() as f64 / f64::from(rate_hz.max(1));
    wav.finish()?;
    Ok(seconds)
}

fn check(cancel: &CancelToken) -> Result<(), RecipeError> {
    if cancel.is_cancelled() { Err(RecipeError::Cancelled) } else { Ok(()) }
}
