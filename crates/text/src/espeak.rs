//! IPA as espeak-ng writes American English (`en-us`), from the phones of the front end.

use crate::inventory::{Phone, Stress};

/// Tie bar of an affricate in the phone inventory's IPA.
const TIE_BAR: char = '\u{361}';

/// Vowels in ARPAbet, with their IPA when stressed and when unstressed.
const VOWELS: [(&str, &str, &str); 15] = [
    ("AA", "ɑː", "ɑː"),
    ("AE", "æ", "æ"),
    ("AH", "ʌ", "ə"),
    ("AO", "ɔː", "ɔː"),
    ("AW", "aʊ", "aʊ"),
    ("AY", "aɪ", "aɪ"),
    ("EH", "ɛ", "ɛ"),
    ("ER", "ɜː", "ɚ"),
    ("EY", "eɪ", "eɪ"),
    ("IH", "ɪ", "ɪ"),
    ("IY", "iː", "i"),
    ("OW", "oʊ", "oʊ"),
    ("OY", "ɔɪ", "ɔɪ"),
    ("UH", "ʊ", "ʊ"),
    ("UW", "uː", "uː"),
];

/// Function words without stress in a sentence: phones without stress digits, and IPA. Of words with equal phones the
/// table has the most frequent one.
const UNSTRESSED: [(&str, &str); 51] = [
    ("AE N", "æn"),
    ("AE N D", "ænd"),
    ("AE T", "æt"),
    ("AE Z", "æz"),
    ("AA N", "ˌɔn"),
    ("AA R", "ɑːɹ"),
    ("AH", "ɐ"),
    ("AH N D", "ænd"),
    ("AH V", "ʌv"),
    ("AO N", "ˌɔn"),
    ("AO R", "ɔːɹ"),
    ("AW ER", "ˌaʊɚ"),
    ("B AH T", "bˌʌt"),
    ("B AY", "baɪ"),
    ("B IY", "biː"),
    ("DH AE T", "ðæt"),
    ("DH AE N", "ðɐn"),
    ("DH AH", "ðə"),
    ("DH EH R", "ðɛɹ"),
    ("DH EY", "ðeɪ"),
    ("DH IH S", "ðɪs"),
    ("DH IY", "ðɪ"),
    ("DH IY Z", "ðiːz"),
    ("F AO R", "fɔːɹ"),
    ("F R AH M", "fɹʌm"),
    ("HH AE D", "hæd"),
    ("HH AE V", "hæv"),
    ("HH AE Z", "hɐz"),
    ("HH ER", "hɜː"),
    ("HH IH Z", "hɪz"),
    ("HH IY", "hiː"),
    ("IH F", "ɪf"),
    ("IH N", "ɪn"),
    ("IH T", "ɪt"),
    ("IH T S", "ɪts"),
    ("IH Z", "ɪz"),
    ("K AE N", "kæn"),
    ("K UH D", "kʊd"),
    ("M AY", "maɪ"),
    ("SH IY", "ʃiː"),
    ("SH UH D", "ʃˌʊd"),
    ("T AH", "tə"),
    ("W AA Z", "wʌz"),
    ("W AH Z", "wʌz"),
    ("W EH N", "wɛn"),
    ("W ER", "wɜː"),
    ("W IH DH", "wɪð"),
    ("W IH L", "wɪl"),
    ("W IY", "wiː"),
    ("W UH D", "wʊd"),
    ("Y UW", "juː"),
];

/// Writes a sequence of phones and pause marks as espeak-ng does. Words are separated by spaces, pauses are punctuation
/// marks, silences are dropped. The stress mark is directly before the vowel. A `T` between a vowel and an unstressed
/// vowel is a flap, an unstressed `AH` that begins a word is `ɐ`, and words such as "and" have no stress between
/// others.
pub fn espeak_ipa(phones: &[Phone]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while let Some(&phone) = phones.get(at) {
        if phone.is_mark() {
            out.push_str(mark(phone));
            at += 1;
            continue;
        }
        let sounds = phones[at..].iter().take_while(|p| !p.is_mark()).count();
        let alone = sounds == phones.iter().filter(|p| !p.is_mark()).count();
        word(&phones[at..at + sounds], alone, &mut out);
        at += sounds;
    }
    out
}

