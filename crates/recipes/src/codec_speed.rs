//! Speed of codecs.

use std::time::Instant;

use syrinx_codec::Codec;
use syrinx_metrics::bootstrap::median;
use syrinx_types::{Audio, CancelToken};

use crate::RecipeError;

/// Encodes and decodes a recording `times` times. Returns the median speed: the length of the recording divided by the
/// computing time of both, so that 1 is real time.
///
/// # Errors
/// [`RecipeError::Codec`]; [`RecipeError::Cancelled`] if cancelled between two repetitions.
pub fn codec_speed(
    codec: &dyn Codec,
    audio: &Audio,
    times: usize,
    cancel: &CancelToken,
) -> Result<f64, RecipeError> {
    let mut factors = Vec::with_capacity(times);
    for _ in 0..times.max(1) {
        if cancel.is_cancelled() {
            return Err(RecipeError::Cancelled);
        }
        let start = Instant::now();
        codec.decode(&codec.encode(audio)?)?;
        factors.push(audio.seconds() / start.elapsed().as_secs_f64());
    }
    Ok(median(&factors.iter().collect::<Vec<_>>()))
}
