//! The model: embeddings, encoder, trunk, heads; full passes for training, cached steps for generation.

use candle_core::{DType, Device, Result, Tensor};
use syrinx_nn::ops::{self, NONE};
use syrinx_nn::{
    AttentionPlan, Init, Kernels, Linear, ParamStore, Precision, Scope, Span, Stack, StackCache,
    Table,
};
use syrinx_task::{HeadOutput, Position, Sequence, TokenSpace, WeightedFrame};
use syrinx_types::{Codes, ConfigIssue, Latents, Requirement};

use crate::adapter::PASSES;
use crate::codes::{CodeInput, Codebooks};
use crate::compute::Compute;
use crate::conditioning::LatentConditioning;
use crate::heads::Heads;
use crate::history::{HistoryInput, embed_latents};
use crate::losses::{LossContext, Score};
use crate::positions::RowPosition;
use crate::{LmConfig, LmFile, Losses, ModelError};

/// The codec language model.
pub struct LanguageModel {
    config: LmConfig,
    space: TokenSpace,
    books: Codebooks,
    special_tokens: Table, // (special tokens, dim)
    text: Tensor,          // (text tokens, dim)
    codes: CodeInput,
    history: HistoryInput,
    conditioning: Option<LatentConditioning>,
    /// Frames of recordings that are given as latents.
    given_latents: Option<Linear>,
    encoder: Option<Encoder>,
    trunk: Stack,
    /// Trunk of non-autoregressive passes, where an adapter changed it for them alone.
    pass_trunk: Option<Stack>,
    heads: Heads,
    device: Device,
    /// Type of the activations.
    dtype: DType,
    kernels: Kernels,
}

/// Bidirectional phone encoder with the projections that frames read.
struct Encoder {
    text: Tensor, // (text tokens, dim)
    stack: Stack,
    here: Linear,
    next: Linear,
}

/// Encoded texts of a batch: the packed tokens of all rows, and the start of each row.
struct Encoded {
    here: Tensor, // (tokens, dim)
    next: Tensor, // (tokens, dim)
    starts: Vec<usize>,
}

/// Sequences being generated: their caches and encoded texts.
pub struct Progress {
    caches: Vec<StackCache>,
    encoded: Option<Encoded>,
}

impl LanguageModel {
    /// Builds the model under `scope`, which also has the device and the precision. `codebooks` are the codec's, one a
    /// level, (codebook_size, latent_dim) row-major.
    pub fn new(
        config: &LmConfig,
        space: &TokenSpace,
        codebooks: Vec<Vec<f32>>,
        scope: &Scope,
        kernels: Kernels,
    ) -> std::result::Result<Self, ModelError> {
        config.check()?;
        let kernels = kernels.on(scope.device(), scope.precision())?;
        if config.group != space.group {
            let (value, expected) = (config.group, space.group);
            let reason = Requirement::Equal { value, expected, of: "the token space" };
            return Err(ConfigIssue::new("group", reason).into());
        }
        if let Some(published) = config.switches.vall_e {
            published.check(space)?;
        }
        let books = Codebooks::new(codebooks, space)?;
        let dim = config.trunk.dim;
        let encoder = match config.switches.alignment.is_aligned() {
            false => None,
            true => {
                let at = scope.pp("encoder");
                let inner = 1.0 / (dim as f64).sqrt();
                Some(Encoder {
                    text: at.get("text", &[space.text_tokens, dim], Init::Normal(0.3))?,
                    stack: Stack::new(&at.pp("stack"), &config.encoder(), kernels)?,
                    here: Linear::new(&at.pp("here"), dim, dim, inner, kernels)?,
                    next: Linear::new(&at.pp("next"), dim, dim, 0.5 * inner, kernels)?,
                })
            }
        };
        Ok(Self {
            special_tokens: Table::new(
                scope,
                "special_tokens",
                space.special_tokens.len(),
                dim,
                Init::Normal(0.3),
                kernels,
            )?,
            text: scope.get("text", &[space.text_tokens, dim], Init::Normal(0.3))?,
            codes: CodeInput::new(&scope.pp("codes"), space, &books, dim, config.tables, kernels)?,
            history: HistoryInput::new(scope, config, &books, kernels)?,
            conditioning: config
                .switches
                .latent_conditioning
                .then(|| {
                    LatentConditioning::new(
                        &scope.pp("conditioning"),
                        dim,
                        books.latent_dim,
                        kernels,
                    )
                })
                .transpose()?,
            given_latents: config
                .switches
                .latent_recordings
                .then(|| {
                    // Scaled latents have a spread of one in each dimension.
                    let deviation = 1.0 / (books.latent_dim as f64).sqrt();
                    let at = scope.pp("given_latents");
                    Linear::new(&at, books.latent_dim, dim, deviation, kernels)
                })
                .transpose()?,
            encoder,
            trunk: Stack::new(&scope.pp("trunk"), &config.trunk, kernels)?,
            pass_trunk: None,
            heads: Heads::new(&scope.pp("heads"), config, space, &books, kernels)?,
            config: config.clone(),
            space: space.clone(),
            books,
            device: scope.device().clone(),
            dtype: scope.precision().dtype(),
            kernels,
        })
    }

