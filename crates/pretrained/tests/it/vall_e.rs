//! Imported vall-e models against the reference: logits of 60 sequences of three generations of checkpoints with random
//! weights, and what is generated greedily.

use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor, safetensors};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use syrinx_decode::SamplerConfig;
use syrinx_model::LmFile;
use syrinx_nn::Kernels;
use syrinx_pretrained::vall_e::{
    DemaskConfig, ImportOptions, SpeakOptions, Suppression, VallE, VallEError, VallEFile,
    VallETokenizer, import,
};
use syrinx_task::{RvqSum, VallEPiece, VallEPrompt, VallEResponse, VallEText};
use syrinx_types::{CancelToken, Codes};

const FOLDERS: [&str; 3] = ["v5-head", "v5-2024-12", "v5-2024-10"];

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vall-e").join(name)
}

fn rows(folder: &str) -> Value {
    serde_json::from_slice(&fs::read(data(folder).join("rows.json")).unwrap()).unwrap()
}

fn expected(folder: &str, name: &str) -> Tensor {
    let tensors = safetensors::load(data(folder).join("rows.safetensors"), &Device::Cpu).unwrap();
    tensors.get(name).unwrap_or_else(|| panic!("{folder} has no {name}")).clone()
}

fn imported(folder: &str, rvq_sum: RvqSum) -> VallE {
    let options = ImportOptions { rvq_sum: Some(rvq_sum), ..ImportOptions::default() };
    let file = import(&data(folder).join("model.sft"), &options).unwrap();
    VallE::new(&file, &Device::Cpu, Kernels::Fused).unwrap()
}

fn sum_of(value: &Value) -> RvqSum {
    if value["rvq_sum"] == "legacy" { RvqSum::Legacy } else { RvqSum::Inclusive }
}

fn ids(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect()
}

/// Frames of codes, or level 1 as a plain list.
fn codes(value: &Value) -> Codes {
    let frames = value.as_array().unwrap();
    let levels = frames.first().and_then(Value::as_array).map_or(1, Vec::len);
    let frame = |frame: &Value| match frame {
        Value::Array(_) => ids(frame),
        code => vec![code.as_u64().unwrap() as u32],
    };
    let values = frames.iter().flat_map(frame).map(|code| code as u16).collect();
    Codes::new(levels, values).unwrap()
}

fn pieces(value: &Value) -> Vec<VallEPiece> {
    let all = value.as_array().unwrap();
    if all.first().is_some_and(|frame| frame[0].is_number()) {
        return vec![VallEPiece::Codes(codes(value))];
    }
    let piece = |piece: &Value| match piece {
        Value::String(task) => VallEPiece::Task(task.clone()),
        frames => VallEPiece::Codes(codes(frames)),
    };
    all.iter().map(piece).collect()
}

/// Prompt and response of a row.
fn request(row: &Value, folder: &str) -> (VallEPrompt, VallEResponse) {
    let segments = row["segments"].as_array().unwrap();
    let find = |name: &str| {
        let found = segments[..segments.len() - 1].iter().find(|s| s["name"] == name);
        found.map(|s| &s["ids"])
    };
    let phones = find("phn").map(|v| VallEText::Phones(ids(v)));
    let letters = find("text").map(|v| VallEText::Letters(ids(v)));
    // The tasks whose separators the reference did not count.
    let uncounted = row["task"] == "tse" || (row["task"] == "ns" && folder == "v5-2024-12");
    let prompt = VallEPrompt {
        text: phones.or(letters),
        recording: find("resp").map(codes),
        language: find("lang").map(|v| ids(v)[0] as usize),
        prompt: find("prom").map(pieces).unwrap_or_default(),
        counts_separators: !uncounted,
    };
    let last = &segments[segments.len() - 1];
    let level = row["level"].as_u64().unwrap() as usize;
    let response = match (last["name"].as_str().unwrap(), level) {
        ("phn", _) => VallEResponse::Phones(ids(&last["ids"])),
        ("len", _) => VallEResponse::Length(ids(&last["ids"])),
        (_, 0) => {
            let codes = ids(&last["ids"]).into_iter().map(|c| c as u16).collect();
            let masked = row["classifier"] == "NAR:0:0";
            if masked { VallEResponse::Masked(codes) } else { VallEResponse::FirstLevel(codes) }
        }
        (_, level) => VallEResponse::Level { level, codes: codes(&last["ids"]) },
    };
    (prompt, response)
}

