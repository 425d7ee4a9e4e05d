//! N-gram model of letters and phones.

use std::sync::LazyLock;

use syrinx_text::graphones::estimate;
use syrinx_text::inventory::{parse_arpabet, to_arpabet};
use syrinx_text::lexicon::pack_cmudict;
use syrinx_text::{Frontend, GraphoneFault, Graphones, Lexicon, Phone, TextError, is_held_out};

static FRONTEND: LazyLock<Frontend> = LazyLock::new(|| Frontend::english().unwrap());

fn english() -> &'static Graphones {
    FRONTEND.graphones().unwrap()
}

fn best(word: &str) -> String {
    let candidates = english().pronunciations(word, 1);
    candidates.first().map(|best| to_arpabet(&best.phones)).unwrap_or_default()
}

#[test]
fn words_outside_the_dictionary() {
    for (word, phones) in [
        ("zyxomma", "Z IH1 K S AA1 M AH0"),
        ("blorptangle", "B L AO1 R P T AE1 NG G AH0 L"),
        ("psilopod", "S AY2 L AH0 P AA2 D"),
        ("knightsbury", "N AY1 T S B EH0 R IY0"),
        ("mcgillverton", "M AH0 G IH1 L V ER0 T AH0 N"),
        ("o'shaughton", "OW2 SH AA1 T AH0 N"),
        ("Quibbleworth", "K W IH1 B AH0 L W ER2 TH"),
        ("quibbleworth's", "K W IH1 B AH0 L W ER2 TH S"),
    ] {
        assert!(FRONTEND.lexicon().lookup(word).is_none(), "{word}");
        assert_eq!(best(word), phones, "{word}");
    }
}

#[test]
fn words_of_other_characters_have_no_pronunciation() {
    for word in ["", "naïve", "x2", "two words", "-"] {
        assert_eq!(english().pronunciations(word, 4), [], "{word}");
    }
}

/// Least number of insertions, deletions and substitutions.
fn edits(a: &[Phone], b: &[Phone]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[test]
fn held_out_words_have_few_wrong_phones() {
    let plain =
        |phones: &[Phone]| -> Vec<Phone> { phones.iter().map(|p| p.strip_stress()).collect() };
    let (mut wrong, mut all) = (0, 0);
    for (word, known) in FRONTEND.lexicon().iter().filter(|(word, _)| is_held_out(word)).step_by(31)
    {
        let candidates = english().pronunciations(word, 1);
        let Some(best) = candidates.first() else { continue };
        let against =
            |phones: &[Phone]| (edits(&plain(phones), &plain(&best.phones)), phones.len());
        let (errors, phones) = known.iter().map(against).min().unwrap();
        wrong += errors;
        all += phones;
    }
    assert!(all > 1000 && wrong * 100 < all * 9, "{wrong} of {all} phones");
}

#[test]
fn candidates_are_sorted_and_have_their_log_probability() {
    for word in ["zyxomma", "abomination", "bluetoothed"] {
        let candidates = english().pronunciations(word, 8);
        assert_eq!(candidates.len(), 8, "{word}");
        assert!(candidates.is_sorted_by(|a, b| a.log_prob >= b.log_prob), "{word}");
        for candidate in &candidates {
            let exact = english().log_prob(word, &candidate.phones);
            // The beam leaves out improbable segmentations.
            let missing = exact - candidate.log_prob;
            assert!((-1e-6..0.5).contains(&missing), "{word}: {candidate:?} {exact}");
        }
    }
    let never = parse_arpabet("T").unwrap();
    assert_eq!(english().log_prob("zyxomma", &never), f64::NEG_INFINITY);
}

/// A model of a few words, packed.
fn small() -> Vec<u8> {
    let published = "cat K AE1 T\ncats K AE1 T S\nhat HH AE1 T\nhats HH AE1 T S\ntax T AE1 K S\n";
    let lexicon = Lexicon::from_packed(&pack_cmudict(published).unwrap()).unwrap();
    estimate(&lexicon).unwrap()
}

#[test]
fn a_small_lexicon_is_learnt() {
    let model = Graphones::from_packed(&small()).unwrap();
    for (word, phones) in [("cat", "K AE1 T"), ("hax", "HH AE1 K S"), ("that", "T HH AE1 T")] {
        assert_eq!(to_arpabet(&model.pronunciations(word, 1)[0].phones), phones, "{word}");
    }
    assert_eq!(model.pronunciations("dog", 1), []);
    assert_eq!(small(), small());
}

#[test]
fn a_damaged_model_is_refused() {
    let packed = small();
    let refused = |bytes: &[u8], what: &str| match Graphones::from_packed(bytes) {
        Err(TextError::Graphones { fault }) => fault,
        other => panic!("{what}: {other:?}"),
    };
    for length in 0..packed.len() {
        refused(&packed[..length], &format!("{length} bytes"));
    }
    for at in 0..packed.len() {
        let mut changed = packed.clone();
        changed[at] ^= 1;
        // Bits that fill the last byte mean nothing.
        if at + 1 < packed.len() {
            refused(&changed, &format!("byte {at}"));
        }
    }
    let fault = refused(&[b"0123456789abcdef", &packed[16..]].concat(), "another fingerprint");
    assert!(matches!(fault, GraphoneFault::Fingerprint { .. }), "{fault}");
}
