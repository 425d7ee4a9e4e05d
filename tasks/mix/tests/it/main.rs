//! Mixing voices: prompts, sweeps, answers.

use std::sync::OnceLock;

use syrinx_task::{
    Alignment, Answer, Clip, Content, Generated, Plan, Task, TaskKit, Voices, WeightedCodes,
};
use syrinx_task_mix::{Mix, MixConfig, MixMode, MixRequest};
use syrinx_testkit::{Tested, ToneCodec, told};
use syrinx_types::Codes;

fn kit() -> &'static TaskKit {
    static KIT: OnceLock<TaskKit> = OnceLock::new();
    KIT.get_or_init(|| {
        syrinx_testkit::kit(Alignment::Pointer).expect("the front end is compiled in")
    })
}

fn mix() -> Mix {
    Mix::new(MixConfig::default(), kit()).expect("sound settings")
}

fn voice(name: &str) -> Codes {
    Voices::prompt(&ToneCodec::default(), name).expect("a voice")
}

fn request(text: &str) -> MixRequest {
    let voices = ["alto", "bass"].map(|v| Clip::from(v.to_owned())).to_vec();
    MixRequest { text: text.into(), voices, ..MixRequest::default() }
}

fn prompt(request: &MixRequest) -> Content {
    let plan = mix().plan_of(request).expect("a plan");
    plan.rows[0].stages[0].contents["prompt"].clone()
}

/// Blend of the voices of [`request`].
fn blend(weights: [f32; 2]) -> Content {
    let share = |(weight, name)| WeightedCodes { weight, codes: voice(name) };
    Content::Blend(weights.into_iter().zip(["alto", "bass"]).map(share).collect())
}

/// Rows of a plan when every code is 3.
fn generated(plan: &Plan) -> Vec<Generated> {
    let row = |frames: usize| Generated {
        codes: Codes::new(4, vec![3; 4 * frames]).ok(),
        pointer: vec![0; frames],
        finished: true,
        ..Generated::default()
    };
    (0..plan.rows.len()).map(|i| row(10 + i)).collect()
}

#[test]
fn weights_sum_up_to_one() {
    let weights = vec![3.0, 1.0];
    let blended = prompt(&MixRequest { weights, ..request("Oh.") });
    assert_eq!(blended, blend([0.75, 0.25]));
    let equal = prompt(&request("Oh."));
    assert_eq!(equal, blend([0.5, 0.5]));
    let weights = vec![0.0, 2.0];
    let only = prompt(&MixRequest { weights, ..request("Oh.") });
    assert_eq!(only, Content::Codes(voice("bass")), "a voice that doesn't count is left out");
}

#[test]
fn every_step_of_a_rolling_sweep_is_a_reading_of_its_own() {
    let asked = MixRequest { rolling: true, sweep: Some(2), ..request("Go on. See me.") };
    let plan = mix().plan_of(&asked).expect("a plan");
    let follows: Vec<bool> = plan.rows.iter().map(|row| row.follow.is_some()).collect();
    assert_eq!(follows, [false, true, false, true]);
    let apart = mix().plan_of(&MixRequest { rolling: false, ..asked.clone() }).expect("a plan");
    assert!(apart.rows.iter().all(|row| row.follow.is_none()));
    // Rows of phones that last a frame each: the frames given to the second are spoken once.
    let mut rows: Vec<Generated> = Vec::new();
    for row in &plan.rows {
        let row = rows.last().map_or(row.clone(), |before| row.after(before));
        let stage = &row.stages[1];
        let Some(Content::Text(text)) = stage.contents.get("text") else { panic!("no text") };
        let mut pointer = stage.pointer.clone();
        pointer.extend(pointer.last().map_or(0, |last| last + 1)..text.aligned.len() as u32);
        let codes = Codes::new(4, vec![3; 4 * pointer.len()]).ok();
        rows.push(Generated { codes, pointer, finished: true, ..Generated::default() });
    }
    let answer = mix().answer_of(&asked, rows).expect("an answer");
    assert!((answer.speech.seconds - (6.0 + 5.0) / 25.0).abs() < 1e-9, "{}", answer.speech.seconds);
    assert_eq!(answer.steps.len(), 2);
}

#[test]
fn prompts_are_strung_together_by_weight() {
    let weights = vec![0.2, 0.8];
    let of = |mode| {
        let asked = MixRequest { mode: Some(mode), weights: weights.clone(), ..request("Oh.") };
        match prompt(&asked) {
            Content::Codes(codes) => codes,
            other => panic!("{other:?}"),
        }
    };
    let codes = of(MixMode::Concatenate);
    assert_eq!(codes.frames(), 75);
    assert_eq!(codes.slice(0, 15), voice("alto").slice(0, 15));
    assert_eq!(codes.slice(15, 75), voice("bass").slice(0, 60));
    let codes = of(MixMode::Interleave);
    assert_eq!(codes.slice(0, 2), voice("alto").slice(0, 2));
    assert_eq!(codes.slice(2, 10), voice("bass").slice(0, 8));
    assert_eq!(codes.slice(10, 12), voice("alto").slice(2, 4));
}

#[test]
fn a_sweep_speaks_every_step() {
    let asked = MixRequest { sweep: Some(3), ..request("Oh. No.") };
    let plan = mix().plan_of(&asked).expect("a plan");
    assert_eq!(plan.rows.len(), 6, "two sentences a step");
    let prompts: Vec<_> =
        [0, 2, 4].map(|i| plan.rows[i].stages[1].contents["prompt"].clone()).into();
    assert_eq!(prompts[0], Content::Codes(voice("alto")));
    assert_eq!(prompts[1], blend([0.5, 0.5]));
    assert_eq!(prompts[2], Content::Codes(voice("bass")));
    let answer = mix().answer_of(&asked, generated(&plan)).expect("an answer");
    assert_eq!(answer.weights, [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]);
    let recordings = answer.recordings();
    let names: Vec<&str> = recordings.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["audio", "step-2", "step-3"]);
    // Two sentences of 10 and 11 frames with a pause of 0.15 s.
    assert!((recordings[0].1.seconds() - (21.0 / 25.0 + 0.15)).abs() < 1e-9);
    assert!((answer.speech.seconds - recordings[0].1.seconds()).abs() < 1e-9);
    assert_eq!(answer.speech.words.len(), 2);
}

#[test]
fn bad_requests_say_what_to_do() {
    let error = |request: MixRequest| mix().plan_of(&request).map_err(told).expect_err("bad");
    let weights = |weights: &[f64]| MixRequest { weights: weights.into(), ..request("Oh.") };
    let voices = |voices: &[&str]| MixRequest {
        voices: voices.iter().map(|v| Clip::from((*v).to_owned())).collect(),
        ..request("Oh.")
    };
    let sweep = |sweep| MixRequest { sweep: Some(sweep), ..request("Oh.") };
    let errors = [
        error(weights(&[0.0, 0.0])),
        error(weights(&[1.5, -0.5])),
        error(weights(&[f64::NAN, 0.5])),
        error(weights(&[1.0])),
        error(voices(&["alto", "alto"])),
        error(voices(&["alto"])),
        error(voices(&["alto", "tenor"])),
        error(voices(&["alto", "missing.wav"])),
        error(sweep(1)),
        error(sweep(100)),
        error(MixRequest { sweep: Some(3), ..voices(&["alto", "bass", "tone.wav"]) }),
        error(MixRequest { sweep: Some(3), ..weights(&[0.5, 0.5]) }),
        error(request(" ... ")),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}
