//! A loaded model with its tasks.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use candle_core::Device;
use serde::Serialize;
use serde_json::Value;
use syrinx_codec::Codec;
use syrinx_decode::{DecodeConfig, FrameWindow, generate, generate_streaming};
use syrinx_model::{LanguageModel, LmConfig, LmFile};
use syrinx_nn::{Kernels, Precision};
use syrinx_task::{
    AnswerKind, Answered, Clip, Context, DynPlan, DynRequest, DynTask, Generated, Plan, Recognizer,
    Request, Services, TaskDescriptor, TaskKit,
};
use syrinx_text::Frontend;
use syrinx_types::{Audio, Codes, Event, Fingerprint, FirstSound, RunContext, WordTime};

use crate::adapters::with_adapter;
use crate::codec_part::codec_of_part;
use crate::fault::PartsMismatch;
use crate::format::split;
use crate::loading::{build_tasks, check_fit, lm_fingerprint, read, vocab_of};
use crate::running::LoadedTask;
use crate::voice_adapters::VoiceAdapters;
use crate::{CodecId, EngineError, PromptConfig, VoiceTable, rerank, services};

/// Origin of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelSource {
    /// Compiled into the program.
    Bytes(&'static [u8]),
    /// A file made by [`crate::package`].
    File(PathBuf),
    /// Content of such a file, in memory.
    Memory(std::sync::Arc<[u8]>),
}

/// Options of loading a model.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Kernels of the layers.
    pub kernels: Kernels,
    /// Device of the language model. The codec always runs on the CPU.
    pub device: Device,
    /// Precision of the language model.
    pub precision: Precision,
    /// Folder of the user's voices.
    pub voices_dir: Option<PathBuf>,
    /// A file of the user's pronunciations.
    pub lexicon_path: Option<PathBuf>,
    /// An adapter to the language model.
    pub adapter: Option<PathBuf>,
    /// The codec, for models that refer to one.
    pub codec: Option<syrinx_pretrained::CodecSpec>,
    /// Whether requests may name files and standard input. A server turns it off: recordings are attached then.
    pub read_files: bool,
    /// Tasks to build on the model; those of the registry by default. A task of another crate is added to them.
    pub tasks: Vec<&'static TaskDescriptor>,
    /// Settings of tasks by their identifiers; defaults for those not named.
    pub task_settings: BTreeMap<String, Value>,
    /// Selection of a voice's prompt from a recording, kept or in a request.
    pub prompt: PromptConfig,
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
            codec: None,
            read_files: true,
            tasks: syrinx_registry::ALL.to_vec(),
            task_settings: BTreeMap::new(),
            prompt: PromptConfig::default(),
        }
    }
}

/// Facts about a task of this model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskInfo {
    /// Identifier of the task.
    pub id: String,
    /// Special tokens of the task that the model lacks; the task runs if there are none.
    pub missing_special_tokens: Vec<String>,
}

/// Facts about a loaded model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Info {
    /// The file, or `embedded`.
    pub file: String,
    /// Number of parameters of the language model.
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

/// A loaded model that answers requests. Safe to share between threads.
pub struct Engine {
    file: String,
    pub(crate) model: Arc<LanguageModel>,
    pub(crate) services: Services,
    /// Whether [`Self::with_recognizer`] replaced the model's recognizer.
    pub(crate) has_other_recognizer: bool,
    neural_codec: Arc<dyn Codec>,
    voices: Arc<VoiceTable>,
    pub(crate) kit: TaskKit,
    pub(crate) tasks: Vec<LoadedTask>,
    codec: CodecId,
    parameters: usize,
    fingerprint: String,
    card: Value,
    /// Adapters of voices; none in an engine that is adapted to a voice.
    pub(crate) voice_adapters: Option<VoiceAdapters>,
    /// Streamed requests that have no samples yet.
    pub(crate) first_sound: Arc<FirstSound>,
}

/// A receiver of samples and of words that became certain, while they are generated.
type SoundSink<'a> = dyn FnMut(&[f32], &[WordTime]) + 'a;

