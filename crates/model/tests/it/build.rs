//! A tiny model and sequences of every head.

use candle_core::Device;
use syrinx_model::{LanguageModel, LmConfig, LmFile};
use syrinx_nn::{BlockConfig, Kernels, ParamStore, Precision};
use syrinx_task::{
    Alignment, CodeOrder, Content, Contents, Head, ModelSwitches, Response, Segment, Sequence,
    Stage, TextContent, TokenSpace, heads, resolve,
};
use syrinx_types::{Coded, Codes, Latents};

const LEVELS: usize = 3;
const SIZE: usize = 6;

pub fn config() -> LmConfig {
    LmConfig {
        trunk: BlockConfig { dim: 16, layers: 2, heads: 2, hidden: 24, ..BlockConfig::default() },
        encoder_layers: 1,
        ..LmConfig::default()
    }
}

pub fn space(group: usize) -> TokenSpace {
    let mut space = TokenSpace {
        text_tokens: 24,
        first_phone: 8,
        phones: 10,
        text_begin: 1,
        text_end: 2,
        levels: LEVELS,
        codebook_size: SIZE,
        frame_rate_hz: 25.0,
        group,
        special_tokens: vec!["sep".into()],
    };
    space
        .add_special_tokens((1..=LEVELS).map(|l| format!("level:{l}")).chain(["task:demo".into()]));
    space
}

pub fn codebooks() -> Vec<Vec<f32>> {
    let value = |l: usize, i: usize| ((i * (2 * l + 3)) as f32).sin() * [4.0, 1.0, 0.5][l];
    (0..LEVELS).map(|l| (0..SIZE * 4).map(|i| value(l, i)).collect()).collect()
}

pub fn build(config: &LmConfig, seed: u64, kernels: Kernels) -> (ParamStore, LanguageModel) {
    build_in(config, seed, (kernels, Precision::F32))
}

pub fn build_in(
    config: &LmConfig,
    seed: u64,
    (kernels, precision): (Kernels, Precision),
) -> (ParamStore, LanguageModel) {
    let store = ParamStore::seeded(seed, &Device::Cpu).with_precision(precision);
    let model =
        LanguageModel::new(config, &space(config.group), codebooks(), &store.root(), kernels)
            .unwrap();
    (store, model)
}

pub fn file(config: &LmConfig) -> LmFile {
    let (store, _) = build(config, 1, Kernels::Fused);
    LmFile {
        config: config.clone(),
        space: space(config.group),
        codebooks: codebooks(),
        tensors: store.tensors(),
        tokenizer: None,
    }
}

/// Latents that no codes stand for.
pub fn latents(frames: usize, phase: f32) -> Latents {
    Latents::new(4, (0..frames * 4).map(|i| (i as f32 * 0.7 + phase).sin()).collect()).unwrap()
}

