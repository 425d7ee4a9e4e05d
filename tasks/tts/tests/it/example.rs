use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use syrinx_task::{Alignment, Content, Response, Task, TokenSpace, resolve};
use syrinx_testkit::{SpeechSpec, ToneStudio, sample};
use syrinx_types::Codes;

use crate::{kit, tts};

const TEXT: &str = "The birch canoe, slid on the smooth planks.";

#[test]
fn examples_fit_their_layouts() {
    for alignment in [Alignment::Pointer, Alignment::None] {
        let (kit, task, studio) = (kit(alignment), tts(alignment), ToneStudio::default());
        let sample = sample(&kit, &studio, TEXT, &SpeechSpec::default(), 1).expect("a sample");
        let layout = task.layout();
        let shape = (studio.levels, studio.codebook_size, 25.0);
        let space = TokenSpace::new(&kit.vocab, shape, 1, layout.marks());
        for (stage, level) in layout.stages.iter().zip([0, 2]) {
            let mut rng = ChaCha8Rng::seed_from_u64(0);
            let example = task.example(&stage.name, Some(&sample), &mut rng).expect("no fault");
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
        let (kit, task, studio) = (kit(alignment), tts(alignment), ToneStudio::default());
        let mut sample = sample(&kit, &studio, TEXT, &SpeechSpec::default(), 1).expect("a sample");
        let timed = task.example("ar", Some(&sample), &mut ChaCha8Rng::seed_from_u64(0));
        sample.phones.clear();
        let untimed = task.example("ar", Some(&sample), &mut ChaCha8Rng::seed_from_u64(0));
        let untimed = untimed.expect("no fault");
        assert_eq!(untimed.is_some(), fit);
        if fit {
            assert_eq!(untimed, timed.expect("no fault"), "the text gives the same phones");
        }
        sample.codes = Codes::empty(4);
        let nothing = task.example("ar", Some(&sample), &mut ChaCha8Rng::seed_from_u64(0));
        assert_eq!(nothing.expect("no fault"), None);
    }
}

#[test]
fn the_prompt_and_all_levels_are_in_the_example() {
    let (kit, task) = (kit(Alignment::Pointer), tts(Alignment::Pointer));
    let spec = SpeechSpec { prompt_frames: 9, ..SpeechSpec::default() };
    let sample = sample(&kit, &ToneStudio::default(), TEXT, &spec, 1).expect("a sample");
    let example = task
        .example("nar", Some(&sample), &mut ChaCha8Rng::seed_from_u64(0))
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
    let wrong = tts(Alignment::Pointer).example("dur", None, &mut ChaCha8Rng::seed_from_u64(0));
    insta::assert_snapshot!(wrong.expect_err("no such stage"), @"layout of stage `dur`: task `tts` has the stages ar, nar");
}
