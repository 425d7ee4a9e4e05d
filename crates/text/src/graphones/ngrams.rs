//! N-gram probabilities with interpolated modified Kneser-Ney smoothing (Chen and Goodman 1998).

use super::trie::{CountTrie, ROOT, START};

/// Discounts of counts of 1, 2, and 3 or more.
type Discounts = [f64; 3];

/// Probabilities of symbols after their history, with back-off weights.
#[derive(Debug)]
pub(super) struct NGrams {
    trie: CountTrie,
    /// Natural logarithm of the probability of each node's last symbol, given the preceding symbols.
    log_probs: Vec<f32>, // (nodes)
    /// Natural logarithm of each node's back-off weight.
    backoffs: Vec<f32>, // (nodes)
}

/// History of a sequence: the longest suffix after which the counts have a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct History(u32);

impl NGrams {
    /// Computes the smoothed probabilities from counts.
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

    /// Returns the history at the beginning of a sequence.
    pub(super) fn start(&self) -> History {
        self.history(self.child(ROOT, START).unwrap_or(ROOT))
    }

    /// Returns the log-probability of a symbol after a history, and the history extended by the symbol.
    pub(super) fn next(&self, history: History, symbol: u16) -> (f64, History) {
        let (mut node, mut log_prob) = (history.0, 0.0);
        loop {
            if let Some(child) = self.child(node, symbol) {
                log_prob += f64::from(self.log_probs[child as usize]);
                return (log_prob, self.history(child));
            }
            if node == ROOT {
                // The root has every symbol of the model as a child, so this symbol is unknown.
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

/// Returns the discounts of an order from its numbers of n-grams with counts 1 to 4. If one of these numbers is 0, the
/// discount is half a count.
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
