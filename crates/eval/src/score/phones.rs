//! Phone errors against known pronunciations.

use syrinx_metrics::errors::{EditCounts, align};
use syrinx_text::Phone;

use crate::score::Measures;
use crate::{Item, Measure};

/// Returns the phones of a line of ARPAbet without word boundaries (`|`) and pauses.
pub(crate) fn sounds_of(phones: &str) -> String {
    let sounds = |s: &&str| Phone::from_arpabet(s).is_none_or(|p| !p.is_mark());
    phones.split_whitespace().filter(sounds).collect::<Vec<_>>().join(" ")
}

/// Counts errors against the nearest of the item's pronunciations, with and without stress. An empty answer is all
/// wrong.
pub(crate) fn phone_measures(item: &Item, phones: &str) -> Measures {
    let mut measures = Measures::new();
    for (suffix, keep_stress) in [("", true), ("_no_stress", false)] {
        let symbol = |s: &str| match keep_stress {
            true => s.to_owned(),
            false => s.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned(),
        };
        let hypothesis: Vec<String> = phones.split_whitespace().map(symbol).collect();
        let against = |reference: &Vec<String>| {
            let reference: Vec<String> = reference.iter().map(|s| symbol(s)).collect();
            align(&reference, &hypothesis).0
        };
        let nearest = item.pronunciations.iter().map(against).min_by_key(EditCounts::errors);
        let Some(counts) = nearest else { continue };
        let (errors, reference) = (counts.errors() as usize, counts.reference as usize);
        measures.insert(format!("per{suffix}"), Measure::count(errors, reference));
        measures.insert(format!("word_error{suffix}"), Measure::flag(errors > 0));
    }
    measures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_boundaries_and_pauses_are_dropped() {
        let check = |phones, expected: &str| assert_eq!(sounds_of(phones), expected);
        check("HH AH0 | L OW1 .", "HH AH0 L OW1");
        check("T  UW1", "T UW1");
        check("", "");
    }

    #[test]
    fn the_nearest_pronunciation_counts() {
        let pronunciation = |s: &str| s.split(' ').map(str::to_owned).collect();
        let item = Item {
            pronunciations: vec![
                pronunciation("T AH0 M EY1 T OW2"),
                pronunciation("T AH0 M AA1 T OW2"),
            ],
            ..Item::default()
        };
        let check = |got: &str, per: (usize, usize), bare: (usize, usize)| {
            let measures = phone_measures(&item, got);
            assert_eq!(measures["per"], Measure::count(per.0, per.1), "{got}");
            assert_eq!(measures["per_no_stress"], Measure::count(bare.0, bare.1), "{got}");
            assert_eq!(measures["word_error"], Measure::flag(per.0 > 0), "{got}");
        };
        check("T AH0 M AA1 T OW2", (0, 6), (0, 6));
        check("T AH0 M AA1 T OW0", (1, 6), (0, 6));
        check("T AH0 M AA1", (2, 6), (2, 6));
        check("", (6, 6), (6, 6));
    }
}
