//! Resynthesis of a corpus with codes of a model, as training data of a vocoder.

use std::collections::HashMap;
use std::path::Path;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use syrinx_data::{
    Corpus, EncodeFault, EncodePlan, Manifest, PromptSpec, Summary, Utterance, encode_manifest,
};
use syrinx_decode::DecodeConfig;
use syrinx_engine::Engine;
use syrinx_types::{CallbackError, Coded, RunContext};

use crate::{RecipeError, UtteranceFault};

/// Inputs of a resynthesis.
pub struct Resynthesis<'a> {
    /// Loaded model.
    pub engine: &'a Engine,
    /// Sampling settings.
    pub decode: &'a DecodeConfig,
    /// Identifier of the task that predicts codes from text; `None` selects the engine's task that speaks text.
    pub task: Option<&'a str>,
    /// Shards of the manifest, encoded with the model's codec.
    pub corpus: &'a Corpus,
    /// Folder of the shards, for error messages.
    pub shards: &'a Path,
    /// Number of threads.
    pub threads: usize,
}

impl Resynthesis<'_> {
    /// Writes shards of the manifest's utterances to the folder `out`. The first level and the timing are those of the
    /// recording, all further levels are predicted by the model. Existing finished shards are kept.
    ///
    /// # Errors
    /// [`RecipeError::OtherModelCodec`] and [`RecipeError::Data`]. The summary lists utterances that the task cannot be
    /// trained on.
    pub fn write(
        &self,
        manifest: &Manifest,
        out: &Path,
        run: RunContext<'_>,
    ) -> Result<Summary, RecipeError> {
        let Self { engine, decode, corpus, .. } = *self;
        if corpus.codec().fingerprint != engine.codec_id().fingerprint {
            return Err(RecipeError::OtherModelCodec { path: self.shards.to_path_buf() });
        }
        let at: HashMap<&str, usize> =
            (0..corpus.len()).map(|i| (corpus.utterance(i).id.as_str(), i)).collect();
        let prompt = PromptSpec::default();
        let speaks = engine.tasks().find(|d| d.speaks_text()).map(|d| d.id);
        let task = self.task.or(speaks).unwrap_or_default();
        let one = |u: &Utterance| -> Result<Coded, EncodeFault> {
            let &i =
                at.get(u.id.as_str()).ok_or_else(|| CallbackError::new(UtteranceFault::NoShard))?;
            let mut rng = ChaCha8Rng::seed_from_u64(run.seed);
            rng.set_stream(i as u64);
            let sample = corpus.sample(i, Some(&prompt), &mut rng).map_err(CallbackError::new)?;
            let codes =
                engine.resynthesize(task, &sample, decode, run).map_err(CallbackError::new)?;
            let codes = codes.ok_or_else(|| CallbackError::new(UtteranceFault::NoExample))?;
            Ok(Coded::from(codes))
        };
        let plan = EncodePlan { threads: self.threads, ..EncodePlan::new(corpus.codec().clone()) };
        Ok(encode_manifest(manifest, out, &plan, &one, run.events, run.cancel)?)
    }
}