fn row(folder: &str, name: &str) -> (VallEPrompt, VallEResponse) {
    let rows = rows(folder);
    let found = rows["rows"].as_array().unwrap().iter().find(|r| r["name"] == name).unwrap();
    request(found, folder)
}

fn difference(a: &Tensor, b: &Tensor) -> f32 {
    let difference = (a - b).and_then(|d| d.abs()?.flatten_all()?.max(0)).unwrap();
    difference.to_scalar::<f32>().unwrap()
}

fn codes_of(tensor: &Tensor) -> Vec<u16> {
    let values = tensor.flatten_all().unwrap().to_vec1::<i64>().unwrap();
    values.into_iter().map(|v| v as u16).collect()
}

#[test]
fn logits_of_all_rows_are_those_of_the_reference() {
    let mut compared = 0;
    for folder in FOLDERS {
        let models = [imported(folder, RvqSum::Inclusive), imported(folder, RvqSum::Legacy)];
        let rows = rows(folder);
        let rows = rows["rows"].as_array().unwrap().iter().filter(|r| r["segments"].is_array());
        for row in rows {
            let name = row["name"].as_str().unwrap();
            let model = &models[usize::from(sum_of(row) == RvqSum::Legacy)];
            let (prompt, response) = request(row, folder);
            let logits = model.logits(&prompt, &response).unwrap(); // (positions, tokens)
            let wanted = expected(folder, row["logits"].as_str().unwrap());
            assert_eq!(logits.dims(), wanted.dims(), "{folder} {name}");
            let off = difference(&logits, &wanted);
            assert!(off < 1e-4, "{folder} {name}: {off}");
            compared += 1;
        }
    }
    assert_eq!(compared, 60);
}

#[test]
fn greedy_speech_has_the_codes_of_the_reference() {
    let greedy = SamplerConfig { temperature: 0.0, ..SamplerConfig::default() };
    let cancel = CancelToken::default();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    for (folder, generation) in [
        ("v5-head", "gen_inclusive"),
        ("v5-head", "gen_legacy"),
        ("v5-2024-12", "gen_legacy"),
        ("v5-2024-10", "gen_legacy"),
    ] {
        let rows = rows(folder);
        let wanted = rows["generation"].as_array().unwrap();
        let wanted = wanted.iter().find(|g| g["name"] == generation).unwrap();
        let model = imported(folder, sum_of(wanted));
        let (prompt, _) = row(folder, "tts_ar_prom");
        let frames = wanted["frames"].as_u64().unwrap() as usize;
        let first = model.first_level(&prompt, frames, (&greedy, &mut rng, &cancel)).unwrap();
        let codes = model.further_levels(&prompt, &first, &cancel).unwrap();
        let expected = codes_of(&expected(folder, wanted["codes"].as_str().unwrap()));
        let found: Vec<u16> = (0..codes.frames()).flat_map(|f| codes.frame(f).to_vec()).collect();
        assert_eq!(found, expected, "{folder} {generation}");
    }
}

#[test]
fn level_1_in_place_has_the_codes_of_the_reference() {
    let model = imported("v5-head", RvqSum::Inclusive);
    let (prompt, _) = row("v5-head", "tts_masked");
    let config = DemaskConfig { steps: 8, guidance: 2.5, rescale: 0.75 };
    let cancel = CancelToken::default();
    let first = model.demask(&prompt, 20, &config, &cancel).unwrap();
    assert_eq!(first, codes_of(&expected("v5-head", "demask.codes")));
    let codes = model.further_levels(&prompt, &first, &cancel).unwrap();
    let found: Vec<u16> = (0..codes.frames()).flat_map(|f| codes.frame(f).to_vec()).collect();
    assert_eq!(found, codes_of(&expected("v5-head", "demask.full_codes")));
}

#[test]
fn lengths_and_transcriptions_are_those_of_the_reference() {
    let model = imported("v5-head", RvqSum::Inclusive);
    let cancel = CancelToken::default();
    let (prompt, _) = row("v5-head", "tts_ar_prom");
    assert_eq!(model.length(&prompt, &cancel).unwrap(), 991_755_519);
    let (prompt, _) = row("v5-head", "stt");
    let rows = rows("v5-head");
    let wanted = rows["generation"].as_array().unwrap();
    let wanted = wanted.iter().find(|g| g["name"] == "stt_greedy").unwrap();
    let recording = prompt.recording.unwrap();
    let phones = model.transcribe(&recording, (prompt.language, 12), &cancel).unwrap();
    assert_eq!(phones[1..], ids(&wanted["ids"])[..]);
}

