//! Words of spoken numbers.

const ONES: [&str; 19] = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] =
    ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const MULTIPLIERS: [(&str, u32); 12] = [
    ("hundred", 2),
    ("thousand", 3),
    ("million", 6),
    ("billion", 9),
    ("trillion", 12),
    ("quadrillion", 15),
    ("quintillion", 18),
    ("sextillion", 21),
    ("septillion", 24),
    ("octillion", 27),
    ("nonillion", 30),
    ("decillion", 33),
];

/// Meaning of a word in a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Word {
    Zero,
    /// 1 to 19.
    One(u128),
    /// 20 to 90.
    Ten(u128),
    Multiplier(u128),
    /// An ordinal or plural, which ends its number.
    Last(Base, u128, &'static str),
    /// A sign before a number.
    Sign(char),
    /// A currency after a number.
    Currency(char),
    Percent,
    Per,
    And,
    /// `double` or `triple`: digits to repeat.
    Repeat(usize),
    Point,
    Other,
}

/// Kind of the number word from which an ordinal or plural is formed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Base {
    One,
    Ten,
    Multiplier,
}

impl Word {
    /// Returns the meaning of a word in lower case.
    pub(super) fn of(word: &str) -> Self {
        match word {
            "o" | "oh" | "zero" => Self::Zero,
            "minus" | "negative" => Self::Sign('-'),
            "plus" | "positive" => Self::Sign('+'),
            "pound" | "pounds" => Self::Currency('£'),
            "euro" | "euros" => Self::Currency('€'),
            "dollar" | "dollars" => Self::Currency('$'),
            "cent" | "cents" => Self::Currency('¢'),
            "percent" => Self::Percent,
            "per" => Self::Per,
            "and" => Self::And,
            "double" => Self::Repeat(2),
            "triple" => Self::Repeat(3),
            "point" => Self::Point,
            "zeroth" => Self::Last(Base::One, 0, "th"),
            "first" => Self::Last(Base::One, 1, "st"),
            "second" => Self::Last(Base::One, 2, "nd"),
            "third" => Self::Last(Base::One, 3, "rd"),
            "fifth" => Self::Last(Base::One, 5, "th"),
            "eighth" => Self::Last(Base::One, 8, "th"),
            "twelfth" => Self::Last(Base::One, 12, "th"),
            "sixes" => Self::Last(Base::One, 6, "s"),
            _ => Self::cardinal(word).or_else(|| Self::suffixed(word)).unwrap_or(Self::Other),
        }
    }

    fn cardinal(word: &str) -> Option<Self> {
        let place = |names: &[&str]| names.iter().position(|name| *name == word);
        if let Some(at) = place(&ONES) {
            return Some(Self::One(at as u128 + 1));
        }
        if let Some(at) = place(&TENS) {
            return Some(Self::Ten((at as u128 + 2) * 10));
        }
        let (_, power) = MULTIPLIERS.iter().find(|(name, _)| *name == word)?;
        Some(Self::Multiplier(10u128.pow(*power)))
    }

    /// Parses a regular ordinal or plural. `ninth` is not one, since the published normalizer only knows `nineth`.
    fn suffixed(word: &str) -> Option<Self> {
        let tens = |stem: &str| Self::cardinal(&format!("{stem}y"));
        if let Some(stem) = word.strip_suffix("ieth") {
            return tens(stem)?.last("th");
        }
        if let Some(stem) = word.strip_suffix("ies") {
            return tens(stem)?.last("s");
        }
        if let Some(stem) = word.strip_suffix("th") {
            return match Self::cardinal(stem)? {
                Self::Ten(_) | Self::One(1..=3 | 5 | 8 | 12) => None,
                base => base.last("th"),
            };
        }
        match Self::cardinal(word.strip_suffix('s')?)? {
            Self::Ten(_) | Self::One(6) => None,
            base => base.last("s"),
        }
    }

    /// Converts a cardinal to a word that ends its number.
    fn last(self, suffix: &'static str) -> Option<Self> {
        match self {
            Self::One(n) => Some(Self::Last(Base::One, n, suffix)),
            Self::Ten(n) => Some(Self::Last(Base::Ten, n, suffix)),
            Self::Multiplier(n) => Some(Self::Last(Base::Multiplier, n, suffix)),
            _ => None,
        }
    }
}
