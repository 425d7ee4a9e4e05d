//! Sequences of the stages that other orders of codes and other alignments have.

use syrinx_task::{
    Alignment, Content, Contents, DURATION_ROWS, Head, HeadOutput, IGNORE, Latent, NONE, Pattern,
    Response, Segment, Sequence, Stage, TextContent, TokenSpace, WeightedFrame,
    durations_of_pointer, heads, pointer_in_frames, resolve,
};
use syrinx_types::Codes;

use crate::sequences::{FIRST, space};

/// Rows of "nothing yet" in the tables of the three levels that an AR stage writes: each table has five rows.
const NOTHING: [u32; 3] = [19, 29, 34];

fn stage(head: impl Into<Head>, response: Segment, alignment: Alignment) -> Stage {
    let special_token = Segment::special_token("task:demo");
    Stage::new("ar", head, vec![special_token, Segment::aligned_text("text", alignment), response])
}

fn levels(pattern: impl Pattern, alignment: Alignment) -> Stage {
    stage(heads::AllLevels(pattern), Segment::ar_response("codes"), alignment)
}

fn contents() -> Contents {
    let text = TextContent { ids: vec![8, 9, 10, 11], aligned: vec![0, 1, 3] };
    Contents::from([("text".into(), Content::Text(text))])
}

/// Two frames of three levels, at the phone indices 0 and 2.
fn codes() -> Codes {
    Codes::new(3, vec![0, 1, 2, 3, 2, 1]).unwrap()
}

fn response(alignment: Alignment) -> Response {
    let pointer = if alignment.is_aligned() { vec![0, 2] } else { Vec::new() };
    Response::Codes { codes: codes(), pointer }
}

fn resolved(stage: &Stage, alignment: Alignment, space: &TokenSpace) -> Sequence {
    resolve(stage, &contents(), Some(&response(alignment)), 0, space).unwrap()
}

/// Target classes of the three levels.
fn level_classes(s: &Sequence) -> [Vec<u32>; 3] {
    [FIRST, HeadOutput::Level(1), HeadOutput::Level(2)]
        .map(|output| s.classes(output).unwrap().to_vec())
}

fn shown(s: &Sequence) -> Vec<Vec<u32>> {
    s.positions[s.response_start..].iter().map(|p| p.codes.clone()).collect()
}

#[test]
fn with_a_delay_every_level_is_a_frame_behind_the_one_before() {
    let space = space(1);
    let s = resolved(&levels(heads::Delay, Alignment::Pointer), Alignment::Pointer, &space);
    let row = |level: usize, code: u16| space.history_code(level, code);
    let [none1, none2, none3] = NOTHING;
    let wanted = [
        [none1, none2, none3],
        [row(0, 0), none2, none3],
        [row(0, 3), row(1, 1), none3],
        [none1, row(1, 2), row(2, 2)],
    ];
    assert_eq!(shown(&s), wanted);
    let looks: Vec<u32> = s.positions[s.response_start..].iter().map(|p| p.here).collect();
    assert_eq!(looks, [0, 3, 3, 3], "after its last frame the pointer stays");
    let end = 3;
    let targets = [[0, 3, IGNORE, IGNORE], [IGNORE, 1, 2, IGNORE], [IGNORE, IGNORE, 2, 1]];
    assert_eq!(level_classes(&s), targets);
    assert_eq!(s.classes(HeadOutput::Advances).unwrap(), [2, end, IGNORE, IGNORE]);
    // Without a pointer level 1 ends with a stop code, and so does nothing else.
    let s = resolved(&levels(heads::Delay, Alignment::None), Alignment::None, &space);
    assert_eq!(level_classes(&s).map(|classes| classes[2]), [4, 2, 2]);
    assert_eq!(s.classes(HeadOutput::Advances), None);
}

#[test]
fn interleaved_levels_take_turns() {
    let space = space(1);
    let s = resolved(&levels(heads::Interleaved, Alignment::Pointer), Alignment::Pointer, &space);
    let alone = |level: usize, row: u32| {
        let mut codes = vec![NONE; 3];
        codes[level] = row;
        codes
    };
    let row = |level: usize, code: u16| alone(level, space.history_code(level, code));
    let wanted = [alone(0, NOTHING[0]), row(0, 0), row(1, 1), row(2, 2), row(0, 3), row(1, 2)];
    assert_eq!(shown(&s), wanted);
    let looks: Vec<u32> = s.positions[s.response_start..].iter().map(|p| p.here).collect();
    assert_eq!(looks, [0, 0, 0, 3, 3, 3]);
    let levels_of_steps = level_classes(&s);
    let scored: Vec<u32> = (0..6).map(|step| levels_of_steps[step % 3][step]).collect();
    assert_eq!(scored, [0, 1, 2, 3, 2, 1]);
    let all = levels_of_steps.concat();
    assert_eq!(all.iter().filter(|&&class| class != IGNORE).count(), scored.len());
    assert_eq!(s.classes(HeadOutput::Advances).unwrap(), [IGNORE, IGNORE, 2, IGNORE, IGNORE, 3]);
    let s = resolved(&levels(heads::Interleaved, Alignment::None), Alignment::None, &space);
    let last = level_classes(&s).map(|classes| classes[6]);
    assert_eq!(last, [4, IGNORE, IGNORE], "a stop code after the last frame");
}

#[test]
fn patterns_are_written_as_they_are_trained() {
    for alignment in [Alignment::Pointer, Alignment::None] {
        check_pattern(heads::Delay, alignment);
        check_pattern(heads::Interleaved, alignment);
    }
}

