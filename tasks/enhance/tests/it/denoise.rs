//! Noisy speech to clean speech, with or without its words.

use syrinx_task::{Alignment, Clip, Generated, Task};
use syrinx_task_enhance::denoise::{Denoise, DenoiseRequest, TASK};
use syrinx_testkit::{Tested, kit, told};
use syrinx_types::{Audio, Codes};

use crate::{conforms, is_cut_in_three, tone};

fn task() -> Denoise {
    let kit = kit(Alignment::Pointer).expect("the front end is compiled in");
    Denoise::new(Default::default(), &kit).expect("the defaults are sound")
}

#[test]
fn it_conforms() {
    conforms(&TASK);
}

#[test]
fn the_layout_is_that_of_the_documentation() {
    insta::assert_snapshot!(task().layout().table());
}

#[test]
fn long_recordings_are_worked_on_in_pieces() {
    let request = DenoiseRequest { audio: tone(24.0, 0.5), ..Default::default() };
    let plan = task().plan_of(&request).expect("a plan");
    is_cut_in_three(&plan);
}

/// The predicted latents decide the gain of the recording; without them the codes are decoded.
#[test]
fn the_answer_is_the_recording_turned_down_to_what_is_expected() {
    let request = DenoiseRequest { audio: tone(0.12, 0.5), ..Default::default() };
    let own = request.audio.audio.as_ref().expect("in memory");
    let codes = Codes::new(1, vec![4, 4, 4]).expect("codes");
    let piece = |latents: Vec<f32>, codes: Codes| Generated {
        latents,
        codes: Some(codes),
        ..Generated::default()
    };
    // Two pieces, as of a long recording: three frames of two values.
    let pieces = vec![
        piece(vec![1.0, 9.0, 0.5, 9.0], codes.slice(0, 2)),
        piece(vec![0.0, 9.0], codes.slice(2, 3)),
    ];
    let peak = |audio: &Audio, frame: usize| {
        audio.samples[frame * 960..(frame + 1) * 960].iter().fold(0.0f32, |m, x| m.max(x.abs()))
    };
    let answer = task().answer_of(&request, pieces).expect("an answer");
    let audio = answer.audio.audio.expect("in memory");
    assert_eq!(audio.samples.len(), own.samples.len());
    assert_eq!(audio.samples[..960], own.samples[..960]);
    assert!((peak(&audio, 1) - 0.275).abs() < 0.01);
    assert!((peak(&audio, 2) - 0.05).abs() < 0.01, "a tenth stays at least");
    let spoken = task().answer_of(&request, vec![piece(Vec::new(), codes)]).expect("an answer");
    assert_ne!(spoken.audio.audio.expect("in memory").samples[..960], own.samples[..960]);
}

#[test]
fn words_are_given_to_what_they_belong_to() {
    let text = Some("Oh, no.".to_owned());
    for (seconds, known) in [(2.0, true), (24.0, false)] {
        let request = DenoiseRequest { audio: tone(seconds, 0.5), text: text.clone() };
        let plan = task().plan_of(&request).expect("a plan");
        assert_eq!(plan.rows[0].stages[1].contents.contains_key("text"), known, "{seconds} s");
    }
}

#[test]
fn bad_requests_say_what_to_do() {
    let error = |request: DenoiseRequest| task().plan_of(&request).map_err(told).expect_err("bad");
    let errors = [
        error(DenoiseRequest { audio: tone(0.01, 0.5), text: None }),
        error(DenoiseRequest { audio: tone(2.0, 0.0), text: None }),
        error(DenoiseRequest { audio: tone(2.0, 0.5), text: Some(" ... ".into()) }),
        error(DenoiseRequest { audio: Clip::from("x.wav".to_owned()), text: None }),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}
