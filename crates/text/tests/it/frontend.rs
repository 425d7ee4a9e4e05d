//! From text to phones.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use syrinx_text::inventory::{parse_arpabet, to_arpabet};
use syrinx_text::{
    Frontend, Phone, Phonemized, Pronounce, RuleSpeller, Source, TextError, is_held_out,
};

/// The dictionary is read once for all tests.
static FRONTEND: LazyLock<Frontend> = LazyLock::new(|| Frontend::english().unwrap());

fn phones(text: &str) -> String {
    to_arpabet(&FRONTEND.phonemize(text).unwrap().phones)
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(phones(text), expected, "{text}");
}

#[test]
fn words_boundaries_and_pauses() {
    check("Hello, world!", "HH AH0 L OW1 , | W ER1 L D !");
    check("Yes", "Y EH1 S");
    check("...Yes?! No", "Y EH1 S ? | N OW1");
    check("BBC", "B IY1 | B IY1 | S IY1");
    check("2 CDs", "T UW1 | S IY1 | D IY1 Z");
}

#[test]
fn neighbours_decide() {
    check("the apple", "DH IY0 | AE1 P AH0 L");
    check("the dog", "DH AH0 | D AO1 G");
    check("I read it", "AY1 | R IY1 D | IH1 T");
    check("I have read it", "AY1 | HH AE1 V | R EH1 D | IH1 T");
    check("a live show", "AH0 | L AY1 V | SH OW1");
    check("they live", "DH EY1 | L IH1 V");
}

#[test]
fn regular_forms_of_known_words() {
    for (word, expected) in [
        ("snowboarders", "S N OW1 B AO2 R D ER0 Z"),
        ("unfollowed", "AH0 N F AA1 L OW0 D"),
        ("re-create", "R IY2 K R IY0 EY1 T"),
        ("chatbots", "CH AE1 T B AO2 T S"),
        ("tweeting", "T W IY1 T IH0 NG"),
        ("lexicon's", "L EH1 K S IH0 K AA2 N Z"),
    ] {
        let spoken = FRONTEND.phonemize(word).unwrap();
        assert_eq!(to_arpabet(&spoken.phones), expected, "{word}");
        assert_eq!(spoken.words[0].source, Source::Lexicon, "{word}");
    }
}

#[test]
fn hyphens_separate_words() {
    let spoken = FRONTEND.phonemize("a self-driving x-ray").unwrap();
    let words: Vec<&str> = spoken.words.iter().map(|word| word.spoken.as_str()).collect();
    assert_eq!(words, ["a", "self", "driving", "x-ray"]);
}

#[test]
fn written_pieces_are_kept() {
    let spoken = FRONTEND.phonemize("It cost $5, sir").unwrap();
    let listing: Vec<(&str, &str, usize)> =
        spoken.words.iter().map(|w| (w.written.as_str(), w.spoken.as_str(), w.piece)).collect();
    assert_eq!(
        listing,
        [
            ("It", "it", 0),
            ("cost", "cost", 1),
            ("$5", "five", 2),
            ("$5", "dollars", 2),
            ("sir", "sir", 4)
        ]
    );
    assert_eq!(spoken.spoken_text(), "it cost five dollars sir");
}

#[test]
fn inline_pronunciations() {
    check("Say /HH AH0 L OW1/ now", "S EY1 | HH AH0 L OW1 | N AW1");
    check("Say /həˈloʊ/.", "S EY1 | HH AH0 L OW1 .");
    check("Nguyen/W IH1 N/ left", "W IH1 N | L EH1 F T");
    let spoken = FRONTEND.phonemize("Nguyen/W IH1 N/").unwrap();
    assert_eq!(
        (spoken.words[0].spoken.as_str(), spoken.words[0].source),
        ("nguyen", Source::Inline)
    );
    check("and/or", "AH0 N D | AO1 R");
    assert!(!phones("example.com/bin/ test").contains("B IY1 N"));
    check("km/h /x", phones("kilometer per hour X").as_str());
}

#[test]
fn user_words_come_first() {
    let lexicon = FRONTEND
        .lexicon()
        .clone()
        .with_user(&b"SQL S IY1 K W AH0 L\nmr. M ER1"[..], "words")
        .unwrap();
    let spoken = Frontend::new(lexicon).phonemize("An SQL query").unwrap();
    assert_eq!(to_arpabet(&spoken.words[1].phones), "S IY1 K W AH0 L");
    assert_eq!(spoken.words[1].source, Source::User);
}

/// Returns fixed phones and records the requested words.
struct Model(RefCell<Vec<String>>);

impl Pronounce for Model {
    fn pronounce(
        &self,
        words: &[String],
    ) -> Result<Vec<Vec<Phone>>, Box<dyn std::error::Error + Send + Sync>> {
        self.0.borrow_mut().extend_from_slice(words);
        words
            .iter()
            .map(|word| match word.as_str() {
                "flurbat" => Err("the model is broken".into()),
                "grimzo" => Ok(Vec::new()),
                _ => Ok(parse_arpabet("Z AO1 R B")?),
            })
            .collect()
    }
}

