//! Generation in every order of codes and in a timing that is written first.

use syrinx_decode::{DecodeConfig, MaskedConfig, SamplerConfig, generate};
use syrinx_task::{
    Alignment, CodeOrder, Content, Contents, Generated, Layout, ModelSwitches, Plan, RowPlan,
    Segment, Stage, StageRun, TextContent, heads,
};
use syrinx_testkit::{Tiny, ToneCodec, kit, tiny_codebooks, tiny_config, tiny_space};
use syrinx_types::{CancelToken, Codes, RunContext};

const PHONES: u32 = 6;
const LEVELS: usize = 4;

/// All that goes together, the default aside.
pub(crate) fn orders() -> Vec<(Alignment, CodeOrder)> {
    use {Alignment::*, CodeOrder::*};
    let found = [Delay, Interleaved, Latent].into_iter().flat_map(|c| [(Pointer, c), (None, c)]);
    found.chain([ArNar, Delay, Interleaved, Masked, Latent].map(|c| (Durations, c))).collect()
}

fn layout((alignment, codes): (Alignment, CodeOrder)) -> Layout {
    let with = |first: &str, response| {
        vec![Segment::special_token(first), Segment::aligned_text("text", alignment), response]
    };
    let head = codes.head();
    let response = Segment { name: "codes".into(), ..head.response() };
    let stage = Stage::new("ar", head.clone(), with("task:demo", response));
    let mut stages = Vec::new();
    if alignment == Alignment::Durations {
        let response = Segment::duration_response("durations");
        stages.push(Stage::new("durations", heads::Durations, with("task:demo", response)));
        stages.push(stage.timed());
    } else {
        stages.push(stage);
    }
    if head.leaves_further_levels() {
        let mut nar = with("task:demo", Segment::nar_response("codes"));
        nar[0] = Segment::level_token();
        stages.push(Stage::new("nar", heads::FurtherLevels, nar));
    }
    Layout { task: "demo".into(), stages }
}

pub(crate) fn decode() -> DecodeConfig {
    let hot = SamplerConfig { temperature: 1.0, top_p: 1.0, ..SamplerConfig::default() };
    DecodeConfig { codes: hot.clone(), advances: hot, ..DecodeConfig::default() }
}

