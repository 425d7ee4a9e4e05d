use syrinx_task::{Alignment, Clip, Content};
use syrinx_task_tts::TtsRequest;
use syrinx_testkit::{Tested, told};
use syrinx_types::Audio;

use crate::tts;

fn request(text: &str) -> TtsRequest {
    TtsRequest { text: text.into(), ..TtsRequest::default() }
}

fn tone(seconds: f64, peak: f32) -> Clip {
    let samples = (0..(seconds * 24_000.0) as usize).map(|i| peak * (i as f32 * 0.05).sin());
    Clip::from(Audio { samples: samples.collect(), sample_rate_hz: 24_000 })
}

#[test]
fn a_row_has_both_stages_with_phones_and_the_default_voice() {
    let plan = tts(Alignment::Pointer).plan_of(&request("Hello.")).expect("a plan");
    assert_eq!(plan.rows.len(), 1);
    let stages: Vec<&str> = plan.rows[0].stages.iter().map(|s| s.stage.as_str()).collect();
    assert_eq!(stages, ["ar", "nar"]);
    for stage in &plan.rows[0].stages {
        let Some(Content::Text(text)) = stage.contents.get("text") else { panic!("no text") };
        assert_eq!((text.ids.len(), text.aligned.len()), (6, 6));
        let Some(Content::Codes(codes)) = stage.contents.get("prompt") else { panic!("no prompt") };
        assert_eq!(codes.frames(), 60);
        assert_eq!(stage.limit, 48);
    }
}

#[test]
fn a_prompt_replaces_the_voice_and_is_cut() {
    let asked = TtsRequest { prompt: Some(tone(12.0, 0.5)), ..request("Hello.") };
    let plan = tts(Alignment::Pointer).plan_of(&asked).expect("a plan");
    let Some(Content::Codes(codes)) = plan.rows[0].stages[0].contents.get("prompt") else {
        panic!("no prompt")
    };
    assert_eq!(codes.frames(), 225);
}

#[test]
fn bad_requests_say_what_to_do() {
    let task = tts(Alignment::Pointer);
    let error = |request: &TtsRequest| task.plan_of(request).map_err(told).expect_err("bad");
    let hello = || request("Hello.");
    let voice = Some("tenor".to_owned());
    let errors = [
        error(&TtsRequest { voice: voice.clone(), ..hello() }),
        error(&TtsRequest { voice, prompt: Some(tone(3.0, 0.5)), ..hello() }),
        error(&TtsRequest { prompt: Some(tone(0.03, 0.5)), ..hello() }),
        error(&TtsRequest { prompt: Some(tone(3.0, 0.0)), ..hello() }),
        error(&request(" ... ")),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}
