use syrinx_task::{
    Alignment, BlendShare, Content, Contents, Head, HeadOutput, IGNORE, Layout, NONE, Response,
    Segment, Stage, TextContent, TokenSpace, WeightedCodes, heads, resolve,
};
use syrinx_types::{Coded, Codes, Latents};

/// Output of level-1 codes.
pub const FIRST: HeadOutput = HeadOutput::FirstLevel { member: 0 };

pub fn space(group: usize) -> TokenSpace {
    let mut space = TokenSpace {
        text_tokens: 20,
        first_phone: 8,
        phones: 10,
        text_begin: 1,
        text_end: 2,
        levels: 3,
        codebook_size: 4,
        frame_rate_hz: 25.0,
        group,
        special_tokens: ["sep", "level:1", "level:2", "level:3"].map(String::from).to_vec(),
    };
    space.add_special_tokens(["task:demo".to_string(), "sep".to_string()]);
    space
}

fn layout(alignment: Alignment) -> Layout {
    let head = |first: Segment, response| {
        vec![
            first,
            Segment::aligned_text("text", alignment),
            Segment::prompt("prompt").optional(),
            response,
        ]
    };
    let special_token = Segment::special_token("task:demo");
    Layout {
        task: "demo".into(),
        stages: vec![
            Stage::new(
                "ar",
                heads::FirstLevel,
                head(special_token.clone(), Segment::ar_response("response")),
            ),
            Stage::new(
                "nar",
                heads::FurtherLevels,
                head(Segment::level_token(), Segment::nar_response("response")),
            ),
            Stage::self_taught(
                "spell",
                heads::Text,
                vec![
                    special_token.clone(),
                    Segment::text("letters"),
                    Segment::text_response("phones"),
                ],
            ),
            Stage::new(
                "hear",
                heads::Phones { per_frame: 2 },
                vec![special_token, Segment::prompt("source")],
            ),
        ],
    }
}

fn contents() -> Contents {
    let text = TextContent { ids: vec![8, 9, 10, 11], aligned: vec![0, 1, 3] };
    Contents::from([
        ("text".into(), Content::Text(text)),
        ("prompt".into(), Content::Codes(Codes::new(3, vec![0, 1, 2, 3, 2, 1]).unwrap())),
    ])
}

#[test]
fn a_blend_is_as_long_as_its_shortest_recording() {
    let (layout, space) = (layout(Alignment::Pointer), space(1));
    let plain = resolve(&layout.stages[0], &contents(), None, 0, &space).unwrap();
    let short = Codes::new(3, vec![0, 1, 2, 3, 2, 1]).unwrap();
    let long = Codes::new(3, vec![1; 12]).unwrap();
    let mut blended = contents();
    let blend = |weight: f32| {
        let short = WeightedCodes { weight, codes: short.clone() };
        let long = WeightedCodes { weight: 1.0 - weight, codes: long.clone() };
        Content::Blend(vec![short, long])
    };
    blended.insert("prompt".into(), blend(0.25));
    let sequence = resolve(&layout.stages[0], &blended, None, 0, &space).unwrap();
    assert_eq!(sequence.len(), plain.len());
    let position = &sequence.positions[1];
    assert_eq!(position.codes, plain.positions[0].codes, "nothing that counts in full");
    let weights: Vec<f32> = position.blend.iter().map(|s| s.weight).collect();
    assert_eq!(weights, [0.25, 0.75]);
    assert_eq!(position.blend[0].codes, plain.positions[1].codes);
    assert_eq!(position.weighted_codes().count(), 6);
    blended.insert("prompt".into(), blend(f32::NAN));
    assert!(resolve(&layout.stages[0], &blended, None, 0, &space).is_err());
    blended.insert("text".into(), blend(0.5));
    assert!(resolve(&layout.stages[0], &blended, None, 0, &space).is_err());
}

fn response() -> Response {
    let codes = Codes::new(3, vec![0, 1, 2, 1, 2, 3, 2, 3, 0, 3, 0, 1]).unwrap();
    Response::Codes { codes, pointer: vec![0, 0, 1, 2] }
}