impl Engine {
    /// Loads a model and builds the tasks of the options on it.
    ///
    /// # Errors
    /// [`EngineError::OpenModel`], [`EngineError::ModelFile`], [`EngineError::Part`] or [`EngineError::Mismatch`] for
    /// a file that can't be used; those of a broken lexicon or broken task settings.
    pub fn open(source: &ModelSource, options: &EngineOptions) -> Result<Self, EngineError> {
        let (file, bytes) = read(source)?;
        let parts = split(&bytes, &file)?;
        let ((lm, codec), (fingerprint, ())) = rayon::join(
            || {
                rayon::join(
                    || LmFile::from_bytes(&parts.lm),
                    || codec_of_part(&parts.codec, &file, options.codec.as_ref()),
                )
            },
            || rayon::join(|| Fingerprint::default().bytes(&bytes).hex(), syrinx_text::preload),
        );
        drop(bytes);
        let (codec, mut fingerprint) = (codec?, fingerprint);
        let mut lm = lm.map_err(EngineError::language_model(&file))?;
        if let Some(path) = &options.adapter {
            lm = with_adapter(&lm, path)?;
            fingerprint = Fingerprint::default()
                .part(fingerprint.as_bytes())
                .part(lm_fingerprint(&lm, &file)?.as_bytes())
                .hex();
        }
        let vocab = vocab_of(&lm, &file)?;
        let id = CodecId::of(codec.as_ref());
        check_fit(&lm, codec.as_ref(), &vocab)
            .map_err(|fault| EngineError::Mismatch { file: file.clone(), fault })?;
        for (voice, codes) in &parts.voices {
            codes.check(id.info.codebook_size).map_err(|cause| EngineError::Mismatch {
                file: file.clone(),
                fault: PartsMismatch::Voice { name: voice.name.clone(), cause },
            })?;
        }
        let parameters = lm.tensors.values().map(|t| t.elem_count()).sum();
        let EngineOptions { device, precision, kernels, .. } = &options;
        let model = LanguageModel::load_in(&lm, device, *precision, *kernels)
            .map_err(EngineError::language_model(&file))?;
        drop(lm);
        let model = Arc::new(model);
        let (voices_dir, prompt) = (options.voices_dir.clone(), options.prompt.clone());
        let voices = VoiceTable::new(parts.voices, voices_dir, id.clone(), prompt);
        let (neural_codec, voices) = (Arc::<dyn Codec>::from(codec), Arc::new(voices));
        let basic = services::basic(&neural_codec, &voices, options.read_files);
        let (kit, tasks) = build_tasks(&model, &basic, vocab, options)?;
        let services = services::with_tasks(basic, &model, &tasks);
        Ok(Self {
            file,
            model,
            services,
            has_other_recognizer: false,
            neural_codec,
            voices,
            kit,
            tasks,
            codec: id,
            parameters,
            fingerprint,
            card: parts.card,
            voice_adapters: Some(VoiceAdapters::new(source, options)),
            first_sound: Arc::default(),
        })
    }

    /// Returns the engine with another language model of the same configuration; the recognizer stays the same.
    pub(crate) fn with_model(&self, model: Arc<LanguageModel>, fingerprint: String) -> Self {
        Self {
            file: self.file.clone(),
            model,
            services: self.services.clone(),
            has_other_recognizer: self.has_other_recognizer,
            neural_codec: Arc::clone(&self.neural_codec),
            voices: Arc::clone(&self.voices),
            kit: self.kit.clone(),
            tasks: self.tasks.clone(),
            codec: self.codec.clone(),
            parameters: self.parameters,
            fingerprint,
            card: self.card.clone(),
            voice_adapters: None,
            first_sound: Arc::clone(&self.first_sound),
        }
    }