/// Two sequences of different lengths for each head and level.
pub fn batches(config: &LmConfig) -> Vec<Vec<Sequence>> {
    let (space, alignment) = (space(config.group), config.switches.alignment);
    let with = |first: Segment, response| {
        vec![first, Segment::aligned_text("text", alignment), Segment::prompt("prompt"), response]
    };
    let special_token = || Segment::special_token("task:demo");
    let ar = |head: Head, response: Segment| {
        let stage = Stage::new("ar", head, with(special_token(), response));
        if alignment == Alignment::Durations { stage.timed() } else { stage }
    };
    let first = ar(heads::FirstLevel.into(), Segment::ar_response("response"));
    let order = config.switches.codes.head();
    let response = Segment { name: "response".into(), ..order.response() };
    let history = (order != heads::FirstLevel.into()).then(|| ar(order, response));
    let durations = (alignment == Alignment::Durations).then(|| {
        let response = Segment::duration_response("response");
        Stage::new("durations", heads::Durations, with(special_token(), response))
    });
    let nar = Stage::new(
        "nar",
        heads::FurtherLevels,
        with(Segment::level_token(), Segment::nar_response("response")),
    );
    let spell = Stage::new(
        "spell",
        heads::Text,
        vec![special_token(), Segment::text("text"), Segment::text_response("out")],
    );
    let recognition = Stage::new(
        "hear",
        heads::Phones { per_frame: config.phone_labels },
        vec![special_token(), Segment::prompt("prompt")],
    );
    let clean = Stage::new(
        "clean",
        heads::MaskedLevel,
        vec![
            special_token(),
            Segment::frame_aligned("recording"),
            Segment::masked_response("response"),
        ],
    );
    let contents = |frames: usize| {
        let prompt = (0..frames * LEVELS).map(|i| (i * i % SIZE) as u16).collect();
        let prompt = Codes::new(LEVELS, prompt).unwrap();
        let latents = config.switches.latent_conditioning.then(|| latents(frames, 0.0));
        let recording = Coded { codes: prompt.clone(), latents };
        let text = TextContent { ids: vec![8, 9, 10, 11, 12], aligned: vec![0, 1, 3, 4] };
        Contents::from([
            ("text".into(), Content::Text(text)),
            ("prompt".into(), Content::Codes(prompt)),
            ("recording".into(), Content::Coded(recording)),
        ])
    };
    let codes = |frames: usize| Response::Codes {
        codes: Codes::new(LEVELS, (0..frames * LEVELS).map(|i| (i * 5 % SIZE) as u16).collect())
            .unwrap(),
        pointer: (0..frames).map(|t| (t * 3 / frames) as u32).collect(),
    };
    let pair =
        |stage: &Stage, level: usize, response: &dyn Fn(usize) -> Response| -> Vec<Sequence> {
            [6usize, 9]
                .iter()
                .map(|&n| resolve(stage, &contents(n), Some(&response(n)), level, &space).unwrap())
                .collect()
        };
    let untimed = |frames: usize| match codes(frames) {
        Response::Codes { codes, .. } if config.switches.latent_conditioning => {
            Response::Coded(Coded { latents: Some(latents(frames, 0.5)), codes })
        }
        Response::Codes { codes, .. } => Response::Codes { codes, pointer: Vec::new() },
        other => other,
    };
    // The stages of the configuration's order first, then the stages of any model.
    let stages = history.iter().chain(&durations).chain([&first]);
    let mut out: Vec<Vec<Sequence>> = stages.map(|stage| pair(stage, 0, &codes)).collect();
    out.extend((1..LEVELS).map(|l| pair(&nar, l, &codes)));
    // Frame-aligned conditioning does not fit grouped codes.
    out.extend((config.group == 1).then(|| pair(&clean, 0, &untimed)));
    out.push(pair(&spell, 0, &|n| Response::Text((0..n as u32).map(|i| 8 + i % 16).collect())));
    out.push(pair(&recognition, 0, &|n| {
        Response::Phones((0..n * config.phone_labels).map(|i| (i % 10) as u32).collect())
    }));
    out
}

pub fn variants() -> Vec<LmConfig> {
    use syrinx_model::Tables::{Codebook, Free};
    let mut out = Vec::new();
    for alignment in [Alignment::Pointer, Alignment::None] {
        for tables in [Codebook, Free] {
            for group in [1, 2] {
                out.push(LmConfig { switches: alignment.into(), tables, group, ..config() });
            }
        }
    }
    for tables in [Codebook, Free] {
        let switches = ModelSwitches { latent_conditioning: true, ..ModelSwitches::default() };
        out.push(LmConfig { tables, switches, ..config() });
    }
    use CodeOrder::{ArNar, Delay, Interleaved, Latent, Masked};
    for tables in [Codebook, Free] {
        for codes in [Delay, Interleaved, Latent] {
            for alignment in [Alignment::Pointer, Alignment::None] {
                let switches = ModelSwitches { alignment, codes, ..ModelSwitches::default() };
                out.push(LmConfig { switches, tables, ..config() });
            }
        }
    }
    for codes in [ArNar, Delay, Interleaved, Masked, Latent] {
        let switches = ModelSwitches { codes, ..Alignment::Durations.into() };
        out.push(LmConfig { switches, ..config() });
    }
    out
}
