//! SSML and plain marks.

use syrinx_text::markup::{MarkedUtterance, MarkupError, is_marked, parse};

/// Utterances as one line each: voice, rate, text, pause.
fn read(text: &str) -> String {
    let line = |u: &MarkedUtterance| {
        let voice = u.voice.as_deref().map(|v| format!("{v}: ")).unwrap_or_default();
        let rate = if u.rate == 1.0 { String::new() } else { format!("x{:.2} ", u.rate) };
        let pause = if u.pause_s > 0.0 { format!(" |{:.2}|", u.pause_s) } else { String::new() };
        format!("{voice}{rate}{}{pause}", u.text)
    };
    parse(text).expect("it is fine").iter().map(line).collect::<Vec<_>>().join(" ; ")
}

#[test]
fn plain_text_stays_as_it_is() {
    for text in [
        "Hello there.",
        "2 < 3 and 5 > 4.",
        "[He] said [so].",
        "a[1] = b[2]",
        "R&D & so on",
        "x <3",
        "if x<y and y>z",
        "if a<b and b>c",
        "Ann <ann@x.com>",
        "a <foo> b",
        "Really <!> yes",
    ] {
        assert!(!is_marked(text), "{text}");
        assert_eq!(read(text), text);
    }
}

#[test]
fn marks_say_the_same_as_ssml() {
    let check = |ssml: &str, marks: &str, expected: &str| {
        assert!(is_marked(ssml) && is_marked(marks), "{ssml}, {marks}");
        assert_eq!(read(ssml), expected, "{ssml}");
        assert_eq!(read(marks), expected, "{marks}");
    };
    check("One<break time=\"500ms\"/> two", "One[pause 500ms] two", "One |0.50| ; two");
    check("One<break/> two", "One [pause] two", "One |0.50| ; two");
    check("<break time=\"2s\"/>two", "[pause 2s]two", " |2.00| ; two");
    check("<voice name=\"joe\">One.</voice>", "[voice joe] One.", "joe: One.");
    check("<prosody rate=\"50%\">One.</prosody>", "[rate 0.5]One.", "x0.50 One.");
    check("<say-as interpret-as=\"characters\">nato5</say-as>", "[spell nato5]", "N. A. T. O. 5");
}

#[test]
fn ssml_documents() {
    let check = |ssml: &str, expected: &str| assert_eq!(read(ssml), expected, "{ssml}");
    check("<speak>Hello <b>there</b>.</speak>", "Hello there.");
    check(
        "<?xml version=\"1.0\"?><speak xml:lang=\"en-GB\"><!-- no --><p>One</p><p>Two</p></speak>",
        "One\n\n Two",
    );
    check("<speak>A &amp; B &lt; C &#65;</speak>", "A & B < C A");
    check("<speak><sub alias=\"World Wide Web\">WWW</sub> is old</speak>", "World Wide Web is old");
    check(
        "<speak>say <phoneme alphabet=\"ipa\" ph=\"fu\">foo</phoneme> now</speak>",
        "say  /fu/  now",
    );
    check("<speak>a<mark name=\"x\"/>b <foo bar=\"1\">c</foo></speak>", "ab c");
    check("<speak>a<metadata>not this</metadata></speak>", "a");
    check("<speak>a<desc><sub alias=\"nor\">this</sub><break/></desc>b</speak>", "ab");
    check("<speak><emphasis level=\"strong\">now</emphasis> go</speak>", "x0.85 now ; go");
    check(
        "<speak><prosody rate=\"slow\">a <prosody rate=\"+100%\">b</prosody></prosody></speak>",
        "x0.75 a ; x1.50 b",
    );
    check("<speak>a<break time=\"90s\"/>b</speak>", "a |10.00| ; b");
    check("<speak>one [pause 1s] two</speak>", "one |1.00| ; two");
}

#[test]
fn tags_of_html_are_read_too() {
    let check = |text: &str, expected: &str| {
        assert!(is_marked(text), "{text}");
        assert_eq!(read(text), expected, "{text}");
    };
    check("one<br>two", "one \n\ntwo");
    check("one<BR/>two", "one \n\ntwo");
    check("<b>bold</b>&nbsp;text", "bold\u{a0}text");
    check("R&D is <i>fun</i> &copy; x<y", "R&D is fun © x<y");
    check("H<sub>2</sub>O", "H2O");
    check("<ul><li>Milk<li>Eggs</ul>", "Milk \n\nEggs");
    check("see <a href=\"https://x.org?a=1&b=2\">this</a> page", "see this page");
    check("one<break time=\"1s\">two", "one |1.00| ; two");
    check("<speak>a&nbsp;b</speak>", "a\u{a0}b");
}

#[test]
fn errors_name_what_is_wrong() {
    let check = |text: &str, expected: &str| {
        let error: MarkupError = parse(text).expect_err(text);
        assert!(error.to_string().contains(expected), "{text}: {error}");
        assert!(!error.hint().is_empty());
    };
    check("<speak>a", "not closed");
    check("<speak>a</p>", "not well-formed");
    check("<speak>&nosuch;</speak>", "nosuch");
    check("<speak><lang xml:lang=\"fr\">bonjour</lang></speak>", "fr");
    check("<speak xml:lang=\"de\">hallo</speak>", "de");
    check("<speak><audio src=\"http://x/\"/></speak>", "<audio>");
    check("<speak><prosody pitch=\"+2st\">a</prosody></speak>", "pitch");
    check("<speak><prosody rate=\"99\">a</prosody></speak>", "99");
    check("<speak><break time=\"soon\"/></speak>", "soon");
    check("<speak><phoneme ph=\"\">a</phoneme></speak>", "phoneme");
    check("<speak><emphasis level=\"much\">a</emphasis></speak>", "much");
    check("<speak><sub>a</sub></speak>", "<sub alias>");
    check("<speak><voice gender=\"female\">a</voice></speak>", "<voice> without a name");
    check("[pause soon]", "soon");
    check("[rate fast]", "fast");
    check("[puase 500ms]", "puase");
}

#[test]
fn any_text_gives_utterances_or_an_error() {
    let pieces =
        ["<", ">", "/", "speak", "[", "]", "pause", " 1s", "&", ";", "\"", "é", "a", "break", "="];
    let mut seed: u64 = 1;
    for _ in 0..5000 {
        let mut text = String::new();
        for _ in 0..12 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
        }
        let _ = parse(&text);
    }
}

#[test]
fn time_is_linear_in_unclosed_markup() {
    // A search for the end of each would look at 10^11 characters and more: minutes.
    const COUNT: usize = 200_000;
    for unit in ["<!--", "<![CDATA[", "<!doctype ", "<?xml ", "&amp", "[pause ", "< x=\"", "</"] {
        let text = unit.repeat(COUNT);
        assert!(!is_marked(&text), "{unit}");
        assert_eq!(parse(&text).expect(unit)[0].text.len(), text.trim().len(), "{unit}");
    }
    let text = "<!--".repeat(COUNT) + " <b>so</b>";
    assert_eq!(parse(&text).expect("it is fine")[0].text.len(), text.len() - "<b></b>".len());
    for (unit, plain) in [("H<sub>2</sub>", "H2"), ("x <break> ", "x"), ("<!---->a", "a")] {
        let read = parse(&unit.repeat(COUNT)).expect(unit);
        let letters: usize = read.iter().map(|one| one.text.trim().len()).sum();
        assert_eq!(letters, plain.len() * COUNT, "{unit}");
    }
}