    /// Builds a model for generation, from saved weights, in f32. Fails if a tensor is missing, misshapen or left over.
    pub fn load(
        file: &LmFile,
        device: &Device,
        kernels: Kernels,
    ) -> std::result::Result<Self, ModelError> {
        Self::load_in(file, device, Precision::F32, kernels)
    }

    /// Returns the model in another precision.
    pub fn load_in(
        file: &LmFile,
        device: &Device,
        precision: Precision,
        kernels: Kernels,
    ) -> std::result::Result<Self, ModelError> {
        let store = ParamStore::loaded(file.tensors.clone(), device).with_precision(precision);
        let mut model =
            Self::new(&file.config, &file.space, file.codebooks.clone(), &store.root(), kernels)?;
        if file.tensors.keys().any(|name| name.starts_with(PASSES)) {
            let scope = store.root().pp(PASSES.trim_end_matches('.')).pp("trunk");
            model.pass_trunk = Some(Stack::new(&scope, &file.config.trunk, kernels)?);
        }
        store.check_all_used()?;
        Ok(model)
    }

    /// Returns the sizes and switches.
    pub fn config(&self) -> &LmConfig {
        &self.config
    }

    /// Returns the token spaces.
    pub fn space(&self) -> &TokenSpace {
        &self.space
    }

    /// Returns the codec's codebooks, one a level. // (codebook_size, latent_dim)
    pub fn codebooks(&self) -> &[Vec<f32>] {
        &self.books.entries
    }

    /// Returns the losses of a batch of sequences of one stage (and one level).
    pub fn losses(&self, sequences: &[Sequence]) -> std::result::Result<Losses, ModelError> {
        self.scored(sequences, Score::Losses)
    }

    /// Returns losses with accuracies: shares of targets whose class is the most probable one.
    pub fn losses_and_accuracies(
        &self,
        sequences: &[Sequence],
    ) -> std::result::Result<Losses, ModelError> {
        self.scored(sequences, Score::Accuracies)
    }

    fn scored(
        &self,
        sequences: &[Sequence],
        score: Score,
    ) -> std::result::Result<Losses, ModelError> {
        let h = self.response_rows(sequences)?; // (response positions, dim)
        let conditioning = self.conditioning.as_ref();
        let context = LossContext { config: &self.config, books: &self.books, conditioning, score };
        self.heads.losses(&h, sequences, context)
    }

