//! Driver until `syrinx train` exists: pretrain RUN CONFIG.toml
use std::path::Path;
use std::sync::Arc;
use syrinx_data::{CodecStamp, Corpus, EncodePlan, Manifest, encode_manifest};
use syrinx_task::{Alignment, TaskKit, TokenSpace};
use syrinx_train::*;
use syrinx_types::*;

struct Print(
    std::sync::Mutex<(std::time::Instant, std::collections::BTreeMap<String, (f64, u32)>)>,
);
impl EventSink for Print {
    fn emit(&self, e: Event) {
        match e {
            Event::TrainStep {
                step, losses, learning_rate, gradient_norm, tokens_per_s, ..
            } => {
                let mut g = self.0.lock().unwrap();
                if let Some((n, _)) = losses.first() {
                    let e =
                        g.1.entry(format!("gn/{}", n.split(':').next().unwrap()))
                            .or_insert((0.0, 0));
                    e.0 += gradient_norm;
                    e.1 += 1;
                }
                for (n, v) in losses {
                    let e = g.1.entry(n).or_insert((0.0, 0));
                    e.0 += v;
                    e.1 += 1;
                }
                if step % 50 == 0 {
                    let s: Vec<String> =
                        g.1.iter().map(|(n, (v, c))| format!("{n} {:.3}", v / *c as f64)).collect();
                    println!(
                        "step {step} t {:.0}s lr {learning_rate:.2e} gn {gradient_norm:.2} tok/s {tokens_per_s:.0} | {}",
                        g.0.elapsed().as_secs_f64(),
                        s.join(" ")
                    );
                    g.1.clear();
                }
            }
            Event::JobProgress { done, .. } if done % 500 != 0 => {}
            e => println!("{e:?}"),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let run = Path::new(&args[1]);
    let config: TrainConfig = toml::from_str(&std::fs::read_to_string(&args[2])?)?;
    let rvq = syrinx_codec::MelRvq::load(Path::new("runs/codec/rvq.safetensors"))?;
    let rvq = &rvq;
    let shards = Path::new("runs/shards");
    let sink = Print(std::sync::Mutex::new((std::time::Instant::now(), Default::default())));
    let info = rvq.config().clone();
    if !shards.join("done").exists() {
        let manifest = Manifest::read(Path::new("/work/shared/corpus/manifest.jsonl"))?;
        let stamp = CodecStamp {
            fingerprint: rvq.fingerprint(),
            frame_rate_hz: info.frame_rate_hz(),
            levels: info.levels,
            codebook_size: info.codebook_size,
        };
        let mut plan = EncodePlan::new(stamp);
        plan.threads = 2;
        let s = encode_manifest(
            &manifest,
            shards,
            &plan,
            &|u| {
                let audio = syrinx_audio::load(&manifest.audio_path(u), 24_000)
                    .map_err(|e| e.to_string())?;
                Ok(rvq.encode_patches(&rvq.patches(&audio.samples)))
            },
            &sink,
            &CancelToken::default(),
        )?;
        println!("{} utterances, {} frames, {} failed", s.utterances, s.frames, s.failed.len());
        std::fs::write(shards.join("done"), "")?;
    }
    let corpus = Corpus::open(shards)?;
    let train = corpus.split("train").filter(|_, f| f as f64 / 25.0 < config.max_seconds);
    let test = corpus.split("test").filter(|_, f| f as f64 / 25.0 < config.max_seconds);
    let vocab = syrinx_text::TextVocab::english()?;
    let kit = TaskKit {
        vocab: Arc::new(vocab.clone()),
        frontend: Arc::new(syrinx_text::Frontend::english()?),
        studio: None,
        alignment: Alignment::Pointer,
    };
    let mut tasks = Vec::new();
    for d in syrinx_registry::ALL {
        tasks.push((d.build)(serde_json::Value::Null, &kit)?);
    }
    let marks: Vec<String> = tasks.iter().flat_map(|t| t.layout().marks()).collect();
    let space = TokenSpace::new(
        &vocab,
        (info.levels, info.codebook_size, info.frame_rate_hz()),
        config.model.group,
        marks,
    );
    let codebooks = (0..info.levels).map(|l| rvq.codebook(l).to_vec()).collect();
    let material =
        TrainingMaterial { corpus: &train, held_out: Some(&test), tasks: &tasks, space, codebooks };
    let mut trainer = Trainer::new(&config, &material, run, true)?;
    let n: usize = trainer.weights().values().map(|t| t.elem_count()).sum();
    println!("{} train utterances, {n} parameters, at step {}", train.len(), trainer.step());
    println!("{:?}", trainer.run(&sink, &CancelToken::default())?);
    Ok(())
}
