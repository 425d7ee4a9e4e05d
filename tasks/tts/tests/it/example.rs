use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use syrinx_task::{Alignment, CodebookSizes, Content, Response, Task, TokenSpace, resolve};
use syrinx_testkit::{SpeechSpec, ToneCodec, sample};
use syrinx_types::Codes;

use crate::{kit, tts};

const TEXT: &str = "The birch canoe, slid on the smooth planks.";

#[test]
fn examples_fit_their_layouts() {
    for alignment in [Alignment::Pointer, Alignment::None] {
        let (kit, task, codec) = (kit(alignment), tts(alignment), ToneCodec::default());
        let sample = sample(&kit, &codec, TEXT, &SpeechSpec::default(), 1).expect("a sample");
        let layout = task.layout();
        let sizes = CodebookSizes {
            levels: codec.levels,
            codebook_size: codec.codebook_size,
            frame_rate_hz: 25.0,
        };
        let space = TokenSpace::new(&kit.vocab, sizes, 1, layout.special_tokens());
        for (stage, level) in layout.stages.iter().zip([0, 2]) {
            let mut rng = ChaCha8Rng::seed_from_u64(0);
            let example = task.corpus_example(&stage.name, &sample, &mut rng).expect("no fault");
            let example = example.expect("fit for both stages");
            let response = Some(&example.response);
            let sequence = resolve(stage, &example.contents, response, level, &space)
                .expect("contents that fit the layout");
            let frames = sample.codes.frames();
            let stop = usize::from(stage.name == "ar" && alignment == Alignment::None);
            assert_eq!(sequence.len() - sequence.response_start, frames + stop);
        }
    }
}

#[test]
fn an_utterance_without_durations_is_fit_only_without_alignment() {
    for (alignment, fit) in [(Alignment::Pointer, false), (Alignment::None, true)] {
        let (kit, task, codec) = (kit(alignment), tts(alignment), ToneCodec::default());
        let mut sample = sample(&kit, &codec, TEXT, &SpeechSpec::default(), 1).expect("a sample");
        let timed = task.corpus_example("ar", &sample, &mut ChaCha8Rng::seed_from_u64(0));
        sample.phones.clear();
        let untimed = task.corpus_example("ar", &sample, &mut ChaCha8Rng::seed_from_u64(0));
        let untimed = untimed.expect("no fault");
        assert_eq!(untimed.is_some(), fit);
        if fit {
            assert_eq!(untimed, timed.expect("no fault"), "the text gives the same phones");
        }
        sample.codes = Codes::empty(4);
        let nothing = task.corpus_example("ar", &sample, &mut ChaCha8Rng::seed_from_u64(0));
        assert_eq!(nothing.expect("no fault"), None);
    }
}

#[test]
fn the_prompt_and_all_levels_are_in_the_example() {
    let (kit, task) = (kit(Alignment::Pointer), tts(Alignment::Pointer));
    let spec = SpeechSpec { prompt_frames: 9, ..SpeechSpec::default() };
    let sample = sample(&kit, &ToneCodec::default(), TEXT, &spec, 1).expect("a sample");
    let example = task
        .corpus_example("nar", &sample, &mut ChaCha8Rng::seed_from_u64(0))
        .expect("no fault")
        .expect("an example");
    let Some(Content::Codes(prompt)) = example.contents.get("prompt") else {
        panic!("no prompt");
    };
    assert_eq!(Some(prompt), sample.prompt.as_ref());
    let Response::Codes { codes, pointer } = &example.response else { panic!("no codes") };
    assert_eq!(codes, &sample.codes);
    assert_eq!(pointer.len(), codes.frames());
}

#[test]
fn an_unknown_stage_is_a_fault() {
    let kit = kit(Alignment::Pointer);
    let sample = sample(&kit, &ToneCodec::default(), TEXT, &SpeechSpec::default(), 1);
    let (sample, mut rng) = (sample.expect("a sample"), ChaCha8Rng::seed_from_u64(0));
    let wrong = tts(Alignment::Pointer).corpus_example("dur", &sample, &mut rng);
    insta::assert_snapshot!(wrong.expect_err("no such stage"), @"layout of stage `dur`: task `tts` has the stages ar, nar");
}
