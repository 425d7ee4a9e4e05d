//! A loaded model with its tasks.

use std::sync::Arc;

use serde_json::Value;
use syrinx_codec::Codec;
use syrinx_decode::DecodeConfig;
use syrinx_model::{LanguageModel, LmFile};
use syrinx_task::{
    Answered, Clip, Context, DynTask, Recognizer, Request, Services, TaskDescriptor, TaskKit,
};
use syrinx_text::Frontend;
use syrinx_types::{Audio, Codes, Fingerprint, FirstSound, RunContext};

use crate::adapters::with_adapter;
use crate::codec_part::codec_of_part;
use crate::fault::PartsMismatch;
use crate::format::split;
use crate::loading::{build_tasks, check_fit, lm_fingerprint, read, vocab_of};
use crate::running::LoadedTask;
use crate::symbols::warn_of_symbols;
use crate::voice_adapters::VoiceAdapters;
use crate::{CodecId, EngineError, EngineOptions, ModelSource, VoiceTable, services};

/// A loaded model that answers requests. Safe to share between threads.
pub struct Engine {
    pub(crate) file: String,
    pub(crate) model: Arc<LanguageModel>,
    pub(crate) services: Services,
    /// Whether [`Self::with_recognizer`] replaced the model's recognizer.
    pub(crate) has_other_recognizer: bool,
    neural_codec: Arc<dyn Codec>,
    voices: Arc<VoiceTable>,
    pub(crate) kit: TaskKit,
    pub(crate) tasks: Vec<LoadedTask>,
    pub(crate) codec: CodecId,
    pub(crate) parameters: usize,
    fingerprint: String,
    pub(crate) card: Value,
    /// Adapters of voices; none in an engine that is adapted to a voice.
    pub(crate) voice_adapters: Option<VoiceAdapters>,
    /// Streamed requests that have no samples yet.
    pub(crate) first_sound: Arc<FirstSound>,
}

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
        for voice in &parts.voices {
            voice.codes.check(id.info.codebook_size).map_err(|cause| EngineError::Mismatch {
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
}
