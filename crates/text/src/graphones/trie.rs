//! Counts of n-grams as a trie.
//!
//! The root is the empty n-gram. Nodes are numbered breadth first, siblings by symbol, so that the children of a node
//! are a range. The suffix of a node is the node of its n-gram without the first symbol.

use crate::error::GraphoneFault;

/// Symbol at the beginning of every sequence; never predicted.
pub(super) const START: u16 = 0;
/// Symbol at the end of every sequence.
pub(super) const END: u16 = 1;
/// Symbol of the first graphone.
pub(super) const FIRST_GRAPHONE: u16 = 2;

/// Index of the root.
pub(super) const ROOT: u32 = 0;

/// Counts of n-grams, adjusted for Kneser-Ney smoothing. For n-grams of the highest order and n-grams at the beginning
/// of a sequence, the count is the number of occurrences; for all others, the number of distinct preceding symbols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CountTrie {
    /// Last symbol of each node.
    pub(super) symbols: Vec<u16>, // (nodes)
    pub(super) counts: Vec<u32>,   // (nodes)
    pub(super) suffixes: Vec<u32>, // (nodes)
    /// Index of the first child of each node, followed by the number of nodes.
    pub(super) first_child: Vec<u32>, // (nodes + 1)
    /// Index of the first node of each order from 1 on, followed by the number of nodes.
    pub(super) orders: Vec<u32>, // (orders + 1)
}

impl CountTrie {
    fn root() -> Self {
        Self {
            symbols: vec![START],
            counts: vec![0],
            suffixes: vec![ROOT],
            first_child: vec![1],
            orders: vec![1],
        }
    }