#[test]
fn an_imported_model_is_an_ordinary_file() {
    let options = ImportOptions::default();
    let file = import(&data("v5-head").join("model.sft"), &options).unwrap();
    let tokenizer = fs::read_to_string(data("tokenizer.json")).unwrap();
    let bytes = VallEFile { lm: file, tokenizer: tokenizer.clone() }.to_bytes(false).unwrap();
    assert!(VallEFile::is_one(&bytes) && !VallEFile::is_one(b"short"));
    assert_eq!(VallEFile::from_bytes(&bytes).unwrap().tokenizer, tokenizer);
    assert!(VallEFile::from_bytes(&bytes[..bytes.len() / 2]).is_err());
    let read = LmFile::from_bytes(&bytes).unwrap();
    let model = VallE::new(&read, &Device::Cpu, Kernels::Primitive).unwrap();
    let layout = *model.layout();
    assert_eq!((layout.rvq_sum, layout.causal, layout.language), (RvqSum::Inclusive, false, true));
    assert_eq!((model.language("de"), model.language("es")), (Some(2), None));
    let (prompt, response) = row("v5-head", "tts_nar_l3");
    let logits = model.logits(&prompt, &response).unwrap(); // (frames, codes)
    assert!(difference(&logits, &expected("v5-head", "tts_nar_l3.logits")) < 1e-4);
    let old = import(&data("v5-2024-10").join("model.sft"), &options).unwrap();
    let layout = old.config.vall_e.unwrap();
    assert_eq!((layout.rvq_sum, layout.causal, layout.language), (RvqSum::Legacy, true, false));
}

#[test]
fn speech_and_suppression_have_all_levels() {
    let cancel = CancelToken::default();
    let greedy = SamplerConfig { temperature: 0.0, ..SamplerConfig::default() };
    let options = SpeakOptions { in_place: None, sampler: greedy, most_frames: 20, seed: 0 };
    let model = imported("v5-head", RvqSum::Inclusive);
    let (prompt, _) = row("v5-head", "tts_ar_prom");
    let codes = model.speak(&prompt, &options, &cancel).unwrap();
    let found: Vec<u16> = (0..codes.frames()).flat_map(|f| codes.frame(f).to_vec()).collect();
    assert_eq!(found, codes_of(&expected("v5-head", "gen_inclusive.codes")));
    let config = DemaskConfig { steps: 3, ..DemaskConfig::default() };
    let in_place = SpeakOptions { in_place: Some(config), ..options.clone() };
    let codes = model.speak(&prompt, &in_place, &cancel).unwrap();
    assert_eq!((codes.frames(), codes.levels()), (20, 8), "as long as is allowed");
    let noisy = codes.slice(0, 7);
    for suppression in [Suppression::Noise, Suppression::Speech] {
        let clean = model.suppress(&noisy, suppression, &in_place, &cancel).unwrap();
        assert_eq!((clean.frames(), clean.levels()), (7, 8));
        let clean = model.suppress(&noisy, suppression, &options, &cancel).unwrap();
        assert!(clean.frames() <= 7);
    }
}

#[test]
fn a_task_token_shifts_the_positions_of_every_step() {
    // The logits of a row with a task token, token by token, are those of the whole row's first position.
    let model = imported("v5-head", RvqSum::Inclusive);
    let (prompt, response) = row("v5-head", "ns_ar");
    let greedy = SamplerConfig { temperature: 0.0, ..SamplerConfig::default() };
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let cancel = CancelToken::default();
    let first = model.first_level(&prompt, 1, (&greedy, &mut rng, &cancel)).unwrap();
    let VallEResponse::FirstLevel(_) = response else { panic!("a row of level 1") };
    let empty = VallEResponse::FirstLevel(Vec::new());
    let logits = model.logits(&prompt, &empty).unwrap(); // (1, codes and stop)
    let best = logits.argmax(1).unwrap().to_vec1::<u32>().unwrap()[0];
    assert_eq!(first.first().map_or(256, |&code| u32::from(code)), best);
}

#[test]
fn a_model_refuses_what_it_was_not_trained_for() {
    let model = imported("v5-2024-10", RvqSum::Legacy);
    let (prompt, _) = row("v5-2024-10", "tts_ar_prom");
    let cancel = CancelToken::default();
    let error = model.demask(&prompt, 9, &DemaskConfig::default(), &cancel).unwrap_err();
    assert!(matches!(error, VallEError::Untrained(_)), "{error}");
    assert!(matches!(model.length(&prompt, &cancel), Err(VallEError::Untrained(_))));
}

