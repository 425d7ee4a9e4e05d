//! A loaded model with its tasks.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use candle_core::Device;
use serde::Serialize;
use serde_json::Value;
use syrinx_codec::{Codec, CodecInfo, EmbeddedCodec};
use syrinx_decode::{DecodeConfig, generate};
use syrinx_model::{LanguageModel, LmConfig, LmFile};
use syrinx_nn::{Kernels, Precision};
use syrinx_registry::ALL;
use syrinx_task::{
    AnswerKind, Answered, DynTask, Generated, Plan, Studio, TaskDescriptor, TaskKit, TokenSpace,
};
use syrinx_text::{Frontend, Lexicon, TextVocab};
use syrinx_types::{Audio, CancelToken, Codes, EventSink, Fnv1a};

use crate::adapters::with_adapter;
use crate::format::split;
use crate::hearing::Hearing;
use crate::pronounce::ModelPronounce;
use crate::studio::EngineStudio;
use crate::{EngineError, Voices, rerank};

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelSource {
    /// Compiled into the program.
    Bytes(&'static [u8]),
    /// A file made by [`crate::package`].
    File(PathBuf),
}

/// How a model is loaded.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// What the layers run on.
    pub kernels: Kernels,
    /// Where they run. The codec always runs on the CPU.
    pub device: Device,
    /// What the language model computes in.
    pub precision: Precision,
    /// Folder of the user's voices.
    pub voices_dir: Option<PathBuf>,
    /// A file of the user's pronunciations.
    pub lexicon_path: Option<PathBuf>,
    /// An adapter to the language model.
    pub adapter: Option<PathBuf>,
    /// Settings of tasks by their identifiers; defaults for those not named.
    pub task_settings: BTreeMap<String, Value>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            kernels: Kernels::default(),
            device: Device::Cpu,
            precision: Precision::default(),
            voices_dir: None,
            lexicon_path: None,
            adapter: None,
            task_settings: BTreeMap::new(),
        }
    }
}

/// How one request is answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunOptions {
    /// Sampling and what goes with it.
    pub decode: DecodeConfig,
    /// Seed of everything random.
    pub seed: u64,
    /// Recordings in memory; a request names them `mem:NAME`.
    pub attachments: BTreeMap<String, Audio>,
}

/// A codec, for telling whose codes are whose.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CodecId {
    /// Changes whenever codes would mean something else.
    pub fingerprint: String,
    /// What its codes look like.
    pub info: CodecInfo,
}

impl CodecId {
    pub(crate) fn of(codec: &dyn Codec) -> Self {
        Self { fingerprint: codec.fingerprint(), info: codec.info() }
    }
}

/// What is known of a task of this model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskInfo {
    /// Its identifier.
    pub id: String,
    /// Learned vectors that it needs and the model lacks; it can be run if there are none.
    pub missing_marks: Vec<String>,
}

/// What is known of a loaded model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Info {
    /// The file, or `embedded`.
    pub file: String,
    /// Numbers in the language model.
    pub parameters: usize,
    /// Sizes and switches of the language model.
    pub lm: LmConfig,
    /// The codec.
    pub codec: CodecId,
    /// The tasks.
    pub tasks: Vec<TaskInfo>,
    /// Voices, the default first.
    pub voices: Vec<String>,
    /// The model card that came with it.
    pub card: Value,
}

/// A task on this model.
pub(crate) struct Running {
    pub(crate) descriptor: &'static TaskDescriptor,
    pub(crate) task: Arc<dyn DynTask>,
    pub(crate) missing_marks: Vec<String>,
}

/// A loaded model that answers requests. Safe to share between threads.
pub struct Engine {
    file: String,
    pub(crate) model: Arc<LanguageModel>,
    pub(crate) studio: Arc<EngineStudio>,
    pub(crate) kit: TaskKit,
    pub(crate) tasks: Vec<Running>,
    codec: CodecId,
    parameters: usize,
    fingerprint: String,
    card: Value,
}

