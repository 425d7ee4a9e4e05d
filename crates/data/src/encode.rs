//! Encoding of a manifest into token shards: parallel, resumable, distributed over machines.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use syrinx_atomic::{remove_leftovers, write_bytes_inside};
use syrinx_types::{CancelToken, Coded, ConfigIssue, Event, EventSink, IoOperation};

use crate::claim::Claim;
use crate::shard::{CodecStamp, EncodeFailure, Shard, ShardStamp, ShardWriter};
use crate::{DataError, EncodeFault, Manifest, Utterance, WorkShare};

/// Interval between polls of a shard that another process writes.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Name of the job in the events.
const JOB: &str = "encode";

/// Parameters of encoding a manifest. The shards don't depend on `part` and `threads`.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodePlan {
    /// Identity of the codec that the closure uses.
    pub codec: CodecStamp,
    /// Dimension of the latents stored with the codes; 0 to store none.
    pub latent_dim: usize,
    /// Share of the shards that this process writes. All processes may use one folder, and several may have the same
    /// share: each shard is written by one process.
    pub part: WorkShare,
    /// Number of utterances in a shard. A shard is the unit of loading, and a killed process loses at most one.
    pub utterances_per_shard: usize,
    /// Number of encoding threads; 0 counts as 1.
    pub threads: usize,
}

impl EncodePlan {
    /// Builds the default plan: all shards, codes without latents, 500 utterances in a shard, one thread.
    pub fn new(codec: CodecStamp) -> Self {
        Self { codec, latent_dim: 0, part: WorkShare::WHOLE, utterances_per_shard: 500, threads: 1 }
    }
}

/// Result of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Number of shards of this share.
    pub shards: usize,
    /// Number of these shards that an earlier run finished.
    pub shards_kept: usize,
    /// Number of utterances in the shards of this share, kept shards included.
    pub utterances: usize,
    /// Number of frames of these utterances.
    pub frames: usize,
    /// Utterances that couldn't be encoded, those of kept shards included.
    pub failed: Vec<EncodeFailure>,
    /// File that lists the failures, one JSON object on each line, if there are any.
    pub failed_path: Option<PathBuf>,
}

/// Codes of an utterance, or the reason of a failure.
type Encoded = Result<Coded, EncodeFault>;

/// Closure that encodes one utterance: codes (frames, levels), with the latents before quantization if these are
/// stored, or the reason for a failure.
pub type EncodeUtterance<'a> = dyn Fn(&Utterance) -> Result<Coded, EncodeFault> + Sync + 'a;

/// Encodes the utterances of a manifest into token shards in `folder`, which is created if needed.
///
/// Shards contain the utterances in the order of the manifest. Existing shards are kept, so that a killed run resumes;
/// failed utterances are tried again, and damaged shards rewritten. An utterance for which `encode` returns an error is
/// listed in `failed.jsonl` (`failed-3-of-16.jsonl` for a share) and in its shard; the run continues. Progress and
/// failures go to `sink`; `cancel` is polled between utterances.
///
/// # Errors
/// [`DataError::Mismatch`], before any work, if the folder has shards of another codec, manifest or size;
/// [`DataError::Cancelled`]; [`DataError::Setting`] for 0 utterances a shard or no levels; [`DataError::Io`].
pub fn encode_manifest(
    manifest: &Manifest,
    folder: &Path,
    plan: &EncodePlan,
    encode: &EncodeUtterance<'_>,
    sink: &dyn EventSink,
    cancel: &CancelToken,
) -> Result<Summary, DataError> {
    check_plan(plan)?;
    fs::create_dir_all(folder).map_err(DataError::io(IoOperation::CreateFolder, folder))?;
    let work =
        EncodeRun { manifest, folder, plan, encode, sink, cancel, stamp: stamp(manifest, plan) };
    let finished = work.finished_shards()?;
    let mine: Vec<usize> = (0..work.stamp.of).filter(|&i| plan.part.has(i)).collect();
    let todo: Vec<usize> = mine
        .iter()
        .copied()
        .filter(|&i| finished[i].as_ref().is_none_or(|done| !done.failed.is_empty()))
        .collect();
    let total: usize = mine.iter().map(|&i| work.utterances_of(i).len()).sum();
    sink.emit(Event::JobStarted { name: JOB.to_owned(), total: Some(total as u64) });
    let mut done = total - todo.iter().map(|&i| work.utterances_of(i).len()).sum::<usize>();
    work.progress(done, "");
    let mut states = finished;
    let mut stopped = false;
    // Unclaimed shards come first, then shards claimed by other processes, which may be killed before they finish.
    let mut queue: VecDeque<(usize, bool)> = todo.iter().map(|&index| (index, false)).collect();
    while let Some((index, wait)) = queue.pop_front().filter(|_| !stopped) {
        match work.claimed_shard(index, wait, &mut done)? {
            Attempt::Made(state) => states[index] = Some(state),
            Attempt::Claimed => queue.push_back((index, true)),
            Attempt::Cancelled => stopped = true,
        }
    }
    let summary = work.summarise(&mine, &states, mine.len() - todo.len())?;
    let made = mine.iter().filter(|&&i| states[i].is_some()).count();
    let text = format!(
        "{made} of {} shards, {} utterances, {} frames, {} failed",
        mine.len(),
        summary.utterances,
        summary.frames,
        summary.failed.len()
    );
    sink.emit(Event::JobFinished { name: JOB.to_owned(), summary: text });
    if stopped {
        return Err(DataError::Cancelled { finished: made, total: mine.len() });
    }
    Ok(summary)
}

