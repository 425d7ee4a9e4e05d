//! Imported vall-e models window by window, and the task of theirs that no published weights were trained on.

use syrinx_decode::{DecodeConfig, FrameWindow, NarConfig, generate_streaming};
use syrinx_task::{Response, RvqSum, VallEResponse, resolve, vall_e_sequence};
use syrinx_types::{CancelToken, RunContext};

use crate::vall_e::{further, greedy, imported, level_1, row, values};

/// Windows for speech that is played while it is generated.
fn windows(lookahead_frames: usize) -> DecodeConfig {
    let nar = NarConfig {
        first_window_frames: Some(2),
        window_frames: Some(5),
        lookahead_frames,
        ..NarConfig::default()
    };
    DecodeConfig { nar, ..greedy() }
}

#[test]
fn streamed_frames_are_those_of_the_same_windows_all_at_once() {
    for (folder, rvq_sum) in [("v5-head", RvqSum::Inclusive), ("v5-2024-10", RvqSum::Legacy)] {
        let model = imported(folder, rvq_sum);
        let (prompt, _) = row(folder, "tts_ar_prom");
        let (layout, plan) = model.planned((&prompt, 17), &[level_1(), further()]);
        for lookahead in [0, 3] {
            let config = windows(lookahead);
            let (mut streamed, mut ended) = (Vec::new(), false);
            let each = &mut |FrameWindow { codes, last, .. }: FrameWindow<'_>| {
                streamed.push(codes.clone());
                ended |= last;
            };
            let cancel = CancelToken::default();
            let run = RunContext::quiet(&cancel);
            generate_streaming(&model.model, &layout, &plan, &config, run, each).unwrap();
            assert!(ended && streamed.len() > 3, "{folder}: {} windows", streamed.len());
            let streamed: Vec<u16> = streamed.iter().flat_map(|c| c.values().to_vec()).collect();
            let out = model.run((&prompt, 17), &[level_1(), further()], &config);
            assert_eq!(streamed, values(out.codes), "{folder}");
        }
    }
}

#[test]
fn windows_of_a_causal_model_have_the_codes_of_no_windows() {
    let model = imported("v5-2024-10", RvqSum::Legacy);
    assert!(model.layout.causal);
    let (prompt, _) = row("v5-2024-10", "tts_ar_prom");
    let run = |config: &DecodeConfig| {
        values(model.run((&prompt, 20), &[level_1(), further()], config).codes)
    };
    assert_eq!(run(&windows(0)), run(&greedy()));
}

#[test]
fn the_stage_that_extracts_a_speaker_is_the_sequence_of_its_row() {
    let model = imported("v5-head", RvqSum::Inclusive);
    let (prompt, response) = row("v5-head", "tse_task_nar_l1");
    let space = model.model.space();
    let expected = vall_e_sequence(space, &model.layout, &prompt, &response).unwrap();
    let VallEResponse::Level { level, codes } = response else { panic!("no further level") };
    let (layout, plan) = model.planned((&prompt, 1), &[further()]);
    let response = Response::Codes { codes, pointer: Vec::new() };
    let contents = &plan.rows[0].stages[0].contents;
    let found = resolve(&layout.stages[0], contents, Some(&response), level, space).unwrap();
    assert_eq!(found.positions, expected.positions);
    assert_eq!((found.prefix, found.response_start), (expected.prefix, expected.response_start));
}
