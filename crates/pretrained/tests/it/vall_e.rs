//! Imported vall-e models against the reference: logits of 60 sequences of three generations of checkpoints with random
//! weights, and what is generated greedily.

use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor, safetensors};
use serde_json::Value;
use syrinx_decode::{DecodeConfig, DemaskConfig, SamplerConfig, generate};
use syrinx_model::{LanguageModel, LmFile};
use syrinx_nn::Kernels;
use syrinx_pretrained::PretrainedError;
use syrinx_pretrained::vall_e::{ImportOptions, VallEFault, import};
use syrinx_task::{
    Content, Contents, Generated, Head, HeadOutput, Layout, Plan, RowPlan, RvqSum, Segment, Stage,
    StageRun, TextContent, VALL_E_LANGUAGES, VALL_E_LENGTH_TOKENS, VallELayout, VallEPiece,
    VallEPrompt, VallEResponse, VallEText, heads, vall_e_sequence,
};
use syrinx_text::IpaTokenizer;
use syrinx_types::{CancelToken, Codes, RunContext};

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

/// An imported model.
pub(crate) struct Imported {
    pub(crate) model: LanguageModel,
    pub(crate) layout: VallELayout,
}

fn file(folder: &str, options: &ImportOptions) -> LmFile {
    import(&data(folder).join("model.sft"), &data("tokenizer.json"), options).unwrap()
}

pub(crate) fn imported(folder: &str, rvq_sum: RvqSum) -> Imported {
    let options = ImportOptions { rvq_sum: Some(rvq_sum), ..ImportOptions::default() };
    Imported::new(&file(folder, &options), Kernels::Fused)
}

impl Imported {
    fn new(file: &LmFile, kernels: Kernels) -> Self {
        let model = LanguageModel::load(file, &Device::Cpu, kernels).unwrap();
        let layout = file.config.switches.vall_e.unwrap();
        Self { model, layout }
    }

    /// Logits at the response: (positions, tokens).
    fn logits(&self, prompt: &VallEPrompt, response: &VallEResponse) -> Tensor {
        let (model, layout) = (&self.model, &self.layout);
        let sequence = vall_e_sequence(model.space(), layout, prompt, response).unwrap();
        let h = model.response_rows(&[sequence]).unwrap(); // (positions, dim)
        let read = |output| model.output(&h, &[], output).unwrap().unwrap();
        let text = |start, tokens| read(HeadOutput::Text).narrow(1, start, tokens).unwrap();
        match response {
            VallEResponse::FirstLevel(_) => read(HeadOutput::FirstLevel { member: 0 }),
            VallEResponse::Level { level, .. } => read(HeadOutput::Level(*level)),
            VallEResponse::Masked(_) => read(HeadOutput::MaskedLevel),
            VallEResponse::Phones(_) => text(0, layout.phones),
            VallEResponse::Length(_) => text(layout.length_start(), VALL_E_LENGTH_TOKENS),
        }
    }

    /// Runs stages with a prompt; a response has at most `limit` frames or tokens.
    pub(crate) fn run(
        &self,
        (prompt, limit): (&VallEPrompt, usize),
        stages: &[(Head, Segment)],
        config: &DecodeConfig,
    ) -> Generated {
        let (layout, plan) = self.planned((prompt, limit), stages);
        let cancel = CancelToken::default();
        generate(&self.model, &layout, &plan, config, RunContext::quiet(&cancel)).unwrap().remove(0)
    }

