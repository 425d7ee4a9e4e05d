//! Cutting text.

use proptest::prelude::*;
use syrinx_text::sentences::{DEFAULT_MAX_CHARS, split};

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(split(text, DEFAULT_MAX_CHARS), expected);
}

#[test]
fn sentences_end_at_marks() {
    check("One. Two! Three? Four", &["One.", "Two!", "Three?", "Four"]);
    check("Really?! Yes.", &["Really?!", "Yes."]);
    check("", &[]);
    check("  \n ", &[]);
    check("Just one", &["Just one"]);
    check("A line\nand its rest.", &["A line\nand its rest."]);
    check("Title\n\nText here.", &["Title", "Text here."]);
}

#[test]
fn dots_inside_sentences() {
    check(
        "Dr. Smith and Mrs. Lee came. They left.",
        &["Dr. Smith and Mrs. Lee came.", "They left."],
    );
    check("It costs 3.50 dollars. Fine.", &["It costs 3.50 dollars.", "Fine."]);
    check("J. K. Rowling wrote it. Yes.", &["J. K. Rowling wrote it.", "Yes."]);
    check("He lives in the U.S. Army base.", &["He lives in the U.S. Army base."]);
    check("He lives in the U.S. The end.", &["He lives in the U.S.", "The end."]);
    check("Cats, e.g. Siamese, purr.", &["Cats, e.g. Siamese, purr."]);
    check("Cats, dogs, etc. Then more.", &["Cats, dogs, etc.", "Then more."]);
    check("At 5 p.m. Monday it rained.", &["At 5 p.m. Monday it rained."]);
    check("It ended at 5 p.m. She left.", &["It ended at 5 p.m.", "She left."]);
    check("See example.com for No. 5 there.", &["See example.com for No. 5 there."]);
    check("Wait... what? Well... The end.", &["Wait... what?", "Well...", "The end."]);
    check("1. First item. 2. Second item.", &["1. First item.", "2. Second item."]);
}

#[test]
fn quotes_belong_to_their_sentence() {
    check("\"Stop!\" he said. \"Now.\"", &["\"Stop!\" he said.", "\"Now.\""]);
    check("He said “Go.” Then he went.", &["He said “Go.”", "Then he went."]);
    check("(It rained.) We left.", &["(It rained.)", "We left."]);
}

#[test]
fn inline_pronunciations_stay_whole() {
    check("Say /ˈkæt.ə/ now. Go.", &["Say /ˈkæt.ə/ now.", "Go."]);
    let pieces = split("Say /HH AH0 L OW1/ and then /W ER1 L D/ please", 20);
    assert!(pieces.iter().any(|piece| piece.contains("/HH AH0 L OW1/")), "{pieces:?}");
    assert!(pieces.iter().any(|piece| piece.contains("/W ER1 L D/")), "{pieces:?}");
}

#[test]
fn long_sentences_are_cut_at_good_places() {
    let text = "The quick brown fox jumped over the lazy dog, and the dog slept on because it was tired of foxes";
    assert_eq!(
        split(text, 60),
        [
            "The quick brown fox jumped over the lazy dog,",
            "and the dog slept on because it was tired of foxes"
        ]
    );
    assert_eq!(
        split("the dog slept on because it was very tired of foxes", 40),
        ["the dog slept on", "because it was very tired of foxes"]
    );
    assert_eq!(split("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    assert_eq!(split("éééé", 1), ["é", "é", "é", "é"]);
    assert_eq!(split("ab", 0), ["a", "b"]);
}

#[test]
fn long_texts() {
    for unit in ["Hello world. ", "a", "Hello world ", "a.", "e.g. ", "\"", "/a/ ", "\n", "J. "] {
        let text = unit.repeat(100_000 / unit.len());
        let pieces = split(&text, DEFAULT_MAX_CHARS);
        assert!(pieces.iter().all(|piece| piece.chars().count() <= DEFAULT_MAX_CHARS));
    }
}

proptest! {
    #[test]
    fn nothing_is_lost(text in "([A-Za-zé]{1,9}[ .,?!\n\"/-]{1,3}){0,40}", max_chars in 1_usize..80) {
        let pieces = split(&text, max_chars);
        let solid = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        prop_assert_eq!(solid(&pieces.concat()), solid(&text));
        prop_assert!(pieces.iter().all(|piece| piece.chars().count() <= max_chars && !piece.is_empty()));
    }
}
