//! The given part of a response is kept, and generation continues after it.

use syrinx_decode::{DecodeConfig, NarConfig, SamplerConfig, generate};
use syrinx_task::{
    Alignment, Content, Contents, Follow, Generated, Layout, Plan, RowPlan, Segment, Stage,
    StageRun, TextContent, heads,
};
use syrinx_testkit::{Tiny, ToneCodec, kit, tiny_codebooks, tiny_config, tiny_space};
use syrinx_types::{CancelToken, Codes, RunContext};

pub(crate) const PHONES: u32 = 6;

/// An AR and a NAR stage over a text.
pub(crate) fn layout(alignment: Alignment) -> Layout {
    let with =
        |first: Segment, response| vec![first, Segment::aligned_text("text", alignment), response];
    let ar = with(Segment::special_token("task:demo"), Segment::ar_response("codes"));
    let nar = with(Segment::level_token(), Segment::nar_response("codes"));
    Layout {
        task: "demo".into(),
        stages: vec![
            Stage::new("ar", heads::FirstLevel, ar),
            Stage::new("nar", heads::FurtherLevels, nar),
        ],
    }
}

/// A small model whose codes come in groups.
pub(crate) fn tiny(alignment: Alignment, group: usize) -> Tiny {
    let (kit, codec) = (kit(alignment).unwrap(), ToneCodec::default());
    let config = syrinx_model::LmConfig { group, ..tiny_config(alignment) };
    let mut space = tiny_space(&kit, &codec, vec!["task:demo".into()]);
    space.group = group;
    Tiny::new(&config, &space, tiny_codebooks(&codec, 1), 3).unwrap()
}

/// The text of a request: the first phones of the vocabulary.
pub(crate) fn text(tiny: &Tiny) -> Contents {
    let first = tiny.model.space().first_phone;
    let text =
        TextContent { ids: (first..first + PHONES).collect(), aligned: (0..PHONES).collect() };
    Contents::from([("text".to_owned(), Content::Text(text))])
}

fn run(alignment: Alignment, group: usize, known: StageRun) -> Result<Generated, String> {
    run_rows(alignment, group, known, &[None]).map(|mut rows| rows.remove(0))
}

fn run_rows(
    alignment: Alignment,
    group: usize,
    known: StageRun,
    follows: &[Option<Follow>],
) -> Result<Vec<Generated>, String> {
    run_windows(alignment, group, known, follows, &NarConfig::default())
}

fn run_windows(
    alignment: Alignment,
    group: usize,
    known: StageRun,
    follows: &[Option<Follow>],
    nar: &NarConfig,
) -> Result<Vec<Generated>, String> {
    let tiny = tiny(alignment, group);
    let contents = text(&tiny);
    let stage =
        |name: &str| StageRun { stage: name.into(), contents: contents.clone(), ..known.clone() };
    let row = |follow: &Option<Follow>| RowPlan {
        stages: vec![stage("ar"), stage("nar")],
        follow: *follow,
    };
    let plan = Plan { rows: follows.iter().map(row).collect() };
    let decode = DecodeConfig {
        codes: SamplerConfig { temperature: 1.0, top_p: 1.0, ..SamplerConfig::default() },
        nar: nar.clone(),
        ..DecodeConfig::default()
    };
    let cancel = CancelToken::default();
    let run = RunContext::quiet(&cancel).with_seed(5);
    generate(&tiny.model, &layout(alignment), &plan, &decode, run).map_err(|e| e.to_string())
}

fn given(frames: usize) -> Codes {
    Codes::new(4, (0..4 * frames).map(|i| (i * 7 % 32) as u16).collect()).unwrap()
}

#[test]
fn a_given_pointer_is_walked_to_its_end() {
    let pointer = vec![0, 0, 1, 2, 2, 3, 4, 4, 5, 5];
    for group in [1, 2] {
        let known = StageRun { pointer: pointer.clone(), limit: 10, ..StageRun::default() };
        let out = run(Alignment::Pointer, group, known).unwrap();
        let codes = out.codes.unwrap();
        assert_eq!((codes.frames(), codes.levels(), out.finished), (10, 4, true));
        assert_eq!(out.pointer.len(), 10);
        assert!(out.pointer.iter().zip(&pointer).all(|(a, b)| a.abs_diff(*b) <= 1));
        if group == 1 {
            assert_eq!(out.pointer, pointer);
        }
    }
}