    /// Stages with a prompt, as [`Self::run`] runs them.
    pub(crate) fn planned(
        &self,
        (prompt, limit): (&VallEPrompt, usize),
        stages: &[(Head, Segment)],
    ) -> (Layout, Plan) {
        let (mut before, mut contents) = (Vec::new(), Contents::new());
        if let Some(recording) = &prompt.recording {
            before.push(Segment::transcribed("recording"));
            contents.insert("recording".into(), Content::Codes(recording.clone()));
        }
        if let Some(VallEText::Phones(ids)) = &prompt.text {
            before.push(Segment::text("text"));
            contents.insert("text".into(), Content::Text(TextContent::plain(ids.clone())));
        }
        before.extend(prompt.language.map(|index| {
            Segment::special_token(format!("vall-e:lang:{}", VALL_E_LANGUAGES[index]))
        }));
        before.push(Segment::level_token());
        for (i, piece) in prompt.prompt.iter().enumerate() {
            match piece {
                VallEPiece::Task(name) => before.push(Segment {
                    name: "task".into(),
                    ..Segment::special_token(format!("vall-e:task:{name}"))
                }),
                VallEPiece::Codes(codes) => {
                    let name = format!("prompt {i}");
                    before.push(Segment::prompt(&name).optional());
                    contents.insert(name, Content::Codes(codes.clone()));
                }
            }
        }
        let stage = |(head, response): &(Head, Segment)| {
            let segments = [&before[..], std::slice::from_ref(response)].concat();
            Stage::new(&response.name, head.clone(), segments).as_published(self.layout)
        };
        let layout =
            Layout { task: "published".into(), stages: stages.iter().map(stage).collect() };
        let run = |(_, s): &(Head, Segment)| StageRun::new(&s.name, contents.clone(), limit);
        let plan = Plan { rows: vec![RowPlan::new(stages.iter().map(run).collect())] };
        (layout, plan)
    }
}

pub(crate) fn level_1() -> (Head, Segment) {
    (heads::FirstLevel.into(), Segment::ar_response("ar"))
}

fn in_place() -> (Head, Segment) {
    (heads::MaskedLevel.into(), Segment::masked_response("masked"))
}

pub(crate) fn further() -> (Head, Segment) {
    (heads::FurtherLevels.into(), Segment::nar_response("nar"))
}

pub(crate) fn greedy() -> DecodeConfig {
    DecodeConfig { codes: SamplerConfig::greedy(), ..DecodeConfig::default() }
}

pub(crate) fn values(codes: Option<Codes>) -> Vec<u16> {
    codes.unwrap().values().to_vec()
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

pub(crate) fn row(folder: &str, name: &str) -> (VallEPrompt, VallEResponse) {
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
            let logits = model.logits(&prompt, &response); // (positions, tokens)
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
        let out = model.run((&prompt, frames), &[level_1(), further()], &greedy());
        let expected = codes_of(&expected(folder, wanted["codes"].as_str().unwrap()));
        assert_eq!(values(out.codes), expected, "{folder} {generation}");
    }
}

#[test]
fn level_1_in_place_has_the_codes_of_the_reference() {
    let model = imported("v5-head", RvqSum::Inclusive);
    let (prompt, _) = row("v5-head", "tts_masked");
    let demask = DemaskConfig { steps: 8, ..DemaskConfig::default() };
    let config = DecodeConfig { demask, ..greedy() };
    let first = model.run((&prompt, 20), &[in_place()], &config);
    assert_eq!(values(first.codes), codes_of(&expected("v5-head", "demask.codes")));
    let all = model.run((&prompt, 20), &[in_place(), further()], &config);
    assert_eq!(values(all.codes), codes_of(&expected("v5-head", "demask.full_codes")));
}

#[test]
fn draws_depend_on_the_seed_and_the_temperature() {
    let model = imported("v5-head", RvqSum::Inclusive);
    let (prompt, _) = row("v5-head", "tts_masked");
    let warm = DemaskConfig { steps: 4, temperature: 2.0, ..DemaskConfig::default() };
    let sampled = DecodeConfig { demask: warm, ..DecodeConfig::default() };
    let cold = DemaskConfig { steps: 4, ..DemaskConfig::default() };
    let likeliest = DecodeConfig { demask: cold, ..DecodeConfig::default() };
    let run = |config| values(model.run((&prompt, 20), &[in_place()], config).codes);
    assert_eq!(run(&sampled), run(&sampled), "the same seed");
    assert_ne!(run(&sampled), run(&likeliest));
}

