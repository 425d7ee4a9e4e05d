//! Conformance suite: requirements on every task.

use std::collections::BTreeSet;
use std::fmt::Display;

use candle_core::Tensor;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use syrinx_decode::{DecodeConfig, generate};
use syrinx_model::{LmConfig, output_parameters};
use syrinx_nn::{AdamW, AdamWConfig};
use syrinx_task::{
    Context, DynTask, ModelSwitches, NONE, Position, Sequence, SpeechCodec, Stage, TaskDescriptor,
    TokenSpace, resolve,
};
use syrinx_types::{CancelToken, RunContext, Sample};

use crate::request::request_of;
use crate::services::{ToneCodec, services};
use crate::speech::{SpeechSpec, kit, sample};
use crate::tiny::{Tiny, tiny_codebooks, tiny_config, tiny_space};

/// Text of the examples.
const TEXT: &str = "Oh, no: blorf!";

/// Steps in which a tiny model has to learn one example of a stage.
const STEPS: usize = 20;
const LEARNING_RATE: f64 = 1e-2;

/// The share of its first loss that it has to come below.
const FALLS_TO: f64 = 0.8;

/// Observations of the suite, for snapshots.
#[derive(Debug, Clone, PartialEq)]
pub struct Conformance {
    /// The layout as a table.
    pub layout: String,
    /// Schemas of settings, request and answer.
    pub schemas: [Value; 3],
    /// Losses before and after.
    pub losses: Vec<StageLoss>,
    /// Names of the trainable parameters that a gradient reached in any stage.
    pub reached: BTreeSet<String>,
    /// Names of all trainable parameters of the model.
    pub parameters: BTreeSet<String>,
    /// The answer of an untrained model.
    pub answer: Value,
}

/// The loss of a stage on one example.
#[derive(Debug, Clone, PartialEq)]
pub struct StageLoss {
    /// Stage, and the level for further levels (from 2).
    pub stage: String,
    /// Before the first step.
    pub first: f64,
    /// After the last.
    pub last: f64,
}

/// One task under test.
struct TestedTask {
    task: Box<dyn DynTask>,
    space: TokenSpace,
    tiny: Tiny,
    sample: Sample,
}

/// Checks a task: settings come back from JSON as they were, unknown settings are refused; every stage of the layout is
/// sound, has an example that fits it, is learned by a tiny model, and sends gradients to every part of the model that
/// it uses; a request gives the same plan every time, which fits the layout; the same seed gives the same tokens, which
/// finish to an answer.
///
/// # Errors
/// The first thing that doesn't hold, in words.
pub fn check_task(
    descriptor: &TaskDescriptor,
    switches: impl Into<ModelSwitches>,
) -> Result<Conformance, String> {
    let config = &tiny_config(switches);
    let subject = TestedTask::new(descriptor, config)?;
    let layout = subject.task.layout();
    if layout.task != descriptor.id {
        return Err(format!("its layout is called `{}`", layout.task));
    }
    let answer = subject.check_answer(descriptor)?;
    let (mut losses, mut reached) = (Vec::new(), BTreeSet::new());
    for stage in &layout.stages {
        stage.check().map_err(said(&stage.name))?;
        let levels = match stage.head.is_of_one_level() {
            true => 1..subject.space.levels,
            false => 0..1,
        };
        for level in levels {
            losses.push(subject.check_learning(stage, level, &mut reached)?);
        }
    }
    let schema = |schema: fn() -> schemars::Schema| schema().to_value();
    Ok(Conformance {
        layout: layout.table(),
        schemas: [
            schema(descriptor.config_schema),
            schema(descriptor.request_schema),
            schema(descriptor.answer_schema),
        ],
        losses,
        reached,
        parameters: subject.tiny.params.vars().into_keys().collect(),
        answer,
    })
}

/// Returns a function that prefixes an error with its subject.
fn said<E: Display>(about: &str) -> impl Fn(E) -> String {
    move |error| format!("{about}: {error}")
}

