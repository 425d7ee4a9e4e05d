//! Pronunciation tree, in which words with a common beginning share nodes.

use std::ops::Range;

use syrinx_speech::Units;
use syrinx_text::Lexicon;

/// Pronunciation tree in arrays; the children of a node are adjacent. Node 0 is the root and has no phone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trie {
    unit: Vec<u8>,
    children: Vec<(u32, u32)>, // (nodes), from and to
    words: Vec<(u32, u32)>,    // (nodes), from and to in `word_ids`
    word_ids: Vec<u32>,
}

/// A pronunciation to insert.
struct Entry {
    units: Vec<u8>,
    word: u32,
}

impl Trie {
    /// Builds the tree from pronunciations, each with the index of its word.
    pub fn new(pronunciations: impl IntoIterator<Item = (Vec<u8>, u32)>) -> Self {
        let mut entries: Vec<Entry> = pronunciations
            .into_iter()
            .filter(|(units, _)| !units.is_empty())
            .map(|(units, word)| Entry { units, word })
            .collect();
        entries.sort_unstable_by(|a, b| (&a.units, a.word).cmp(&(&b.units, b.word)));
        entries.dedup_by(|a, b| a.word == b.word && a.units == b.units);
        let mut trie = Self::default();
        trie.add_node(0);
        // Breadth-first order gives the children of a node consecutive indices.
        let mut ranges: Vec<(Range<usize>, usize)> = vec![(0..entries.len(), 0)];
        let mut node = 0;
        while node < ranges.len() {
            let (range, depth) = ranges[node].clone();
            trie.fill(node, &entries, range, depth, &mut ranges);
            node += 1;
        }
        trie
    }

    fn add_node(&mut self, unit: u8) {
        self.unit.push(unit);
        self.children.push((0, 0));
        self.words.push((0, 0));
    }

    /// Assigns a node the words that end there, and creates a child per next phone.
    fn fill(
        &mut self,
        node: usize,
        entries: &[Entry],
        range: Range<usize>,
        depth: usize,
        ranges: &mut Vec<(Range<usize>, usize)>,
    ) {
        let first_word = self.word_ids.len() as u32;
        let mut at = range.start;
        while at < range.end && entries[at].units.len() == depth {
            self.word_ids.push(entries[at].word);
            at += 1;
        }
        self.words[node] = (first_word, self.word_ids.len() as u32);
        let first_child = self.unit.len() as u32;
        while at < range.end {
            let unit = entries[at].units[depth];
            let same = entries[at..range.end].partition_point(|e| e.units[depth] <= unit);
            self.add_node(unit);
            ranges.push((at..at + same, depth + 1));
            at += same;
        }
        self.children[node] = (first_child, self.unit.len() as u32);
    }

    /// Returns the number of nodes, including the root.
    pub fn len(&self) -> usize {
        self.unit.len()
    }

    /// Whether the tree has no words.
    pub fn is_empty(&self) -> bool {
        self.word_ids.is_empty()
    }

    /// Returns the phone unit of a node.
    pub fn unit(&self, node: u32) -> u8 {
        self.unit[node as usize]
    }

    /// Returns the children of a node.
    pub fn children(&self, node: u32) -> Range<u32> {
        let (from, to) = self.children[node as usize];
        from..to
    }

    /// Returns the indices of the words that end at a node.
    pub fn words(&self, node: u32) -> &[u32] {
        let (from, to) = self.words[node as usize];
        &self.word_ids[from as usize..to as usize]
    }

    /// Returns, for each node, the largest `score` of the words that end there or below it; negative infinity for the
    /// root of an empty tree. // (nodes)
    pub fn best_ahead(&self, score: impl Fn(u32) -> f32) -> Vec<f32> {
        let mut best = vec![f32::NEG_INFINITY; self.len()];
        for node in (0..self.len() as u32).rev() {
            let here = self.words(node).iter().map(|&w| score(w));
            let further = self.children(node).map(|child| best[child as usize]);
            best[node as usize] = here.chain(further).fold(f32::NEG_INFINITY, f32::max);
        }
        best
    }
}

/// Words that can be recognized, sorted: those of the dictionary that consist of letters and apostrophes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WordList {
    letters: String,
    ends: Vec<u32>, // (words)
}

impl WordList {
    /// Returns the number of words.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns a word by its index.
    pub fn word(&self, index: u32) -> &str {
        let i = index as usize;
        let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        &self.letters[start..self.ends[i] as usize]
    }

    /// Returns the index of a word, by binary search.
    pub fn find(&self, word: &str) -> Option<u32> {
        let (mut low, mut high) = (0, self.len() as u32);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.word(middle).cmp(word) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    /// Appends a word, which must sort after the last one.
    fn push(&mut self, word: &str) {
        self.letters.push_str(word);
        self.ends.push(self.letters.len() as u32);
    }
}

/// Returns the words of a lexicon, and the tree of all their pronunciations without stress.
pub fn dictionary(lexicon: &Lexicon, units: &Units) -> (WordList, Trie) {
    let mut words = WordList::default();
    let mut entries = Vec::with_capacity(lexicon.len());
    for (word, pronunciations) in lexicon.iter() {
        let spelled = word.bytes().all(|b| b.is_ascii_lowercase() || b == b'\'');
        if !spelled || !word.bytes().any(|b| b.is_ascii_lowercase()) {
            continue;
        }
        let number = words.len() as u32;
        words.push(word);
        for phones in pronunciations.iter() {
            entries.push((phones.iter().map(|&p| units.of(p)).collect(), number));
        }
    }
    let trie = Trie::new(entries);
    (words, trie)
}