#[test]
fn lengths_and_transcriptions_are_those_of_the_reference() {
    let model = imported("v5-head", RvqSum::Inclusive);
    let (prompt, _) = row("v5-head", "tts_ar_prom");
    let length = (heads::Length.into(), Segment::length_response("length"));
    let out = model.run((&prompt, 20), &[length.clone(), in_place(), further()], &greedy());
    assert_eq!(out.length, Some(991_755_519));
    let codes = out.codes.unwrap();
    assert_eq!((codes.frames(), codes.levels(), out.finished), (20, 8, false), "the limit");
    let (prompt, _) = row("v5-head", "stt");
    let rows = rows("v5-head");
    let wanted = rows["generation"].as_array().unwrap();
    let wanted = wanted.iter().find(|g| g["name"] == "stt_greedy").unwrap();
    let phones = (heads::Text.into(), Segment::text_response("phones"));
    let wanted = ids(&wanted["ids"]);
    let out = model.run((&prompt, wanted.len()), &[phones], &greedy());
    assert_eq!(out.text, wanted);
}

#[test]
fn an_old_model_transcribes_as_its_rows_do() {
    // The first phones are the likeliest ones of the sequences that the reference was compared with.
    let model = imported("v5-2024-10", RvqSum::Legacy);
    let (prompt, _) = row("v5-2024-10", "stt");
    let phones = (heads::Text.into(), Segment::text_response("phones"));
    let out = model.run((&prompt, 5), &[phones], &greedy());
    let mut known = vec![1];
    for found in out.text {
        let logits = model.logits(&prompt, &VallEResponse::Phones(known.clone()));
        let best = logits.argmax(1).unwrap().to_vec1::<u32>().unwrap();
        assert_eq!(found, best[known.len()]);
        known.push(found);
    }
    assert!(known.len() > 1);
}

#[test]
fn a_recording_without_its_noise_has_as_many_frames() {
    let model = imported("v5-head", RvqSum::Inclusive);
    let (prompt, _) = row("v5-head", "ns_ar");
    let demask = DemaskConfig { steps: 3, ..DemaskConfig::default() };
    let config = DecodeConfig { demask, ..greedy() };
    let out = model.run((&prompt, 7), &[in_place(), further()], &config);
    let codes = out.codes.unwrap();
    assert_eq!((codes.frames(), codes.levels(), out.finished), (7, 8, true));
}

