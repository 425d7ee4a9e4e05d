//! Tests of the engine on an untrained model.

mod batch;
mod chunks;
mod digests;
mod marked;
mod model_files;
mod prompts;
mod requests;
mod streaming;
mod tiny;
mod voices;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use syrinx_engine::{Engine, EngineOptions, ModelSource};

/// The tiny model's bytes, made once.
fn model_bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::read(tiny::write_model(folder.path())).expect("it was written")
    })
}

/// The tiny model, with the user's voices in a folder.
fn open(voices_dir: Option<&Path>) -> Engine {
    let options =
        EngineOptions { voices_dir: voices_dir.map(PathBuf::from), ..EngineOptions::default() };
    Engine::open(&ModelSource::Bytes(model_bytes()), &options).expect("the tiny model opens")
}

/// One engine for all tests that change nothing.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| open(None))
}
