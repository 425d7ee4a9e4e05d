//! N-gram probabilities: modified Kneser-Ney smoothing, interpolated (Chen and Goodman 1998).

use super::trie::{CountTrie, ROOT, START};

/// Discounts of counts of 1, 2, and 3 or more.
type Discounts = [f64; 3];

/// Probabilities of symbols after their history, with back-off weights.
#[derive(Debug)]
pub(super) struct NGrams {
    trie: CountTrie,
    /// Natural logarithm of the probability of each node's last symbol after the symbols before it.
    log_probs: Vec<f32>, // (nodes)
    /// Natural logarithm of the weight of the suffix's distribution for symbols that follow no such history.
    backoffs: Vec<f32>, // (nodes)
}

/// History of a sequence: the longest of its suffixes that some symbol follows in the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct History(u32);

impl NGrams {
    /// Smooths counts.
    pub(super) fn new(trie: CountTrie) -> Self {
        let nodes = trie.len();
        let (mut probs, mut backoffs) = (vec![0.0_f64; nodes], vec![0.0; nodes]);
        let symbols = trie.children(ROOT as usize);
        let predicted = symbols.filter(|&node| trie.symbols[node] != START).count();
        for order in 1..=trie.order() {
            let discounts = discounts(&trie.counts[trie.nodes_of(order)]);
            let discount = |count: u32| match count {
                0 => 0.0,
                _ => discounts[(count as usize).min(discounts.len()) - 1],
            };
            for parent in trie.nodes_of(order - 1) {
                let counts = &trie.counts[trie.children(parent)];
                let total: f64 = counts.iter().copied().map(f64::from).sum();
                if total == 0.0 {
                    continue;
                }
                let weight = counts.iter().copied().map(discount).sum::<f64>() / total;
                backoffs[parent] = weight.ln() as f32;
                for node in trie.children(parent) {
                    let count = trie.counts[node];
                    let shorter = match order {
                        1 => 1.0 / predicted as f64,
                        _ => probs[trie.suffixes[node] as usize],
                    };
                    let own = (f64::from(count) - discount(count)) / total;
                    probs[node] = own + weight * shorter;
                }
            }
        }
        let log_probs = probs.iter().map(|prob| prob.ln() as f32).collect();
        Self { log_probs, backoffs, trie }
    }

    /// Returns the history of a sequence's beginning.
    pub(super) fn start(&self) -> History {
        self.history(self.child(ROOT, START).unwrap_or(ROOT))
    }

    /// Returns the log-probability of a symbol after a history, and the history with it.
    pub(super) fn next(&self, history: History, symbol: u16) -> (f64, History) {
        let (mut node, mut log_prob) = (history.0, 0.0);
        loop {
            if let Some(child) = self.child(node, symbol) {
                log_prob += f64::from(self.log_probs[child as usize]);
                return (log_prob, self.history(child));
            }
            if node == ROOT {
                // Every symbol follows the root; symbols of another model are impossible.
                return (f64::NEG_INFINITY, History(ROOT));
            }
            log_prob += f64::from(self.backoffs[node as usize]);
            node = self.trie.suffixes[node as usize];
        }
    }

    fn history(&self, mut node: u32) -> History {
        while node != ROOT && self.trie.children(node as usize).is_empty() {
            node = self.trie.suffixes[node as usize];
        }
        History(node)
    }

    fn child(&self, node: u32, symbol: u16) -> Option<u32> {
        let children = self.trie.children(node as usize);
        let found = self.trie.symbols[children.clone()].binary_search(&symbol).ok()?;
        Some((children.start + found) as u32)
    }
}

/// Returns the discounts of an order by the numbers of its n-grams that are counted 1 to 4 times; half a count where one
/// of them is missing.
fn discounts(counts: &[u32]) -> Discounts {
    let of = |count: u32| counts.iter().filter(|&&c| c == count).count() as f64;
    let [n1, n2, n3, n4] = [1, 2, 3, 4].map(of);
    if n1 * n2 * n3 * n4 == 0.0 {
        return [0.5; 3];
    }
    let y = n1 / (n1 + 2.0 * n2);
    let discount = |k: f64, more: f64, same: f64| (k - (k + 1.0) * y * more / same).clamp(0.0, k);
    [discount(1.0, n2, n1), discount(2.0, n3, n2), discount(3.0, n4, n3)]
}
