//! Trains the vocoder on the corpus: `train_vocoder STEPS STOP_UNIX_S [RUNS]`. Goes on from where it stopped. A driver
//! for development; the program is `syrinx`.

mod corpus_pcm;

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use syrinx_codec::{ClipSource, CodecError, EmbeddedCodec, VocoderTrainConfig, train_vocoder};
use syrinx_types::{CancelToken, Event, EventSink};

struct Clips {
    corpus: corpus_pcm::CorpusPcm,
    train: Vec<usize>,
}

impl ClipSource for Clips {
    fn draw(&self, samples: usize, rng: &mut ChaCha8Rng) -> Result<Vec<f32>, CodecError> {
        let entry = &self.corpus.entries[self.train[rng.random_range(0..self.train.len())]];
        let all = self.corpus.samples(entry);
        let start = rng.random_range(0..all.len().saturating_sub(samples) + 1);
        let mut clip = all[start..all.len().min(start + samples)].to_vec();
        clip.resize(samples, 0.0);
        Ok(clip)
    }
}

struct Print(Instant);

impl EventSink for Print {
    fn emit(&self, event: Event) {
        match event {
            Event::TrainStep {
                step,
                loss,
                losses,
                learning_rate,
                gradient_norm,
                tokens_per_s,
                ..
            } if step % 10 == 0 || step < 10 => {
                let parts: Vec<String> =
                    losses.iter().map(|(n, v)| format!("{n} {v:.3}")).collect();
                eprintln!(
                    "{:6.0} s step {step} loss {loss:.4} {} lr {learning_rate:.2e} norm {gradient_norm:.2} {tokens_per_s:.0} frames/s",
                    self.0.elapsed().as_secs_f64(),
                    parts.join(" ")
                );
            }
            Event::TrainStep { .. } => {}
            other => eprintln!("{other:?}"),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let steps = arguments.next().unwrap_or("4000".into()).parse()?;
    let stop = Duration::from_secs(arguments.next().unwrap_or("0".into()).parse()?);
    let runs = PathBuf::from(arguments.next().unwrap_or("/work/main/runs".into()));
    let corpus = corpus_pcm::CorpusPcm::open("/work/shared/corpus".as_ref(), &runs)?;
    let train = (0..corpus.entries.len()).filter(|&i| corpus.entries[i].split == "train").collect();
    let clips = Clips { corpus, train };
    let folder = runs.join("codec");
    let rvq = syrinx_codec::MelRvq::load(&folder.join("rvq.safetensors"))?;
    let cancel = CancelToken::default();
    if !stop.is_zero() {
        let cancel = cancel.clone();
        let left = (UNIX_EPOCH + stop).duration_since(SystemTime::now()).unwrap_or_default();
        std::thread::spawn(move || {
            std::thread::sleep(left);
            cancel.cancel();
        });
    }
    let config = VocoderTrainConfig { steps, ..VocoderTrainConfig::default() };
    let state = folder.join("vocoder-state.safetensors");
    let sink = Print(Instant::now());
    let trained = train_vocoder(&rvq, &clips, &config, Some(&state), &sink, &cancel)?;
    eprintln!("step {}, finished: {}", trained.step, trained.finished);
    EmbeddedCodec::new(rvq, trained.vocoder)?.save(&folder.join("codec.safetensors"), true)?;
    Ok(())
}