impl Engine {
    /// Loads a model and builds every task of the registry on it.
    ///
    /// # Errors
    /// [`EngineError::OpenModel`], [`EngineError::ModelFile`], [`EngineError::Part`] or [`EngineError::Mismatch`] for
    /// a file that can't be used; those of a broken lexicon or broken task settings.
    pub fn open(source: &ModelSource, options: &EngineOptions) -> Result<Self, EngineError> {
        let (file, bytes) = read(source)?;
        let parts = split(&bytes, &file)?;
        let mut fingerprint = hash(&bytes);
        drop(bytes);
        let part = |part, source| EngineError::Part { file: file.clone(), part, source };
        let codec = EmbeddedCodec::from_bytes(&parts.codec).map_err(|e| part("codec", e.into()))?;
        let mut lm = LmFile::from_bytes(&parts.lm).map_err(|e| part("language model", e.into()))?;
        if let Some(path) = &options.adapter {
            lm = with_adapter(&lm, path)?;
            fingerprint = hash(format!("{fingerprint}{}", lm_fingerprint(&lm, &file)?).as_bytes());
        }
        let vocab = TextVocab::english()?;
        let id = CodecId::of(&codec);
        check_fit(&lm.space, &lm.codebooks, &codec, &vocab)
            .map_err(|reason| EngineError::Mismatch { file: file.clone(), reason })?;
        for (voice, codes) in &parts.voices {
            codes.check(id.info.codebook_size).map_err(|e| EngineError::Mismatch {
                file: file.clone(),
                reason: format!("voice `{}`: {e}", voice.name),
            })?;
        }
        let parameters = lm.tensors.values().map(|t| t.elem_count()).sum();
        let place = (&options.device, options.precision);
        let model = LanguageModel::load_in(&lm, place, options.kernels)
            .map_err(|e| part("language model", e.into()))?;
        drop(lm);
        let model = Arc::new(model);
        let voices = Voices::new(parts.voices, options.voices_dir.clone(), id.clone());
        let studio = Arc::new(EngineStudio::new(Box::new(codec), voices));
        let (kit, tasks) = build_tasks(&model, &studio, vocab, options)?;
        studio.listen_with(Hearing::of(&model, &tasks));
        Ok(Self {
            file,
            model,
            studio,
            kit,
            tasks,
            codec: id,
            parameters,
            fingerprint,
            card: parts.card,
        })
    }

