//! The table of normalisation, and what holds for any text.

use proptest::prelude::*;
use syrinx_text::normalize;

const TABLE: &str = include_str!("normalize.tsv");

fn cases() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .map(|line| line.split_once('\t').expect("a case has a tab"))
}

#[test]
fn table() {
    let failures: Vec<String> = cases()
        .filter(|(input, expected)| normalize(input) != *expected)
        .map(|(input, expected)| {
            format!("{input:?}\n  expected {expected:?}\n  got      {:?}", normalize(input))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn table_is_large_and_without_repetition() {
    let mut inputs: Vec<&str> = cases().map(|(input, _)| input).collect();
    assert!(inputs.len() >= 300, "{} cases", inputs.len());
    inputs.sort_unstable();
    inputs.dedup();
    assert_eq!(inputs.len(), cases().count());
}

#[test]
fn all_numbers_below_a_thousand_differ() {
    let mut said: Vec<String> = (0..1000).map(|n| normalize(&n.to_string())).collect();
    said.sort_unstable();
    said.dedup();
    assert_eq!(said.len(), 1000);
}

#[test]
fn words_of_normalised_text_stay() {
    // Words, not letters' names: those would be read as capitals again, which is the same.
    for (input, _) in cases().filter(|(input, _)| !input.contains('/')) {
        let once = normalize(input);
        let twice = normalize(&once);
        let plain = |text: &str| text.to_lowercase().replace(['.', ','], "");
        assert_eq!(plain(&once), plain(&twice), "from {input:?}");
    }
}

#[test]
fn long_text() {
    let text = "On 5/6/2024 Dr. Lee paid $3.50 (about €3.20) for 2 kg! ".repeat(1800);
    assert!(text.len() > 95_000);
    let said = normalize(&text);
    assert!(said.starts_with("on may sixth, twenty twenty four doctor lee paid three dollars"));
    assert!(said.ends_with("for two kilograms!"));
}

#[test]
fn long_text_without_spaces() {
    let units =
        ["a", "1", "a.", "/a", "$", "1-", "'", "A.", "a-", "..", "#", "@a", "é", "👋", ":)"];
    for unit in units {
        let said = normalize(&unit.repeat(10_000));
        assert!(!said.contains('\u{F0000}'));
    }
}

#[test]
fn time_is_linear_in_raised_digits() {
    // 10^11 steps, minutes, if each digit were a search through those before.
    let said = normalize(&"²".repeat(500_000));
    assert!(said.starts_with("to the power of") || !said.is_empty());
}

proptest! {
    #[test]
    fn any_text_gives_words_and_pauses(text in "\\PC{0,60}") {
        let said = normalize(&text);
        prop_assert!(!said.starts_with([' ', ',']));
        prop_assert!(!said.contains("  "), "{said:?}");
        if !text.contains('/') {
            prop_assert!(!said.contains(|c: char| c.is_ascii_digit()), "{said:?}");
            prop_assert!(said.is_ascii(), "{said:?}");
        }
    }

    #[test]
    fn any_number_like_text_is_said(text in "[-+$£€0-9.,:/%xkm'()# ]{1,30}") {
        let said = normalize(&text);
        prop_assert!(!said.contains(|c: char| c.is_ascii_digit()), "{said:?}");
    }
}