    /// Returns the trunk's output at the response's positions of every sequence, packed: (response positions, dim).
    pub fn response_rows(&self, sequences: &[Sequence]) -> Result<Tensor> {
        let encoded = self.encode(sequences)?;
        let rows = RowPosition::all(sequences);
        let x = self.embed(&rows, encoded.as_ref())?; // (positions, dim)
        let mut spans = Vec::with_capacity(sequences.len());
        let mut picked = Vec::new();
        let mut start = 0;
        for s in sequences {
            spans.push(Span { start, len: s.len(), prefix: s.prefix });
            picked.extend((start + s.response_start..start + s.len()).map(|i| i as u32));
            start += s.len();
        }
        let rotary: Vec<u32> = rows.iter().map(|row| row.position.rotary).collect();
        let whole = sequences.iter().all(|s| s.prefix == s.len());
        let trunk = self.pass_trunk.as_ref().filter(|_| whole).unwrap_or(&self.trunk);
        let h = trunk.forward(&x, &self.attention_plan(spans, &rotary))?; // (positions, dim)
        ops::embed(&h, &picked, 1, self.kernels) // (response positions, dim)
    }

    fn attention_plan(&self, spans: Vec<Span>, rotary: &[u32]) -> AttentionPlan {
        AttentionPlan::new(spans, rotary, self.config.trunk.heads, self.config.trunk.dim, None)
    }

    fn encode(&self, sequences: &[Sequence]) -> Result<Option<Encoded>> {
        let Some(encoder) = &self.encoder else { return Ok(None) };
        let tokens: Vec<u32> =
            sequences.iter().flat_map(|s| s.encoder.ids.iter().copied()).collect();
        if tokens.is_empty() {
            return Ok(None);
        }
        let (mut spans, mut starts, mut rotary) = (Vec::new(), Vec::new(), Vec::new());
        let mut start = 0;
        for s in sequences {
            let len = s.encoder.ids.len();
            starts.push(start);
            if len > 0 {
                spans.push(Span { start, len, prefix: len });
            }
            rotary.extend(0..len as u32);
            start += len;
        }
        let x = ops::embed(&encoder.text, &tokens, 1, self.kernels)?.to_dtype(self.dtype)?; // (tokens, dim)
        let h = encoder.stack.forward(&x, &self.attention_plan(spans, &rotary))?;
        Ok(Some(Encoded {
            here: encoder.here.forward(&h)?,
            next: encoder.next.forward(&h)?,
            starts,
        }))
    }

