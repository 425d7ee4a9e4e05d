//! Codes and texts that are known are scored as in training.

use syrinx_decode::{DecodeConfig, code_log_probs, generate};
use syrinx_task::{
    Alignment, Content, Contents, Example, Layout, Plan, Response, RowPlan, Segment, Stage,
    StageRun, TextContent, heads, resolve,
};
use syrinx_types::{CancelToken, Codes, RunContext};

use crate::known::{PHONES, layout, text, tiny};

const FRAMES: u32 = 24;

#[test]
fn log_probabilities_of_known_codes_are_the_losses_of_training() {
    for (alignment, group) in
        [(Alignment::Pointer, 1), (Alignment::Pointer, 2), (Alignment::None, 1)]
    {
        let tiny = tiny(alignment, group);
        let codes = (0..4 * FRAMES).map(|i| (i * 7 % 32) as u16).collect();
        let pointer = (0..FRAMES).map(|frame| frame * PHONES / FRAMES).collect();
        let example = Example {
            contents: text(&tiny),
            response: Response::Codes { codes: Codes::new(4, codes).unwrap(), pointer },
        };
        let layout = layout(alignment);
        let stage = &layout.stages[0];
        let log_probs = code_log_probs(&tiny.model, stage, &example).unwrap();
        assert_eq!(log_probs.len(), FRAMES as usize);
        let response = Some(&example.response);
        let sequence = resolve(stage, &example.contents, response, 0, tiny.model.space()).unwrap();
        // The end of a response without a pointer is a class of its own, and not a frame's code.
        let ends = usize::from(alignment == Alignment::None);
        let losses = tiny.model.losses(&[sequence]).unwrap();
        for member in 0..group {
            let name = format!("codes.{}", member + 1);
            let part = losses.parts.iter().find(|part| part.name == name).unwrap();
            let of_member: Vec<f64> =
                log_probs.iter().skip(member).step_by(group).copied().collect();
            assert_eq!(part.targets, of_member.len() + ends, "{name}");
            if ends == 0 {
                let mean = of_member.iter().sum::<f64>() / of_member.len() as f64;
                let loss = f64::from(part.value.to_scalar::<f32>().unwrap());
                assert!((mean + loss).abs() < 1e-4, "{name}: {mean} and {loss}");
            }
        }
        assert!(log_probs.iter().all(|&log_prob| log_prob < 0.0));
    }
}

#[test]
fn responses_without_codes_have_no_probability() {
    let tiny = tiny(Alignment::Pointer, 1);
    let layout = layout(Alignment::Pointer);
    let example = Example { contents: Contents::new(), response: Response::Text(Vec::new()) };
    assert!(code_log_probs(&tiny.model, &layout.stages[0], &example).unwrap().is_empty());
}

#[test]
fn a_known_text_has_the_loss_of_training_and_leaves_other_rows_alone() {
    let tiny = tiny(Alignment::Pointer, 1);
    let space = tiny.model.space();
    let segments = vec![
        Segment::special_token("task:demo"),
        Segment::text("given"),
        Segment::text_response("text"),
    ];
    let stages = vec![Stage::new("text", heads::Text, segments)];
    let layout = Layout { task: "demo".into(), stages };
    let row = |text: Option<Vec<u32>>| {
        let given = TextContent::plain((space.first_phone..space.first_phone + 4).collect());
        let contents = Contents::from([("given".to_owned(), Content::Text(given))]);
        RowPlan::new(vec![StageRun { text, ..StageRun::new("text", contents, 6) }])
    };
    let run = |rows: Vec<RowPlan>| {
        let cancel = CancelToken::default();
        let (config, run) = (DecodeConfig::default(), RunContext::quiet(&cancel));
        generate(&tiny.model, &layout, &Plan { rows }, &config, run).unwrap()
    };
    let texts = [vec![], vec![7], vec![9, 200, 3, 9]];
    let mut rows: Vec<RowPlan> = texts.iter().cloned().map(Some).map(row).collect();
    rows.insert(1, row(None));
    let mut scored = run(rows);
    assert_eq!(scored.remove(1), run(vec![row(None)]).remove(0));
    for (scored, text) in scored.iter().zip(texts) {
        let response = Response::Text(text.clone());
        let contents = &row(None).stages[0].contents;
        let sequence = resolve(&layout.stages[0], contents, Some(&response), 0, space).unwrap();
        let loss = tiny.model.losses(&[sequence]).unwrap().parts.remove(0);
        let loss = f64::from(loss.value.to_scalar::<f32>().unwrap());
        assert!((scored.score + loss).abs() < 1e-4, "{text:?}: {} and {loss}", scored.score);
        assert_eq!((&scored.text, scored.finished), (&text, true));
    }
}