fn check_pattern(pattern: impl Pattern, alignment: Alignment) {
    let space = space(1);
    let stage = levels(pattern, alignment);
    let trained = resolved(&stage, alignment, &space);
    let mut history = resolve(&stage, &contents(), None, 0, &space).unwrap();
    let codes = codes();
    let mut columns = vec![Vec::new(); 3];
    for step in 0..trained.len() - trained.response_start {
        let phone_index = [0, 2][pattern.newest(step, 3).min(1)];
        let phone_index = if alignment.is_aligned() { phone_index } else { 0 };
        heads::AllLevels(pattern).extend(&mut history, &space, &columns, phone_index);
        for (level, column) in columns.iter_mut().enumerate() {
            let frame = pattern.frame(step, level, 3).filter(|&f| f < 2);
            column.extend(frame.map(|f| codes.at(f, level)));
        }
    }
    assert_eq!(history.positions, trained.positions, "{alignment:?}, {pattern:?}");
    assert_eq!(columns, [0, 1, 2].map(|level| codes.level(level)));
}

#[test]
fn durations_are_those_of_the_pointer() {
    let space = space(1);
    let durations =
        |alignment| stage(heads::Durations, Segment::duration_response("durations"), alignment);
    let s = resolved(&durations(Alignment::Durations), Alignment::Durations, &space);
    assert_eq!(s.classes(HeadOutput::Durations).unwrap(), [1, 0, 1]);
    let response = &s.positions[s.response_start..];
    let begin = DURATION_ROWS as u32 - 1;
    assert_eq!(response.iter().map(|p| p.duration).collect::<Vec<_>>(), [begin, 1, 0]);
    let looks: Vec<(u32, u32)> = response.iter().map(|p| (p.here, p.next)).collect();
    assert_eq!(looks, [(0, 1), (1, 3), (3, NONE)]);
    assert!(durations(Alignment::None).check().is_err(), "there is nothing that could last");
    let pointer = [0, 0, 2, 2, 2, 3];
    assert_eq!(durations_of_pointer(&pointer, 4), [2, 0, 3, 1]);
    assert_eq!(pointer_in_frames(&[2, 0, 3, 1]), pointer);
}

#[test]
fn in_a_known_timing_nothing_of_it_is_scored() {
    let (space, alignment) = (space(1), Alignment::Durations);
    let first = stage(heads::FirstLevel, Segment::ar_response("codes"), alignment).timed();
    let s = resolved(&first, alignment, &space);
    assert_eq!(s.classes(FIRST).unwrap(), [0, 3]);
    assert_eq!(s.classes(HeadOutput::Advances), None);
    let s = resolved(&levels(heads::Delay, alignment).timed(), alignment, &space);
    assert_eq!(s.classes(HeadOutput::Advances), None);
    let latents = stage(heads::Latents, Segment::latent_response("latents"), alignment).timed();
    assert_eq!(resolved(&latents, alignment, &space).classes(HeadOutput::Advances), None);
    let unwalked = stage(heads::FirstLevel, Segment::ar_response("codes"), Alignment::None).timed();
    assert!(
        unwalked.check().unwrap_err().to_string().contains("a timing needs a text in the encoder")
    );
}

#[test]
fn masked_codes_are_scored_until_they_are_shown() {
    let (space, alignment) = (space(1), Alignment::Durations);
    let masked = stage(heads::MaskedLevel, Segment::masked_response("codes"), alignment);
    assert!(masked.check().unwrap_err().to_string().contains("alignment `durations`"));
    let masked = masked.timed();
    let mut s = resolved(&masked, alignment, &space);
    assert_eq!(s.prefix, s.len(), "all frames see each other");
    let classes = |s: &Sequence| s.classes(HeadOutput::MaskedLevel).unwrap().to_vec();
    assert_eq!(classes(&s), [0, 3]);
    let own = |s: &Sequence| shown(s).iter().map(|codes| codes[0]).collect::<Vec<_>>();
    assert_eq!(own(&s), [NOTHING[0]; 2]);
    masked.head.show(&mut s, 1, &space);
    assert_eq!(classes(&s), [0, IGNORE]);
    assert_eq!(own(&s), [NOTHING[0], space.history_code(0, 3)]);
}

#[test]
fn latents_are_those_of_the_frame_before() {
    let space = space(1);
    for (alignment, advances) in [(Alignment::Pointer, [2, 3]), (Alignment::None, [0, 1])] {
        let latents = stage(heads::Latents, Segment::latent_response("latents"), alignment);
        let mut s = resolved(&latents, alignment, &space);
        let before = Latent::Codes(vec![WeightedFrame::whole(&[0, 1, 2])]);
        let of = |s: &Sequence| -> Vec<Option<Latent>> {
            s.positions[s.response_start..].iter().map(|p| p.latent.clone()).collect()
        };
        assert_eq!(of(&s), [None, Some(before)]);
        assert_eq!(s.classes(HeadOutput::Advances).unwrap(), advances);
        s.blur_latents(1.0, || vec![0; 3]);
        let [None, Some(Latent::Codes(sum))] = &of(&s)[..] else { panic!("one latent") };
        let weights: f32 = sum[1..].iter().map(|frame| frame.weight).sum();
        assert_eq!((sum.len(), weights), (3, 0.0));
        s.forget_history(&space, || true);
        assert_eq!(of(&s), [None, None]);
        assert!(shown(&s).iter().all(|codes| codes[0] == NOTHING[0]));
    }
    let few = Response::Codes { codes: codes().first_levels(2), pointer: vec![0, 2] };
    let latents = stage(heads::Latents, Segment::latent_response("latents"), Alignment::Pointer);
    let error = resolve(&latents, &contents(), Some(&few), 0, &space).unwrap_err().to_string();
    assert!(error.contains("2 levels where all 3 are needed"), "{error}");
}