    /// Returns the name of the model's file, or `embedded`.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// Answers a request.
    ///
    /// # Errors
    /// [`EngineError::UnknownTask`], [`EngineError::NotTrained`], errors of the task about the request, and
    /// [`EngineError::Cancelled`].
    pub fn run(
        &self,
        task: &str,
        request: &Request,
        decode: &DecodeConfig,
        run: RunContext<'_>,
    ) -> Result<Answered, EngineError> {
        if let Some(adapted) = self.adapted_for(task, request)? {
            return adapted.run(task, request, decode, run);
        }
        let running = self.running(task)?;
        warn_of_symbols(running, request, run);
        self.answer(running, running.task.whole(request)?, decode, run)
    }

    /// Answers a request that is bound to its task.
    pub(crate) fn answer(
        &self,
        running: &LoadedTask,
        request: Box<dyn DynRequest<'_> + '_>,
        decode: &DecodeConfig,
        run: RunContext<'_>,
    ) -> Result<Answered, EngineError> {
        self.answer_sounding(running, request, decode, run, None)
    }

    /// Answers a request as [`Self::answer`] does. `sound` receives the samples of the first row while it is generated;
    /// they are the first ones of the answer's recording. A request without `sound` waits for those that have no samples
    /// yet.
    pub(crate) fn answer_sounding(
        &self,
        running: &LoadedTask,
        request: Box<dyn DynRequest + '_>,
        decode: &DecodeConfig,
        run: RunContext<'_>,
        sound: Option<&mut SoundSink<'_>>,
    ) -> Result<Answered, EngineError> {
        let run = if sound.is_none() { run.giving_way(&self.first_sound) } else { run };
        let context = Context { services: &self.services, run };
        context.check()?;
        let planned = request.plan(&context)?;
        let generated = match sound {
            Some(sound) if decode.best_of <= 1 => {
                self.generate_sounding(running, planned.as_ref(), decode, &context, sound)?
            }
            _ => self.generate(running, planned.plan(), decode, run)?,
        };
        run.give_way();
        Ok(planned.finish(generated, &context)?)
    }