fn check_plan(plan: &EncodePlan) -> Result<(), DataError> {
    let sizes =
        [("utterances_per_shard", plan.utterances_per_shard), ("levels", plan.codec.levels)];
    Ok(ConfigIssue::above_zero(&sizes)?)
}

fn stamp(manifest: &Manifest, plan: &EncodePlan) -> ShardStamp {
    ShardStamp {
        codec: plan.codec.clone(),
        manifest: manifest.fingerprint(),
        utterances_per_shard: plan.utterances_per_shard,
        latent_dim: plan.latent_dim,
        index: 0,
        of: manifest.len().div_ceil(plan.utterances_per_shard),
    }
}

/// State of a shard on the disk.
struct Finished {
    utterances: usize,
    frames: usize,
    failed: Vec<EncodeFailure>,
}

impl Finished {
    fn of(shard: &Shard) -> Self {
        Self {
            utterances: shard.records().len(),
            frames: shard.records().iter().map(|r| r.frames).sum(),
            failed: shard.failed().to_vec(),
        }
    }
}

/// Outcome of the attempt to write a shard.
enum Attempt {
    /// The shard exists.
    Made(Finished),
    /// Another process is writing it.
    Claimed,
    /// The run was cancelled.
    Cancelled,
}

/// Immutable data of a run.
struct EncodeRun<'a> {
    manifest: &'a Manifest,
    folder: &'a Path,
    plan: &'a EncodePlan,
    encode: &'a EncodeUtterance<'a>,
    sink: &'a dyn EventSink,
    cancel: &'a CancelToken,
    stamp: ShardStamp,
}