#[test]
fn layouts_print_as_tables() {
    insta::assert_snapshot!("pointer", layout(Alignment::Pointer).table());
    insta::assert_snapshot!("plain", layout(Alignment::None).table());
}

#[test]
fn ar_sequences_shift_codes_and_carry_the_pointer() {
    let (space, layout) = (space(1), layout(Alignment::Pointer));
    let stage = layout.stage("ar").unwrap();
    let s = resolve(stage, &contents(), Some(&response()), 0, &space).unwrap();
    // Mark, two prompt frames and their separator, four response frames.
    assert_eq!((s.len(), s.response_start, s.prefix), (8, 4, 4));
    assert_eq!(s.positions.iter().map(|p| p.rotary).collect::<Vec<_>>(), [0, 0, 1, 2, 0, 1, 2, 3]);
    // Table of the AR begins after three prompt tables of five rows; "nothing yet" is row 4 of a table.
    let first_codes: Vec<u32> = s.positions[4..].iter().map(|p| p.codes[0]).collect();
    assert_eq!(first_codes, [15 + 4, 15, 15 + 1, 15 + 2]);
    assert_eq!(s.positions[1].codes, [0, 5 + 1, 10 + 2]);
    // Tokens 0, 1 and 3 of the text are aligned.
    let looks: Vec<(u32, u32)> = s.positions[4..].iter().map(|p| (p.here, p.next)).collect();
    assert_eq!(looks, [(0, 1), (0, 1), (1, 3), (3, NONE)]);
    assert_eq!(s.classes(FIRST).unwrap(), [0, 1, 2, 3]);
    assert_eq!(s.classes(HeadOutput::Advances).unwrap(), [0, 1, 1, 3]);
}

#[test]
fn training_and_generation_see_the_same_positions() {
    for alignment in [Alignment::Pointer, Alignment::None] {
        for group in [1, 2] {
            let (space, layout) = (space(group), layout(alignment));
            let stage = layout.stage("ar").unwrap();
            let trained = resolve(stage, &contents(), Some(&response()), 0, &space).unwrap();
            let mut history = resolve(stage, &contents(), None, 0, &space).unwrap();
            assert_eq!(history.positions[..], trained.positions[..history.len()]);
            let codes: [u16; 4] = [0, 1, 2, 3];
            let pointer = [0usize, 0, 1, 2];
            for step in 0..4 / group {
                let before = (step > 0).then(|| &codes[(step - 1) * group..step * group]);
                history.extend_codes(&space, before, pointer[step * group]);
            }
            assert_eq!(
                history.positions[..],
                trained.positions[..history.len()],
                "{alignment:?}, group {group}"
            );
        }
    }
}

#[test]
fn the_plain_layout_ends_with_a_stop_code() {
    let (space, layout) = (space(1), layout(Alignment::None));
    let s =
        resolve(layout.stage("ar").unwrap(), &contents(), Some(&response()), 0, &space).unwrap();
    assert!(s.encoder.ids.is_empty());
    // Mark, four text tokens and separator, two prompt frames and separator, then "nothing yet" and four frames.
    assert_eq!((s.response_start, s.len()), (9, 14));
    assert_eq!(s.classes(FIRST).unwrap(), [0, 1, 2, 3, 4]);
    assert_eq!(s.classes(HeadOutput::Advances), None);
}

#[test]
fn nar_sequences_show_only_lower_levels() {
    let (space, layout) = (space(1), layout(Alignment::Pointer));
    let s =
        resolve(layout.stage("nar").unwrap(), &contents(), Some(&response()), 2, &space).unwrap();
    assert_eq!(s.prefix, s.len());
    // NAR tables begin after three prompt tables and one AR table; level 3 is being predicted, two are shown.
    assert_eq!(s.positions[4].codes, [20, 25 + 1, NONE]);
    assert_eq!(s.positions[0].special_token, 3);
    assert_eq!(s.classes(HeadOutput::Level(2)).unwrap(), [2, 3, 0, 1]);
    let shallow =
        Response::Codes { codes: Codes::new(1, vec![0, 1]).unwrap(), pointer: vec![0, 1] };
    assert!(resolve(layout.stage("nar").unwrap(), &contents(), Some(&shallow), 2, &space).is_err());
}

