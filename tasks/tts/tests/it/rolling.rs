//! A long text as one reading.

use syrinx_task::{Alignment, Content, Generated, Plan, RowPlan};
use syrinx_task_tts::TtsRequest;
use syrinx_testkit::Tested;
use syrinx_types::Codes;

use crate::{kit, tts};

fn request(text: &str) -> TtsRequest {
    TtsRequest { text: text.into(), rolling: true, ..TtsRequest::default() }
}

fn phones(row: &RowPlan) -> String {
    let Some(Content::Text(text)) = row.stages[0].contents.get("text") else { panic!("no text") };
    let phones = kit(Alignment::Pointer).vocab.decode_phones(&text.ids);
    phones.iter().map(|p| p.arpabet()).collect::<Vec<_>>().join(" ")
}

/// Rows whose phone index advances by one in every frame.
fn generated(plan: &Plan) -> Vec<Generated> {
    let mut out: Vec<Generated> = Vec::new();
    for row in &plan.rows {
        let row = out.last().map_or(row.clone(), |before| row.after(before));
        let stage = &row.stages[1];
        let Some(Content::Text(text)) = stage.contents.get("text") else { panic!("no text") };
        stage.check_known(text.aligned.len()).expect("what is given fits the text");
        let mut codes = stage.given.clone().unwrap_or_else(|| Codes::empty(4));
        let mut pointer = stage.pointer.clone();
        for phone_index in pointer.last().map_or(0, |last| last + 1)..text.aligned.len() as u32 {
            pointer.push(phone_index);
            codes.push(&[3, 3, 3, 3]);
        }
        out.push(Generated { codes: Some(codes), pointer, finished: true, ..Generated::default() });
    }
    out
}

#[test]
fn each_sentence_goes_on_from_the_one_before() {
    let plan = tts(Alignment::Pointer).plan_of(&request("Go on. See me. Oh no.")).expect("a plan");
    let lines: Vec<String> = plan.rows.iter().map(phones).collect();
    assert_eq!(
        lines,
        [
            "SIL G OW | AA N SIL",
            "SIL G OW | AA N , | S IY | M IY SIL",
            "SIL S IY | M IY , | OW | N OW SIL",
        ]
    );
    let follows: Vec<_> =
        plan.rows.iter().map(|r| r.follow.map(|f| (f.from_phone, f.at_phone))).collect();
    assert_eq!(follows, [None, Some((1, 1)), Some((6, 1))]);
    let prompts = plan.rows.iter().map(|r| r.stages[0].contents.get("prompt"));
    assert!(prompts.clone().all(|p| p.is_some() && p == prompts.clone().next().flatten()));
}

#[test]
fn only_whole_words_of_the_sentence_before_are_given() {
    let text = "The birch canoe slid on the smooth wooden planks beside the river. Oh no.";
    let plan = tts(Alignment::Pointer).plan_of(&request(text)).expect("a plan");
    let line = phones(&plan.rows[1]);
    assert!(line.starts_with("SIL AA N | DH AH0 | S M UW DH | "), "{line}");
    assert!(line.ends_with("R IH V ER , | OW | N OW SIL"), "{line}");
    let Some(Content::Text(text)) = plan.rows[1].stages[0].contents.get("text") else { panic!() };
    assert!(text.aligned.len() <= 30 + 2 + 4, "{}", text.aligned.len());
}

#[test]
fn given_frames_are_spoken_once() {
    let task = tts(Alignment::Pointer);
    let asked = request("Go on. See me. Oh no.");
    let plan = task.plan_of(&asked).expect("a plan");
    let answer = task.answer_of(&asked, generated(&plan)).expect("an answer");
    // Every phone of each sentence lasts a frame, except the silences at the beginning of the later ones.
    assert!((answer.seconds - (6.0 + 5.0 + 4.0) / 25.0).abs() < 1e-9, "{}", answer.seconds);
    let words: Vec<(f64, f64)> = answer.words.iter().map(|w| (w.start_s, w.end_s)).collect();
    assert_eq!(words.len(), 6);
    assert!(words.windows(2).all(|w| w[0].1 <= w[1].0 + 1e-9), "{words:?}");
    assert!((words[2].0 - 6.0 / 25.0).abs() < 1e-9, "{words:?}");
}

#[test]
fn without_a_pointer_sentences_stand_alone() {
    let plan = tts(Alignment::None).plan_of(&request("Go on. See me.")).expect("a plan");
    assert!(plan.rows.len() == 2 && plan.rows.iter().all(|row| row.follow.is_none()));
}