    /// Returns the sums of the embeddings at some positions: (positions, dim).
    fn embed(&self, rows: &[RowPosition<'_>], encoded: Option<&Encoded>) -> Result<Tensor> {
        let pick =
            |f: fn(&Position) -> u32| rows.iter().map(|row| f(row.position)).collect::<Vec<u32>>();
        let mut x = self.special_tokens.forward(&pick(|p| p.special_token))?; // (positions, dim)
        let text = pick(|p| p.text);
        if text.iter().any(|&t| t != NONE) {
            x = (x + ops::embed(&self.text, &text, 1, self.kernels)?)?;
        }
        let compute = Compute { device: &self.device, dtype: self.dtype, kernels: self.kernels };
        if let Some(codes) = self.codes.forward(rows, &self.space, &self.books, compute)? {
            x = (x + codes)?;
        }
        if let Some(history) = self.history.forward(rows, &self.books, compute)? {
            x = (&x + history.to_dtype(x.dtype())?)?;
        }
        if let Some(conditioning) = &self.conditioning
            && let Some(conditioning) = conditioning.forward(rows, &self.books, compute)?
        {
            x = (&x + conditioning.to_dtype(x.dtype())?)?;
        }
        if let Some(linear) = &self.given_latents {
            let given = rows.iter().map(|row| row.position.given_latent.clone());
            if let Some(given) = embed_latents(linear, given, &self.books, compute)? {
                x = (&x + given.to_dtype(x.dtype())?)?;
            }
        } else if rows.iter().any(|row| row.position.given_latent.is_some()) {
            candle_core::bail!("a recording as latents, in a model that reads codes")
        }
        // Sums of embeddings are f32, as the tables are while they are trained.
        let x = x.to_dtype(self.dtype)?;
        let Some(encoded) = encoded else { return Ok(x) };
        let at = |row: usize, token: u32| {
            if token == NONE { NONE } else { encoded.starts[row] as u32 + token }
        };
        let here: Vec<u32> = rows.iter().map(|r| at(r.row, r.position.here)).collect();
        let next: Vec<u32> = rows.iter().map(|r| at(r.row, r.position.next)).collect();
        if here.iter().all(|&t| t == NONE) {
            return Ok(x);
        }
        (x + ops::embed(&encoded.here, &here, 1, self.kernels)?)?
            + ops::embed(&encoded.next, &next, 1, self.kernels)?
    }

    /// Begins AR generation: computes the prefixes (sequences resolved without a response).
    pub fn begin(&self, sequences: &[Sequence]) -> Result<Progress> {
        let mut progress = Progress {
            caches: vec![StackCache::new(self.config.trunk.layers); sequences.len()],
            encoded: self.encode(sequences)?,
        };
        let rows = RowPosition::all(sequences);
        let mut start = 0;
        let mut spans = Vec::new();
        for s in sequences {
            spans.push(Span { start, len: s.len(), prefix: s.prefix });
            start += s.len();
        }
        self.run_cached(&mut progress, &rows, spans, &(0..sequences.len()).collect::<Vec<_>>())?;
        Ok(progress)
    }

    /// Computes one more position for some of the sequences, in ascending order: (given rows, dim).
    pub fn advance(&self, progress: &mut Progress, rows: &[RowPosition<'_>]) -> Result<Tensor> {
        let spans = (0..rows.len()).map(|i| Span { start: i, len: 1, prefix: 0 }).collect();
        let which: Vec<usize> = rows.iter().map(|r| r.row).collect();
        self.run_cached(progress, rows, spans, &which)
    }

    fn run_cached(
        &self,
        progress: &mut Progress,
        rows: &[RowPosition<'_>],
        spans: Vec<Span>,
        which: &[usize],
    ) -> Result<Tensor> {
        let x = self.embed(rows, progress.encoded.as_ref())?;
        let rotary: Vec<u32> = rows.iter().map(|row| row.position.rotary).collect();
        let mut caches: Vec<&mut StackCache> = progress
            .caches
            .iter_mut()
            .enumerate()
            .filter(|(i, _)| which.binary_search(i).is_ok())
            .map(|(_, c)| c)
            .collect();
        self.trunk.step(&x, &self.attention_plan(spans, &rotary), &mut caches)
    }

    /// Returns an output as f32 for hidden states `h` (positions, dim) of the responses of `sequences`: logits
    /// (predictions, classes), or latents (positions, latent_dim) in the codec's scale. Cached steps have no sequences.
    /// `None` for advances and latents of conditioning in a model that predicts none.
    ///
    /// # Errors
    /// Reports another output that the model lacks, and codes without latents in a model with latent conditioning.
    pub fn output(
        &self,
        h: &Tensor,
        sequences: &[Sequence],
        output: HeadOutput,
    ) -> Result<Option<Tensor>> {
        let values = match output {
            HeadOutput::LatentDifference => {
                let latents = |c: &LatentConditioning| c.latents(h, sequences, &self.books);
                self.conditioning.as_ref().map(latents).transpose()?
            }
            HeadOutput::Phones => {
                let logits = self.heads.phones(h)?; // (positions, labels * phones)
                let rows = logits.dim(0)? * self.config.phone_labels;
                Some(logits.reshape((rows, self.space.phones))?)
            }
            HeadOutput::Latents => Some(self.heads.latents(h, &self.books)?),
            HeadOutput::Residual(level) => Some(self.heads.residual(h, level)?),
            _ => self.heads.logits(h, output)?,
        };
        values.map(|values| values.to_dtype(DType::F32)).transpose()
    }

    /// Returns the latents of codes in the codec's scale: the sums of the entries of their levels.
    pub fn latents_of(&self, codes: &Codes) -> Option<Latents> {
        let frames = (0..codes.frames()).map(|frame| WeightedFrame::whole(codes.frame(frame)));
        let sums = frames.flat_map(|frame| self.books.blend(&[frame]));
        Latents::new(self.books.latent_dim, sums.collect())
    }
}