#[test]
fn an_imported_model_is_an_ordinary_file() {
    let options = ImportOptions::default();
    let tokenizer = fs::read_to_string(data("tokenizer.json")).unwrap();
    let bytes = file("v5-head", &options).to_bytes(false).unwrap();
    assert!(LmFile::from_bytes(&bytes[..bytes.len() / 2]).is_err());
    let read = LmFile::from_bytes(&bytes).unwrap();
    assert_eq!(read.tokenizer, Some(tokenizer));
    let model = Imported::new(&read, Kernels::Primitive);
    let layout = model.layout;
    assert_eq!((layout.rvq_sum, layout.causal, layout.language), (RvqSum::Inclusive, false, true));
    let (prompt, response) = row("v5-head", "tts_nar_l3");
    let logits = model.logits(&prompt, &response); // (frames, codes)
    assert!(difference(&logits, &expected("v5-head", "tts_nar_l3.logits")) < 1e-4);
    let layout = file("v5-2024-10", &options).config.switches.vall_e.unwrap();
    assert_eq!((layout.rvq_sum, layout.causal, layout.language), (RvqSum::Legacy, true, false));
    assert!(!layout.masked, "it predicts neither lengths nor level 1 in place");
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
    let changes: [(&str, &Change); 5] = [
        ("is missing, expected shape [256, 64]", &|_| None),
        ("is I64, expected F32", &|t| t.to_dtype(DType::I64).ok()),
        ("is U8, expected F32", &|t| t.to_dtype(DType::U8).ok()),
        ("[64, 256], expected [256, 64]", &|t| t.t().ok()?.contiguous().ok()),
        ("holds NaN at index 0", &|t| (t.to_dtype(DType::F32).ok()? * f64::NAN).ok()),
    ];
    let failed = |path: &Path| import(path, &data("tokenizer.json"), &options).err().unwrap();
    for (reason, change) in changes {
        safetensors::save(&changed(change), &path).unwrap();
        let error = failed(&path).to_string();
        assert!(error.contains("broken.sft") && error.contains(name), "{error}");
        assert!(error.contains(reason), "{error}");
    }
    let whole = fs::read(&source).unwrap();
    let whisper = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/whisper");
    let other = fs::read(whisper.join("model.safetensors")).unwrap();
    let cases: [(&[u8], &str); 5] = [
        (&whole[..whole.len() / 2], "is truncated"),
        (b"PK\x03\x04 a zip file", "is a pickle"),
        (b"\x80\x02}q\x00.", "is a pickle"),
        (b"", "not a checkpoint"),
        (&other, "tensor `text_emb.weight` is missing"),
    ];
    for (bytes, reason) in cases {
        fs::write(&path, bytes).unwrap();
        let error = failed(&path);
        assert!(error.to_string().contains("broken.sft") && error.hint().is_some());
        assert!(error.to_string().contains(reason), "{error}");
    }
    let pickle = fs::write(&path, b"\x80\x02}q\x00.").map(|()| failed(&path)).unwrap();
    assert!(pickle.hint().unwrap().contains("exporter"), "conversion is pointed to");
    assert!(failed(&folder.path().join("nowhere.sft")).to_string().contains("cannot read"));
    let mut metadata = whole.clone();
    let config = br#""config":"{"#;
    let at = metadata.windows(config.len()).position(|part| part == config).unwrap();
    metadata[at + config.len() - 1] = b'[';
    fs::write(&path, metadata).unwrap();
    assert!(failed(&path).to_string().contains("`config` in its metadata"));
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
    let lm = import(&path, &data("tokenizer.json"), &options).unwrap();
    let model = Imported::new(&lm, Kernels::Fused);
    let (prompt, response) = row("v5-head", "len");
    let logits = model.logits(&prompt, &response); // (digits + 1, tokens)
    assert_eq!(logits.dims(), expected("v5-head", "len.logits").dims());
    assert!(difference(&logits, &expected("v5-head", "len.logits")) > 1e-3);
}

#[test]
fn the_tokenizer_gives_the_ids_of_the_reference() {
    let bytes = fs::read(data("tokenizer.json")).unwrap();
    let tokenizer = IpaTokenizer::from_bytes(&bytes, 256).unwrap();
    let cases = fs::read(data("tokenizer_cases.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_slice(&cases).unwrap();
    for case in &cases {
        let text = case["text"].as_str().unwrap();
        assert_eq!(tokenizer.encode(text).unwrap(), ids(&case["ids"]), "{text}");
    }
    assert_eq!(tokenizer.decode(&[1, 17, 37, 4, 26, 36, 2]), "haɪ siː");
    assert!(
        IpaTokenizer::from_bytes(&bytes, 40).unwrap_err().to_string().contains("at most 40 tokens")
    );
}

#[test]
fn the_tokenizer_of_another_model_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    let checkpoint = data("v5-head").join("model.sft");
    let whisper = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/whisper/tokenizer.json");
    for bytes in [&b"{}"[..], b"\xff", &fs::read(whisper).unwrap()] {
        fs::write(&path, bytes).unwrap();
        let error = import(&checkpoint, &path, &ImportOptions::default()).err().unwrap();
        assert!(matches!(error, PretrainedError::VallE(VallEFault::Tokenizer { .. })), "{error}");
        assert!(error.to_string().contains("tokenizer.json") && error.hint().is_some());
    }
}
