//! Separation of speech and background, so that an edit keeps the background.

use std::ops::Range;

use syrinx_audio::silence::chunks;
use syrinx_task::{Context, Separator, Stem, TaskError};
use syrinx_types::{Audio, RunContext};

use crate::{EditConfig, EditIssue, EditRequest};

/// Minimum length of the background that is repeated under longer words, in seconds.
const SHORTEST_S: f64 = 0.4;

/// Longest section that is separated at once, seconds.
const MAX_SECTION_S: f64 = 60.0;

/// Stems of a recording: speech and, if it is kept, background.
pub(crate) struct Stems {
    pub(crate) speech: Audio,
    pub(crate) background: Option<Audio>,
}

impl Stems {
    /// Separates speech and background if the request requires it; by default, if the recording has a background.
    pub(crate) fn of(
        config: &EditConfig,
        request: &EditRequest,
        context: &Context<'_>,
    ) -> Result<Self, TaskError> {
        let whole = context.audio(&request.audio)?.into_owned();
        let wanted = request.keep_background;
        if wanted == Some(false) || whole.is_silent() {
            return Ok(Self { speech: whole, background: None });
        }
        let Some(separator) = context.separator() else {
            return match wanted {
                Some(_) => Err(EditIssue::NoSeparator.into()),
                None => Ok(Self { speech: whole, background: None }),
            };
        };
        let separate = |stem| separated(separator, &whole, stem, context.run);
        let background = separate(Stem::Background)?;
        let present = level_db(&whole) - level_db(&background) < config.background_within_db;
        if !wanted.unwrap_or(present) {
            return Ok(Self { speech: whole, background: None });
        }
        let speech = separate(Stem::Speech)?;
        Ok(Self { speech, background: Some(background) })
    }
}

/// Separates a recording section by section, so that memory does not grow with its length.
fn separated(
    separator: &dyn Separator,
    whole: &Audio,
    stem: Stem,
    run: RunContext<'_>,
) -> Result<Audio, TaskError> {
    let sections = chunks(whole, MAX_SECTION_S);
    if sections.len() < 2 {
        return separator.separate(whole, stem, run);
    }
    let mut samples = Vec::with_capacity(whole.samples.len());
    for (start_s, end_s) in sections {
        let section = whole.slice(start_s, end_s);
        let length = section.samples.len();
        let stem = separator.separate(&section, stem, run)?;
        samples.extend(stem.samples.into_iter().chain(std::iter::repeat(0.0)).take(length));
    }
    Ok(Audio { samples, sample_rate_hz: whole.sample_rate_hz })
}

/// Returns the mean level in dB relative to full scale.
fn level_db(audio: &Audio) -> f64 {
    let power: f64 = audio.samples.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    10.0 * (power / audio.samples.len().max(1) as f64).max(1e-12).log10()
}

/// Returns `samples` samples of the background at a span of edited samples. The background within the span is played
/// alternately forwards and backwards, which avoids discontinuities. A span below [`SHORTEST_S`] is extended first.
pub(crate) fn under(background: &Audio, span: Range<usize>, samples: usize) -> Vec<f32> {
    let all = &background.samples;
    let least = (SHORTEST_S * f64::from(background.sample_rate_hz)) as usize;
    let (start, end) = (span.start.min(all.len()), span.end.max(span.start + least).min(all.len()));
    let start = start.min(end.saturating_sub(least));
    let here = &all[start..end];
    let back_and_forth = here.iter().chain(here.iter().rev()).cycle();
    back_and_forth.skip(span.start.min(end) - start).take(samples).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_background_goes_back_and_forth() {
        let rate =
            |n: usize| Audio { samples: (0..n).map(|i| i as f32).collect(), sample_rate_hz: 10 };
        assert_eq!(under(&rate(20), 2..8, 4), [2.0, 3.0, 4.0, 5.0]);
        assert_eq!(under(&rate(20), 2..6, 7), [2.0, 3.0, 4.0, 5.0, 5.0, 4.0, 3.0]);
        // An insertion has an empty span; at the end the samples before it are used.
        assert_eq!(under(&rate(20), 5..5, 5), [5.0, 6.0, 7.0, 8.0, 8.0]);
        assert_eq!(under(&rate(20), 20..20, 3), [19.0, 18.0, 17.0]);
        assert_eq!(under(&rate(0), 0..0, 3), [0.0; 0]);
    }
}
