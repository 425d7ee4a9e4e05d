//! Recordings against recordings. What is said in them is for judges.

use syrinx_metrics::pitch::{F0Config, F0Stats, compare, f0};
use syrinx_metrics::speaker::VoicePrint;
use syrinx_metrics::spectral::{log_spectral_distance, mel_cepstral_distance};
use syrinx_types::Audio;

use crate::Measure;
use crate::score::Measures;

/// What a recording that came out is like: beside its own prompt, another speaker's, and a recording of the same words
/// by the same speaker, as far as they are there.
pub(crate) fn speech_measures(
    audio: &Audio,
    reference: Option<&Audio>,
    own: Option<&VoicePrint>,
    other: Option<&VoicePrint>,
) -> Measures {
    let mut measures = Measures::new();
    let pitch = f0(audio).stats();
    if let Some(pitch) = &pitch {
        measures.insert("f0_hz".into(), Measure::value(pitch.median_hz));
        measures.insert("f0_spread_st".into(), Measure::value(pitch.deviation_semitones));
    }
    if let Some(drift) = own.and_then(|own| drift(audio, own)) {
        measures.insert("drift".into(), Measure::value(drift));
    }
    let voiced = pitch.as_ref().map_or(0.0, |p| p.voiced_share);
    measures.insert("voiced".into(), Measure::value(voiced));
    if let Some(own) = own {
        similarity(&mut measures, audio, own, other);
    }
    if let Some(reference) = reference.filter(|r| !r.samples.is_empty()) {
        let ratio = audio.seconds() / reference.seconds();
        measures.insert("duration_ratio".into(), Measure::value(ratio));
        beside(&mut measures, audio, pitch.as_ref(), reference);
    }
    measures
}

/// Recordings shorter than this say nothing of drift, seconds.
pub(crate) const LONG_S: f64 = 60.0;

/// How much less the last tenth of a long recording is like the voice it should have than the first tenth.
fn drift(audio: &Audio, own: &VoicePrint) -> Option<f64> {
    let tenth = audio.samples.len() / 10;
    if audio.seconds() < LONG_S {
        return None;
    }
    let similarity = |samples: &[f32]| {
        let part = Audio { samples: samples.to_vec(), sample_rate_hz: audio.sample_rate_hz };
        Some(VoicePrint::of(&part).ok()?.similarity(own))
    };
    let last = audio.samples.len() - tenth;
    Some(similarity(&audio.samples[..tenth])? - similarity(&audio.samples[last..])?)
}

/// What counts as all wrong of a recording that isn't there.
pub(crate) fn missing_speech(own: Option<&VoicePrint>, other: Option<&VoicePrint>) -> Measures {
    let mut measures = Measures::new();
    if own.is_some() {
        measures.insert("similarity".into(), Measure::value(0.0));
        if other.is_some() {
            measures.insert("own_voice".into(), Measure::flag(false));
        }
    }
    measures
}

/// What is left of a recording after the codec.
pub(crate) fn codec_measures(audio: &Audio, original: &Audio) -> Measures {
    let mut measures = Measures::new();
    if let Ok(distance) = log_spectral_distance(original, audio) {
        measures.insert("lsd_db".into(), Measure::value(distance));
    }
    if let Some(pitch) = compare(original, audio, &F0Config::default()) {
        measures.insert("voiced_kept".into(), Measure::value(pitch.voiced_kept));
        measures.insert("voicing_error".into(), Measure::value(pitch.voicing_error));
        let cents = pitch.error_cents.map(|cents| ("f0_error_cents".into(), Measure::value(cents)));
        measures.extend(cents);
    }
    beside(&mut measures, audio, f0(audio).stats().as_ref(), original);
    if let Ok(own) = VoicePrint::of(original) {
        similarity(&mut measures, audio, &own, None);
    }
    measures
}

fn beside(measures: &mut Measures, audio: &Audio, pitch: Option<&F0Stats>, reference: &Audio) {
    if let Ok(distance) = mel_cepstral_distance(reference, audio) {
        measures.insert("mcd_db".into(), Measure::value(distance));
    }
    if let (Some(pitch), Some(wanted)) = (pitch, f0(reference).stats()) {
        let shift = 12.0 * (pitch.median_hz / wanted.median_hz).log2();
        measures.insert("f0_shift_st".into(), Measure::value(shift.abs()));
    }
}

fn similarity(
    measures: &mut Measures,
    audio: &Audio,
    own: &VoicePrint,
    other: Option<&VoicePrint>,
) {
    let Ok(print) = VoicePrint::of(audio) else {
        measures.extend(missing_speech(Some(own), other));
        return;
    };
    let to_own = print.similarity(own);
    measures.insert("similarity".into(), Measure::value(to_own));
    if let Some(other) = other {
        let nearer = to_own > print.similarity(other);
        measures.insert("own_voice".into(), Measure::flag(nearer));
    }
}