#[test]
fn text_and_phone_responses() {
    let (space, layout) = (space(1), layout(Alignment::Pointer));
    let letters =
        Contents::from([("letters".into(), Content::Text(TextContent::plain(vec![15, 16])))]);
    let s = resolve(
        layout.stage("spell").unwrap(),
        &letters,
        Some(&Response::Text(vec![9, 10])),
        0,
        &space,
    )
    .unwrap();
    assert_eq!(s.positions[4..].iter().map(|p| p.text).collect::<Vec<_>>(), [1, 9, 10]);
    assert_eq!(s.classes(HeadOutput::Text).unwrap(), [9, 10, 2]);
    let source =
        Contents::from([("source".into(), Content::Codes(Codes::new(3, vec![0; 6]).unwrap()))]);
    let stage = layout.stage("hear").unwrap();
    let labels = Response::Phones(vec![1, 2, IGNORE, 3]);
    let s = resolve(stage, &source, Some(&labels), 0, &space).unwrap();
    assert_eq!((s.prefix, s.len(), s.response_start), (3, 3, 1));
    assert!(resolve(stage, &source, Some(&Response::Phones(vec![1])), 0, &space).is_err());
}

#[test]
fn faults_of_layouts_and_contents_are_errors() {
    let (space, layout) = (space(1), layout(Alignment::Pointer));
    let stage = layout.stage("ar").unwrap();
    let check = |contents: Contents, part: &str| {
        let error =
            resolve(stage, &contents, Some(&response()), 0, &space).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    check(Contents::new(), "segment `text`");
    let mut no_phones = contents();
    no_phones.insert("text".into(), Content::Text(TextContent::default()));
    check(no_phones, "segment `text` has no phones");
    let mut wide = contents();
    wide.insert("prompt".into(), Content::Codes(Codes::new(4, vec![0; 4]).unwrap()));
    check(wide, "4 levels");
    let mut outside = contents();
    outside.insert("prompt".into(), Content::Codes(Codes::new(3, vec![9; 3]).unwrap()));
    check(outside, "outside a codebook");
    let unknown = Stage::new(
        "x",
        heads::FirstLevel,
        vec![Segment::special_token("task:x"), Segment::ar_response("r")],
    );
    assert!(
        resolve(&unknown, &contents(), None, 0, &space)
            .unwrap_err()
            .to_string()
            .contains("no special token `task:x`")
    );
    let wrong = Stage::new("x", heads::Text, vec![Segment::prompt("r")]);
    assert!(wrong.check().is_err());
}

#[test]
fn new_marks_are_appended() {
    let mut space = space(1);
    let before = space.special_tokens.clone();
    space.add_special_tokens(["task:demo".into(), "task:other".into()]);
    assert_eq!(space.special_tokens[..before.len()], before[..]);
    assert_eq!(space.special_token("task:other"), Some(before.len() as u32));
}

/// Frame-aligned conditioning in both stages.
fn frame_aligned() -> Layout {
    let stage = |name: &str, head: Head, response| {
        Stage::new(
            name,
            head,
            vec![Segment::special_token("task:demo"), Segment::frame_aligned("given"), response],
        )
    };
    Layout {
        task: "demo".into(),
        stages: vec![
            stage("ar", heads::FirstLevel.into(), Segment::ar_response("response")),
            stage("nar", heads::FurtherLevels.into(), Segment::nar_response("response")),
        ],
    }
}

#[test]
fn frame_aligned_codes_are_added_to_the_frames_of_the_response() {
    let (space, layout) = (space(1), frame_aligned());
    let given = Codes::new(3, vec![3, 2, 1, 0, 0, 0, 1, 1, 1, 2, 2, 2]).unwrap();
    let contents = Contents::from([("given".into(), Content::Codes(given))]);
    let Response::Codes { codes, .. } = response() else { panic!("codes") };
    let response = Response::Codes { codes, pointer: Vec::new() };
    insta::assert_snapshot!("frame_aligned", layout.table());
    let rows = |codes: [u32; 3]| [BlendShare { weight: 1.0, codes: codes.into() }];
    for (stage, level, first) in [("ar", 0, 15 + 4), ("nar", 1, 20)] {
        let stage = layout.stage(stage).unwrap();
        let s = resolve(stage, &contents, Some(&response), level, &space).unwrap();
        // The special token and four frames: no position is added, and no stop has to be learnt.
        assert_eq!((s.len(), s.response_start), (5, 1), "{}", stage.name);
        assert_eq!(s.positions[1].codes[0], first);
        assert_eq!(s.positions[1].blend, rows([3, 5 + 2, 10 + 1]));
        assert_eq!(s.positions[4].blend, rows([2, 5 + 2, 10 + 2]));
        assert!(s.positions[0].blend.is_empty());
    }
    // With the latents that they round, these stand there, too, and so do the response's.
    let Content::Codes(given) = &contents["given"] else { panic!("codes") };
    let latents = |shift: f32| Latents::new(2, (0..8).map(|i| i as f32 + shift).collect());
    let coded = Coded { codes: given.clone(), latents: latents(0.0) };
    let contents = Contents::from([("given".into(), Content::Coded(coded))]);
    let wanted = Coded { codes: given.clone(), latents: latents(0.5) };
    for (stage, level) in [("ar", 0), ("nar", 1)] {
        let stage = layout.stage(stage).unwrap();
        let whole = Response::Coded(wanted.clone());
        let s = resolve(stage, &contents, Some(&whole), level, &space).unwrap();
        assert_eq!(s.positions[4].conditioning.as_deref(), Some(&[6.0, 7.0][..]));
        assert_eq!(s.positions[4].blend, rows([2, 5 + 2, 10 + 2]));
        assert_eq!(s.response_latents, wanted.latents);
    }
    let stage = layout.stage("ar").unwrap();
    let mut history = resolve(stage, &contents, None, 0, &space).unwrap();
    let trained = resolve(stage, &contents, Some(&response), 0, &space).unwrap();
    for step in 0..4u16 {
        history.extend_codes(&space, step.checked_sub(1).as_ref().map(std::slice::from_ref), 0);
    }
    assert_eq!(history.positions, trained.positions);
}

#[test]
fn frame_aligned_conditioning_has_to_fit() {
    let (space, layout) = (space(1), frame_aligned());
    let given = |values: Vec<u16>| {
        Contents::from([("given".into(), Content::Codes(Codes::new(3, values).unwrap()))])
    };
    let fault = |contents: &Contents, space: &TokenSpace| {
        let response = response();
        let stage = layout.stage("ar").unwrap();
        resolve(stage, contents, Some(&response), 0, space).unwrap_err().to_string()
    };
    let errors = [
        fault(&Contents::new(), &space),
        fault(&given(vec![]), &space),
        fault(&given(vec![0; 6]), &space),
        fault(&given(vec![7; 12]), &space),
        fault(&given(vec![0; 12]), &self::space(2)),
    ];
    let short = Coded {
        codes: Codes::new(3, vec![0; 12]).unwrap(),
        latents: Latents::new(2, vec![0.0; 6]),
    };
    let uneven = [
        fault(&Contents::from([("given".into(), Content::Coded(short.clone()))]), &space),
        resolve(
            layout.stage("nar").unwrap(),
            &given(vec![0; 12]),
            Some(&Response::Coded(short)),
            1,
            &space,
        )
        .unwrap_err()
        .to_string(),
    ];
    let text = Segment::aligned_text("text", Alignment::Pointer);
    let twice = [Segment::frame_aligned("a"), Segment::frame_aligned("b")].to_vec();
    let check = |mut segments: Vec<Segment>, head: Head, response| {
        segments.push(response);
        Stage::new("x", head, segments).check().unwrap_err().to_string()
    };
    let ar = || Segment::ar_response("r");
    let checks = [
        check(vec![text, Segment::frame_aligned("a")], heads::FirstLevel.into(), ar()),
        check(twice, heads::FirstLevel.into(), ar()),
        check(vec![Segment::frame_aligned("a").optional()], heads::FirstLevel.into(), ar()),
        check(vec![Segment::frame_aligned("a")], heads::Text.into(), Segment::text_response("r")),
    ];
    insta::assert_snapshot!(
        errors.into_iter().chain(uneven).chain(checks).collect::<Vec<_>>().join("\n")
    );
}