    /// Generates a plan. `sound` receives samples and words of its first row window by window.
    fn generate_sounding(
        &self,
        running: &LoadedTask,
        planned: &dyn DynPlan,
        decode: &DecodeConfig,
        context: &Context<'_>,
        sound: &mut SoundSink<'_>,
    ) -> Result<Vec<Generated>, EngineError> {
        let mut stream = self.codec().decode_stream();
        let mut failure = None;
        let mut known_words = 0;
        let mut each = |frames: FrameWindow<'_>| {
            let samples = if frames.last { stream.finish() } else { stream.push(frames.codes) };
            let words = planned.words_so_far(frames.pointer, context);
            let new = words.get(known_words..).unwrap_or_default();
            known_words = known_words.max(words.len());
            match samples {
                Ok(samples) if failure.is_none() => sound(&samples, new),
                Ok(_) => {}
                Err(error) => failure = Some(error),
            }
        };
        let layout = running.task.layout();
        let (plan, run) = (planned.plan(), context.run);
        let generated = generate_streaming(&self.model, &layout, plan, decode, run, &mut each)?;
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(generated),
        }
    }

    /// Returns the engine with another recognizer in place of the model's own, for tasks that need the words of a
    /// recording.
    #[must_use]
    pub fn with_recognizer(mut self, recognizer: Arc<dyn Recognizer>) -> Self {
        self.services.recognizer = Some(recognizer);
        self.has_other_recognizer = true;
        self
    }

    /// Returns the services that tasks work with.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Generates the rows of a plan. If the task makes speech, the best of several candidates where the settings ask for it,
    /// and further candidates of rows that are recognized badly.
    pub(crate) fn generate(
        &self,
        running: &LoadedTask,
        plan: &Plan,
        decode: &DecodeConfig,
        run: RunContext<'_>,
    ) -> Result<Vec<Generated>, EngineError> {
        if run.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        if plan.rows.is_empty() {
            return Ok(Vec::new());
        }
        let speaks = running.descriptor.answer == AnswerKind::Speech;
        if speaks && decode.best_of > 1 {
            return rerank::best_of(self, running, plan, decode, run);
        }
        let layout = running.task.layout();
        let generated = generate(&self.model, &layout, plan, decode, run)?;
        if !speaks {
            return Ok(generated);
        }
        rerank::retried(self, running, plan, generated, decode, run)
    }

    /// Returns the task of this identifier, if the model knows it.
    pub(crate) fn running(&self, id: &str) -> Result<&LoadedTask, EngineError> {
        let Some(running) = self.tasks.iter().find(|t| t.descriptor.id == id) else {
            return Err(self.unknown_task(id));
        };
        if running.missing_special_tokens.is_empty() {
            return Ok(running);
        }
        Err(EngineError::NotTrained {
            file: self.file.clone(),
            task: id.into(),
            tokens: running.missing_special_tokens.clone(),
        })
    }

    /// Returns a task of the engine.
    ///
    /// # Errors
    /// [`EngineError::UnknownTask`].
    pub fn task(&self, id: &str) -> Result<&dyn DynTask, EngineError> {
        let running = self.tasks.iter().find(|t| t.descriptor.id == id);
        running.map(|r| r.task.as_ref()).ok_or_else(|| self.unknown_task(id))
    }

    /// Returns the tasks that were built on the model, also those that it was not trained on.
    pub fn tasks(&self) -> impl Iterator<Item = &'static TaskDescriptor> + '_ {
        self.tasks.iter().map(|task| task.descriptor)
    }

    fn unknown_task(&self, id: &str) -> EngineError {
        EngineError::UnknownTask { id: id.into(), known: self.tasks().map(|d| d.id).collect() }
    }

    /// Returns the voices.
    pub fn voices(&self) -> &VoiceTable {
        &self.voices
    }

    /// Returns the codec.
    pub fn codec(&self) -> &dyn Codec {
        self.neural_codec.as_ref()
    }

    /// Returns the codec's identity.
    pub fn codec_id(&self) -> &CodecId {
        &self.codec
    }

    /// Returns the fingerprint of the model file: 16 hexadecimal digits that change with any byte. Not a signature.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Returns the network.
    pub fn model(&self) -> &LanguageModel {
        &self.model
    }

    /// Returns the front end, with pronunciations of unknown words by the model.
    pub fn frontend(&self) -> &Frontend {
        &self.kit.frontend
    }

    /// Returns a recording at the codec's rate: a file, or `-` for standard input.
    ///
    /// # Errors
    /// [`EngineError::Task`] with the fault of the file.
    pub fn load(&self, source: &str) -> Result<Audio, EngineError> {
        let cancel = syrinx_types::CancelToken::default();
        let context = Context { services: &self.services, run: RunContext::quiet(&cancel) };
        Ok(context.audio(&Clip::from(source.to_owned()))?.into_owned())
    }

    /// Returns the codes of a recording at the codec's rate.
    ///
    /// # Errors
    /// [`EngineError::Codec`].
    pub fn encode(&self, audio: &Audio) -> Result<Codes, EngineError> {
        Ok(self.neural_codec.encode(audio)?)
    }

    /// Facts about the model.
    pub fn info(&self) -> Info {
        let task = |t: &LoadedTask| TaskInfo {
            id: t.descriptor.id.into(),
            missing_special_tokens: t.missing_special_tokens.clone(),
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

/// Warns once of each symbol in a request's text that has no spoken name.
pub(crate) fn warn_of_symbols(running: &LoadedTask, request: &Request, run: RunContext<'_>) {
    let capabilities = running.descriptor.capabilities;
    let fields = [capabilities.text, capabilities.known_text, Some("text")];
    let Some(field) = fields.into_iter().flatten().find(|field| request.fields[*field].is_string())
    else {
        return;
    };
    warn_of_text(request.fields[field].as_str().unwrap_or_default(), run);
}

/// Warns once of each symbol in a text that has no spoken name.
pub(crate) fn warn_of_text(text: &str, run: RunContext<'_>) {
    for symbol in syrinx_text::symbols_left_out(text) {
        run.events.emit(Event::Warning { message: format!("nothing is said for {symbol}") });
    }
}
