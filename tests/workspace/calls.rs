//! Calls that only some crates may make.

use crate::workspace::{code, packages, root};

/// candle's operations that have no gradient and say nothing of it (`ops::softmax_last_dim`, `rotary_emb::rope`,
/// `LayerNorm`, ...). The project's own, with a backward pass, are in `nn`.
const FUSED: [&str; 10] = [
    "softmax_last_dim",
    "candle_nn::ops::rms_norm",
    "candle_nn::ops::layer_norm",
    "ops::sdpa",
    "rotary_emb::",
    "candle_nn::LayerNorm",
    "candle_nn::RmsNorm",
    "candle_nn::layer_norm",
    "candle_nn::rms_norm",
    "candle_flash_attn",
];

/// Crates that may call them: those with gradient checks for what they train, and one that trains nothing.
const MAY_FUSE: [&str; 3] = ["syrinx-nn", "syrinx-codec", "syrinx-pretrained"];

/// Every call of one of `names` in the code of packages that may not.
fn calls(names: &[&str], may: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages().iter().filter(|p| !may.contains(&p.name.as_str())) {
        for (path, text) in package.sources() {
            for (line, code) in code(&text) {
                if let Some(name) = names.iter().find(|n| code.contains(**n)) {
                    let path = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
                    found.push(format!("{path}:{line} calls {name}"));
                }
            }
        }
    }
    found
}

#[test]
fn only_nn_and_codec_call_fused_operations() {
    assert_eq!(calls(&FUSED, &MAY_FUSE), [""; 0]);
}

#[test]
fn only_programs_read_the_environment_and_end_the_process() {
    let names = ["env::var", "env::args", "process::exit"];
    assert_eq!(calls(&names, &["syrinx-cli", "xtask"]), [""; 0]);
}

#[test]
fn only_programs_print() {
    let names = ["println!(", "print!(", "eprintln!(", "eprint!(", "stdout()", "stderr()"];
    // Sound goes to standard output where a file is called `-`.
    let may = ["syrinx-cli", "xtask", "syrinx-audio"];
    let build_instructions = |call: &String| call.contains("/build.rs");
    let found: Vec<String> =
        calls(&names, &may).into_iter().filter(|c| !build_instructions(c)).collect();
    assert_eq!(found, [""; 0]);
}

/// Files that open connections, each for something that the command line names: a model of the hub, a judge, a corpus.
const CONNECTING: [&str; 3] = [
    "crates/pretrained/src/hub/fetch.rs",
    "crates/eval/src/judge/endpoint.rs",
    "crates/data/src/object.rs",
];

#[test]
fn connections_are_opened_for_what_the_command_line_names() {
    let names = ["hf_hub::", "ureq::", "object_store::", "TcpStream::connect", "UdpSocket"];
    let named = |call: &String| CONNECTING.iter().any(|file| call.starts_with(file));
    // `cargo xtask` measures servers that it started.
    let (expected, others): (Vec<String>, Vec<String>) =
        calls(&names, &["xtask"]).into_iter().partition(named);
    assert_eq!(others, [""; 0]);
    for file in CONNECTING {
        assert!(expected.iter().any(|call| call.starts_with(file)), "{file} opens none");
    }
}

#[test]
fn randomness_has_a_seed() {
    let names = ["rand::rng()", "thread_rng()", "from_os_rng", "from_entropy", "Tensor::rand"];
    assert_eq!(calls(&names, &[]), [""; 0]);
}

#[test]
fn nothing_is_global() {
    let names = ["static mut ", "lazy_static!", "thread_local!"];
    assert_eq!(calls(&names, &[]), [""; 0]);
}