impl EncodeRun<'_> {
    fn stamp_of(&self, index: usize) -> ShardStamp {
        ShardStamp { index, ..self.stamp.clone() }
    }

    fn path_of(&self, index: usize) -> PathBuf {
        self.folder.join(self.stamp_of(index).file_name())
    }

    fn utterances_of(&self, index: usize) -> &[Utterance] {
        let all = self.manifest.utterances();
        let first = index * self.plan.utterances_per_shard;
        &all[first..(first + self.plan.utterances_per_shard).min(all.len())]
    }

    fn warn(&self, message: String) {
        self.sink.emit(Event::Warning { message });
    }

    fn progress(&self, done: usize, note: &str) {
        let (name, note) = (JOB.to_owned(), note.to_owned());
        self.sink.emit(Event::JobProgress { name, done: done as u64, note });
    }

    /// Returns the state of every shard of the manifest, of all shares; `None` for a shard that is not in the folder.
    fn finished_shards(&self) -> Result<Vec<Option<Finished>>, DataError> {
        let mut finished: Vec<Option<Finished>> = Vec::new();
        finished.resize_with(self.stamp.of, || None);
        for path in shard_files(self.folder)? {
            let shard = match Shard::read(&path) {
                Ok(shard) => shard,
                Err(error @ DataError::BrokenShard { .. }) => {
                    self.warn(error.to_string());
                    continue;
                }
                Err(error) => return Err(error),
            };
            shard.stamp().check(&self.stamp, &path)?;
            let index = shard.stamp().index;
            // A shard under another shard's name was copied by hand and is ignored.
            if index < finished.len() && path == self.path_of(index) {
                finished[index] = Some(Finished::of(&shard));
            }
        }
        Ok(finished)
    }

    /// Writes a shard that no other process is writing. With `wait`, waits until the other process has finished the
    /// shard or has ended.
    fn claimed_shard(
        &self,
        index: usize,
        wait: bool,
        done: &mut usize,
    ) -> Result<Attempt, DataError> {
        let path = self.path_of(index);
        let claim = loop {
            match Claim::try_new(&path)? {
                Some(claim) => break claim,
                None if !wait => return Ok(Attempt::Claimed),
                None if self.cancel.is_cancelled() => return Ok(Attempt::Cancelled),
                None => thread::sleep(LOOK_AGAIN),
            }
        };
        // Another process may have written it in the meantime.
        let made = Shard::read(&path).ok().filter(|shard| shard.failed().is_empty());
        if let Some(shard) = made {
            *done += self.utterances_of(index).len();
            return Ok(Attempt::Made(Finished::of(&shard)));
        }
        remove_leftovers(&path);
        let state = self.encode_shard(index, done)?;
        drop(claim);
        Ok(state.map_or(Attempt::Cancelled, Attempt::Made))
    }

    /// Encodes and writes a shard, and reuses the utterances that a readable shard of that name already has. Returns
    /// `None` if cancelled.
    fn encode_shard(&self, index: usize, done: &mut usize) -> Result<Option<Finished>, DataError> {
        let utterances = self.utterances_of(index);
        let old = Shard::read(&self.path_of(index)).ok();
        let mut results: Vec<Option<Encoded>> = Vec::new();
        results.resize_with(utterances.len(), || None);
        if let Some(old) = &old {
            let mut records = old.records().iter().peekable();
            for (utterance, result) in utterances.iter().zip(&mut results) {
                if let Some(record) = records.next_if(|r| r.utterance.id == utterance.id) {
                    *result = Some(Ok(old.coded(record)));
                }
            }
        }
        *done += results.iter().filter(|r| r.is_some()).count();
        self.run_threads(utterances, &mut results, |id| {
            *done += 1;
            self.progress(*done, id);
        });
        let mut writer = ShardWriter::new(self.stamp_of(index));
        for (utterance, result) in utterances.iter().zip(results) {
            let Some(result) = result else { return Ok(None) };
            if let Err(fault) = result.and_then(|coded| writer.push(utterance, &coded)) {
                self.warn(format!("{}: {fault}", utterance.id));
                writer.fail(utterance, &fault);
            }
        }
        let path = writer.write(self.folder)?;
        Ok(Some(Finished::of(&Shard::read(&path)?)))
    }

    /// Computes the missing results on several threads, and calls `after` on this thread for each. Some results stay
    /// empty if cancelled.
    fn run_threads(
        &self,
        utterances: &[Utterance],
        results: &mut [Option<Encoded>],
        mut after: impl FnMut(&str),
    ) {
        let todo: Vec<usize> = (0..results.len()).filter(|&i| results[i].is_none()).collect();
        let next = AtomicUsize::new(0);
        let (send, receive) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..self.plan.threads.clamp(1, todo.len().max(1)) {
                let (send, next, todo) = (send.clone(), &next, &todo);
                scope.spawn(move || {
                    while !self.cancel.is_cancelled() {
                        let Some(&i) = todo.get(next.fetch_add(1, Ordering::Relaxed)) else {
                            break;
                        };
                        if send.send((i, (self.encode)(&utterances[i]))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(send);
            for (i, result) in receive {
                results[i] = Some(result);
                after(&utterances[i].id);
            }
        });
    }

    /// Sums up the shards of this share and writes the list of failures.
    fn summarise(
        &self,
        mine: &[usize],
        states: &[Option<Finished>],
        shards_kept: usize,
    ) -> Result<Summary, DataError> {
        let mut summary = Summary { shards: mine.len(), shards_kept, ..Summary::default() };
        for state in mine.iter().filter_map(|&i| states[i].as_ref()) {
            summary.utterances += state.utterances;
            summary.frames += state.frames;
            summary.failed.extend_from_slice(&state.failed);
        }
        let part = self.plan.part;
        let name = match part.of() {
            1 => "failed.jsonl".to_owned(),
            of => format!("failed-{}-of-{of}.jsonl", part.index() + 1),
        };
        let path = self.folder.join(name);
        if !summary.failed.is_empty() {
            let lines = summary.failed.iter().filter_map(|f| serde_json::to_string(f).ok());
            let text: String = lines.map(|line| line + "\n").collect();
            write_bytes_inside(&path, text.as_bytes())
                .map_err(DataError::io(IoOperation::Write, &path))?;
            summary.failed_path = Some(path);
        } else if path.exists() {
            fs::remove_file(&path).map_err(DataError::io(IoOperation::Remove, &path))?;
        }
        Ok(summary)
    }
}

/// Whether a file of this name is a shard.
pub(crate) fn is_shard(name: &str) -> bool {
    name.starts_with("shard-") && name.ends_with(".safetensors")
}

/// Returns the shards of a folder, by name. Temporary and other files are skipped.
pub(crate) fn shard_files(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(DataError::io(IoOperation::List, folder))? {
        let path = entry.map_err(DataError::io(IoOperation::List, folder))?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if is_shard(name) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
