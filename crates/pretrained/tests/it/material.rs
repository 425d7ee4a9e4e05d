//! Files of `tests/data`: tiny checkpoints of random numbers, and outputs of the reference implementations.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use syrinx_types::{Audio, Codes};

/// A folder or file of the test data.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Tensors as they stand in a file: types, shapes and bytes by name.
pub(crate) type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// Reads the tensors of a safetensors file.
pub(crate) fn read_tensors(path: &Path) -> Tensors {
    let bytes = std::fs::read(path).unwrap();
    let all = SafeTensors::deserialize(&bytes).unwrap();
    let one = |(n, t): (&str, TensorView<'_>)| {
        (n.to_owned(), (t.dtype(), t.shape().to_vec(), t.data().to_vec()))
    };
    all.iter().map(one).collect()
}

/// Writes a safetensors file.
pub(crate) fn write_tensors(path: &Path, tensors: &Tensors) {
    let views: Vec<(&String, TensorView<'_>)> = tensors
        .iter()
        .map(|(n, (dtype, shape, bytes))| {
            (n, TensorView::new(*dtype, shape.clone(), bytes).unwrap())
        })
        .collect();
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

/// Inputs and outputs of a reference implementation.
pub(crate) struct Reference(HashMap<String, Tensor>);

impl Reference {
    pub(crate) fn of(name: &str) -> Self {
        let path = data(name).join("io.safetensors");
        Self(candle_core::safetensors::load(path, &Device::Cpu).unwrap())
    }

    /// Decoded samples; of some only the first are kept, under a name of their own.
    pub(crate) fn samples(&self, name: &str) -> Vec<f32> {
        let first = format!("{name}.first");
        self.values(if self.0.contains_key(&first) { &first } else { name })
    }

    /// Values of a tensor in one list.
    pub(crate) fn values(&self, name: &str) -> Vec<f32> {
        self.0[name].to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    /// Codes, one list a level.
    pub(crate) fn codes(&self, name: &str) -> Vec<Vec<u32>> {
        let codes = self.0[name].to_dtype(DType::U32).unwrap(); // (levels, frames)
        if codes.rank() == 1 { vec![codes.to_vec1().unwrap()] } else { codes.to_vec2().unwrap() }
    }
}

/// The test signal: 1.3 s of tones and noise, whose length is no multiple of any frame.
pub(crate) fn signal(rate_hz: u32) -> Audio {
    let all = candle_core::safetensors::load(data("audio.safetensors"), &Device::Cpu).unwrap();
    let name = if rate_hz == 24_000 { "audio_24k" } else { "audio_44k" };
    Audio { samples: all[name].to_vec1().unwrap(), sample_rate_hz: rate_hz }
}

/// Codes from lists, one a level.
pub(crate) fn codes(lists: &[Vec<u32>]) -> Codes {
    let frames = lists[0].len();
    let values = (0..frames).flat_map(|t| lists.iter().map(move |l| l[t] as u16)).collect();
    Codes::new(lists.len(), values).unwrap()
}

/// Lists, one a level, from codes.
pub(crate) fn lists(codes: &Codes) -> Vec<Vec<u32>> {
    (0..codes.levels()).map(|l| codes.level(l).into_iter().map(u32::from).collect()).collect()
}

/// Asserts that samples begin with those of the reference and have the expected number.
pub(crate) fn assert_begins(name: &str, found: &[f32], expected: &[f32], count: usize) {
    assert_eq!(found.len(), count, "{name}: number of samples");
    assert_close(name, &found[..expected.len()], expected, 1e-4);
}

/// Asserts that samples are those of the reference within a share of its peak.
pub(crate) fn assert_close(name: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{name}: number of samples");
    let peak = expected.iter().fold(0.0f32, |p, v| p.max(v.abs()));
    let error = found.iter().zip(expected).fold(0.0f32, |e, (a, b)| e.max((a - b).abs()));
    assert!(error <= tolerance * peak, "{name}: error {error} at a peak of {peak}");
}
