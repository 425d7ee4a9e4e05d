//! Encoded utterances in memory.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::{Coded, Codes, IoOperation, Latents, Sample};

use crate::encode::{is_shard, shard_files};
use crate::shard::{CodecStamp, Shard, ShardRecord, ShardStamp};
use crate::source::{CorpusShard, ShardSource};
use crate::{DataError, Expected, Utterance};

/// Rules for drawing a prompt: a random section of another utterance of the same speaker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PromptSpec {
    /// Smallest number of frames. Shorter utterances are used only if the speaker has no longer ones.
    pub min_frames: usize,
    /// Largest number of frames.
    pub max_frames: usize,
    /// Probability of no prompt, 0..=1.
    pub none_probability: f64,
}

impl Default for PromptSpec {
    fn default() -> Self {
        Self { min_frames: 50, max_frames: 75, none_probability: 0.1 }
    }
}

/// Utterances of a folder of token shards, all or a selection. Clones and selections share the codes.
#[derive(Debug, Clone)]
pub struct Corpus {
    codec: CodecStamp,
    shards: Arc<Vec<CorpusShard>>,
    entries: Vec<(usize, usize)>, // (shard, record)
    by_id: HashMap<String, usize>,
    by_speaker: BTreeMap<String, Vec<usize>>,
    /// Renditions of the utterances (such as `noisy` or `mixture`), by name.
    renditions: Arc<BTreeMap<String, Corpus>>,
}

/// Subfolder of the shards' folder, with a folder of shards for every rendition.
pub const RENDITIONS: &str = "renditions";