    /// Answers a request.
    ///
    /// # Errors
    /// [`EngineError::UnknownTask`], [`EngineError::NotTrained`], what the task says about the request, and
    /// [`EngineError::Cancelled`].
    pub fn run(
        &self,
        task: &str,
        request: &Value,
        options: &RunOptions,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<Answered, EngineError> {
        let running = self.running(task)?;
        let attached = self.studio.attach(&options.attachments);
        let request = attached.renamed(request);
        let plan = running.task.plan(&request)?;
        let generated = self.generate(running, &plan, options, cancel, sink)?;
        Ok(running.task.finish(&request, generated)?)
    }

    /// What comes out of a plan: the best of several where the settings ask for it and the task makes speech.
    pub(crate) fn generate(
        &self,
        running: &Running,
        plan: &Plan,
        options: &RunOptions,
        cancel: &CancelToken,
        sink: &dyn EventSink,
    ) -> Result<Vec<Generated>, EngineError> {
        if cancel.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        if plan.rows.is_empty() {
            return Ok(Vec::new());
        }
        if running.descriptor.answer == AnswerKind::Speech && options.decode.best_of > 1 {
            return rerank::best_of(self, running, plan, options, cancel, sink);
        }
        let layout = running.task.layout();
        Ok(generate(&self.model, &layout, plan, (&options.decode, options.seed), (cancel, sink))?)
    }

    /// The task of this identifier, if the model knows it.
    pub(crate) fn running(&self, id: &str) -> Result<&Running, EngineError> {
        let Some(running) = self.tasks.iter().find(|t| t.descriptor.id == id) else {
            return Err(EngineError::UnknownTask { id: id.into(), known: known_tasks() });
        };
        if running.missing_marks.is_empty() {
            return Ok(running);
        }
        Err(EngineError::NotTrained {
            file: self.file.clone(),
            task: id.into(),
            marks: running.missing_marks.join(", "),
        })
    }

    /// A task as the registry erased it.
    ///
    /// # Errors
    /// [`EngineError::UnknownTask`].
    pub fn task(&self, id: &str) -> Result<&dyn DynTask, EngineError> {
        let running = self.tasks.iter().find(|t| t.descriptor.id == id);
        running
            .map(|r| r.task.as_ref())
            .ok_or_else(|| EngineError::UnknownTask { id: id.into(), known: known_tasks() })
    }

    /// The voices.
    pub fn voices(&self) -> &Voices {
        self.studio.named()
    }

    /// The codec.
    pub fn codec(&self) -> &dyn Codec {
        self.studio.codec()
    }

    /// The codec's identity.
    pub fn codec_id(&self) -> &CodecId {
        &self.codec
    }

    /// Tells model files apart: 16 hexadecimal digits that change with any byte of the file. No signature.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The network, for those who look inside.
    pub fn model(&self) -> &LanguageModel {
        &self.model
    }

    /// Text to phones, with the model's own reading of unknown words.
    pub fn frontend(&self) -> &Frontend {
        &self.kit.frontend
    }

    /// A recording at the codec's rate: a file, or `-` for standard input.
    ///
    /// # Errors
    /// [`EngineError::Task`] with what is wrong with the file.
    pub fn load(&self, source: &str) -> Result<Audio, EngineError> {
        Ok(self.studio.audio(&source.to_owned().into())?)
    }

    /// Codes of a recording at the codec's rate.
    ///
    /// # Errors
    /// [`EngineError::Task`] with what the codec says.
    pub fn encode(&self, audio: &Audio) -> Result<Codes, EngineError> {
        Ok(self.studio.encode(audio)?)
    }

    /// What is known of the model.
    pub fn info(&self) -> Info {
        let task = |t: &Running| TaskInfo {
            id: t.descriptor.id.into(),
            missing_marks: t.missing_marks.clone(),
        };
        Info {
            file: self.file.clone(),
            parameters: self.parameters,
            lm: self.model.config().clone(),
            codec: self.codec.clone(),
            tasks: self.tasks.iter().map(task).collect(),
            voices: self.voices().names(),
            card: self.card.clone(),
        }
    }
}

fn lm_fingerprint(lm: &LmFile, file: &str) -> Result<String, EngineError> {
    lm.fingerprint().map_err(|e| EngineError::Part {
        file: file.into(),
        part: "language model",
        source: e.into(),
    })
}

fn known_tasks() -> String {
    ALL.iter().map(|d| d.id).collect::<Vec<_>>().join(", ")
}

/// A model's name and bytes.
pub(crate) fn read(
    source: &ModelSource,
) -> Result<(String, std::borrow::Cow<'static, [u8]>), EngineError> {
    match source {
        ModelSource::Bytes(bytes) => Ok(("embedded".into(), (*bytes).into())),
        ModelSource::File(path) => {
            let file = path.display().to_string();
            let bytes = std::fs::read(path)
                .map_err(|source| EngineError::OpenModel { file: file.clone(), source })?;
            Ok((file, bytes.into()))
        }
    }
}

/// FNV-1a over words of eight bytes.
fn hash(bytes: &[u8]) -> String {
    let words = bytes.chunks(8).map(|chunk| {
        let mut word = [0u8; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    });
    let hash = words.fold(Fnv1a::default(), Fnv1a::word).value();
    format!("{:016x}", hash ^ bytes.len() as u64)
}

/// Whether a language model was made for this codec and this vocabulary; if not, why.
pub(crate) fn check_fit(
    space: &TokenSpace,
    codebooks: &[Vec<f32>],
    codec: &dyn Codec,
    vocab: &TextVocab,
) -> Result<(), String> {
    let info = codec.info();
    if (space.levels, space.codebook_size) != (info.levels, info.codebook_size) {
        return Err(format!(
            "the language model writes {} levels of {} codes, the codec has {} of {}",
            space.levels, space.codebook_size, info.levels, info.codebook_size
        ));
    }
    let phones = vocab.phones_range();
    if (space.text_tokens, space.first_phone, space.phones)
        != (vocab.len(), phones.start, phones.len())
    {
        return Err(format!(
            "the language model knows {} text tokens and {} phones, this program has {} and {}",
            space.text_tokens,
            space.phones,
            vocab.len(),
            phones.len()
        ));
    }
    for (level, book) in codebooks.iter().enumerate() {
        // Both are stored as f16, so they are equal unless they were fitted apart.
        let theirs = codec.codebook(level);
        let differs = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-2 * b.abs().max(0.1);
        if book.len() != theirs.len() || book.iter().zip(theirs).any(differs) {
            return Err(format!(
                "the language model was trained on another codec (codebook {} differs)",
                level + 1
            ));
        }
    }
    Ok(())
}

/// All tasks of the registry. Those that write phones come first: the others read unknown words by the first of them.
fn build_tasks(
    model: &Arc<LanguageModel>,
    studio: &Arc<EngineStudio>,
    vocab: TextVocab,
    options: &EngineOptions,
) -> Result<(TaskKit, Vec<Running>), EngineError> {
    if let Some(id) = options.task_settings.keys().find(|id| !ALL.iter().any(|d| d.id == *id)) {
        return Err(EngineError::UnknownTaskSettings { id: id.clone(), known: known_tasks() });
    }
    let mut lexicon = Lexicon::english()?;
    if let Some(path) = &options.lexicon_path {
        lexicon = lexicon.with_user_file(path)?;
    }
    let mut kit = TaskKit {
        vocab: Arc::new(vocab),
        frontend: Arc::new(Frontend::new(lexicon)),
        studio: Some(Arc::clone(studio) as Arc<dyn Studio>),
        alignment: model.config().alignment,
        text: model.config().text,
        codes: model.config().codes,
        latents: model.config().latents_heard,
    };
    let build = |descriptor: &'static TaskDescriptor, kit: &TaskKit| -> Result<_, EngineError> {
        let settings = options.task_settings.get(descriptor.id).cloned().unwrap_or_default();
        let task: Arc<dyn DynTask> = (descriptor.build)(settings, kit)?.into();
        let marks = task.layout().marks();
        let mut missing: Vec<_> =
            marks.into_iter().filter(|m| model.space().mark(m).is_none()).collect();
        missing.sort();
        missing.dedup();
        Ok(Running { descriptor, task, missing_marks: missing })
    };
    let (first, then): (Vec<_>, Vec<_>) =
        ALL.iter().copied().partition(|d| d.answer == AnswerKind::Phones);
    let mut tasks: Vec<Running> =
        first.into_iter().map(|d| build(d, &kit)).collect::<Result<_, _>>()?;
    if let Some(reader) = tasks.iter().find(|t| t.missing_marks.is_empty()) {
        let pronounce = ModelPronounce::new(Arc::clone(model), reader);
        let frontend = kit.frontend.as_ref().clone().with_pronounce(Arc::new(pronounce));
        kit.frontend = Arc::new(frontend);
    }
    for descriptor in then {
        tasks.push(build(descriptor, &kit)?);
    }
    tasks.sort_by_key(|t| ALL.iter().position(|d| d.id == t.descriptor.id));
    Ok((kit, tasks))
}
