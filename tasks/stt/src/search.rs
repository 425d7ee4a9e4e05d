//! Beam search for the most probable words.
//!
//! Time-synchronous Viterbi search with one copy of the pronunciation tree per previous word (Ney et al. 1992; Ney &
//! Ortmanns 1999, sections III and IV). Within a copy, scores include the best unigram of the words below the node
//! (look-ahead); at the end of a word, the trigram replaces it. A phone lasts at least `min_parts` subframes; silence
//! between words is optional.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use syrinx_speech::{Acoustics, SILENCE};

use crate::DecoderConfig;
use crate::lm::{WordHistory, WordModel};
use crate::trie::Trie;

/// Node of silence, which each copy of the tree has at its root.
const SILENT: u32 = 0;

/// Link of a hypothesis without a previous word.
const NOTHING: u32 = u32::MAX;

/// A recognized word with its subframes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordHypothesis {
    /// Index of the word.
    pub word: u32,
    /// First subframe.
    pub start: u32,
    /// Subframe after the last.
    pub end: u32,
}

/// A hypothesis within a word or a silence.
#[derive(Debug, Clone, Copy)]
struct Token {
    /// Previous word, which selects the copy of the tree.
    before: u32,
    node: u32,
    /// Number of subframes of the current phone so far, counted up to the minimum duration.
    age: u8,
    /// First subframe of the current word.
    start: u32,
    /// Index of the last link in the chain of previous words.
    link: u32,
    score: f32,
}

/// A word, with the index of the word before it.
#[derive(Debug, Clone, Copy)]
struct Link {
    found: WordHypothesis,
    previous: u32,
}

/// The end of a word or a silence, after which the next word may begin.
#[derive(Debug, Clone, Copy)]
struct Exit {
    before: u32,
    link: u32,
    score: f32,
}

/// Hasher of small integers by one multiplication.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        let mixed = (self.0 ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

type Index = HashMap<u64, u32, BuildHasherDefault<Spread>>;

/// Hypotheses of one subframe, the best per state.
#[derive(Default)]
struct Beam {
    tokens: Vec<Token>,
    index: Index,
    best: f32,
}

impl Beam {
    fn clear(&mut self) {
        self.tokens.clear();
        self.index.clear();
        self.best = f32::NEG_INFINITY;
    }

    /// Adds a hypothesis, unless it is outside the beam or its state has a better one.
    fn offer(&mut self, token: Token, beam: f32) {
        if token.score < self.best - beam {
            return;
        }
        self.best = self.best.max(token.score);
        let kind =
            (u64::from(token.before) << 32 | u64::from(token.node)) * 4 + u64::from(token.age);
        let next = self.tokens.len() as u32;
        let at = *self.index.entry(kind).or_insert(next);
        if at == next {
            self.tokens.push(token);
        } else if self.tokens[at as usize].score < token.score {
            self.tokens[at as usize] = token;
        }
    }

    /// Drops hypotheses outside the beam, and all but the best `most`.
    fn prune(&mut self, beam: f32, most: usize) {
        let least = self.best - beam;
        self.tokens.retain(|t| t.score >= least);
        if self.tokens.len() > most {
            // The selection does not keep the order, but is deterministic: the same scores give the same words.
            self.tokens.select_nth_unstable_by(most, |a, b| b.score.total_cmp(&a.score));
            self.tokens.truncate(most);
        }
    }
}

/// Models and settings of the search.
pub(crate) struct Search<'a> {
    pub(crate) trie: &'a Trie,
    pub(crate) lm: &'a WordModel,
    /// Best unigram log-probability of the words below each node, in nats. // (nodes)
    pub(crate) ahead: &'a [f32],
    pub(crate) config: &'a DecoderConfig,
}