impl Corpus {
    /// Loads all shards of a folder, in the order of the manifest, and the shards of its renditions from
    /// `renditions/NAME`.
    ///
    /// # Errors
    /// [`DataError::NothingFound`] for a folder without shards, [`DataError::MissingShards`] if some shards are
    /// missing, [`DataError::Mismatch`] for shards of different codecs, manifests or sizes, [`DataError::BrokenShard`],
    /// [`DataError::Io`].
    pub fn open(folder: &Path) -> Result<Self, DataError> {
        let renditions = folder.join(RENDITIONS);
        let mut folders = Vec::new();
        if renditions.is_dir() {
            for entry in std::fs::read_dir(&renditions)
                .map_err(DataError::io(IoOperation::List, &renditions))?
            {
                folders.push(entry.map_err(DataError::io(IoOperation::List, &renditions))?.path());
            }
        }
        let renditions = folders.into_iter().map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok::<_, DataError>((name, Self::from_shards(read_shards(&path)?, &path)?, path))
        });
        let corpus = Self::from_shards(read_shards(folder)?, folder)?;
        corpus.with_renditions(renditions)
    }

    /// Opens the shards of a source and of its renditions. The codes of an utterance are read on demand.
    ///
    /// # Errors
    /// The errors of [`Corpus::open`], and [`DataError::Remote`].
    pub fn stream(source: &Arc<dyn ShardSource>) -> Result<Self, DataError> {
        let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for path in source.list()? {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
            if is_shard(name) {
                folders.entry(folder.to_owned()).or_default().push(path.clone());
            }
        }
        let open = |folder: &str, mut paths: Vec<String>| {
            paths.sort();
            let place = PathBuf::from(format!("{}/{folder}", source.place()));
            let shards = paths.into_iter().map(|path| {
                let label = PathBuf::from(format!("{}/{path}", source.place()));
                Ok::<_, DataError>((label, CorpusShard::open(source, &path)?))
            });
            Ok::<_, DataError>((
                Self::from_shards(shards.collect::<Result<_, _>>()?, &place)?,
                place,
            ))
        };
        let (corpus, _) = open("", folders.remove("").unwrap_or_default())?;
        let renditions = folders.into_iter().filter_map(|(folder, paths)| {
            let name = folder.strip_prefix(RENDITIONS)?.strip_prefix('/')?.to_owned();
            Some(open(&folder, paths).map(|(rendition, place)| (name, rendition, place)))
        });
        corpus.with_renditions(renditions)
    }

    /// Whether codes are read on demand.
    pub fn is_streamed(&self) -> bool {
        self.shards.iter().any(|shard| matches!(shard, CorpusShard::Streamed { .. }))
    }

    /// Attaches renditions to the corpus.
    fn with_renditions(
        mut self,
        renditions: impl Iterator<Item = Result<(String, Self, PathBuf), DataError>>,
    ) -> Result<Self, DataError> {
        let mut found = BTreeMap::new();
        for rendition in renditions {
            let (name, rendition, path) = rendition?;
            if let (Some(own), Some(other)) = (self.shards.first(), rendition.shards.first()) {
                let same = ShardStamp {
                    utterances_per_shard: own.stamp().utterances_per_shard,
                    of: own.stamp().of,
                    ..other.stamp().clone()
                };
                same.check(own.stamp(), &path)?;
            }
            found.insert(name, rendition);
        }
        self.renditions = Arc::new(found);
        Ok(self)
    }

    /// Returns the names of the renditions.
    pub fn renditions(&self) -> impl Iterator<Item = &str> {
        self.renditions.keys().map(String::as_str)
    }

    /// Returns the codes of utterance `i` in every rendition that contains it with the same number of frames.
    fn renditions_of(&self, i: usize) -> Result<BTreeMap<String, Coded>, DataError> {
        let (id, frames) = (&self.utterance(i).id, self.frames(i));
        let coded = |(name, rendition): (&String, &Self)| {
            let (shard, record) = rendition.record(rendition.find(id)?);
            let same = record.frames == frames;
            same.then(|| shard.coded(record).map(|coded| (name.clone(), coded)))
        };
        self.renditions.iter().filter_map(coded).collect()
    }

    fn from_shards(found: Vec<(PathBuf, CorpusShard)>, folder: &Path) -> Result<Self, DataError> {
        let mut shards: Vec<CorpusShard> = Vec::new();
        for (path, shard) in found {
            if let Some(first) = shards.first() {
                shard.stamp().check(first.stamp(), &path)?;
            }
            shards.push(shard);
        }
        let Some(stamp) = shards.first().map(|s| s.stamp().clone()) else {
            let looked_for = Expected::Shards;
            return Err(DataError::NothingFound { path: folder.to_path_buf(), looked_for });
        };
        let mut present = vec![false; stamp.of];
        shards.retain(|s| {
            present.get_mut(s.stamp().index).is_some_and(|seen| !std::mem::replace(seen, true))
        });
        if let Some(first) = present.iter().position(|&p| !p) {
            return Err(DataError::MissingShards {
                dir: folder.to_path_buf(),
                missing: present.iter().filter(|&&p| !p).count(),
                of: stamp.of,
                first: first + 1,
            });
        }
        shards.sort_by_key(|s| s.stamp().index);
        let entries = shards
            .iter()
            .enumerate()
            .flat_map(|(s, shard)| (0..shard.records().len()).map(move |r| (s, r)))
            .collect();
        Ok(Self::index(stamp.codec, Arc::new(shards), entries))
    }

    fn index(
        codec: CodecStamp,
        shards: Arc<Vec<CorpusShard>>,
        entries: Vec<(usize, usize)>,
    ) -> Self {
        let mut corpus = Self {
            codec,
            shards,
            entries,
            by_id: HashMap::new(),
            by_speaker: BTreeMap::new(),
            renditions: Arc::default(),
        };
        for i in 0..corpus.len() {
            let Utterance { id, speaker, .. } = corpus.utterance(i).clone();
            corpus.by_id.insert(id, i);
            corpus.by_speaker.entry(speaker).or_default().push(i);
        }
        corpus
    }

    /// Returns the utterances for which `keep` (given the utterance and its frames) is true, renumbered. Prompts are
    /// drawn from these utterances only, so that no test recording is a prompt in training.
    pub fn filter(&self, keep: impl Fn(&Utterance, usize) -> bool) -> Self {
        let kept = (0..self.len()).filter(|&i| keep(self.utterance(i), self.frames(i)));
        let entries = kept.map(|i| self.entries[i]).collect();
        let renditions = Arc::clone(&self.renditions);
        Self { renditions, ..Self::index(self.codec.clone(), Arc::clone(&self.shards), entries) }
    }

    /// Returns the utterances of one split, renumbered.
    pub fn split(&self, split: &str) -> Self {
        self.filter(|utterance, _| utterance.split.as_deref() == Some(split))
    }

    /// Returns the identity of the codec that encoded the corpus.
    pub fn codec(&self) -> &CodecStamp {
        &self.codec
    }

    /// Returns the number of utterances.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no utterances.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the indices of the utterances of every speaker, by name.
    pub fn speakers(&self) -> &BTreeMap<String, Vec<usize>> {
        &self.by_speaker
    }

    /// Returns the index of the utterance of this name.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    fn record(&self, i: usize) -> (&CorpusShard, &ShardRecord) {
        let (shard, record) = self.entries[i];
        let shard = &self.shards[shard];
        (shard, &shard.records()[record])
    }

    /// Returns the manifest entry of utterance `i`; panics unless `i < len()`, like a slice.
    pub fn utterance(&self, i: usize) -> &Utterance {
        &self.record(i).1.utterance
    }

    /// Returns the number of frames of utterance `i`.
    pub fn frames(&self, i: usize) -> usize {
        self.record(i).1.frames
    }

    /// Returns the number of frames of every utterance.
    pub fn lengths(&self) -> Vec<usize> {
        (0..self.len()).map(|i| self.frames(i)).collect()
    }

    /// Returns the indices of an epoch's utterances. Utterances of speakers with few utterances are repeated. A
    /// speaker's share is proportional to the number of its utterances to the power of 1 - `balance`: with 0 every
    /// utterance occurs once, with 1 every speaker has the same share.
    pub fn turns(&self, balance: f64) -> Vec<usize> {
        let most = self.by_speaker.values().map(Vec::len).max().unwrap_or(0);
        let mut turns = Vec::new();
        for utterances in self.by_speaker.values() {
            let times = (most as f64 / utterances.len().max(1) as f64).powf(balance);
            // Each utterance is repeated `times` times, rounded; the remainder is carried over to the next utterance.
            let due = |taken: usize| (taken as f64 * times).round() as usize;
            for (taken, &utterance) in utterances.iter().enumerate() {
                turns.extend(std::iter::repeat_n(utterance, due(taken + 1) - due(taken)));
            }
        }
        turns.sort_unstable();
        turns
    }

    /// Returns the number of frames of all utterances together.
    pub fn total_frames(&self) -> usize {
        (0..self.len()).map(|i| self.frames(i)).sum()
    }

    /// Returns the codes of utterance `i`. // (frames, levels)
    ///
    /// # Errors
    /// Errors of reading a streamed corpus.
    pub fn codes(&self, i: usize) -> Result<Codes, DataError> {
        let (shard, record) = self.record(i);
        shard.codes(record)
    }

    /// Returns the latents of utterance `i`; `None` if the shards have no latents. // (frames, latent_dim)
    ///
    /// # Errors
    /// Errors of reading a streamed corpus.
    pub fn latents(&self, i: usize) -> Result<Option<Latents>, DataError> {
        let (shard, record) = self.record(i);
        shard.latents(record)
    }

    /// Returns utterance `i` as a sample for tasks. With `prompt`, the sample has a randomly drawn prompt.
    ///
    /// # Errors
    /// Errors of reading a streamed corpus.
    pub fn sample(
        &self,
        i: usize,
        prompt: Option<&PromptSpec>,
        rng: &mut impl Rng,
    ) -> Result<Sample, DataError> {
        let prompt = prompt.map_or(Ok(None), |spec| self.prompt(i, spec, rng))?;
        let utterance = self.utterance(i);
        Ok(Sample {
            id: utterance.id.clone(),
            speaker: utterance.speaker.clone(),
            text: utterance.text.clone(),
            codes: self.codes(i)?,
            latents: self.latents(i)?,
            frame_rate_hz: self.codec.frame_rate_hz,
            phones: utterance.timed_phones(),
            lead_s: utterance.lead_s,
            prompt,
            renditions: self.renditions_of(i)?,
        })
    }

    /// Returns a random section of another utterance by the speaker of utterance `i`: `min_frames..=max_frames` frames,
    /// or the complete utterance if it is shorter. Returns `None` with probability `none_probability`, and if the
    /// speaker has no other utterance.
    ///
    /// # Errors
    /// Errors of reading a streamed corpus.
    pub fn prompt(
        &self,
        i: usize,
        spec: &PromptSpec,
        rng: &mut impl Rng,
    ) -> Result<Option<Codes>, DataError> {
        // Both numbers are always drawn, so that `none_probability` does not change later draws.
        let none = rng.random::<f64>() < spec.none_probability;
        let most = spec.max_frames.max(spec.min_frames);
        let frames = rng.random_range(spec.min_frames..=most);
        let others: Vec<usize> = self
            .by_speaker
            .get(&self.utterance(i).speaker)
            .into_iter()
            .flatten()
            .copied()
            .filter(|&j| j != i)
            .collect();
        let long: Vec<usize> =
            others.iter().copied().filter(|&j| self.frames(j) >= spec.min_frames).collect();
        let candidates = if long.is_empty() { others } else { long };
        if none || frames == 0 || candidates.is_empty() {
            return Ok(None);
        }
        let other = candidates[rng.random_range(0..candidates.len())];
        let codes = self.codes(other)?; // (frames, levels)
        let start = rng.random_range(0..=codes.frames().saturating_sub(frames));
        Ok(Some(codes.slice(start, start + frames)))
    }
}

/// Reads the shards of a folder into memory.
fn read_shards(folder: &Path) -> Result<Vec<(PathBuf, CorpusShard)>, DataError> {
    let read = |path: PathBuf| {
        let shard = CorpusShard::Held(Shard::read(&path)?);
        Ok((path, shard))
    };
    shard_files(folder)?.into_iter().map(read).collect()
}
