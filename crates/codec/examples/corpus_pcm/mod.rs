//! The decoded corpus as 16-bit PCM in one file, so that later starts take no time. For the dev-only drivers here.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Line {
    id: String,
    audio: String,
    speaker: String,
    voice: String,
    text: String,
    split: String,
}

/// Where an utterance lies in the cache.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// Its speaker.
    pub speaker: String,
    /// Its voice.
    pub voice: String,
    /// What is said.
    pub text: String,
    /// Its split.
    pub split: String,
    /// Its first sample.
    pub start: usize,
    /// Its number of samples.
    pub samples: usize,
}

/// All of it in memory.
pub struct CorpusPcm {
    /// The utterances, in the manifest's order.
    pub entries: Vec<Entry>,
    pcm: Vec<i16>,
}

impl CorpusPcm {
    /// Reads the cache, or makes it from the corpus first.
    pub fn open(corpus: &Path, cache: &Path) -> Result<Self, Box<dyn Error>> {
        let (index, data) = (cache.join("pcm.json"), cache.join("pcm.bin"));
        if !index.exists() {
            build(corpus, &index, &data)?;
        }
        let entries: Vec<Entry> = serde_json::from_slice(&fs::read(&index)?)?;
        let mut bytes = Vec::new();
        File::open(&data)?.read_to_end(&mut bytes)?;
        let pcm = bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
        Ok(Self { entries, pcm })
    }

    /// Samples of an utterance, (-1, 1).
    pub fn samples(&self, entry: &Entry) -> Vec<f32> {
        self.pcm[entry.start..entry.start + entry.samples]
            .iter()
            .map(|&v| f32::from(v) / 32768.0)
            .collect()
    }
}

fn build(corpus: &Path, index: &Path, data: &Path) -> Result<(), Box<dyn Error>> {
    let lines: Vec<Line> = fs::read_to_string(corpus.join("manifest.jsonl"))?
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let part = data.with_extension("part");
    let mut out = BufWriter::new(File::create(&part)?);
    let (mut entries, mut start) = (Vec::new(), 0);
    for chunk in lines.chunks(256) {
        let decoded: Vec<Vec<u8>> = chunk
            .par_iter()
            .map(|line| {
                let audio = syrinx_audio::load(corpus.join(&line.audio), 24_000)
                    .map_err(|e| e.to_string())?;
                Ok(audio
                    .samples
                    .iter()
                    .flat_map(|s| {
                        ((s * 32768.0).round().clamp(-32768.0, 32767.0) as i16).to_le_bytes()
                    })
                    .collect())
            })
            .collect::<Result<_, String>>()?;
        for (line, bytes) in chunk.iter().zip(decoded) {
            out.write_all(&bytes)?;
            let samples = bytes.len() / 2;
            let (id, speaker) = (line.id.clone(), line.speaker.clone());
            let (voice, text, split) = (line.voice.clone(), line.text.clone(), line.split.clone());
            entries.push(Entry { id, speaker, voice, text, split, start, samples });
            start += samples;
        }
        eprintln!("decoded {} of {}", entries.len(), lines.len());
    }
    out.flush()?;
    fs::rename(&part, data)?;
    let part = index.with_extension("part");
    fs::write(&part, serde_json::to_vec(&entries)?)?;
    fs::rename(part, index)?;
    Ok(())
}
