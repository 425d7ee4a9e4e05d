//! Writes a checkpoint of random numbers from a list of names and shapes: a load test of full size without anyone's weights.
//!
//! ```console
//! cargo run -p syrinx-pretrained --example random_checkpoint -- names_and_shapes_full.json "ar+nar-llama-8" out.sft
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// Largest weight; those of norms are 1.
const LARGEST: f32 = 0.05;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [list, checkpoint, out] = args.as_slice() else {
        return Err("give a list of names and shapes, a checkpoint's name in it, and a file".into());
    };
    let list: Value = serde_json::from_slice(&fs::read(list)?)?;
    let shapes = list["checkpoints"][checkpoint]["tensors"].as_object();
    let shapes = shapes.ok_or_else(|| format!("the list has no checkpoint `{checkpoint}`"))?;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut tensors = BTreeMap::new();
    for (name, shape) in shapes {
        let shape: Vec<usize> = serde_json::from_value(shape.clone())?;
        let count = shape.iter().product();
        let values: Vec<f32> = match name.contains("norm") {
            true => vec![1.0; count],
            false => (0..count).map(|_| rng.random_range(-LARGEST..LARGEST)).collect(),
        };
        let tensor = Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(DType::F16)?;
        tensors.insert(name.clone(), tensor);
    }
    let none: Option<std::collections::HashMap<String, String>> = None;
    safetensors::serialize_to_file(&tensors, none, Path::new(out))?;
    Ok(())
}
