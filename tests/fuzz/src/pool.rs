//! Inputs of a run: those of the corpus, and those that reached new ground.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result};
use syrinx_types::Fnv1a;

/// Largest number of inputs that a run keeps.
const MOST: usize = 2000;

/// Longest input that joins the pool, bytes.
const LONGEST_BYTES: usize = 1 << 16;

/// Inputs to mutate.
pub(crate) struct Pool {
    inputs: Vec<Vec<u8>>,
    seeds: usize,
    reached: HashSet<u64>,
}

impl Pool {
    /// The files of a folder, by name; an empty input if there are none.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let mut inputs = Vec::new();
        if folder.is_dir() {
            let entries =
                std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
            let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
            paths.sort();
            for path in paths {
                inputs.push(std::fs::read(&path).with_context(|| path.display().to_string())?);
            }
        }
        if inputs.is_empty() {
            inputs.push(Vec::new());
        }
        Ok(Self { seeds: inputs.len(), inputs, reached: HashSet::new() })
    }

    /// The inputs of the corpus.
    pub(crate) fn seeds(&self) -> &[Vec<u8>] {
        &self.inputs[..self.seeds]
    }

    /// All inputs.
    pub(crate) fn inputs(&self) -> &[Vec<u8>] {
        &self.inputs
    }

    /// Number of inputs.
    pub(crate) fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Keeps an input if nothing before it reached the same.
    pub(crate) fn offer(&mut self, input: Vec<u8>, reached: u64) {
        let small = input.len() <= LONGEST_BYTES && self.inputs.len() < MOST;
        if self.reached.insert(reached) && small {
            self.inputs.push(input);
        }
    }
}

/// Hashes bytes: inputs are named, and results told apart, by this number.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    Fnv1a::default().bytes(bytes.iter().copied()).value()
}
