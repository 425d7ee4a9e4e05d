//! Fits the quantiser on the corpus: `fit_codec [CORPUS] [RUNS]`. A driver for development; the program is `syrinx`.

mod corpus_pcm;

use std::path::PathBuf;

use rayon::prelude::*;
use syrinx_audio::LogMel;
use syrinx_codec::{FitConfig, MelRvq, PatchSample, fit, patches};
use syrinx_types::{CancelToken, Event, EventSink};

struct Print;

impl EventSink for Print {
    fn emit(&self, event: Event) {
        if let Event::JobProgress { done, note, .. } = event {
            eprintln!("{done:4} {note}");
        } else {
            eprintln!("{event:?}");
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let corpus = PathBuf::from(arguments.next().unwrap_or("/work/shared/corpus".into()));
    let runs = PathBuf::from(arguments.next().unwrap_or("/work/main/runs".into()));
    let corpus = corpus_pcm::CorpusPcm::open(&corpus, &runs)?;
    let config = FitConfig::default();
    let log_mel = LogMel::new(config.mel.clone())?;
    let begun = std::time::Instant::now();
    let mut sample = PatchSample::new(&config);
    let train: Vec<_> = corpus.entries.iter().filter(|e| e.split == "train").collect();
    for some in train.chunks(256) {
        let made: Vec<Vec<f32>> = some
            .par_iter()
            .map(|e| patches(&log_mel, config.patch_frames, &corpus.samples(e)))
            .collect();
        made.iter().for_each(|p| sample.add(p));
    }
    eprintln!("{} utterances, patches in {:.1} s", train.len(), begun.elapsed().as_secs_f64());
    let rvq = fit(sample.values(), &config, &Print, &CancelToken::default())?;
    eprintln!("fitted after {:.1} s, {}", begun.elapsed().as_secs_f64(), rvq.fingerprint());
    let folder = runs.join("codec");
    std::fs::create_dir_all(&folder)?;
    rvq.save(&folder.join("rvq.safetensors"))?;
    let back = MelRvq::load(&folder.join("rvq.safetensors"))?;
    assert_eq!(back.fingerprint(), rvq.fingerprint());
    let test: Vec<_> =
        corpus.entries.iter().filter(|e| e.split == "test").step_by(6).take(120).collect();
    let (mut error, mut count, mut seconds) = (0.0f64, 0usize, 0.0);
    let begun = std::time::Instant::now();
    let mut spent = 0.0;
    for e in test {
        let made = patches(&log_mel, config.patch_frames, &corpus.samples(e));
        let begun = std::time::Instant::now();
        let codes = back.encode_patches(&made);
        spent += begun.elapsed().as_secs_f64();
        let read = back.decode_log_mel(&codes)?;
        error += read.iter().zip(&made).map(|(a, b)| f64::from((a - b) * (a - b))).sum::<f64>();
        count += made.len();
        seconds += e.samples as f64 / 24_000.0;
    }
    let db = 8.686 * (error / count as f64).sqrt();
    eprintln!(
        "test: {db:.2} dB a mel bin; {seconds:.0} s of sound, {:.2} s with mel, {spent:.2} s encoding alone",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}
