//! Threads that run effects and send their results back as messages.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use syrinx_audio::{WavFormat, write_wav};
use syrinx_results::{ResultsError, RunFilter, Store};
use syrinx_types::{Audio, CancelToken, Event, EventSink, IoOperation, io_hint};

use crate::follow::Tail;
use crate::message::{Effect, JobId, JobNews, Msg, News};
use crate::{DashError, DrawnAnswer, Picture, Program, ProgramAnswer, ProgramError, TrainingCard};

/// Interval between polls of a followed file.
const FOLLOW: Duration = Duration::from_millis(500);
/// Length of the beginning of a recording on which pitch is measured, seconds.
const PITCH_OF_S: f64 = 30.0;
/// Largest number of runs read from the store.
const MOST_RUNS: usize = 300;

/// Files and folders of the dashboard.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) results: PathBuf,
    pub(crate) runs: PathBuf,
    pub(crate) out: PathBuf,
}

type WorkerJob = Box<dyn FnOnce() + Send>;

/// A thread that runs jobs one after another.
struct Lane {
    send: Option<Sender<WorkerJob>>,
    thread: Option<JoinHandle<()>>,
}

impl Lane {
    fn start(name: &str) -> Result<Self, DashError> {
        let (send, receive) = channel::<WorkerJob>();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || receive.into_iter().for_each(|work| work()))
            .map_err(|cause| DashError::Thread { cause })?;
        Ok(Self { send: Some(send), thread: Some(thread) })
    }

    fn does(&self, work: impl FnOnce() + Send + 'static) {
        if let Some(send) = &self.send {
            // A lane ends only with the dashboard, so sending does not fail.
            let _ = send.send(Box::new(work));
        }
    }

    fn join(&mut self) {
        self.send = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// All threads except the drawing thread.
pub(crate) struct Workers {
    program: Arc<dyn Program>,
    places: Places,
    send: Sender<Msg>,
    /// Answers, evaluations and reads from disk have a lane each: a long evaluation does not delay an answer.
    answers: Lane,
    evaluations: Lane,
    reading: Lane,
    jobs: BTreeMap<JobId, CancelToken>,
    following: CancelToken,
    followers: Vec<JoinHandle<()>>,
}

/// Event sink of a job, which sends the events as messages.
struct JobSink {
    job: JobId,
    send: Sender<Msg>,
}

impl EventSink for JobSink {
    fn emit(&self, event: Event) {
        tell(&self.send, News::Job(self.job, JobNews::Event(event)));
    }
}

/// Sends a message of a worker; it is dropped while the dashboard closes.
fn tell(send: &Sender<Msg>, news: News) {
    let _ = send.send(Msg::News(news));
}

impl Workers {
    pub(crate) fn start(
        program: Arc<dyn Program>,
        places: Places,
        send: Sender<Msg>,
    ) -> Result<Self, DashError> {
        Ok(Self {
            program,
            places,
            send,
            answers: Lane::start("answers")?,
            evaluations: Lane::start("evaluations")?,
            reading: Lane::start("reading")?,
            jobs: BTreeMap::new(),
            following: CancelToken::default(),
            followers: Vec::new(),
        })
    }

    /// Reads the data of all screens.
    pub(crate) fn begin(&self) {
        let (program, send) = (Arc::clone(&self.program), self.send.clone());
        self.reading.does(move || {
            tell(&send, News::Models(program.models()));
            tell(&send, News::Suites(program.suites()));
            tell(&send, News::Ablations(program.ablations()));
            let knobs = program.knobs().map(News::Knobs);
            tell(&send, knobs.unwrap_or_else(News::Trouble));
            let tasks = program.tasks().map(News::Tasks);
            tell(&send, tasks.unwrap_or_else(News::Trouble));
        });
    }

    /// Runs an effect.
    pub(crate) fn does(&mut self, effect: Effect) {
        match effect {
            // Handled by the event loop.
            Effect::Quit | Effect::Redraw => {}
            Effect::Answer(job, ask) => {
                let program = Arc::clone(&self.program);
                self.job(JobKind::Answer, job, move |cancel, sink| {
                    let answer = program.answer(&ask, cancel, sink)?;
                    Ok(JobNews::Answered(Box::new(shown(answer))))
                });
            }
            Effect::Evaluate(job, ask) => {
                let program = Arc::clone(&self.program);
                self.job(JobKind::Evaluation, job, move |cancel, sink| {
                    let report = program.evaluate(&ask, cancel, sink)?;
                    Ok(JobNews::Evaluated(Box::new(report)))
                });
            }
            Effect::Ablate(job, ask) => {
                let program = Arc::clone(&self.program);
                self.job(JobKind::Evaluation, job, move |cancel, sink| {
                    Ok(JobNews::Ablated(program.ablate(&ask, cancel, sink)?))
                });
            }
            Effect::Cancel(job) => {
                if let Some(cancel) = self.jobs.get(&job) {
                    cancel.cancel();
                }
            }
            Effect::LoadVoices(model) => {
                let program = Arc::clone(&self.program);
                self.read(move |_| Ok(News::Voices(model.name.clone(), program.voices(&model)?)));
            }
            Effect::Follow(path) => self.follow(path),
            Effect::Play(audio) => {
                let program = Arc::clone(&self.program);
                self.read(move |_| program.play(&audio).map(|()| News::Said("playing".into())));
            }
            Effect::Save(name, answer) => {
                let now_s = self.program.now_s();
                self.read(move |places| save(&places.out, &name, now_s, &answer));
            }
            Effect::Draw(path) => self.read(move |_| {
                let audio = syrinx_audio::read(&path)?;
                Ok(News::Pictured(path.display().to_string(), Box::new(Picture::of(&audio))))
            }),
            Effect::LoadTrainings => {
                self.read(|places| Ok(News::Trainings(trainings(&places.runs))))
            }
            Effect::LoadRuns => self.query(|store| {
                let filter = RunFilter { limit: Some(MOST_RUNS), ..RunFilter::default() };
                Ok(News::Runs(store.runs(&filter)?))
            }),
            Effect::LoadRows(run) => self.query(move |store| {
                let rows = store.rows(&run)?;
                Ok(News::Rows(run, rows))
            }),
            Effect::Compare(old, new) => self.query(move |store| {
                let comparison = store.compare(&old, &new)?;
                Ok(News::Compared(new, Box::new(comparison)))
            }),
            Effect::LoadCells => self.query(|store| {
                let ablations = store.ablations()?;
                let cells = |b: String| store.cells(&b).map(|cells| (b, cells));
                let cells: Vec<_> = ablations.into_iter().map(cells).collect::<Result<_, _>>()?;
                let runs = store.runs(&RunFilter::default())?;
                let of_ablations = runs.into_iter().filter(|r| !r.about.ablation.is_empty());
                Ok(News::Cells(cells, of_ablations.collect()))
            }),
            Effect::RequestControl(ablation, cell, request) => self.query(move |store| {
                store.request_control(&ablation, &cell, request)?;
                Ok(News::Said(format!("requested {request:?} of cell {cell}").to_lowercase()))
            }),
        }
    }

    fn job(
        &mut self,
        kind: JobKind,
        job: JobId,
        work: impl FnOnce(&CancelToken, &dyn EventSink) -> Result<JobNews, ProgramError>
        + Send
        + 'static,
    ) {
        let cancel = CancelToken::default();
        self.jobs.insert(job, cancel.clone());
        let send = self.send.clone();
        let lane = if kind == JobKind::Answer { &self.answers } else { &self.evaluations };
        lane.does(move || {
            let sink = JobSink { job, send: send.clone() };
            let outcome = if cancel.is_cancelled() {
                Ok(Ok(JobNews::Stopped))
            } else {
                catch_unwind(AssertUnwindSafe(|| work(&cancel, &sink)))
            };
            let news = match outcome {
                Ok(Ok(news)) => news,
                _ if cancel.is_cancelled() => JobNews::Stopped,
                Ok(Err(reason)) => JobNews::Failed(reason),
                Err(_) => JobNews::Failed(panicked()),
            };
            if let JobNews::Failed(reason) = &news {
                tell(&send, News::Trouble(reason.clone()));
            }
            tell(&send, News::Job(job, news));
        });
    }

    /// Runs a short read and sends its result.
    fn read(&self, work: impl FnOnce(&Places) -> Result<News, ProgramError> + Send + 'static) {
        let (send, places) = (self.send.clone(), self.places.clone());
        self.reading.does(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| work(&places)));
            let news = outcome.unwrap_or_else(|_| Err(panicked()));
            tell(&send, news.unwrap_or_else(News::Trouble));
        });
    }

    /// Queries the store. A missing store gives an empty result.
    fn query(&self, work: impl FnOnce(&Store) -> Result<News, ResultsError> + Send + 'static) {
        self.read(move |places| match Store::open_existing(&places.results) {
            Err(ResultsError::Missing { .. }) => Ok(News::Runs(Vec::new())),
            store => Ok(store.and_then(|store| work(&store))?),
        });
    }

    /// Follows a file instead of the current one.
    fn follow(&mut self, path: PathBuf) {
        self.following.cancel();
        self.following = CancelToken::default();
        let (stop, send) = (self.following.clone(), self.send.clone());
        let thread = std::thread::Builder::new().name("follow".into()).spawn(move || {
            let mut tail = Tail::new(&path);
            while !stop.is_cancelled() {
                match tail.more() {
                    Ok((events, start)) if !events.is_empty() => {
                        tell(&send, News::Followed(path.clone(), events, start));
                        continue;
                    }
                    Ok(_) => {}
                    Err(e) => {
                        tell(&send, News::Trouble(unusable(&path, IoOperation::Read, &e)));
                        return;
                    }
                }
                std::thread::sleep(FOLLOW);
            }
        });
        match thread {
            Ok(thread) => self.followers.push(thread),
            Err(cause) => {
                let error = DashError::Thread { cause };
                let error = ProgramError::new(error.to_string(), error.hint());
                tell(&self.send, News::Trouble(error));
            }
        }
    }

    /// Cancels all running work.
    pub(crate) fn cancel_all(&self) {
        self.jobs.values().for_each(CancelToken::cancel);
        self.following.cancel();
    }

    /// Waits for all threads.
    pub(crate) fn join(mut self) {
        for lane in [&mut self.answers, &mut self.evaluations, &mut self.reading] {
            lane.join();
        }
        for follower in self.followers.drain(..) {
            let _ = follower.join();
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JobKind {
    Answer,
    Evaluation,
}

/// Prepares an answer for drawing.
fn shown(answer: ProgramAnswer) -> DrawnAnswer {
    let pitch = |audio: &Audio| {
        let stats = syrinx_metrics::pitch::f0(&audio.slice(0.0, PITCH_OF_S)).reliable_stats()?;
        Some(stats.median_hz)
    };
    let audio = answer.audio.as_deref().filter(|a| !a.samples.is_empty());
    let (picture, pitch_hz) = (audio.map(Picture::of), audio.and_then(pitch));
    DrawnAnswer { answer, picture, pitch_hz }
}

fn panicked() -> ProgramError {
    let hint = "please report it, with the printed text".into();
    ProgramError::new("the program panicked", Some(hint))
}

/// Returns the error of an operation on a file or folder.
fn unusable(path: &Path, operation: IoOperation, cause: &std::io::Error) -> ProgramError {
    let hint = io_hint(operation, cause.kind()).map(Into::into);
    ProgramError::new(format!("can't {operation} `{}`: {cause}", path.display()), hint)
}

/// Writes an answer as JSON, and its recording as WAV.
fn save(
    folder: &Path,
    name: &str,
    now_s: f64,
    answer: &ProgramAnswer,
) -> Result<News, ProgramError> {
    std::fs::create_dir_all(folder).map_err(|e| unusable(folder, IoOperation::CreateFolder, &e))?;
    let stem = folder.join(format!("{name}-{}", now_s as u64));
    let mut json = answer.answered.json();
    if let Some(audio) = &answer.audio {
        let wav = stem.with_extension("wav");
        write_wav(&wav, audio, WavFormat::Int16)?;
        if let Some(field) = json.get_mut("audio") {
            *field = serde_json::Value::String(wav.display().to_string());
        }
    }
    let path = stem.with_extension("json");
    syrinx_atomic::write_bytes(&path, format!("{json:#}").as_bytes())
        .map_err(|e| unusable(&path, IoOperation::Write, &e))?;
    Ok(News::Said(format!("wrote {}", path.display())))
}

/// Returns the training runs in a folder and its subfolders (one level), the latest first. A run has a file
/// `events.jsonl`.
fn trainings(folder: &Path) -> Vec<TrainingCard> {
    let below = |path: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|e| e.path()).filter(|p| p.is_dir()).collect()
    };
    let first = below(folder);
    let second = first.iter().flat_map(|path| below(path)).collect::<Vec<_>>();
    let mut found: Vec<(std::time::SystemTime, TrainingCard)> = first
        .into_iter()
        .chain(second)
        .filter_map(|run| {
            let path = run.join("events.jsonl");
            let changed = path.metadata().ok()?.modified().ok()?;
            let name = run.strip_prefix(folder).unwrap_or(&run).display().to_string();
            Some((changed, TrainingCard { name, path }))
        })
        .collect();
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    found.into_iter().map(|(_, card)| card).collect()
}
