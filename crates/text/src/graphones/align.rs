//! Alignment of letters and phones by expectation maximization with a unigram model of graphones.

use crate::inventory::Phone;

/// A word with a pronunciation.
pub(super) struct Pair {
    pub(super) letters: Vec<u8>,
    pub(super) phones: Vec<Phone>,
}

/// Shape of a graphone: its numbers of letters and phones.
#[derive(Clone, Copy)]
struct Shape {
    letters: usize,
    phones: usize,
    /// Initial probability of the shape, relative to the sum over all shapes.
    weight: f64,
}

/// Shapes of graphones. More shapes do not improve pronunciations, and two letters with two phones are not one unit.
const SHAPES: [Shape; 4] = [
    Shape { letters: 1, phones: 0, weight: 0.02 },
    Shape { letters: 1, phones: 1, weight: 1.0 },
    Shape { letters: 1, phones: 2, weight: 0.02 },
    Shape { letters: 2, phones: 1, weight: 0.05 },
];
/// Number of iterations; in the last the likelihood changes by less than 0.01 %.
const ITERATIONS: usize = 10;
/// Number of letters: `a` to `z` and the apostrophe.
const LETTERS: usize = 27;

/// Lengths in letters and phones of the graphones of a word, in order.
pub(super) type Segmentation = Vec<(usize, usize)>;

/// Probabilities of graphones in a dense table.
pub(super) struct Aligner {
    probs: Vec<f64>, // (graphones)
}

/// Step of a path through the cells (number of letters, number of phones) of a pair.
#[derive(Clone, Copy)]
struct Step {
    from: usize,
    to: usize,
    shape: usize,
    graphone: usize,
}

impl Shape {
    fn count(&self) -> usize {
        LETTERS.pow(self.letters as u32) * Phone::COUNT.pow(self.phones as u32)
    }
}

/// Returns the index of a letter; `None` for another character.
fn letter(byte: u8) -> Option<usize> {
    match byte {
        b'a'..=b'z' => Some(usize::from(byte - b'a')),
        b'\'' => Some(LETTERS - 1),
        _ => None,
    }
}

/// Whether a word consists of letters that graphones have.
pub(super) fn is_alignable(word: &str) -> bool {
    word.bytes().all(|byte| letter(byte).is_some()) && word.bytes().any(|byte| byte != b'\'')
}

/// Returns the index of a graphone in the dense table.
fn index(shape: usize, letters: &[u8], phones: &[Phone]) -> usize {
    let before: usize = SHAPES[..shape].iter().map(Shape::count).sum();
    let letters = letters.iter().fold(0, |n, &l| n * LETTERS + letter(l).unwrap_or(0));
    before + phones.iter().fold(letters, |n, p| n * Phone::COUNT + p.index())
}

/// Returns all steps through the cells of a pair in topological order: the steps into a cell come after all steps into
/// its predecessors.
fn steps(pair: &Pair) -> Vec<Step> {
    let columns = pair.phones.len() + 1;
    let mut steps = Vec::new();
    for letters in 1..=pair.letters.len() {
        for phones in 0..columns {
            for (at, shape) in SHAPES.iter().enumerate() {
                if shape.letters <= letters && shape.phones <= phones {
                    let (first_letter, first_phone) =
                        (letters - shape.letters, phones - shape.phones);
                    steps.push(Step {
                        from: first_letter * columns + first_phone,
                        to: letters * columns + phones,
                        shape: at,
                        graphone: index(
                            at,
                            &pair.letters[first_letter..letters],
                            &pair.phones[first_phone..phones],
                        ),
                    });
                }
            }
        }
    }
    steps
}

impl Aligner {
    /// Estimates the probabilities of graphones. Pairs without a path are left out.
    pub(super) fn estimate(pairs: &[Pair]) -> Self {
        let even = |shape: &Shape| {
            let prob = shape.weight / shape.count() as f64;
            std::iter::repeat_n(prob, shape.count())
        };
        let mut aligner = Self { probs: SHAPES.iter().flat_map(even).collect() };
        for _ in 0..ITERATIONS {
            let mut counts = vec![0.0; aligner.probs.len()];
            for pair in pairs {
                aligner.add_expected(pair, &mut counts);
            }
            let total: f64 = counts.iter().sum();
            if total > 0.0 {
                aligner.probs = counts.into_iter().map(|count| count / total).collect();
            }
        }
        aligner
    }

    /// Adds the expected counts of the graphones of a pair (forward-backward algorithm).
    fn add_expected(&self, pair: &Pair, counts: &mut [f64]) {
        let steps = steps(pair);
        let cells = (pair.letters.len() + 1) * (pair.phones.len() + 1);
        let (mut forward, mut backward) = (vec![0.0; cells], vec![0.0; cells]);
        forward[0] = 1.0;
        for step in &steps {
            forward[step.to] += forward[step.from] * self.probs[step.graphone];
        }
        let total = forward[cells - 1];
        if total <= 0.0 {
            return;
        }
        backward[cells - 1] = 1.0;
        for step in steps.iter().rev() {
            let rest = self.probs[step.graphone] * backward[step.to];
            backward[step.from] += rest;
            counts[step.graphone] += forward[step.from] * rest / total;
        }
    }

    /// Returns the most probable segmentation of a pair into graphones; `None` if there is none.
    pub(super) fn segment(&self, pair: &Pair) -> Option<Segmentation> {
        let cells = (pair.letters.len() + 1) * (pair.phones.len() + 1);
        let mut best: Vec<(f64, Option<Step>)> = vec![(0.0, None); cells];
        best[0].0 = 1.0;
        for step in steps(pair) {
            let prob = best[step.from].0 * self.probs[step.graphone];
            if prob > best[step.to].0 {
                best[step.to] = (prob, Some(step));
            }
        }
        let (mut cell, mut segmentation) = (cells - 1, Vec::new());
        while let Some(step) = best[cell].1 {
            let shape = SHAPES[step.shape];
            segmentation.push((shape.letters, shape.phones));
            cell = step.from;
        }
        segmentation.reverse();
        (cell == 0 && !segmentation.is_empty()).then_some(segmentation)
    }
}
