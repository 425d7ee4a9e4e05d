//! Steps of loading a model: bytes, checks of its parts against each other, tasks of the registry.

use std::sync::Arc;

use syrinx_codec::Codec;
use syrinx_model::{LanguageModel, LmFile};
use syrinx_task::{AnswerKind, DynTask, Services, TaskDescriptor, TaskKit};
use syrinx_text::{Frontend, IpaTokenizer, Lexicon, TextVocab};

use crate::fault::PartsMismatch;
use crate::pronounce::ModelPronounce;
use crate::running::LoadedTask;
use crate::{EngineError, EngineOptions, ModelSource};

pub(crate) fn lm_fingerprint(lm: &LmFile, file: &str) -> Result<String, EngineError> {
    lm.fingerprint().map_err(EngineError::language_model(file))
}

/// Returns a model's name and bytes.
pub(crate) fn read(
    source: &ModelSource,
) -> Result<(String, std::borrow::Cow<'static, [u8]>), EngineError> {
    match source {
        ModelSource::Bytes(bytes) => Ok(("embedded".into(), (*bytes).into())),
        ModelSource::Memory(bytes) => Ok(("model in memory".into(), bytes.to_vec().into())),
        ModelSource::File(path) => {
            let file = path.display().to_string();
            let bytes = std::fs::read(path)
                .map_err(|cause| EngineError::OpenModel { file: file.clone(), cause })?;
            Ok((file, bytes.into()))
        }
    }
}

/// Returns the vocabulary of a language model: this program's, extended by the tokenizer of a published model.
///
/// # Errors
/// [`EngineError::Mismatch`] for a published model whose tokenizer is missing or that of another.
pub(crate) fn vocab_of(lm: &LmFile, file: &str) -> Result<TextVocab, EngineError> {
    let vocab = TextVocab::english()?;
    let Some(published) = lm.config.switches.vall_e else { return Ok(vocab) };
    let mismatch = |fault| EngineError::Mismatch { file: file.into(), fault };
    let json = lm.tokenizer.as_ref().ok_or_else(|| mismatch(PartsMismatch::NoTokenizer))?;
    let tokenizer = IpaTokenizer::from_bytes(json.as_bytes(), published.phones);
    let tokenizer = tokenizer.map_err(|cause| mismatch(PartsMismatch::Tokenizer { cause }))?;
    Ok(vocab.with_ipa(tokenizer))
}

/// Checks that a language model belongs to this codec and this vocabulary; returns the mismatch.
pub(crate) fn check_fit(
    lm: &LmFile,
    codec: &dyn Codec,
    vocab: &TextVocab,
) -> Result<(), PartsMismatch> {
    let (space, codebooks) = (&lm.space, &lm.codebooks);
    let info = codec.info();
    if (space.levels, space.codebook_size) != (info.levels, info.codebook_size) {
        return Err(PartsMismatch::Codes {
            levels: space.levels,
            codes: space.codebook_size,
            codec_levels: info.levels,
            codec_codes: info.codebook_size,
        });
    }
    if lm.config.switches.vall_e.is_some() {
        // A published vall-e model has its tokenizer's vocabulary and no codebooks: only the codec's shape is checked.
        return match space.frame_rate_hz == info.frame_rate_hz {
            true => Ok(()),
            false => Err(PartsMismatch::FrameRate {
                model_hz: space.frame_rate_hz,
                codec_hz: info.frame_rate_hz,
            }),
        };
    }
    let phones = vocab.phones_range();
    if (space.text_tokens, space.first_phone, space.phones)
        != (vocab.len(), phones.start, phones.len())
    {
        return Err(PartsMismatch::Vocabulary {
            text_tokens: space.text_tokens,
            phones: space.phones,
            own_text_tokens: vocab.len(),
            own_phones: phones.len(),
        });
    }
    for (level, book) in codebooks.iter().enumerate() {
        // Both are stored as f16, so they are equal unless they come from different fits.
        let theirs = codec.codebook(level);
        let differs = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-2 * b.abs().max(0.1);
        if book.len() != theirs.len() || book.iter().zip(theirs).any(differs) {
            return Err(PartsMismatch::Codebook { level: level + 1 });
        }
    }
    Ok(())
}

/// Builds the tasks of the options, in their order. Tasks that predict phones are built first, since the others get
/// pronunciations of unknown words from the first of them.
pub(crate) fn build_tasks(
    model: &Arc<LanguageModel>,
    services: &Services,
    vocab: TextVocab,
    options: &EngineOptions,
) -> Result<(TaskKit, Vec<LoadedTask>), EngineError> {
    let ids: Vec<&'static str> = options.tasks.iter().map(|d| d.id).collect();
    if let Some((_, id)) = ids.iter().enumerate().find(|(i, id)| ids[..*i].contains(id)) {
        return Err(EngineError::RepeatedTask { id });
    }
    if let Some(id) = options.task_settings.keys().find(|id| !ids.contains(&id.as_str())) {
        return Err(EngineError::UnknownTaskSettings { id: id.clone(), known: ids });
    }
    let mut lexicon = Lexicon::english()?;
    if let Some(path) = &options.lexicon_path {
        lexicon = lexicon.with_user_file(path)?;
    }
    let mut kit = TaskKit {
        vocab: Arc::new(vocab),
        frontend: Arc::new(Frontend::new(lexicon)),
        switches: model.config().switches,
    };
    let build = |descriptor: &'static TaskDescriptor, kit: &TaskKit| -> Result<_, EngineError> {
        let settings = options.task_settings.get(descriptor.id).cloned().unwrap_or_default();
        let task: Arc<dyn DynTask> = (descriptor.build)(settings, kit)?.into();
        let special_tokens = task.layout().special_tokens();
        let mut missing: Vec<_> = special_tokens
            .into_iter()
            .filter(|m| model.space().special_token(m).is_none())
            .collect();
        missing.sort();
        missing.dedup();
        Ok(LoadedTask { descriptor, task, missing_special_tokens: missing })
    };
    let (first, then): (Vec<_>, Vec<_>) =
        options.tasks.iter().copied().partition(|d| d.answer == AnswerKind::Phones);
    let mut tasks: Vec<LoadedTask> =
        first.into_iter().map(|d| build(d, &kit)).collect::<Result<_, _>>()?;
    if let Some(reader) = tasks.iter().find(|t| t.missing_special_tokens.is_empty()) {
        let pronounce = ModelPronounce::new(Arc::clone(model), reader, services.clone());
        let frontend = kit.frontend.as_ref().clone().with_pronounce(Arc::new(pronounce));
        kit.frontend = Arc::new(frontend);
    }
    for descriptor in then {
        tasks.push(build(descriptor, &kit)?);
    }
    tasks.sort_by_key(|t| ids.iter().position(|id| *id == t.descriptor.id));
    Ok((kit, tasks))
}
