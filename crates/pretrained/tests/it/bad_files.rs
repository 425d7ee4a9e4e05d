//! Checkpoints that cannot be used: the error names the file, the tensor, what was found and what is expected.

use std::fs;
use std::path::{Path, PathBuf};

use safetensors::tensor::Dtype;
use syrinx_pretrained::{CodecSpec, PretrainedError, open};
use tempfile::TempDir;

use crate::material::{Tensors, data, read_tensors, write_tensors};

/// Kinds of checkpoints with a tensor of each. SNAC's stands for a codec with its own container.
const KINDS: [(&str, &str); 6] = [
    ("encodec", "quantizer.layers.2.codebook.embed"),
    ("dac_24k", "encoder.block.1.conv1.bias"),
    ("dac_44k", "decoder.block.0.conv_t1.bias"),
    ("mimi", "decoder_transformer.layers.1.self_attn_layer_scale.scale"),
    ("snac_attn", "decoder.model.2.to_qkv.weight"),
    ("vocos", "backbone.final_layer_norm.bias"),
];

/// A copy of a checkpoint that can be spoilt.
struct Copy {
    folder: TempDir,
    kind: &'static str,
}

impl Copy {
    fn of(kind: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["config.json", "config.yaml", "model.safetensors", "pytorch_model.bin"] {
            let from = data(kind).join(name);
            if from.exists() {
                fs::copy(from, folder.path().join(name)).unwrap();
            }
        }
        Self { folder, kind }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn tensors(&self) -> Tensors {
        read_tensors(&self.path("model.safetensors"))
    }

    fn write(&self, tensors: &Tensors) {
        write_tensors(&self.path("model.safetensors"), tensors);
    }

    /// The error of opening it; a vocoder is opened behind its codec.
    fn error(&self) -> PretrainedError {
        let path = self.folder.path().to_owned();
        let spec = match self.kind {
            "vocos" => CodecSpec { vocoder: Some(path), ..CodecSpec::new(data("encodec")) },
            _ => CodecSpec::new(path),
        };
        let Err(error) = open(&spec) else { panic!("{} opens", self.kind) };
        let message = error.to_string();
        assert!(message.contains(&self.folder.path().display().to_string()), "{message}");
        assert!(error.hint().is_some(), "{message}");
        error
    }
}

#[test]
fn a_file_that_is_cut_is_measured() {
    for (kind, _) in KINDS {
        for share in [2, 1000] {
            let copy = Copy::of(kind);
            let path = copy.path("model.safetensors");
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..bytes.len() / share]).unwrap();
            match copy.error() {
                PretrainedError::Truncated { found, expected, .. } => {
                    assert_eq!(found as usize, bytes.len() / share);
                    assert!(expected > found);
                }
                other => panic!("{kind}: {other}"),
            }
        }
    }
}

#[test]
fn a_tensor_that_is_missing_or_of_another_shape_or_type_is_named() {
    for (kind, name) in KINDS {
        let copy = Copy::of(kind);
        let whole = copy.tensors();
        let (_, shape, bytes) = whole[name].clone();

        let mut tensors = whole.clone();
        tensors.remove(name);
        copy.write(&tensors);
        match copy.error() {
            PretrainedError::Missing { tensor, expected, .. } => {
                assert_eq!((tensor.as_str(), expected), (name, shape.clone()), "{kind}");
            }
            other => panic!("{kind}: {other}"),
        }

        let flat = vec![1, bytes.len() / 4];
        tensors.insert(name.into(), (Dtype::F32, flat.clone(), bytes.clone()));
        copy.write(&tensors);
        match copy.error() {
            PretrainedError::Shape { tensor, found, expected, .. } => {
                assert_eq!((tensor.as_str(), found, expected), (name, flat, shape.clone()));
            }
            other => panic!("{kind}: {other}"),
        }

        let count = bytes.len() / 4;
        for (dtype, width) in [(Dtype::I64, 8), (Dtype::BOOL, 1), (Dtype::U8, 1)] {
            tensors.insert(name.into(), (dtype, shape.clone(), vec![1; count * width]));
            copy.write(&tensors);
            match copy.error() {
                PretrainedError::Dtype { tensor, found, .. } => {
                    assert_eq!((tensor.as_str(), found), (name, format!("{dtype:?}")), "{kind}");
                }
                other => panic!("{kind}: {other}"),
            }
        }
    }
}

