//! Phones in ARPAbet and IPA.

use std::collections::HashSet;
use std::fmt::Write;

use proptest::prelude::*;
use syrinx_text::inventory::{complete_stress, parse_arpabet, to_arpabet};
use syrinx_text::ipa::{parse_ipa, parse_ipa_word, to_ipa};
use syrinx_text::{Phone, Stress, TextVocab, strip_stress};

#[test]
fn inventory_and_ids_are_fixed() {
    let vocab = TextVocab::english().unwrap();
    let mut listing = String::new();
    for phone in Phone::all() {
        writeln!(listing, "{} {} {:?}", vocab.phone_id(phone), phone, phone.ipa()).unwrap();
    }
    insta::assert_snapshot!(listing);
}

#[test]
fn writings_are_injective() {
    let arpabet: HashSet<_> = Phone::all().map(Phone::arpabet).collect();
    let ipa: HashSet<_> = Phone::all().map(Phone::ipa).collect();
    assert_eq!((arpabet.len(), ipa.len()), (Phone::COUNT, Phone::COUNT));
    for phone in Phone::all() {
        assert_eq!(Phone::from_arpabet(phone.arpabet()), Some(phone));
        assert_eq!(parse_ipa(phone.ipa()), Ok(vec![phone]), "{phone}");
        assert_eq!(Phone::from_index(phone.index()), Some(phone));
    }
}

#[test]
fn any_two_phones_are_read_back() {
    for a in Phone::all() {
        for b in Phone::all() {
            let ipa = to_ipa(&[a, b]);
            assert_eq!(parse_ipa(&ipa), Ok(vec![a, b]), "{ipa}");
        }
    }
}

proptest! {
    #[test]
    fn any_phones_are_read_back(indices in prop::collection::vec(0..Phone::COUNT, 0..30)) {
        let phones: Vec<Phone> = indices.into_iter().filter_map(Phone::from_index).collect();
        prop_assert_eq!(parse_ipa(&to_ipa(&phones)), Ok(phones.clone()));
        prop_assert_eq!(parse_arpabet(&to_arpabet(&phones)), Ok(phones));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,30}") {
        let _ = (parse_ipa(&text), parse_ipa_word(&text), parse_arpabet(&text));
    }
}

#[track_caller]
fn check_word(ipa: &str, expected: &str) {
    assert_eq!(
        parse_ipa_word(ipa).map(|phones| to_arpabet(&phones)),
        Ok(expected.to_owned()),
        "{ipa}"
    );
}

#[test]
fn ipa_as_people_write_it() {
    check_word("/həˈloʊ/", "HH AH0 L OW1");
    check_word("[həˈləʊ]", "HH AH0 L OW1");
    check_word("tʃɜːrtʃ", "CH ER1 CH");
    check_word("t͡ʃɝt͡ʃ", "CH ER1 CH");
    check_word("ˈd͡ʒʌdʒ", "JH AH1 JH");
    check_word("ˈnʌt-ʃɛl", "N AH1 T SH EH0 L");
    check_word("ˈkæt.ə.lɒɡ", "K AE1 T AH0 L AA0 G");
    check_word("gɹeɪt", "G R EY1 T");
    check_word("ɡreɪt", "G R EY1 T");
    check_word("ˌʌndɚˈstænd", "AH2 N D ER0 S T AE1 N D");
    check_word("ˈbʌtn̩", "B AH1 T AH0 N");
    check_word("fɔː", "F AO1");
    check_word("'wɔtə˞", "W AO1 T ER0");
    check_word("ðə", "DH AH0");
    check_word("nɪ̆", "N IH0");
}

#[test]
fn bad_transcriptions_say_what_is_wrong() {
    let message = |ipa: &str| parse_ipa_word(ipa).unwrap_err().to_string();
    assert!(message("həˈlж").contains("`ж`"), "{}", message("həˈlж"));
    assert!(message("stˈ").contains("stress mark"));
    assert!(message("//").contains("empty"));
    let arpabet = parse_arpabet("HH AH0 QQ").unwrap_err().to_string();
    assert!(arpabet.contains("`QQ`"), "{arpabet}");
    assert!("AH3".parse::<Phone>().is_err());
    assert!("B1".parse::<Phone>().is_err());
    assert!("".parse::<Phone>().is_err());
}

#[test]
fn arpabet_in_other_writings() {
    let read = |text: &str| to_arpabet(&parse_arpabet(text).unwrap());
    assert_eq!(read("hh ax l ow1"), "HH AH0 L OW1");
    assert_eq!(read("AXR IX H"), "ER0 IH0 HH");
}

#[test]
fn stress_can_be_dropped_and_completed() {
    let read = |text: &str| parse_arpabet(text).unwrap();
    let stripped: Vec<Phone> =
        read("AH0 B AW1 T | ER0 AH1").into_iter().map(strip_stress).collect();
    assert_eq!(to_arpabet(&stripped), "AH0 B AW T | ER AH");
    let completed = |text: &str| {
        let mut phones = read(text);
        complete_stress(&mut phones);
        to_arpabet(&phones)
    };
    assert_eq!(completed("AH0 B AW T"), "AH0 B AW1 T");
    assert_eq!(completed("AH B AW1 T"), "AH0 B AW1 T");
    assert_eq!(completed("K AE T AH L AA G"), "K AE1 T AH0 L AA0 G");
    assert_eq!(Phone::from_arpabet("EY2").and_then(Phone::stress), Some(Stress::Secondary));
    assert_eq!(Phone::SILENCE.stress(), None);
}

#[test]
fn classes_of_phones() {
    let count = |class: fn(Phone) -> bool| Phone::all().filter(|&phone| class(phone)).count();
    assert_eq!(count(Phone::is_vowel), 60);
    assert_eq!(count(Phone::is_consonant), 24);
    assert_eq!(count(Phone::is_mark), 6);
    assert_eq!(count(Phone::is_pause), 4);
    let names = [
        Phone::SILENCE,
        Phone::BOUNDARY,
        Phone::COMMA,
        Phone::PERIOD,
        Phone::QUESTION,
        Phone::EXCLAMATION,
    ];
    assert_eq!(names.map(Phone::arpabet), ["SIL", "|", ",", ".", "?", "!"]);
}
