//! Points the crate at the model's file, or at nothing while there is none (a fresh tree before the first training).

use std::path::Path;
use std::{env, fs};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let model = Path::new(&root).join("model/syrinx.safetensors");
    // A missing file counts as changed when it appears; the folder covers tools that only look at what exists.
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=model");
    let bytes = if model.is_file() {
        println!("cargo:rerun-if-changed={}", model.display());
        format!("include_bytes!({:?})", model.display().to_string())
    } else {
        "&[]".to_owned()
    };
    let code = format!("static BYTES: &[u8] = {bytes};\n");
    fs::write(Path::new(&out).join("model.rs"), code).expect("cargo's OUT_DIR can be written");
}
