//! Measures of recordings against references. Their words are scored by judges.

use syrinx_metrics::pitch::{F0Config, F0Stats, compare, f0};
use syrinx_metrics::speaker::SpeakerEmbedding;
use syrinx_metrics::spectral::{log_spectral_distance, mel_cepstral_distance};
use syrinx_types::Audio;

use crate::Measure;
use crate::score::Measures;

/// Measures a recording against its prompt, another speaker's prompt, and a recording of the same words by the same
/// speaker, if they exist.
pub(crate) fn speech_measures(
    audio: &Audio,
    reference: Option<&Audio>,
    own: Option<&SpeakerEmbedding>,
    other: Option<&SpeakerEmbedding>,
) -> Measures {
    let mut measures = Measures::new();
    let (voiced, pitch) = pitch_of(audio);
    if let Some(pitch) = &pitch {
        measures.insert("f0_hz".into(), Measure::value(pitch.median_hz));
        measures.insert("f0_spread_st".into(), Measure::value(pitch.deviation_semitones));
    }
    if let Some(drift) = own.and_then(|own| drift(audio, own)) {
        measures.insert("drift".into(), Measure::value(drift));
    }
    measures.insert("voiced".into(), Measure::value(voiced));
    if let Some(own) = own {
        similarity(&mut measures, audio, own, other);
    }
    if let Some(reference) = reference.filter(|r| !r.samples.is_empty()) {
        let ratio = audio.seconds() / reference.seconds();
        measures.insert("duration_ratio".into(), Measure::value(ratio));
        distances(&mut measures, audio, pitch.as_ref(), reference);
    }
    measures
}

/// Returns the share of voiced frames, and the statistics of pitch where enough frames are voiced.
fn pitch_of(audio: &Audio) -> (f64, Option<F0Stats>) {
    let track = f0(audio);
    (track.stats().map_or(0.0, |stats| stats.voiced_share), track.reliable_stats())
}

/// Shortest recording of which drift is measured, seconds.
pub(crate) const LONG_S: f64 = 60.0;

/// Returns the drop in speaker similarity from the first tenth of a long recording to the last.
fn drift(audio: &Audio, own: &SpeakerEmbedding) -> Option<f64> {
    let tenth = audio.samples.len() / 10;
    if audio.seconds() < LONG_S {
        return None;
    }
    let similarity = |samples: &[f32]| {
        let part = Audio { samples: samples.to_vec(), sample_rate_hz: audio.sample_rate_hz };
        Some(SpeakerEmbedding::of(&part).ok()?.similarity(own))
    };
    let last = audio.samples.len() - tenth;
    Some(similarity(&audio.samples[..tenth])? - similarity(&audio.samples[last..])?)
}

/// Returns the worst measures, for a missing recording.
pub(crate) fn missing_speech(
    own: Option<&SpeakerEmbedding>,
    other: Option<&SpeakerEmbedding>,
) -> Measures {
    let mut measures = Measures::new();
    if own.is_some() {
        measures.insert("similarity".into(), Measure::value(0.0));
        if other.is_some() {
            measures.insert("own_voice".into(), Measure::flag(false));
        }
    }
    measures
}

/// Measures a recording after the codec against the original.
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
    distances(&mut measures, audio, pitch_of(audio).1.as_ref(), original);
    if let Ok(own) = SpeakerEmbedding::of(original) {
        similarity(&mut measures, audio, &own, None);
    }
    measures
}

fn distances(measures: &mut Measures, audio: &Audio, pitch: Option<&F0Stats>, reference: &Audio) {
    if let Ok(distance) = mel_cepstral_distance(reference, audio) {
        measures.insert("mcd_db".into(), Measure::value(distance));
    }
    if let (Some(pitch), Some(original)) = (pitch, pitch_of(reference).1) {
        let shift = 12.0 * (pitch.median_hz / original.median_hz).log2();
        measures.insert("f0_shift_st".into(), Measure::value(shift.abs()));
    }
}

fn similarity(
    measures: &mut Measures,
    audio: &Audio,
    own: &SpeakerEmbedding,
    other: Option<&SpeakerEmbedding>,
) {
    let Ok(embedding) = SpeakerEmbedding::of(audio) else {
        measures.extend(missing_speech(Some(own), other));
        return;
    };
    let to_own = embedding.similarity(own);
    measures.insert("similarity".into(), Measure::value(to_own));
    if let Some(other) = other {
        let nearer = to_own > embedding.similarity(other);
        measures.insert("own_voice".into(), Measure::flag(nearer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pitch_is_measured_only_where_enough_frames_are_voiced() {
        let buzz = |t: f32| (1..8).map(|k| (754.0 * k as f32 * t).sin()).sum::<f32>() / 8.0;
        // Seconds of a buzz of 120 Hz within two seconds of silence.
        let recording = |voiced_s: f32| {
            let at = |i: usize| i as f32 / 24_000.0;
            let sample = |i: usize| if at(i) < voiced_s { buzz(at(i)) } else { 0.0 };
            Audio { samples: (0..48_000).map(sample).collect(), sample_rate_hz: 24_000 }
        };
        for (voiced_s, measured) in [(1.5, true), (0.1, false), (0.0, false)] {
            let measures = speech_measures(&recording(voiced_s), None, None, None);
            assert_eq!(measures.contains_key("f0_hz"), measured, "{voiced_s} s");
            assert!(measures.contains_key("voiced"));
            let (recording, original) = (recording(1.5), recording(voiced_s));
            let compared = codec_measures(&recording, &original);
            for figure in ["f0_error_cents", "voicing_error", "voiced_kept", "f0_shift_st"] {
                assert_eq!(compared.contains_key(figure), measured, "{figure} of {voiced_s} s");
            }
        }
    }
}