impl Search<'_> {
    /// Returns the most probable words in order, and their total score.
    pub(crate) fn run(&self, acoustics: &Acoustics) -> (Vec<WordHypothesis>, f32) {
        let beam = self.config.beam as f32;
        let mut links: Vec<Link> = Vec::new();
        let (mut now, mut next) = (Beam::default(), Beam::default());
        let edge = self.lm.edge();
        let mut exits = vec![Exit { before: edge, link: NOTHING, score: 0.0 }];
        for part in 0..acoustics.parts() {
            let scores = &*acoustics.scaled(part);
            next.clear();
            // The best score of a hypothesis that stays in its phone is known before any is added, so that worse
            // hypotheses are pruned at once.
            let on = |token: &Token| token.score + scores[usize::from(self.unit(token.node))];
            next.best = now.tokens.iter().map(on).fold(f32::NEG_INFINITY, f32::max);
            for exit in &exits {
                self.begin(exit, part as u32, scores, &mut next);
            }
            for token in &now.tokens {
                self.go_on(token, scores, &mut next);
            }
            next.prune(beam, self.config.max_tokens);
            std::mem::swap(&mut now, &mut next);
            exits = self.exits(&now, part as u32, &mut links);
        }
        if exits.is_empty() {
            // If the recording ends within a word, the words before it are kept.
            let best = now.tokens.iter().max_by(|a, b| a.score.total_cmp(&b.score));
            let exit = |t: &Token| Exit { before: t.before, link: t.link, score: t.score };
            exits.extend(best.map(exit));
        }
        let end = |exit: &Exit| {
            let history = self.history(&links, exit.before, exit.link);
            exit.score + self.weighted(self.lm.log_prob(history, edge))
        };
        let best = exits.iter().max_by(|a, b| end(a).total_cmp(&end(b)));
        best.map_or((Vec::new(), f32::NEG_INFINITY), |exit| (chain(&links, exit.link), end(exit)))
    }

    fn weighted(&self, log_prob: f32) -> f32 {
        self.config.lm_weight as f32 * log_prob
    }

    /// Returns the last two words of a chain. Hypotheses with the same last word share a copy of the tree; the word
    /// before it is that of the best of them (Ney & Ortmanns 1999, section III).
    fn history(&self, links: &[Link], before: u32, link: u32) -> WordHistory {
        let earlier = links.get(link as usize).map(|last| links.get(last.previous as usize));
        let earlier = earlier.map(|earlier| earlier.map_or(self.lm.edge(), |l| l.found.word));
        WordHistory { earlier, before }
    }

    /// Returns the phone unit of a node.
    fn unit(&self, node: u32) -> u8 {
        if node == SILENT { SILENCE } else { self.trie.unit(node) }
    }

    fn look(&self, node: u32) -> f32 {
        self.weighted(self.ahead[node as usize])
    }

    /// Starts the next word after the end of a word, directly or after a silence.
    fn begin(&self, exit: &Exit, part: u32, scores: &[f32], next: &mut Beam) {
        let Exit { before, link, score } = *exit;
        let beam = self.config.beam as f32;
        let token = Token { before, node: SILENT, age: 0, start: part, link, score };
        next.offer(Token { score: score + scores[usize::from(SILENCE)], ..token }, beam);
        self.step(&token, SILENT, score + self.config.word_bonus as f32, scores, next);
    }

    /// Adds hypotheses for the children of a node.
    fn step(&self, token: &Token, node: u32, score: f32, scores: &[f32], next: &mut Beam) {
        let looked = if node == SILENT { 0.0 } else { self.look(node) };
        let enter = score - looked - self.config.phone_penalty as f32;
        for child in self.trie.children(node) {
            let sound = scores[usize::from(self.trie.unit(child))];
            let score = enter + self.look(child) + sound;
            let token = Token { node: child, age: 1, score, ..*token };
            next.offer(token, self.config.beam as f32);
        }
    }

    /// Continues a hypothesis within a word, with the same phone or the next one. A silence continues; [`Self::exits`]
    /// ends it.
    fn go_on(&self, token: &Token, scores: &[f32], next: &mut Beam) {
        let least = self.config.min_parts.min(3) as u8;
        if token.node == SILENT {
            let score = token.score + scores[usize::from(SILENCE)];
            next.offer(Token { score, ..*token }, self.config.beam as f32);
            return;
        }
        let sound = scores[usize::from(self.trie.unit(token.node))];
        let age = (token.age + 1).min(least);
        next.offer(Token { score: token.score + sound, age, ..*token }, self.config.beam as f32);
        if token.age >= least {
            self.step(token, token.node, token.score, scores, next);
        }
    }

    /// Returns the words that may end after this subframe, the best hypothesis per word. A silence keeps its previous
    /// word.
    fn exits(&self, now: &Beam, part: u32, links: &mut Vec<Link>) -> Vec<Exit> {
        let least = self.config.min_parts.min(3) as u8;
        let floor = now.best - self.config.word_beam as f32;
        let mut of_word = Index::default();
        let mut found: Vec<(Exit, Option<WordHypothesis>)> = Vec::new();
        let mut offer = |exit: Exit, word: Option<WordHypothesis>| {
            if exit.score < floor {
                return;
            }
            let at = *of_word.entry(u64::from(exit.before)).or_insert(found.len() as u32) as usize;
            if at == found.len() {
                found.push((exit, word));
            } else if found[at].0.score < exit.score {
                found[at] = (exit, word);
            }
        };
        for token in &now.tokens {
            if token.node == SILENT {
                offer(Exit { before: token.before, link: token.link, score: token.score }, None);
            } else if token.age >= least {
                let score = token.score - self.look(token.node);
                // The language model only lowers a score.
                if score < floor {
                    continue;
                }
                let history = self.history(links, token.before, token.link);
                for &word in self.trie.words(token.node) {
                    let lm = self.weighted(self.lm.log_prob(history, word));
                    let exit = Exit { before: word, link: token.link, score: score + lm };
                    offer(exit, Some(WordHypothesis { word, start: token.start, end: part + 1 }));
                }
            }
        }
        found.sort_by(|a, b| b.0.score.total_cmp(&a.0.score));
        found.truncate(self.config.max_words);
        let with_link = |(exit, word): (Exit, Option<WordHypothesis>)| {
            let Some(found) = word else { return exit };
            links.push(Link { found, previous: exit.link });
            Exit { link: links.len() as u32 - 1, ..exit }
        };
        found.into_iter().map(with_link).collect()
    }
}

/// Returns the words of a chain, first to last.
fn chain(links: &[Link], mut at: u32) -> Vec<WordHypothesis> {
    let mut words = Vec::new();
    while let Some(link) = links.get(at as usize) {
        words.push(link.found);
        at = link.previous;
    }
    words.reverse();
    words
}
