//! Every tensor of every kind of checkpoint: one that is missing or of another shape is named with its file, and so is one
//! that holds no finite numbers.

use std::fs;
use std::path::Path;

use safetensors::tensor::Dtype;
use syrinx_pretrained::vall_e::{ImportOptions, import};
use syrinx_pretrained::whisper::Whisper;
use syrinx_pretrained::{CodecSpec, open};
use tempfile::TempDir;

use crate::material::{Tensors, data, read_tensors, write_tensors};

/// A kind of checkpoint.
struct Kind {
    /// Folder of the test data.
    folder: &'static str,
    /// File of the weights.
    weights: &'static str,
    /// Ends of the names of tensors that are not read.
    unread: &'static [&'static str],
    /// Opens the weights of a folder and returns the error.
    open: fn(&Path) -> Option<String>,
}

/// Kinds that are read from safetensors.
const KINDS: [Kind; 11] = [
    Kind::new("encodec", &["codebook.inited"], codec),
    Kind::new("dac_24k", &[], codec),
    Kind { weights: "model_descript_names.safetensors", ..Kind::new("dac_24k", &[], codec) },
    Kind::new("dac_44k", &[], codec),
    Kind::new("mimi", &["codebook.initialized"], codec),
    Kind::new("snac_attn", &["rel_pos.inv_freq"], codec),
    Kind::new("vocos", &[], vocoder),
    Kind::new("whisper", &["encoder.embed_positions.weight"], whisper),
    Kind { weights: "model.sft", ..Kind::new("vall-e/v5-head", VALL_E, vall_e) },
    Kind { weights: "model.sft", ..Kind::new("vall-e/v5-2024-12", VALL_E, vall_e) },
    Kind { weights: "model.sft", ..Kind::new("vall-e/v5-2024-10", VALL_E, vall_e) },
];

/// Tensors of vall-e that are not read, and the table of plain text, which only the latest generation has.
const VALL_E: &[&str] =
    &["dropout_token", "tones_emb.weight", "embed_tokens.weight", "raw_text_emb.weight"];

fn codec(weights: &Path) -> Option<String> {
    open(&CodecSpec::new(weights)).err().map(|e| e.to_string())
}

fn vocoder(weights: &Path) -> Option<String> {
    let spec = CodecSpec { vocoder: Some(weights.into()), ..CodecSpec::new(data("encodec")) };
    open(&spec).err().map(|e| e.to_string())
}

fn whisper(weights: &Path) -> Option<String> {
    Whisper::load(weights.parent().unwrap()).err().map(|e| e.to_string())
}

fn vall_e(weights: &Path) -> Option<String> {
    let options = ImportOptions { heads: Some(4), ..ImportOptions::default() };
    import(weights, &data("vall-e/tokenizer.json"), &options).err().map(|e| e.to_string())
}

impl Kind {
    const fn new(
        folder: &'static str,
        unread: &'static [&'static str],
        open: fn(&Path) -> Option<String>,
    ) -> Self {
        Self { folder, weights: "model.safetensors", unread, open }
    }

    fn tensors(&self) -> Tensors {
        read_tensors(&data(self.folder).join(self.weights))
    }

    /// Names of the tensors that are read.
    fn read(&self, tensors: &Tensors) -> Vec<String> {
        let read = |name: &&String| !self.unread.iter().any(|end| name.ends_with(*end));
        tensors.keys().filter(read).cloned().collect()
    }

    /// A folder with all but the weights.
    fn copy(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["config.json", "config.yaml", "generation_config.json", "tokenizer.json"] {
            let from = data(self.folder).join(name);
            if from.is_file() {
                fs::copy(from, folder.path().join(name)).unwrap();
            }
        }
        folder
    }

    /// Opens tensors as the weights of a folder and expects an error that names the file and `expected`.
    fn fails(&self, folder: &TempDir, tensors: &Tensors, expected: &[&str]) {
        let path = folder.path().join(self.weights);
        write_tensors(&path, tensors);
        let Some(error) = (self.open)(&path) else {
            panic!("{} opens in spite of {expected:?}", self.folder)
        };
        assert!(error.contains(&path.display().to_string()), "{error}");
        for part in expected {
            assert!(error.contains(part), "{}: no {part} in {error}", self.folder);
        }
    }
}

#[test]
fn every_tensor_that_is_missing_or_of_another_shape_is_named() {
    for kind in KINDS {
        let (folder, mut tensors) = (kind.copy(), kind.tensors());
        write_tensors(&folder.path().join(kind.weights), &tensors);
        assert_eq!((kind.open)(&folder.path().join(kind.weights)), None, "{}", kind.folder);
        for name in kind.read(&tensors) {
            let quoted = format!("tensor `{name}`");
            let (dtype, shape, bytes) = tensors.remove(&name).unwrap();
            kind.fails(&folder, &tensors, &[&quoted, "is missing, expected"]);
            let mut deeper = vec![1];
            deeper.extend(&shape);
            let found = format!("has shape {deeper:?}, expected");
            tensors.insert(name.clone(), (dtype, deeper, bytes.clone()));
            kind.fails(&folder, &tensors, &[&quoted, &found]);
            tensors.insert(name, (dtype, shape, bytes));
        }
    }
}

#[test]
fn tensors_without_numbers_are_named_with_what_they_hold() {
    for kind in KINDS {
        let (folder, mut tensors) = (kind.copy(), kind.tensors());
        let name = kind.read(&tensors).remove(0);
        let (dtype, shape, bytes) = tensors[&name].clone();
        let quoted = format!("tensor `{name}`");
        let count: usize = shape.iter().product();
        for (other, width) in [(Dtype::I64, 8), (Dtype::BOOL, 1)] {
            tensors.insert(name.clone(), (other, shape.clone(), vec![1; count * width]));
            kind.fails(&folder, &tensors, &[&quoted, &format!("is {other:?}, expected F32")]);
        }
        // All bits set are NaN in every floating-point type.
        tensors.insert(name, (dtype, shape, vec![0xff; bytes.len()]));
        kind.fails(&folder, &tensors, &[&quoted, "holds NaN at index 0, expected finite numbers"]);
    }
}
