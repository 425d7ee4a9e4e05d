//! Conversion of a VALL-E checkpoint to a language model.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Device, Result as CandleResult, Tensor};
use serde_json::Value;
use syrinx_model::{LmConfig, LmFile, Tables};
use syrinx_nn::{Activation, BlockConfig};
use syrinx_task::{
    Alignment, CodeOrder, ModelSwitches, RvqSum, TokenSpace, VALL_E_LANGUAGES,
    VALL_E_LENGTH_TOKENS, VALL_E_PREFIX, VALL_E_TASKS, VallELayout,
};
use syrinx_text::IpaTokenizer;

use super::checkpoint::{Checkpoint, Sizes};
use super::error::{IpaTokenizerFault, VallEFault};
use crate::PretrainedError;

/// Settings that a checkpoint does not contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportOptions {
    /// Sum of code embeddings. By default `inclusive` for a checkpoint with an embedding table of plain text, which was
    /// introduced after this change, otherwise `legacy`.
    pub rvq_sum: Option<RvqSum>,
    /// Number of attention heads. By default the number in the metadata, otherwise that of heads with dimension 64.
    pub heads: Option<usize>,
}

/// Frame rate of EnCodec at 24 kHz, in Hz.
const FRAME_RATE_HZ: f64 = 75.0;
/// Token that begins a phone sequence; the next constant is the token that ends it.
const PHONES_BEGIN: u32 = 1;
const PHONES_END: u32 = 2;

/// Imports a checkpoint. The file doesn't contain the codec's codebooks, so those of the model are zeros.
///
/// # Errors
/// [`VallEFault::Read`] if a file can't be read, [`VallEFault::Broken`] for a missing or different tensor,
/// [`VallEFault::Tokenizer`] for a tokenizer of another model.
pub fn import(
    path: &Path,
    tokenizer: &Path,
    options: &ImportOptions,
) -> Result<LmFile, PretrainedError> {
    let checkpoint = Checkpoint::open(path)?;
    let sizes = checkpoint.sizes(options.heads)?;
    let layout = layout(&checkpoint.config()?, &sizes, options);
    let tokenizer = read_tokenizer(tokenizer, layout.phones)?;
    let codes = if layout.masked { CodeOrder::Masked } else { CodeOrder::ArNar };
    let trunk = BlockConfig {
        dim: sizes.dim,
        layers: sizes.layers,
        heads: sizes.heads,
        hidden: sizes.hidden,
        activation: Activation::Gelu,
    };
    let config = LmConfig {
        trunk,
        switches: ModelSwitches {
            alignment: Alignment::None,
            codes,
            vall_e: Some(layout),
            ..ModelSwitches::default()
        },
        tables: Tables::Free,
        phone_labels: 1,
        residual_weight: 0.0,
        ..LmConfig::default()
    };
    let mut space = TokenSpace {
        text_tokens: layout.length_start() + VALL_E_LENGTH_TOKENS,
        first_phone: 0,
        phones: 1,
        text_begin: PHONES_BEGIN,
        text_end: PHONES_END,
        levels: sizes.levels,
        codebook_size: sizes.codes,
        frame_rate_hz: FRAME_RATE_HZ,
        group: 1,
        special_tokens: vec!["sep".into()],
    };
    space.special_tokens.extend((0..space.levels).map(|level| format!("level:{}", level + 1)));
    space
        .special_tokens
        .extend(VALL_E_LANGUAGES.map(|language| format!("{VALL_E_PREFIX}lang:{language}")));
    space.special_tokens.extend(VALL_E_TASKS.map(|task| format!("{VALL_E_PREFIX}task:{task}")));
    let importer = Importer { checkpoint: &checkpoint, sizes };
    let mut tensors = BTreeMap::new();
    importer.trunk(&mut tensors)?;
    importer.tables(&space, &mut tensors)?;
    importer.heads(&space, &mut tensors)?;
    let codebooks = vec![vec![0.0; space.codebook_size]; space.levels];
    Ok(LmFile { config, space, codebooks, tensors, tokenizer: Some(tokenizer) })
}