#[test]
fn a_number_that_is_none_is_found() {
    for (kind, name) in KINDS {
        let copy = Copy::of(kind);
        let mut tensors = copy.tensors();
        let (_, _, bytes) = tensors.get_mut(name).unwrap();
        bytes[4..8].copy_from_slice(&f32::NAN.to_le_bytes());
        copy.write(&tensors);
        match copy.error() {
            PretrainedError::NotFinite { tensor, index, value, .. } => {
                assert_eq!((tensor.as_str(), index, value.is_nan()), (name, 1, true), "{kind}");
            }
            other => panic!("{kind}: {other}"),
        }
    }
}

#[test]
fn half_precision_is_read() {
    let copy = Copy::of("mimi");
    let mut tensors = copy.tensors();
    for (dtype, _, bytes) in tensors.values_mut() {
        // The upper half of an f32 is a bf16.
        *bytes = bytes.chunks(4).flat_map(|b| [b[2], b[3]]).collect();
        *dtype = Dtype::BF16;
    }
    copy.write(&tensors);
    open(&CodecSpec::new(copy.folder.path())).unwrap();
}

#[test]
fn a_configuration_that_is_missing_broken_or_of_another_family_is_named() {
    let corrupt = |kind, text: &str| {
        let copy = Copy::of(kind);
        let name = if kind == "vocos" { "config.yaml" } else { "config.json" };
        fs::write(copy.path(name), text).unwrap();
        copy.error().to_string()
    };
    for (kind, _) in KINDS {
        assert!(corrupt(kind, "{").contains("configuration"), "{kind}");
        assert!(corrupt(kind, "[1, 2]").contains("configuration"), "{kind}");
    }
    assert!(corrupt("mimi", r#"{"model_type": "whisper"}"#).contains("`whisper`"));
    assert!(corrupt("mimi", r#"{"model_type": "dac"}"#).contains("sampling_rate"));
    let copy = Copy::of("mimi");
    fs::remove_file(copy.path("config.json")).unwrap();
    assert!(matches!(copy.error(), PretrainedError::Read { .. }));
    let copy = Copy::of("mimi");
    fs::remove_file(copy.path("model.safetensors")).unwrap();
    assert!(matches!(copy.error(), PretrainedError::Read { .. }));
    // A vocoder alone is no codec, and Vocos fits no other codec than EnCodec.
    let alone = open(&CodecSpec::new(data("vocos"))).err().unwrap();
    assert!(alone.to_string().contains("it is a vocoder"), "{alone}");
    let spec = CodecSpec { vocoder: Some(data("vocos")), ..CodecSpec::new(data("mimi")) };
    assert!(matches!(open(&spec), Err(PretrainedError::Vocoder { .. })));
    let spec = CodecSpec { levels: Some(33), ..CodecSpec::new(data("mimi")) };
    assert!(matches!(open(&spec), Err(PretrainedError::Levels { requested: 33, .. })));
}

#[test]
fn a_configuration_asks_for_no_more_memory_than_the_file_has() {
    for (kind, key) in [
        ("encodec", "hidden_size"),
        ("encodec", "num_filters"),
        ("encodec", "num_residual_layers"),
        ("dac_24k", "hidden_size"),
        ("dac_24k", "n_codebooks"),
        ("mimi", "hidden_size"),
        ("mimi", "num_hidden_layers"),
        ("mimi", "codebook_size"),
        ("snac_attn", "encoder_dim"),
        ("snac_attn", "attn_window_size"),
    ] {
        for huge in [0u64, 60_000, u64::from(u32::MAX), u64::MAX / 2] {
            let copy = Copy::of(kind);
            let path = copy.path("config.json");
            let mut config: serde_json::Value =
                serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            config[key] = huge.into();
            fs::write(&path, config.to_string()).unwrap();
            // No more than an error; blocks and layers may be none.
            let opened = open(&CodecSpec::new(copy.folder.path()));
            assert!(
                opened.is_err() || huge == 0 || key == "attn_window_size",
                "{kind}.{key} = {huge}"
            );
            if !key.ends_with("_layers") && !(1..=1 << 16).contains(&huge) {
                let message = copy.error().to_string();
                let named = format!("`{key}` is {huge}, expected 1 to");
                assert!(message.contains("config.json") && message.contains(&named), "{message}");
            }
        }
    }
}

/// A pickle that calls a function, as `pickle.dumps` writes it.
const CALL: &[u8] = b"\x80\x02cposix\nsystem\nq\x00X\x04\x00\x00\x00trueq\x01\x85q\x02Rq\x03.";

#[test]
fn a_pickle_is_refused_where_safetensors_are_published() {
    let container = fs::read(data("snac_24k").join("pytorch_model.bin")).unwrap();
    for (kind, _) in KINDS.into_iter().filter(|(k, _)| !["snac_attn", "vocos"].contains(k)) {
        for bytes in [CALL, &container] {
            let copy = Copy::of(kind);
            fs::write(copy.path("model.safetensors"), bytes).unwrap();
            let error = copy.error();
            assert!(matches!(error, PretrainedError::Pickle { .. }), "{error}");
            assert!(error.hint().unwrap().contains("save_file"), "conversion is pointed to");
        }
    }
}

/// A zip archive of stored members.
fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in members {
        writer.start_file(*name, stored).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn opened_pickle(pickle: &[u8]) -> PretrainedError {
    let copy = Copy::of("snac_24k");
    let bytes = archive(&[("m/data.pkl", pickle), ("m/data/0", &[0; 64])]);
    fs::write(copy.path("pytorch_model.bin"), bytes).unwrap();
    copy.error()
}

#[test]
fn a_pickle_of_anything_but_tensors_is_refused() {
    let error = opened_pickle(CALL);
    assert!(error.to_string().contains("`posix.system`"), "{error}");
    let nested: Vec<u8> =
        [&b"\x80\x02}X\x01\x00\x00\x00a"[..], &b"\x85".repeat(100_000), b"s."].concat();
    let doubled = b"\x80\x02}X\x01\x00\x00\x00aK\x01q\x00h\x00\x86q\x00h\x00\x86q\x00s.";
    for pickle in [
        b"\x80\x02}.".as_slice(),              // no tensors
        b"\x80\x02}X\x01\x00\x00\x00aK\x01s.", // a number
        b"\x80\x02}X\xff\xff\xff\x7fa",        // a name longer than the file
        b"\x80\x02ctorch\nFloatStorage\n)R.",  // a call of a storage
        b"\x80\x02\x86\x86.",                  // takes more than it has
        b"",
        b"\x80\x02(((((.",
        &nested,
        doubled,
    ] {
        let error = opened_pickle(pickle);
        let named =
            matches!(error, PretrainedError::Pickle { .. } | PretrainedError::Missing { .. });
        assert!(named, "{error}");
    }
}

/// A pickle with one tensor of a shape.
fn one_tensor(name: &str, shape: [u32; 2]) -> Vec<u8> {
    let number = |n: u32| [&b"J"[..], &n.to_le_bytes()].concat();
    let text = |t: &str| [&b"X"[..], &(t.len() as u32).to_le_bytes(), t.as_bytes()].concat();
    [
        &b"\x80\x02}"[..],
        &text(name),
        b"ctorch._utils\n_rebuild_tensor_v2\n((",
        &text("storage"),
        b"ctorch\nFloatStorage\n",
        &text("0"),
        &text("cpu"),
        b"K\x10tQK\x00",
        &number(shape[0]),
        &number(shape[1]),
        b"\x86",
        &number(shape[1]),
        b"K\x01\x86\x89}tRs.",
    ]
    .concat()
}

#[test]
fn a_tensor_larger_than_its_storage_is_refused() {
    let error = opened_pickle(&one_tensor("encoder.block.0.bias", [1 << 16, 1 << 14]));
    assert!(matches!(error, PretrainedError::Pickle { .. }), "{error}");
    assert!(error.to_string().contains("larger than the 64 bytes"), "{error}");
    let error = opened_pickle(&one_tensor("encoder.block.0.bias", [4, 4]));
    assert!(!matches!(error, PretrainedError::Pickle { .. }), "16 numbers fit: {error}");
}

#[test]
fn a_tensor_of_a_container_that_is_missing_or_of_another_type_is_named() {
    use std::io::Read as _;
    let file = fs::File::open(data("snac_24k").join("pytorch_model.bin")).unwrap();
    let mut whole = zip::ZipArchive::new(file).unwrap();
    let mut opened = |from: &str, to: &str| {
        let mut members = Vec::new();
        for index in 0..whole.len() {
            let mut member = whole.by_index(index).unwrap();
            let name = member.name().unwrap().into_owned();
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).unwrap();
            if let Some(at) = bytes.windows(from.len()).position(|w| w == from.as_bytes()) {
                bytes.splice(at..at + from.len(), to.bytes());
            }
            members.push((name, bytes));
        }
        let members: Vec<(&str, &[u8])> =
            members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        let copy = Copy::of("snac_24k");
        fs::write(copy.path("pytorch_model.bin"), archive(&members)).unwrap();
        copy.error()
    };
    let error = opened("encoder.block.0.bias", "encoder.block.0.else");
    assert!(
        matches!(&error, PretrainedError::Missing { tensor, .. } if tensor == "encoder.block.0.bias"),
        "{error}"
    );
    let error = opened("FloatStorage", "BoolStorage");
    assert!(matches!(&error, PretrainedError::Dtype { found, .. } if found == "BOOL"), "{error}");
    let error = opened("FloatStorage", "LongStorage");
    assert!(matches!(error, PretrainedError::Pickle { .. }), "8 bytes a number: {error}");
    assert!(error.to_string().contains("tensor `"), "{error}");
}

#[test]
fn a_container_that_is_cut_or_spoilt_anywhere_is_an_error_and_no_panic() {
    let bytes = fs::read(data("snac_24k").join("pytorch_model.bin")).unwrap();
    let copy = Copy::of("snac_24k");
    let path = copy.path("pytorch_model.bin");
    for share in [2, 3, 50, 1000] {
        fs::write(&path, &bytes[..bytes.len() / share]).unwrap();
        copy.error();
    }
    // Every byte of the pickle's beginning in turn.
    let at = bytes.windows(2).position(|w| w == b"\x80\x02").unwrap();
    for i in at..at + 300 {
        let mut spoilt = bytes.clone();
        spoilt[i] ^= 0x55;
        fs::write(&path, spoilt).unwrap();
        let _ = open(&CodecSpec::new(Path::new(copy.folder.path())));
    }
}

#[test]
fn a_header_that_promises_more_than_the_file_is_refused() {
    let corrupt = |bytes: &[u8]| {
        let copy = Copy::of("mimi");
        fs::write(copy.path("model.safetensors"), bytes).unwrap();
        copy.error()
    };
    let with_header =
        |json: &str| [&(json.len() as u64).to_le_bytes()[..], json.as_bytes()].concat();
    assert!(matches!(corrupt(b""), PretrainedError::Container { .. }));
    assert!(matches!(corrupt(b"abc"), PretrainedError::Container { .. }));
    assert!(matches!(corrupt(&[0xff; 64]), PretrainedError::Container { .. }));
    assert!(matches!(corrupt(&u64::MAX.to_le_bytes()), PretrainedError::Container { .. }));
    let tensor = |shape: &str, end: u64| {
        with_header(&format!(
            r#"{{"a":{{"dtype":"F32","shape":{shape},"data_offsets":[0,{end}]}}}}"#
        ))
    };
    assert!(matches!(
        corrupt(&tensor("[250000000000]", 1_000_000_000_000)),
        PretrainedError::Truncated { .. }
    ));
    for bytes in [
        tensor("[4294967296,4294967296]", 0),
        tensor("[2]", 4),
        with_header(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}"#),
        with_header("{\"a\":1}"),
        with_header("[[[["),
    ] {
        let error = corrupt(&bytes);
        let named =
            matches!(error, PretrainedError::Container { .. } | PretrainedError::Truncated { .. });
        assert!(named, "{error}");
    }
}