#[test]
fn unknown_words_are_asked_once_and_together() {
    let model = Model(RefCell::default());
    let spoken = FRONTEND.phonemize_with("Zorbq, the zorbq's grimzo vrelk", &model).unwrap();
    assert_eq!(*model.0.borrow(), ["zorbq", "grimzo", "vrelk"]);
    assert_eq!(to_arpabet(&spoken.words[2].phones), "Z AO1 R B Z");
    let sources: Vec<Source> = spoken.words.iter().map(|word| word.source).collect();
    use Source::{Lexicon, Model as FromModel, Rules};
    assert_eq!(sources, [FromModel, Lexicon, FromModel, Rules, FromModel]);
}

#[test]
fn a_frontend_may_carry_its_reader() {
    let frontend = FRONTEND.clone().with_pronounce(Arc::new(RuleSpeller));
    let spoken = frontend.phonemize("zorblax").unwrap();
    assert_eq!(spoken.words[0].source, Source::Model);
}

#[test]
fn a_broken_model_is_an_error() {
    let model = Model(RefCell::default());
    let error = FRONTEND.phonemize_with("flurbat", &model).unwrap_err();
    assert!(
        error.to_string().contains("flurbat") && error.to_string().contains("broken"),
        "{error}"
    );
}

#[test]
fn the_rules_always_say_something() {
    let spoken = FRONTEND.phonemize("Zorblax vrrm xqz").unwrap();
    assert!(spoken.words.iter().all(|w| w.source == Source::Rules && !w.phones.is_empty()));
    assert_eq!(to_arpabet(&spoken.words[0].phones), "Z AO1 R B L AH0 K S");
}

#[test]
fn the_rules_are_mostly_right() {
    let lexicon = FRONTEND.lexicon();
    let plain =
        |phones: &[Phone]| -> Vec<Phone> { phones.iter().map(|p| p.strip_stress()).collect() };
    let (mut close, mut all) = (0, 0);
    for (word, known) in lexicon.iter().filter(|(word, _)| is_held_out(word)).step_by(7) {
        let spelled = plain(&RuleSpeller.spell(word));
        all += 1;
        close += usize::from(known.iter().any(|phones| plain(phones) == spelled));
    }
    assert!(close * 3 > all, "{close} of {all} words");
}

#[test]
fn nothing_to_say() {
    for text in ["", " \n", "⠿", "... !?", "\"\"", "—", "\u{200B}", "~~", "\u{F0000}"] {
        let error = FRONTEND.phonemize(text).unwrap_err();
        assert!(matches!(error, TextError::NothingToSay { .. }), "{text:?}: {error}");
    }
}

#[test]
fn other_scripts_are_refused_by_name() {
    for (text, script) in [
        ("Привет, как дела?", "Cyrillic"),
        ("你好,世界", "Chinese"),
        ("こんにちは", "Japanese"),
        ("안녕하세요", "Korean"),
        ("مرحبا", "Arabic"),
        ("Γειά σου Κόσμε", "Greek"),
    ] {
        match FRONTEND.phonemize(text).unwrap_err() {
            TextError::NotEnglish { script: found, piece } => {
                assert!(found.contains(script), "{text}: {found}");
                assert!(text.starts_with(&piece), "{piece}");
            }
            other => panic!("{text}: {other}"),
        }
    }
    // A name in between is dropped, accents are none.
    check("Hello there, Москва", "HH AH0 L OW1 | DH EH1 R ,");
    check("café", "K AH0 F EY1");
}

fn check_mapping(spoken: &Phonemized) {
    assert_eq!(spoken.phones.len(), spoken.word_of_phone.len());
    for (index, word) in spoken.words.iter().enumerate() {
        assert!(!word.phones.is_empty() && word.phones.iter().all(|phone| !phone.is_mark()));
        assert_eq!(spoken.phones[spoken.phones_of_word(index)], word.phones);
    }
    for (phone, word) in spoken.phones.iter().zip(&spoken.word_of_phone) {
        assert_eq!(phone.is_mark(), word.is_none());
    }
    let ends = [spoken.phones.first(), spoken.phones.last()];
    assert!(ends.iter().all(|p| p.is_some_and(|&p| p != Phone::SILENCE && p != Phone::BOUNDARY)));
    let boundaries = spoken.phones.iter().filter(|&&phone| phone == Phone::BOUNDARY).count();
    assert_eq!(boundaries, spoken.words.len() - 1);
}

#[test]
fn words_and_phones_map_both_ways() {
    let text = "On March 5, 2024 Dr. O'Neil's zorblax paid $5.50 — wow! (Really?) /HH AY1/";
    check_mapping(&FRONTEND.phonemize(text).unwrap());
}

#[test]
fn a_long_text() {
    let text = "Dr. Smith paid $5.50 for 20 kg of well-known zorblax, etc. ".repeat(1700);
    let spoken = FRONTEND.phonemize(&text).unwrap();
    assert!(text.len() > 99_000);
    assert_eq!(spoken.words.len(), 16 * 1700);
}

#[test]
fn any_text_gives_phones_or_an_error() {
    proptest!(|(text in "(\\PC{0,12}|[A-Za-z' ]{0,12}|/[A-Z0-2 ]{1,9}/){0,5}")| {
        match FRONTEND.phonemize(&text) {
            Ok(spoken) => check_mapping(&spoken),
            Err(TextError::NothingToSay { .. } | TextError::NotEnglish { .. }) => {}
            Err(other) => panic!("{text:?}: {other}"),
        }
    });
}