/// Returns the text of a tokenizer whose token ids are all below `phones`.
fn read_tokenizer(path: &Path, phones: usize) -> Result<String, VallEFault> {
    let bytes =
        std::fs::read(path).map_err(|cause| VallEFault::Read { path: path.into(), cause })?;
    let fault = |fault| VallEFault::Tokenizer { path: path.into(), fault };
    let json = String::from_utf8(bytes).map_err(|e| fault(IpaTokenizerFault::Utf8(e)))?;
    IpaTokenizer::from_bytes(json.as_bytes(), phones)
        .map_err(|e| fault(IpaTokenizerFault::Tokenizer(e)))?;
    Ok(json)
}

/// Returns the conventions of a checkpoint: those of its metadata, otherwise those of its version.
fn layout(config: &Value, sizes: &Sizes, options: &ImportOptions) -> VallELayout {
    let noncausal = config["experimental"]["noncausal_masks"].as_bool();
    let capabilities = config["capabilities"].as_array();
    let language = capabilities.map(|all| all.iter().any(|c| c == "lang"));
    let later = if sizes.letters > 0 { RvqSum::Inclusive } else { RvqSum::Legacy };
    VallELayout {
        rvq_sum: options.rvq_sum.unwrap_or(later),
        causal: !noncausal.unwrap_or(sizes.masked),
        language: language.unwrap_or(sizes.masked),
        masked: sizes.masked,
        phones: sizes.phones,
        letters: sizes.letters,
        levels: sizes.levels,
    }
}

type Tensors = BTreeMap<String, Tensor>;

/// Conversion of tensor names and shapes.
struct Importer<'a> {
    checkpoint: &'a Checkpoint,
    sizes: Sizes,
}

