use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use syrinx_task::{CodebookSizes, ModelSwitches, Response, Task, TaskKit, TokenSpace, resolve};
use syrinx_task_stt::{Stt, SttConfig, SttMode, TextUnit, phone_labels};
use syrinx_testkit::{SpeechSpec, ToneCodec, sample};
use syrinx_text::Phone;
use syrinx_types::TimedPhone;

use crate::{kit, stt};

fn text_mode(text_unit: TextUnit) -> SttConfig {
    SttConfig { mode: SttMode::Text, text_unit, ..SttConfig::default() }
}

#[test]
fn the_layouts_are_those_of_the_documentation() {
    let tables = [SttConfig::default(), text_mode(TextUnit::Letters)].map(|config| {
        let layout = stt(config).layout();
        for stage in &layout.stages {
            stage.check().expect("a sound stage");
        }
        layout.table()
    });
    insta::assert_snapshot!(tables.join("\n"));
}

#[test]
fn examples_fit_their_layouts() {
    let (kit, codec) = (kit(), ToneCodec::default());
    let sample =
        sample(kit, &codec, "The birch canoe, slid.", &SpeechSpec::default(), 1).expect("a sample");
    let configs = [SttConfig::default(), text_mode(TextUnit::Letters), text_mode(TextUnit::Bpe)];
    for config in configs {
        let task = stt(config);
        let layout = task.layout();
        let ToneCodec { levels, codebook_size, .. } = codec;
        let sizes = CodebookSizes { levels, codebook_size, frame_rate_hz: 25.0 };
        let space = TokenSpace::new(&kit.vocab, sizes, 1, layout.special_tokens());
        let stage = &layout.stages[0];
        let example = task
            .corpus_example(&stage.name, &sample, &mut ChaCha8Rng::seed_from_u64(0))
            .expect("no fault")
            .expect("an example");
        resolve(stage, &example.contents, Some(&example.response), 0, &space)
            .expect("contents that fit the layout");
        if let Response::Text(ids) = &example.response {
            assert_eq!(kit.vocab.decode_bpe(ids), "the birch canoe slid");
        }
    }
}

#[test]
fn an_utterance_without_latents_is_refused_by_a_model_that_reads_them() {
    let switches = ModelSwitches { latent_recordings: true, ..kit().switches };
    let task = Stt::new(SttConfig::default(), &TaskKit { switches, ..kit().clone() });
    let task = task.expect("sound settings");
    let mut sample =
        sample(kit(), &ToneCodec::default(), "Oh.", &SpeechSpec::default(), 1).expect("a sample");
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    assert!(task.corpus_example("phones", &sample, &mut rng).expect("no fault").is_some());
    sample.latents = None;
    let refused = task.corpus_example("phones", &sample, &mut rng).expect_err("codes only");
    assert!(refused.hint().is_some_and(|hint| hint.contains("--latents")), "{refused}");
}

#[test]
fn an_utterance_without_durations_is_fit_only_for_text() {
    let mut sample =
        sample(kit(), &ToneCodec::default(), "Oh.", &SpeechSpec::default(), 1).expect("a sample");
    sample.phones.clear();
    for (config, stage, fit) in
        [(SttConfig::default(), "phones", false), (text_mode(TextUnit::Letters), "text", true)]
    {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let example = stt(config).corpus_example(stage, &sample, &mut rng).expect("no fault");
        assert_eq!(example.is_some(), fit, "{stage}");
    }
}

#[test]
fn labels_are_audible_phones() {
    let check = |line: &str, lead_s: f64, frames: usize, expected: &str| {
        let timed: Vec<TimedPhone> = line
            .split_whitespace()
            .map(|entry| {
                let (phone, duration) = entry.rsplit_once(':').expect("phone:duration");
                let duration_s = duration.parse().expect("a number");
                TimedPhone { phone: phone.into(), duration_s }
            })
            .collect();
        let labels = phone_labels(&timed, lead_s, frames, 2, 25.0).map(|labels| {
            let name = |&l: &u32| Phone::from_index(l as usize).map_or("?", Phone::arpabet);
            labels.iter().map(name).collect::<Vec<_>>().join(" ")
        });
        assert_eq!(labels.as_deref().unwrap_or("none"), expected, "{line}");
    };
    check("AH1:0.04 |:0.04 B:0.04", 0.02, 4, "SIL AH AH AH AH B B SIL");
    check("AH0:0.04 ,:0.04 |:0.02 B:0.02", 0.0, 4, "AH0 AH0 SIL SIL SIL B SIL SIL");
    check("B:0.02 |:0.2 B:0.02", 0.0, 2, "B SIL SIL SIL");
    check("SIL:0.1", 0.0, 2, "none");
    check("B:0.1", 0.0, 0, "none");
    check("XX:0.1", 0.0, 2, "none");
}
