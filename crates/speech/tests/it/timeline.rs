use syrinx_speech::StressMode;
use syrinx_speech::timeline::Timeline;
use syrinx_text::inventory::{parse_arpabet, to_arpabet};
use syrinx_types::TimedPhone;

/// `AH0:0.1` is a phone of a tenth of a second.
pub(crate) fn timed(line: &str) -> Vec<TimedPhone> {
    line.split_whitespace()
        .map(|entry| {
            let (phone, duration) = entry.rsplit_once(':').expect("phone:duration");
            TimedPhone { phone: phone.into(), duration_s: duration.parse().expect("a number") }
        })
        .collect()
}

fn written(line: &Timeline) -> String {
    let mut durations = line.durations_s.iter();
    let entries = line.phones.iter().map(|phone| match phone.arpabet() {
        "|" => "|".to_owned(),
        name => format!("{name}:{:.2}", durations.next().expect("one a stop")),
    });
    entries.collect::<Vec<_>>().join(" ")
}

#[test]
fn all_corpora_come_to_one_form() {
    let check = |phones: &str, lead_s: f64, total_s: f64, expected: &str| {
        let line = Timeline::of_recording(&timed(phones), lead_s, total_s, StressMode::Strip, 0.16)
            .map(|line| written(&line));
        assert_eq!(line.as_deref().unwrap_or("none"), expected, "{phones}");
    };
    // flite: silences as phones, no lead, boundaries without time, pauses after the boundary.
    check(
        "SIL:0.2 AE:0.1 Z:0.1 |:0 SIL:0.15 AE1:0.1 SIL:0.1",
        0.0,
        0.75,
        "SIL:0.20 AE:0.10 Z:0.10 ,:0.15 | AE:0.10 SIL:0.10",
    );
    // Piper and Kokoro: lead, boundaries with time, pauses before the boundary, a full stop at the end.
    check(
        "AH0:0.1 |:0.05 B:0.1 ,:0.1 |:0.05 AY1:0.2 .:0.1",
        0.05,
        0.75,
        "SIL:0.05 AH0:0.15 | B:0.10 ,:0.15 | AY:0.20 SIL:0.10",
    );
    // A long gap is a pause, a mark without time is none.
    check("B:0.1 |:0.2 B:0.1", 0.0, 0.5, "SIL:0.00 B:0.10 ,:0.20 | B:0.10 SIL:0.10");
    check("B:0.1 ,:0 |:0.05 B:0.1", 0.0, 0.5, "SIL:0.00 B:0.15 | B:0.10 SIL:0.25");
    // Marks before the first phone are part of the first silence.
    check(",:0.1 |:0.1 B:0.1", 0.1, 0.5, "SIL:0.30 B:0.10 SIL:0.10");
    // A final silence cut short by the engine.
    check("SIL:0.2 B:0.1 SIL:0.2", 0.0, 0.4, "SIL:0.20 B:0.10 SIL:0.10");
    check("", 0.0, 1.0, "none");
    check("SIL:0.2", 0.0, 1.0, "none");
    check("XX:0.2", 0.0, 1.0, "none");
    check("B:2.0", 0.0, 1.0, "none");
}

#[test]
fn a_text_looks_like_a_recording() {
    let check = |spoken: &str, expected: &str| {
        let spoken = parse_arpabet(spoken).expect("phones");
        let line = Timeline::of_text(&spoken, StressMode::Strip);
        assert_eq!(to_arpabet(&line.phones), expected);
    };
    check("HH AH0 L OW1 , | W ER1 L D .", "SIL HH AH0 L OW , | W ER L D SIL");
    check("N OW1 ! | G OW1 ?", "SIL N OW , | G OW SIL");
    check("AY1", "SIL AY SIL");
}