fn mark(phone: Phone) -> &'static str {
    match phone {
        Phone::BOUNDARY => " ",
        Phone::COMMA => ",",
        Phone::PERIOD => ".",
        Phone::QUESTION => "?",
        Phone::EXCLAMATION => "!",
        _ => "",
    }
}

fn word(phones: &[Phone], alone: bool, out: &mut String) {
    let plain = phones.iter().map(|&p| without_stress(p)).collect::<Vec<_>>().join(" ");
    if let Some((_, ipa)) = UNSTRESSED.iter().find(|(word, _)| !alone && *word == plain) {
        out.push_str(ipa);
        return;
    }
    for (i, &phone) in phones.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| phones[i]);
        let after = phones.get(i + 1).copied();
        let flap = before.is_some_and(is_open) && after.is_some_and(is_weak);
        match phone.arpabet() {
            "T" if flap => out.push('ɾ'),
            "AH0" if i == 0 => out.push('ɐ'),
            "AO1" if after.is_some_and(is_short_before) => out.push_str("ˈɔ"),
            _ => sign(phone, out),
        }
    }
}

/// Whether an open back vowel is short before a consonant.
fn is_short_before(phone: Phone) -> bool {
    matches!(phone.arpabet(), "F" | "TH" | "S" | "NG")
}

fn is_open(phone: Phone) -> bool {
    phone.is_vowel() || phone.arpabet() == "R"
}

fn is_weak(phone: Phone) -> bool {
    phone.is_vowel() && matches!(phone.stress(), Some(Stress::None | Stress::Unmarked))
}

/// Returns a phone's symbol without its stress digit.
fn without_stress(phone: Phone) -> &'static str {
    phone.arpabet().trim_end_matches(|c: char| c.is_ascii_digit())
}

fn sign(phone: Phone, out: &mut String) {
    let plain = without_stress(phone);
    let Some((_, stressed, unstressed)) = VOWELS.iter().find(|(arpabet, ..)| *arpabet == plain)
    else {
        // The symbol of a consonant; affricates have no tie bar.
        out.extend(phone.ipa().chars().filter(|&c| c != TIE_BAR));
        return;
    };
    match phone.stress() {
        Some(Stress::Primary) => out.extend(['ˈ'].into_iter().chain(stressed.chars())),
        Some(Stress::Secondary) => out.extend(['ˌ'].into_iter().chain(stressed.chars())),
        _ => out.push_str(unstressed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ipa(phones: &str) -> String {
        let phones: Vec<Phone> =
            phones.split(' ').map(|p| Phone::from_arpabet(p).unwrap()).collect();
        espeak_ipa(&phones)
    }

    #[test]
    fn phones_are_written_as_espeak_writes_them() {
        // Outputs of `espeak-ng -q --ipa -v en-us`, word by word.
        for (phones, expected) in [
            ("HH AH0 L OW1", "həlˈoʊ"),
            ("W ER1 L D", "wˈɜːld"),
            ("W AO1 T ER0", "wˈɔːɾɚ"),
            ("AH0 B AW1 T", "ɐbˈaʊt"),
            ("S IH1 T IY0", "sˈɪɾi"),
            ("P AA1 R T IY0", "pˈɑːɹɾi"),
            ("CH ER1 CH", "tʃˈɜːtʃ"),
            ("HH AH0 L OW1 , | W ER1 L D .", "həlˈoʊ, wˈɜːld."),
            ("SIL W ER1 L D SIL", "wˈɜːld"),
            ("B ER1 D Z | AE1 N D | B ER1 D Z", "bˈɜːdz ænd bˈɜːdz"),
            ("DH AH0 | K AE1 T | F AO1 R | Y UW1", "ðə kˈæt fɔːɹ juː"),
            ("F AO1 R", "fˈɔːɹ"),
            ("AO1 F", "ˈɔf"),
        ] {
            assert_eq!(ipa(phones), expected, "{phones}");
        }
    }

    #[test]
    fn every_phone_that_sounds_has_a_sign() {
        for phone in Phone::all().filter(|p| !p.is_mark()) {
            assert!(!espeak_ipa(&[phone]).is_empty(), "{}", phone.arpabet());
        }
    }
}