/// Rows of the same text, each with its known frames; only the named stages.
pub(crate) fn run_stages(
    order: (Alignment, CodeOrder),
    known: &[StageRun],
    config: &DecodeConfig,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Generated>, String> {
    let kit = kit(order.0).unwrap();
    let codec = ToneCodec::default();
    let switches = ModelSwitches { codes: order.1, ..order.0.into() };
    let model = tiny_config(switches);
    let space = tiny_space(&kit, &codec, vec!["task:demo".into()]);
    let tiny = Tiny::new(&model, &space, tiny_codebooks(&codec, 1), 1).unwrap();
    let first = space.first_phone;
    let text =
        TextContent { ids: (first..first + PHONES).collect(), aligned: (0..PHONES).collect() };
    let contents = Contents::from([("text".to_owned(), Content::Text(text))]);
    let layout = layout(order);
    let row = |known: &StageRun| {
        let names = layout.stages.iter().map(|s| s.name.clone()).filter(|name| wanted(name));
        let run = |stage| StageRun { stage, contents: contents.clone(), ..known.clone() };
        RowPlan::new(names.map(run).collect())
    };
    let plan = Plan { rows: known.iter().map(row).collect() };
    let cancel = CancelToken::default();
    let run = RunContext::quiet(&cancel).with_seed(5);
    generate(&tiny.model, &layout, &plan, config, run).map_err(|e| e.to_string())
}

fn run(order: (Alignment, CodeOrder), known: &[StageRun]) -> Vec<Generated> {
    run_stages(order, known, &decode(), |_: &str| true).unwrap()
}

pub(crate) fn free(limit: usize) -> StageRun {
    StageRun { limit, ..StageRun::default() }
}

pub(crate) fn given(frames: usize) -> Codes {
    Codes::new(LEVELS, (0..LEVELS * frames).map(|i| (i * 7 % 32) as u16).collect()).unwrap()
}

fn frames(out: &Generated) -> usize {
    let codes = out.codes.as_ref().unwrap();
    assert_eq!(codes.levels(), LEVELS);
    codes.frames()
}

#[test]
fn every_order_writes_all_levels_and_no_more_than_it_may() {
    for order in orders() {
        let rows = run(order, &[free(40), free(40), free(3)]);
        for out in &rows {
            assert!((1..=40).contains(&frames(out)), "{order:?}: {} frames", frames(out));
            assert_eq!(out.pointer.len(), if order.0.is_aligned() { frames(out) } else { 0 });
            assert!(out.pointer.is_sorted(), "{order:?}");
            if out.finished && order.0.is_aligned() {
                assert_eq!((out.pointer[0], out.pointer.last()), (0, Some(&(PHONES - 1))));
            }
        }
        assert!(frames(&rows[2]) <= 3 && !(order.0.is_aligned() && rows[2].finished), "{order:?}");
        // Nothing of a latent is drawn but when it ends.
        if order.1 != CodeOrder::Latent {
            assert_ne!(rows[0].codes, rows[1].codes, "{order:?}: a row has its own random numbers");
        }
        assert_eq!(run(order, &[free(40), free(40), free(3)]), rows, "{order:?}");
        // A row's result does not depend on its batch.
        let alone = run(order, &[free(40)]).remove(0);
        let made = |out: &Generated| (out.codes.clone(), out.pointer.clone(), out.finished);
        assert_eq!(made(&alone), made(&rows[0]), "{order:?}");
    }
}

#[test]
fn given_frames_stay_in_every_order() {
    for order in orders() {
        let known = |codes: Codes| {
            let pointer = if order.0.is_aligned() { vec![0, 0, 1, 1, 2, 2] } else { Vec::new() };
            StageRun { pointer, given: Some(codes), ..free(30) }
        };
        let out = run(order, &[known(given(6))]).remove(0);
        let codes = out.codes.clone().unwrap();
        assert_eq!(codes.slice(0, 6), given(6), "{order:?}");
        assert!((6..=30).contains(&codes.frames()), "{order:?}");
        if order.0.is_aligned() {
            assert_eq!(out.pointer[..6], [0, 0, 1, 1, 2, 2], "{order:?}");
            assert!(codes.frames() > 6, "{order:?}");
        }
        let few = run_stages(order, &[known(given(6).first_levels(2))], &decode(), |_: &str| true);
        if !order.1.head().leaves_further_levels() {
            let error = few.expect_err("all levels are written together");
            assert!(error.contains("frames of 2 levels are given"), "{error}");
        }
    }
}

#[test]
fn a_given_timing_is_kept_in_every_order() {
    let pointer = vec![0, 0, 1, 2, 2, 3, 4, 4, 5, 5];
    for order in orders().into_iter().filter(|order| order.0.is_aligned()) {
        let known = StageRun { pointer: pointer.clone(), ..free(10) };
        let out = run(order, &[known]).remove(0);
        assert_eq!((&out.pointer, frames(&out), out.finished), (&pointer, 10, true), "{order:?}");
    }
}

#[test]
fn durations_come_first_and_go_on_from_what_is_known() {
    let order = (Alignment::Durations, CodeOrder::ArNar);
    let only = |known: StageRun| {
        run_stages(order, &[known], &decode(), |s: &str| s == "durations").unwrap().remove(0)
    };
    let whole = only(free(100));
    assert!(whole.codes.is_none() && whole.finished);
    assert_eq!(whole.pointer.last(), Some(&(PHONES - 1)));
    let skipped = whole.pointer.windows(2).map(|w| w[1] - w[0]).max();
    assert!(skipped <= Some(2), "{:?}", whole.pointer);
    // The frames take place in that timing.
    assert_eq!(run(order, &[free(100)])[0].pointer, whole.pointer);
    let known = StageRun { pointer: vec![0, 1, 1, 3], ..free(100) };
    let on = only(known).pointer;
    assert_eq!(on[..4], [0, 1, 1, 3]);
    assert!(on.is_sorted() && on.last() == Some(&(PHONES - 1)), "{on:?}");
    let cut = only(free(2));
    assert_eq!((cut.pointer.len(), cut.finished), (2, false));
    let config = DecodeConfig { max_frames_a_phone: 2, ..decode() };
    let short = run_stages(order, &[free(100)], &config, |_: &str| true).unwrap().remove(0);
    let longest = (0..PHONES).map(|s| short.pointer.iter().filter(|&&p| p == s).count()).max();
    assert!(longest <= Some(2), "{:?}", short.pointer);
    let error = run_stages(order, &[free(9)], &decode(), |s: &str| s != "durations");
    assert!(error.unwrap_err().contains("its timing is unknown"));
}

#[test]
fn guidance_and_passes_change_what_is_written() {
    for order in orders() {
        let with = |guidance: f64| {
            let config = DecodeConfig { guidance, ..decode() };
            run_stages(order, &[free(40), free(30)], &config, |_: &str| true).unwrap()
        };
        assert_eq!(with(1.0), run(order, &[free(40), free(30)]));
        assert_ne!(with(3.0), with(1.0), "{order:?}");
    }
    let order = (Alignment::Durations, CodeOrder::Masked);
    let with = |passes, noise| {
        let config = DecodeConfig { masked: MaskedConfig { passes, noise }, ..decode() };
        run_stages(order, &[free(40)], &config, |_: &str| true).unwrap().remove(0).codes
    };
    assert_ne!(with(1, 0.0), with(6, 0.0));
    assert_ne!(with(6, 0.0), with(6, 9.0));
    assert!(
        DecodeConfig { masked: MaskedConfig { passes: 0, noise: 0.0 }, ..decode() }
            .check()
            .is_err()
    );
}