    /// Counts the n-grams of sequences up to an order, with begin and end symbols added to each sequence.
    pub(super) fn of_sequences<'a>(
        sequences: impl IntoIterator<Item = &'a [u16]>,
        order: usize,
    ) -> Self {
        let (mut symbols, mut offsets) = (Vec::new(), Vec::new());
        for sequence in sequences {
            let whole = [&[START], sequence, &[END]].concat();
            offsets.extend(0..whole.len());
            symbols.extend(whole);
        }
        let mut trie = Self::root();
        // Node of the n-gram of the previous order that ends at each symbol.
        let mut ending = vec![ROOT; symbols.len()];
        for n in 1..=order {
            ending = trie.push_order(&symbols, &offsets, &ending, n);
        }
        trie.first_child.resize(trie.symbols.len() + 1, trie.symbols.len() as u32);
        trie
    }

    /// Appends the nodes of order `n`. Returns the node of the n-gram that ends at each symbol.
    fn push_order(
        &mut self,
        symbols: &[u16],
        offsets: &[usize],
        ending: &[u32],
        n: usize,
    ) -> Vec<u32> {
        let first = self.symbols.len() as u32;
        let parent = |at: usize| if n == 1 { ROOT } else { ending[at - 1] };
        let mut keys: Vec<(u32, u16, usize)> = (0..symbols.len())
            .filter(|&at| offsets[at] + 1 >= n)
            .map(|at| (parent(at), symbols[at], at))
            .collect();
        keys.sort_unstable();
        let mut found = vec![ROOT; symbols.len()];
        let mut preceding = vec![0; first as usize];
        for same in keys.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (parent, symbol, at) = same[0];
            let node = self.symbols.len() as u32;
            same.iter().for_each(|key| found[key.2] = node);
            let suffix = if n == 1 { ROOT } else { ending[at] };
            preceding[suffix as usize] += 1;
            self.first_child.resize(parent as usize + 1, node);
            self.symbols.push(symbol);
            // The start symbol is never predicted.
            self.counts.push(if n == 1 && symbol == START { 0 } else { same.len() as u32 });
            self.suffixes.push(suffix);
        }
        self.first_child.resize(first as usize, self.symbols.len() as u32);
        self.orders.push(self.symbols.len() as u32);
        // An n-gram at the beginning of a sequence has no preceding symbol, and keeps its number of occurrences.
        for at in (0..symbols.len()).filter(|&at| n > 1 && offsets[at] + 1 >= n) {
            let node = ending[at] as usize;
            self.counts[node] = preceding[node];
        }
        found
    }

    /// Returns the number of nodes, including the root.
    pub(super) fn len(&self) -> usize {
        self.symbols.len()
    }

    /// Returns the highest order.
    pub(super) fn order(&self) -> usize {
        self.orders.len() - 1
    }

    /// Returns the nodes of an order; the root for 0.
    pub(super) fn nodes_of(&self, order: usize) -> std::ops::Range<usize> {
        match order {
            0 => 0..1,
            _ => self.orders[order - 1] as usize..self.orders[order] as usize,
        }
    }

    /// Returns the children of a node.
    pub(super) fn children(&self, node: usize) -> std::ops::Range<usize> {
        self.first_child[node] as usize..self.first_child[node + 1] as usize
    }

    /// Appends the trie to `out`. An order is three lists of numbers: for each node of the previous order its number of
    /// children; for each node its symbol, coded as the rank of its suffix among siblings, relative to that of the
    /// previous sibling; for each node its count. A number has seven bits in each byte, the lowest first.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        push_number(out, self.order() as u32);
        for order in 1..=self.order() {
            for parent in self.nodes_of(order - 1) {
                push_number(out, self.children(parent).len() as u32);
            }
            for parent in self.nodes_of(order - 1) {
                let mut next = 0;
                for node in self.children(parent) {
                    let rank = self.rank(order, parent, node);
                    push_number(out, rank - next);
                    next = rank + 1;
                }
            }
            for node in self.nodes_of(order) {
                push_number(out, self.counts[node]);
            }
        }
    }

    /// Returns the rank of a node's suffix among its siblings; for a node of order 1 its symbol.
    fn rank(&self, order: usize, parent: usize, node: usize) -> u32 {
        match order {
            1 => u32::from(self.symbols[node]),
            _ => self.suffixes[node] - self.first_child[self.suffixes[parent] as usize],
        }
    }

    /// Reads a trie with symbols below `symbols`. No memory is allocated for a length that the bytes state.
    pub(super) fn read(rest: &mut &[u8], symbols: u32) -> Result<Self, GraphoneFault> {
        const HIGHEST_ORDER: u32 = 16;
        let order = number(rest)?;
        if !(1..=HIGHEST_ORDER).contains(&order) {
            return Err(GraphoneFault::Order { order });
        }
        let mut trie = Self::root();
        for order in 1..=order as usize {
            trie.read_order(rest, order, symbols)?;
        }
        trie.first_child.resize(trie.len() + 1, trie.len() as u32);
        Ok(trie)
    }

    fn read_order(
        &mut self,
        rest: &mut &[u8],
        order: usize,
        symbols: u32,
    ) -> Result<(), GraphoneFault> {
        let parents = self.nodes_of(order - 1);
        for _ in parents.clone() {
            // A child takes at least two bytes.
            let (before, children) = (self.first_child[self.first_child.len() - 1], number(rest)?);
            let end = before.checked_add(children).filter(|_| children as usize <= rest.len());
            self.first_child.push(end.ok_or(GraphoneFault::Short)?);
        }
        for parent in parents {
            let suffix = self.suffixes[parent] as usize;
            let siblings = self.children(suffix);
            let mut next = 0_u32;
            for _ in self.children(parent) {
                let rank =
                    next.checked_add(number(rest)?).ok_or(GraphoneFault::Suffix { order })?;
                let (symbol, suffix) = if order == 1 {
                    (u16::try_from(rank).ok().filter(|_| rank < symbols), ROOT)
                } else {
                    let node = siblings.start + rank as usize;
                    (siblings.contains(&node).then(|| self.symbols[node]), node as u32)
                };
                self.symbols.push(symbol.ok_or(GraphoneFault::Suffix { order })?);
                self.suffixes.push(suffix);
                next = rank + 1;
            }
        }
        while self.counts.len() < self.symbols.len() {
            self.counts.push(number(rest)?);
        }
        self.orders.push(self.len() as u32);
        Ok(())
    }
}

/// Appends a number with seven bits in each byte, the lowest first.
pub(super) fn push_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 1 << 7 {
        out.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads a number that [`push_number`] wrote.
pub(super) fn number(rest: &mut &[u8]) -> Result<u32, GraphoneFault> {
    let mut number = 0;
    for shift in (0..u32::BITS).step_by(7) {
        let (&byte, tail) = rest.split_first().ok_or(GraphoneFault::Short)?;
        *rest = tail;
        let bits = u32::from(byte & 0x7F);
        if (bits << shift) >> shift != bits {
            return Err(GraphoneFault::Number);
        }
        number |= bits << shift;
        if byte < 1 << 7 {
            return Ok(number);
        }
    }
    Err(GraphoneFault::Number)
}
