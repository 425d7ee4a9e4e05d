//! Tests of syrinx-data on small trees in temporary folders.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batches;
mod corpus;
mod encode;
mod import;
mod manifest;
#[cfg(feature = "object-store")]
mod object;
mod selection;
mod stream;
mod textgrid;

use std::fs;
use std::path::Path;

use syrinx_data::{CodecStamp, EncodeFault, Manifest, Utterance};
use syrinx_types::{CallbackError, Coded, Codes, Latents};

/// Writes a file, making its folders.
fn put(path: &Path, content: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn codec(fingerprint: &str) -> CodecStamp {
    CodecStamp {
        fingerprint: fingerprint.to_owned(),
        frame_rate_hz: 25.0,
        levels: 2,
        codebook_size: 1024,
    }
}

/// `n` utterances of two speakers in turn; every fifth is of the split `test`.
fn manifest(n: usize) -> Manifest {
    let utterance = |i: usize| Utterance {
        id: format!("u{i:02}"),
        audio: format!("audio/u{i:02}.wav").into(),
        speaker: ["ann", "bob"][i % 2].to_owned(),
        text: format!("number {i}"),
        phones: Some(vec!["SIL".to_owned(), "AH0".to_owned()]),
        durations_s: Some(vec![0.1, 0.2]),
        lead_s: 0.05,
        split: Some(if i % 5 == 4 { "test" } else { "train" }.to_owned()),
        ..Utterance::default()
    };
    Manifest::new("corpus", (0..n).map(utterance).collect()).unwrap()
}

/// Codes that tell the utterance and the frame: level 0 is its number, level 1 counts its 3 + number % 4 frames.
/// A latent is half the code and a quarter.
fn encode(utterance: &Utterance) -> Result<Coded, EncodeFault> {
    let number: u16 = utterance.id[1..].parse().map_err(|_| CallbackError::new("no number"))?;
    let frames = 3 + number % 4;
    let values = (0..frames).flat_map(|t| [number, t]).collect();
    let codes = Codes::new(2, values)?;
    let latents = codes.values().iter().map(|&code| f32::from(code) / 2.0 + 0.25).collect();
    Ok(Coded { codes, latents: Latents::new(2, latents) })
}