impl Importer<'_> {
    fn trunk(&self, tensors: &mut Tensors) -> Result<(), VallEFault> {
        let Sizes { dim, layers, hidden, .. } = self.sizes;
        let get = |name: &str, shape: &[usize]| self.checkpoint.get(name, shape);
        let mut put = |name: String, parts: Vec<Tensor>| {
            let whole = Tensor::cat(&parts, 0).map_err(|e| self.checkpoint.unusable(e))?;
            tensors.insert(name, whole);
            Ok::<(), VallEFault>(())
        };
        for layer in 0..layers {
            let from = format!("model.layers.{layer}");
            let to = format!("trunk.blocks.{layer}");
            let projection =
                |name: &str| get(&format!("{from}.self_attn.{name}_proj.weight"), &[dim, dim]);
            let mlp = |name: &str| get(&format!("{from}.mlp.{name}_proj.weight"), &[hidden, dim]);
            let norm = |name: &str| get(&format!("{from}.{name}.weight"), &[dim]);
            put(format!("{to}.attention_norm.weight"), vec![norm("input_layernorm")?])?;
            let qkv = vec![projection("q")?, projection("k")?, projection("v")?];
            put(format!("{to}.qkv.weight"), qkv)?; // (3 * dim, dim)
            put(format!("{to}.out.weight"), vec![projection("o")?])?;
            put(format!("{to}.mlp_norm.weight"), vec![norm("post_attention_layernorm")?])?;
            put(format!("{to}.gate_up.weight"), vec![mlp("gate")?, mlp("up")?])?; // (2 * hidden, dim)
            let down = get(&format!("{from}.mlp.down_proj.weight"), &[dim, hidden])?;
            put(format!("{to}.down.weight"), vec![down])?;
        }
        put("trunk.norm.weight".into(), vec![get("model.norm.weight", &[dim])?])
    }

    /// Returns an embedding table of `rows` rows, from one of `given` rows: further rows are removed, missing rows are
    /// zeros. // (rows, dim)
    fn table(&self, name: &str, given: usize, rows: usize) -> Result<Tensor, VallEFault> {
        let dim = self.sizes.dim;
        let table = self.checkpoint.get(name, &[given, dim])?;
        let fitted = match given < rows {
            true => zeros(rows - given, dim).and_then(|rest| Tensor::cat(&[table, rest], 0)),
            false => table.narrow(0, 0, rows),
        };
        fitted.map_err(|e| self.checkpoint.unusable(e))
    }

    fn tables(&self, space: &TokenSpace, tensors: &mut Tensors) -> Result<(), VallEFault> {
        let Sizes { dim, levels, codes, phones, letters, masked, .. } = self.sizes;
        let fail = |e| self.checkpoint.unusable(e);
        let separator = self.checkpoint.get("sep", &[dim])?.reshape((1, dim)).map_err(fail)?;
        // Different versions of the project have different numbers of languages and tasks.
        let known = |name: &str, rows: usize| self.table(name, self.checkpoint.rows(name)?, rows);
        let special = [
            separator,
            self.table("rvq_l_emb.weight", levels, levels)?,
            known("langs_emb.weight", VALL_E_LANGUAGES.len())?,
            known("tasks_emb.weight", VALL_E_TASKS.len())?,
        ];
        tensors.insert("special_tokens".into(), Tensor::cat(&special, 0).map_err(fail)?);
        let mut text = vec![self.table("text_emb.weight", phones, phones)?];
        if letters > 0 {
            text.push(self.table("raw_text_emb.weight", letters, letters)?);
        }
        text.push(match masked {
            true => self.table("len_emb.weight", VALL_E_LENGTH_TOKENS, VALL_E_LENGTH_TOKENS)?,
            false => zeros(VALL_E_LENGTH_TOKENS, dim).map_err(fail)?,
        });
        tensors.insert("text".into(), Tensor::cat(&text, 0).map_err(fail)?);
        // Tables of the prompt's levels, of level 1 in the AR stage, of the response's levels, and of level 1 in masked
        // decoding. A response never has its last level as input; the table at that index is that of masked decoding.
        let rows = space.table_rows();
        let prompt =
            |level: usize| self.table(&format!("proms_emb.embeddings.{level}.weight"), codes, rows);
        let response = |table: usize, given: usize| {
            self.table(&format!("resps_emb.embeddings.{table}.weight"), given, rows)
        };
        let mut all = (0..levels).map(prompt).collect::<Result<Vec<_>, _>>()?;
        // A frame of level 1 may also be the stop token or the mask token.
        all.push(response(0, codes + 1)?);
        for level in 1..levels {
            all.push(response(level, codes)?);
        }
        all.push(match masked {
            true => response(levels, codes + 1)?,
            false => zeros(rows, dim).map_err(fail)?,
        });
        tensors.insert("codes.tables".into(), Tensor::cat(&all, 0).map_err(fail)?);
        Ok(())
    }

    fn heads(&self, space: &TokenSpace, tensors: &mut Tensors) -> Result<(), VallEFault> {
        let Sizes { dim, levels, phones, codes, masked, .. } = self.sizes;
        let fail = |e| self.checkpoint.unusable(e);
        let head =
            |index: usize, classes: usize| self.checkpoint.head(index, [classes, dim], classes);
        // Some exports contain rows that these heads never predict.
        let untrimmed = |index: usize, classes: usize| {
            let rows = self.checkpoint.rows(&format!("classifiers.proj.{index}.weight"))?;
            self.checkpoint.head(index, [rows.max(classes), dim], classes)
        };
        let mut put = |name: &str, (weight, bias): (Tensor, Tensor)| {
            tensors.insert(format!("heads.{name}.weight"), weight);
            tensors.insert(format!("heads.{name}.bias"), bias);
        };
        let none = |classes: usize| {
            Ok::<_, candle_core::Error>((
                zeros(classes, dim)?,
                Tensor::zeros(classes, DType::F32, &Device::Cpu)?,
            ))
        };
        put("first.0.free", head(0, codes + 1)?);
        for level in 1..levels {
            put(&format!("level.{}.free", level + 1), head(level, codes)?);
        }
        if masked {
            put("masked.free", untrimmed(levels, codes)?);
        }
        let transcription = head(levels + usize::from(masked), phones)?;
        let length = match masked {
            true => untrimmed(levels + 2, VALL_E_LENGTH_TOKENS)?,
            false => none(VALL_E_LENGTH_TOKENS).map_err(fail)?,
        };
        let letters = none(self.sizes.letters).map_err(fail)?;
        let join = |parts: [Tensor; 3]| {
            let there: Vec<Tensor> =
                parts.into_iter().filter(|part| part.elem_count() > 0).collect();
            Tensor::cat(&there, 0).map_err(fail)
        };
        put(
            "text",
            (
                join([transcription.0, letters.0, length.0])?,
                join([transcription.1, letters.1, length.1])?,
            ),
        );
        put("residual", none(1).map_err(fail)?);
        put("phones", none(space.phones).map_err(fail)?);
        Ok(())
    }
}

fn zeros(rows: usize, columns: usize) -> CandleResult<Tensor> {
    Tensor::zeros((rows, columns), DType::F32, &Device::Cpu)
}