impl TestedTask {
    fn new(descriptor: &TaskDescriptor, model: &LmConfig) -> Result<Self, String> {
        let kit = kit(model.switches).map_err(said("the front end"))?;
        let config = (descriptor.default_config)();
        let build = |config: Value| (descriptor.build)(config, &kit);
        let task = build(config.clone()).map_err(said("its default settings"))?;
        let absent = build(Value::Null).map_err(said("no settings"))?;
        if absent.layout() != task.layout() {
            return Err("its default settings don't survive JSON".into());
        }
        let mut unknown = config;
        unknown["no_such_setting"] = Value::Bool(true);
        if build(unknown).is_ok() {
            return Err("it takes settings that it doesn't know".into());
        }
        let renditions = descriptor.simulation.iter().flat_map(|s| s.renditions());
        let renditions = renditions.map(|rendition| rendition.name.to_owned()).collect();
        let spec = SpeechSpec { renditions, ..SpeechSpec::default() };
        let codec = ToneCodec::default();
        let space = tiny_space(&kit, &codec, task.layout().special_tokens());
        let tiny = Tiny::new(model, &space, tiny_codebooks(&codec, 1), 1)
            .map_err(said("the tiny model"))?;
        let sample = sample(&kit, &codec, TEXT, &spec, 1).map_err(said("the sample"))?;
        Ok(Self { task, space, tiny, sample })
    }

    /// From a request to an answer, with an untrained model.
    fn check_answer(&self, descriptor: &TaskDescriptor) -> Result<Value, String> {
        let services = services();
        let cancel = CancelToken::default();
        let run = RunContext::quiet(&cancel).with_seed(7);
        let context = Context { services: &services, run };
        let voices = context.voice_names();
        let request = request_of(descriptor, TEXT, None, &voices, &ToneCodec::default().tone());
        let planned = || {
            let request = self.task.whole(&request).map_err(said("its request"))?;
            request.plan(&context).map_err(said("its plan"))
        };
        let (first, second) = (planned()?, planned()?);
        if first.plan() != second.plan() {
            return Err("its plan isn't the same every time".into());
        }
        let layout = self.task.layout();
        for stage in first.plan().rows.iter().flat_map(|row| &row.stages) {
            if layout.stage(&stage.stage).is_none() || stage.limit == 0 {
                return Err(format!("stage `{}` of its plan can't be run", stage.stage));
            }
        }
        let config = DecodeConfig::default();
        let generate = || {
            generate(&self.tiny.model, &layout, first.plan(), &config, run)
                .map_err(said("generation"))
        };
        let generated = generate()?;
        if generate()? != generated {
            return Err("the same seed gives other tokens".into());
        }
        let chunks = self.task.chunks(&request, &context).map_err(said("its chunks"))?;
        if chunks.chunks.is_empty() {
            return Err("a request has no chunk".into());
        }
        // Only a task without rows can answer without generated rows.
        if !first.plan().rows.is_empty() && second.finish(Vec::new(), &context).is_ok() {
            return Err("it answers out of nothing".into());
        }
        let answered = first.finish(generated, &context).map_err(said("its answer"))?;
        let rate_hz = ToneCodec::default().frame_rate_hz();
        for (name, audio) in answered.recordings() {
            if audio.seconds() * rate_hz < 1.0 {
                return Err(format!("recording `{name}` of its answer is empty"));
            }
        }
        let json = answered.json();
        let mut twice = answered.clone();
        twice.merge(answered, 10.0).map_err(said("merging its answer with itself"))?;
        if twice.json().as_object().is_none() {
            return Err("its answer is no JSON object".into());
        }
        Ok(json)
    }

    /// Returns the sequence of a stage's example.
    fn sequence(&self, stage: &Stage, level: usize) -> Result<Sequence, String> {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let example = match stage.from_corpus {
            true => self.task.corpus_example(&stage.name, &self.sample, &mut rng),
            false => self.task.own_example(&stage.name, &mut rng),
        };
        let example = example
            .map_err(said(&stage.name))?
            .ok_or_else(|| format!("{}: it has no example of a sound utterance", stage.name))?;
        let response = Some(&example.response);
        resolve(stage, &example.contents, response, level, &self.space).map_err(said(&stage.name))
    }