/// A replacement of a tensor; `None` leaves it out.
type Change = dyn Fn(&Tensor) -> Option<Tensor>;

#[test]
fn unusable_checkpoints_name_file_tensor_found_and_expected() {
    let source = data("v5-head").join("model.sft");
    let tensors = safetensors::load(&source, &Device::Cpu).unwrap();
    let name = "classifiers.proj.3.weight";
    let changed = |change: &dyn Fn(&Tensor) -> Option<Tensor>| {
        let mut tensors = tensors.clone();
        let tensor = tensors.remove(name).unwrap();
        tensors.extend(change(&tensor).map(|t| (name.to_owned(), t)));
        tensors
    };
    let options = ImportOptions { heads: Some(4), ..ImportOptions::default() };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.sft");
    let changes: [(&str, &Change); 4] = [
        ("is missing", &|_| None),
        ("I64", &|t| t.to_dtype(DType::I64).ok()),
        ("[64, 256], expected [256, 64]", &|t| t.t().ok()?.contiguous().ok()),
        ("not finite", &|t| (t.to_dtype(DType::F32).ok()? * f64::NAN).ok()),
    ];
    for (reason, change) in changes {
        safetensors::save(&changed(change), &path).unwrap();
        let error = import(&path, &options).err().unwrap().to_string();
        assert!(error.contains("broken.sft") && error.contains(name), "{error}");
        assert!(error.contains(reason), "{error}");
    }
    let whole = fs::read(&source).unwrap();
    let cases: [(&[u8], &str); 4] = [
        (&whole[..whole.len() / 2], ""),
        (b"PK\x03\x04 a zip file", "PyTorch"),
        (b"\x80\x02}q\x00.", "PyTorch"),
        (b"", ""),
    ];
    for (bytes, reason) in cases {
        fs::write(&path, bytes).unwrap();
        let error = import(&path, &options).err().unwrap();
        assert!(matches!(error, VallEError::Broken { .. }) && error.hint().is_some());
        assert!(error.to_string().contains(reason), "{error}");
    }
    let error = import(&folder.path().join("nowhere.sft"), &options).err().unwrap();
    assert!(matches!(error, VallEError::Read { .. }));
}

#[test]
fn biases_may_be_absent_and_exports_untrimmed() {
    let source = data("v5-head").join("model.sft");
    let mut tensors = safetensors::load(&source, &Device::Cpu).unwrap();
    tensors.retain(|name, _| !name.ends_with(".bias"));
    let untrimmed = Tensor::cat(&[&tensors["classifiers.proj.10.weight"]; 3], 0).unwrap();
    tensors.insert("classifiers.proj.10.weight".into(), untrimmed);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.sft");
    safetensors::save(&tensors, &path).unwrap();
    let options = ImportOptions { heads: Some(4), ..ImportOptions::default() };
    let model = VallE::new(&import(&path, &options).unwrap(), &Device::Cpu, Kernels::Fused);
    let (prompt, response) = row("v5-head", "len");
    let logits = model.unwrap().logits(&prompt, &response).unwrap(); // (digits + 1, tokens)
    assert_eq!(logits.dims(), expected("v5-head", "len.logits").dims());
    assert!(difference(&logits, &expected("v5-head", "len.logits")) > 1e-3);
}

#[test]
fn the_tokenizer_gives_the_ids_of_the_reference() {
    let tokenizer = VallETokenizer::open(&data("tokenizer.json"), 256).unwrap();
    let cases = fs::read(data("tokenizer_cases.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_slice(&cases).unwrap();
    for case in &cases {
        let text = case["text"].as_str().unwrap();
        assert_eq!(tokenizer.encode(text).unwrap(), ids(&case["ids"]), "{text}");
    }
    assert_eq!(tokenizer.decode(&[1, 17, 37, 4, 26, 36, 2]), "haɪ siː");
    let small = VallETokenizer::open(&data("tokenizer.json"), 40).err().unwrap();
    assert!(
        small.to_string().contains("tokenizer.json") && small.to_string().contains("40 phones")
    );
    assert!(small.hint().is_some());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    for bytes in [&b"{}"[..], b"\xff"] {
        fs::write(&path, bytes).unwrap();
        let error = VallETokenizer::open(&path, 256).err().unwrap();
        assert!(matches!(error, VallEError::Tokenizer { .. }), "{error}");
    }
}