#[test]
fn given_frames_stay_and_are_gone_on_from() {
    let pointer = vec![0, 0, 1, 1, 2, 2];
    let known = |given: Codes| StageRun {
        pointer: pointer.clone(),
        given: Some(given),
        limit: 30,
        ..StageRun::default()
    };
    let out = run(Alignment::Pointer, 1, known(given(6))).unwrap();
    let codes = out.codes.clone().unwrap();
    assert_eq!(codes.slice(0, 6), given(6));
    assert!(codes.frames() > 6 && codes.frames() <= 30);
    assert_eq!(out.pointer[..6], pointer);
    assert!(out.pointer.is_sorted() && out.pointer.len() == codes.frames());
    // The rest depends on the given frames.
    let mut other = given(6);
    (0..6).for_each(|frame| other.set(frame, 0, 31));
    let other = run(Alignment::Pointer, 1, known(other)).unwrap();
    assert_ne!(other.codes.unwrap().level(0)[6..], codes.level(0)[6..]);
    // If the given frames are no whole groups, the first levels of the last ones are predicted again.
    let grouped = run(Alignment::Pointer, 2, known(given(5))).unwrap().codes.unwrap();
    assert_eq!(grouped.slice(0, 5), given(5));
}

#[test]
fn a_row_goes_on_from_the_one_before() {
    let follow = Some(Follow { from_phone: 4, at_phone: 1 });
    let run = StageRun { limit: 30, ..StageRun::default() };
    let rows = run_rows(Alignment::Pointer, 1, run, &[None, follow, None]).unwrap();
    let (first, second) = (&rows[0], &rows[1]);
    let given = Follow { from_phone: 4, at_phone: 1 }.frames(first);
    assert!(given > 0);
    let end = |g: &Generated| g.codes.clone().unwrap();
    let start = end(first).frames() - given;
    assert_eq!(end(second).slice(0, given), end(first).slice(start, start + given));
    let moved: Vec<u32> = first.pointer[start..].iter().map(|p| p - 3).collect();
    assert_eq!(second.pointer[..given], moved);
    assert!(end(second).frames() > given);
    // A row of its own gets its random numbers from its place.
    assert_ne!(rows[2].codes, first.codes);
}

#[test]
fn without_a_pointer_frames_can_be_given_too() {
    let known = StageRun { given: Some(given(6)), limit: 12, ..StageRun::default() };
    let out = run(Alignment::None, 1, known).unwrap();
    assert_eq!(out.codes.unwrap().slice(0, 6), given(6));
    assert!(out.pointer.is_empty());
}

#[test]
fn what_does_not_fit_together_is_an_error() {
    let check = |alignment, pointer: &[u32], frames: usize, expected: &str| {
        let given = (frames > 0).then(|| given(frames));
        let known = StageRun { pointer: pointer.into(), given, limit: 8, ..StageRun::default() };
        let error = run(alignment, 1, known).expect_err(expected);
        assert!(error.contains(expected), "{error}");
    };
    check(Alignment::None, &[0], 0, "has no aligned text");
    check(Alignment::Pointer, &[0], 3, "3 frames are given, but the pointer of 1");
    check(Alignment::Pointer, &[0; 9], 0, "at most 8 are allowed");
    check(Alignment::Pointer, &[1, 0], 0, "does not advance over 6 phones");
    check(Alignment::Pointer, &[6], 0, "does not advance over 6 phones");
}

#[test]
fn further_levels_can_be_filled_window_by_window() {
    let fill = |window, ahead, back, known: StageRun| {
        let nar = NarConfig {
            window_frames: window,
            lookahead_frames: ahead,
            lookback_frames: back,
            ..NarConfig::default()
        };
        let rows = [None, None];
        let rows = run_windows(Alignment::Pointer, 1, known, &rows, &nar).unwrap();
        rows.into_iter().map(|row| row.codes.unwrap()).collect::<Vec<_>>()
    };
    let free = || StageRun { limit: 30, ..StageRun::default() };
    let whole = fill(None, 0, None, free());
    let longest = whole.iter().map(Codes::frames).max().unwrap();
    assert!(longest > 8, "{longest} frames are no test of windows");
    // A window that holds everything, and windows that see everything, are the same as none.
    assert_eq!(fill(Some(longest), 0, None, free()), whole);
    let first = |codes: &[Codes]| codes.iter().map(|c| c.slice(0, 4)).collect::<Vec<_>>();
    assert_eq!(first(&fill(Some(4), longest, None, free())), first(&whole));
    // Short ones have the same first level, and see less.
    for (window, ahead, back) in [(4, 0, None), (4, 2, Some(3)), (1, 0, Some(0))] {
        let codes = fill(Some(window), ahead, back, free());
        let level = |codes: &[Codes]| codes.iter().map(|c| c.level(0)).collect::<Vec<_>>();
        assert_eq!(level(&codes), level(&whole));
        assert_ne!(codes, whole, "windows of {window}");
    }
    // Given frames stay, wherever a window ends.
    let known = StageRun { pointer: vec![0, 0, 1, 1, 2, 2], given: Some(given(6)), ..free() };
    for codes in fill(Some(4), 1, None, known) {
        assert_eq!(codes.slice(0, 6), given(6));
    }
}

#[test]
fn a_plan_without_rows_has_no_results() {
    assert_eq!(run_rows(Alignment::Pointer, 1, StageRun::default(), &[]), Ok(Vec::new()));
}