    /// Returns a tiny model of its own learns one example.
    fn check_learning(
        &self,
        stage: &Stage,
        level: usize,
        reached: &mut BTreeSet<String>,
    ) -> Result<StageLoss, String> {
        let fault = |e: &dyn Display| format!("{}: {e}", stage.name);
        let mut sequence = self.sequence(stage, level)?;
        // In training some frames of a masked response are shown; a response with frame-aligned conditioning is decided
        // in one pass.
        if sequence.frame_aligned.is_none() {
            stage.head.show(&mut sequence, 0, &self.space);
        }
        let used = used(&sequence, &self.space);
        let sequences = [sequence];
        let config = self.tiny.model.config().clone();
        let tiny = Tiny::new(&config, &self.space, self.tiny.codebooks.clone(), 2)
            .map_err(|e| fault(&e))?;
        let vars = tiny.params.vars();
        let options = AdamWConfig { ema_decay: 0.0, ..AdamWConfig::default() };
        let mut optimizer = AdamW::new(vars.clone(), options).map_err(|e| fault(&e))?;
        let mut losses = Vec::with_capacity(STEPS + 1);
        for step in 0..=STEPS {
            let loss = tiny.model.losses(&sequences).map_err(|e| fault(&e))?;
            let loss = loss.total().map_err(|e| fault(&e))?;
            losses.push(f64::from(loss.to_scalar::<f32>().map_err(|e| fault(&e))?));
            let gradients = loss.backward().map_err(|e| fault(&e))?;
            if step == 0 {
                for (name, var) in &vars {
                    let is_reached = gradients.get(var).is_some_and(|g| moves(g).unwrap_or(false));
                    let is_used = used.iter().any(|prefix| name.starts_with(prefix));
                    match (is_used, is_reached) {
                        (true, false) => {
                            return Err(fault(&format!("no gradient reaches `{name}`")));
                        }
                        (false, true) => {
                            let message = format!("a gradient reaches `{name}`, which it ignores");
                            return Err(fault(&message));
                        }
                        (true, true) => {
                            reached.insert(name.clone());
                        }
                        (false, false) => {}
                    }
                }
            }
            optimizer.step(&gradients, LEARNING_RATE).map_err(|e| fault(&e))?;
        }
        let (first, last) = (losses[0], losses[STEPS]);
        if last.is_nan() || last >= FALLS_TO * first {
            return Err(fault(&format!("the loss goes from {first:.3} to {last:.3}")));
        }
        let level = if level > 0 { format!(".{}", level + 1) } else { String::new() };
        Ok(StageLoss { stage: format!("{}{level}", stage.name), first, last })
    }
}

/// Returns the prefixes of the names of all parameters that a sequence computes with: the trunk, and what its positions
/// and targets need.
fn used(sequence: &Sequence, space: &TokenSpace) -> Vec<String> {
    let mut used: Vec<String> = vec!["trunk.".into()];
    let mut uses = |name: &str, any: bool| used.extend(any.then(|| name.to_owned()));
    let any = |has: fn(&Position) -> bool| sequence.positions.iter().any(has);
    uses("special_tokens", any(|p| p.special_token != NONE));
    uses("text", any(|p| p.text != NONE));
    uses("durations", any(|p| p.duration != NONE));
    uses("latents.", any(|p| p.latent.is_some()));
    uses("conditioning.input.", any(|p| p.conditioning.is_some()));
    uses("given_latents.", any(|p| p.given_latent.is_some()));
    uses("encoder.", any(|p| p.here != NONE));
    let (rows, first_nar) = (space.table_rows() as u32, space.levels + space.group);
    for (_, row) in sequence.positions.iter().flat_map(Position::weighted_codes) {
        let (table, code) = ((row / rows) as usize, row % rows);
        // The code of an empty history has no entry in the codec's codebooks.
        let entry = code != u32::from(space.no_code());
        uses("codes.prompt.", table < space.levels);
        uses("codes.ar.", (space.levels..first_nar).contains(&table) && entry);
        uses("codes.ar_free", (space.levels..first_nar).contains(&table));
        uses("codes.nar.", table >= first_nar && entry);
    }
    used.extend(sequence.targets.iter().flat_map(|target| output_parameters(target.output)));
    used
}

/// Whether a gradient is finite and not zero throughout.
fn moves(gradient: &Tensor) -> candle_core::Result<bool> {
    let size = gradient.abs()?.sum_all()?.to_scalar::<f32>()?;
    Ok(size.is_finite() && size > 0.0)
}
