//! Time spans of a recording that an answer lists.

use serde_json::Value;
use syrinx_types::Audio;

use crate::{SpansFault, SubjectError, SubjectFault};

/// Splits a recording into the parts within and outside the time spans that a field of the answer lists.
pub(crate) fn apart(
    audio: &Audio,
    field: &str,
    answer: &Value,
) -> Result<(Audio, Audio), SubjectError> {
    let fault =
        |fault| SubjectError::Failed(SubjectFault::Spans { field: field.to_owned(), fault });
    let spans = answer[field].as_array().ok_or_else(|| fault(SpansFault::NoList))?;
    let sample = |span: &Value, end: &str| {
        let at_s = span[end].as_f64().ok_or_else(|| fault(SpansFault::NoTimes))?;
        let at = (at_s * f64::from(audio.sample_rate_hz)).round().max(0.0) as usize;
        Ok::<_, SubjectError>(at.min(audio.samples.len()))
    };
    let (mut inside, mut outside, mut at) = (Vec::new(), Vec::new(), 0);
    for span in spans {
        let (start, end) = (sample(span, "start_s")?.max(at), sample(span, "end_s")?.max(at));
        outside.extend_from_slice(&audio.samples[at..start.min(end)]);
        inside.extend_from_slice(&audio.samples[start.min(end)..end]);
        at = end;
    }
    outside.extend_from_slice(&audio.samples[at..]);
    if inside.is_empty() || outside.is_empty() {
        return Err(fault(SpansFault::OneSided));
    }
    let audio_of = |samples| Audio { samples, sample_rate_hz: audio.sample_rate_hz };
    Ok((audio_of(inside), audio_of(outside)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn spans_are_taken_out_in_order_and_the_rest_is_joined() {
        let audio = Audio { samples: (0..10).map(|i| i as f32).collect(), sample_rate_hz: 10 };
        let check = |spans: Value, inside: &[f32], outside: &[f32]| {
            let (a, b) = apart(&audio, "edits", &json!({ "edits": spans })).unwrap();
            assert_eq!((a.samples.as_slice(), b.samples.as_slice()), (inside, outside));
        };
        let all = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        check(json!([{"start_s": 0.2, "end_s": 0.8}]), &all[2..8], &[0.0, 1.0, 8.0, 9.0]);
        check(
            json!([{"start_s": 0.0, "end_s": 0.1}, {"start_s": 0.9, "end_s": 7.0}]),
            &[0.0, 9.0],
            &all[1..9],
        );
        for (answer, expected) in [
            (json!({}), "is not a list"),
            (json!({"edits": [{"start_s": 0.0}]}), "without times"),
            (json!({"edits": [{"start_s": 0.0, "end_s": 1.0}]}), "all of the recording or none"),
            (json!({"edits": []}), "all of the recording or none"),
        ] {
            let error = apart(&audio, "edits", &answer).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
