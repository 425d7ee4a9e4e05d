//! Runner with made-up results, and a plan for it.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::Value;
use syrinx_ablate::{
    Ablation, AblationPlan, CellJob, CellPlace, CellRunner, Material, RunnerError, TrainedCell,
    WorkOptions,
};
use syrinx_data::WorkShare;
use syrinx_eval::{EvalOptions, JudgeConfig, Measure, REPORT_FORMAT, Report, Row, Suite, figures};
use syrinx_results::{RunAbout, Store};
use syrinx_types::{CallbackError, Event, RunContext};

/// Words of every row.
const WORDS: f64 = 20.0;

/// Rows have `shift` more wrong words; with `moody` that many more for even seeds, and half as many fewer for odd ones.
/// `broken` cells fail, `impossible` ones can't be.
pub(crate) struct Fake<'a> {
    pub(crate) store: &'a Store,
    /// The model.
    pub(crate) weights: &'static str,
    /// Rows of a suite.
    pub(crate) rows: usize,
    /// Log of evaluated and trained cells.
    pub(crate) log: Mutex<Vec<String>>,
    /// Number of evaluations until the token is set.
    pub(crate) cancel_in: Mutex<Option<usize>>,
    clock_s: Mutex<f64>,
}

impl<'a> Fake<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        let (log, cancel_in) = (Mutex::default(), Mutex::default());
        Self { store, weights: "first", rows: 24, log, cancel_in, clock_s: Mutex::new(1_000.0) }
    }

    /// Returns the calls since the last time.
    pub(crate) fn done(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    fn rows(&self, job: &CellJob<'_>) -> Vec<Row> {
        let number = |key: &str| job.keys.settings.get(key).and_then(Value::as_f64);
        let moody = number("moody").unwrap_or_default();
        let mood = if job.seed.is_multiple_of(2) { moody } else { -moody / 2.0 };
        let shift = number("shift").unwrap_or_default() + mood;
        let row = |i: usize| {
            let noise = ((i * 7919 + job.seed as usize * 31) % 5) as f64;
            let wrong = Measure::Ratio { part: 3.0 + noise + shift, whole: WORDS };
            let similar = Measure::value(0.8 + noise / 50.0);
            let time = Measure::Ratio { part: 1.0 + shift, whole: 4.0 };
            let measures = [("wer", wrong), ("similarity", similar), ("rtf", time)];
            let measures = measures.map(|(name, measure)| (name.to_owned(), measure));
            Row {
                key: format!("row {i}"),
                id: format!("item {i}"),
                group: format!("voice {}", i % 6),
                seed: job.seed,
                measures: measures.into(),
                ..Row::default()
            }
        };
        (0..self.rows).map(row).collect()
    }
}

impl CellRunner for Fake<'_> {
    fn material(&self, job: &CellJob<'_>) -> Result<Material, RunnerError> {
        if job.keys.settings.contains_key("impossible") {
            return Err(CallbackError::new("there is no setting `impossible`").into());
        }
        let evaluation = format!("{} {:?}", self.weights, job.keys.settings);
        let training = job.budget.map(|b| format!("{} {:?}", b.steps, job.keys.train));
        Ok(Material { evaluation, training })
    }

    fn train(
        &self,
        job: &CellJob<'_>,
        folder: &Path,
        run: RunContext<'_>,
    ) -> Result<TrainedCell, RunnerError> {
        self.log.lock().unwrap().push(format!("trained {:?}", job.keys.train));
        run.events.emit(Event::JobProgress {
            name: "training".into(),
            done: 1,
            note: String::new(),
        });
        let model = folder.join("model.safetensors");
        std::fs::write(&model, "weights").unwrap();
        let loss = if job.keys.train.is_empty() { 2.0 } else { 1.5 } + job.seed as f64 / 10.0;
        Ok(TrainedCell { model, figures: vec![("tts/ar".into(), loss)] })
    }

    fn evaluate(
        &self,
        job: &CellJob<'_>,
        place: CellPlace<'_>,
        suite: &Suite,
        options: &EvalOptions,
        run: RunContext<'_>,
    ) -> Result<Report, RunnerError> {
        let mut left = self.cancel_in.lock().unwrap();
        if *left == Some(0) {
            run.cancel.cancel();
        }
        *left = left.and_then(|left| left.checked_sub(1));
        drop(left);
        run.events.emit(Event::JobStarted { name: format!("eval {}", suite.name), total: Some(2) });
        run.events.emit(Event::JobProgress { name: "eval".into(), done: 1, note: String::new() });
        if run.is_cancelled() {
            return Err(RunnerError::Cancelled);
        }
        if job.keys.settings.contains_key("broken") {
            let error = CallbackError::new("the weights are broken");
            return Err(error.with_hint(Some("train again")).into());
        }
        let about = RunAbout {
            suite: suite.name.clone(),
            model: "fake".into(),
            fingerprint: format!("{}-{}", self.weights, place.key),
            settings: serde_json::json!({ "suite": suite }),
            revision: "abc1234".into(),
            machine: self.machine(),
            folder: options.out.clone(),
            ablation: place.ablation.into(),
            cell: place.key.into(),
            ..RunAbout::default()
        };
        let rows = self.rows(job);
        let stored = self.store.begin(&about, self.now_s()).unwrap();
        self.store.finish_with(&stored, &rows, &figures(&rows, &[]), self.now_s()).unwrap();
        let what = format!("{:?} {:?} #{}", job.keys.settings, suite.request.get("mode"), job.seed);
        self.log.lock().unwrap().push(what);
        Ok(Report {
            format: REPORT_FORMAT,
            suite: suite.name.clone(),
            summary: String::new(),
            task: suite.task.clone(),
            model: "fake".into(),
            fingerprint: String::new(),
            judges: Vec::<JudgeConfig>::new(),
            provenance: syrinx_eval::Provenance::default(),
            missing: 0,
            figures: Vec::new(),
            groups: Vec::new(),
            comparison: None,
            rows,
        })
    }

    /// Ten seconds more at every call, so that every change is written to the store.
    fn now_s(&self) -> f64 {
        let mut clock_s = self.clock_s.lock().unwrap();
        *clock_s += 10.0;
        *clock_s
    }

    fn machine(&self) -> String {
        "bench-1, 2 cores".into()
    }
}

/// A folder with a suite and a store in it.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
}

const SUITE: &str = "summary = \"Made-up words.\"\ntask = \"say\"\n\
    request = { text = \"{text}\", mode = \"plain\" }\nfigures = [\"wer\", \"similarity\", \"rtf\"]\n\
    [items]\nlines = \"lines.txt\"\n[[judges]]\nkind = \"own\"\ntask = \"stt\"\nrequest = {}\n";

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("speak.toml"), SUITE).unwrap();
        std::fs::write(folder.path().join("lines.txt"), "One.\nTwo.\n").unwrap();
        let store = Store::open(&folder.path().join("results.db")).unwrap();
        Self { folder, store }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Plans an ablation of this text.
    pub(crate) fn plan(&self, text: &str, runner: &Fake<'_>) -> AblationPlan {
        let ablation = Ablation::parse(text, "demo", self.folder.path()).unwrap();
        AblationPlan::new(ablation, runner).unwrap()
    }

    pub(crate) fn options(&self, part: &str) -> WorkOptions {
        WorkOptions { folder: self.path("work"), part: part.parse::<WorkShare>().unwrap() }
    }
}

/// Two axes of three and two values; one of the six cells is broken.
pub(crate) const DEMO: &str = r#"
    title = "Does shifting hurt?"
    question = "How many words does a shift cost, and does the mode matter?"
    notes = "The words are made up."
    readings = [
        { model = "first", text = "A shift of four costs four words of twenty." },
        { model = "second", text = "This is of another model." },
    ]
    suites = [{ suite = "speak.toml" }]
    baseline = { shift = "0" }
    tolerance = { figure = "wer", loss = 0.01 }
    [[axes]]
    name = "shift"
    values = [
        { name = "4", keys = { shift = 4.0 } },
        { name = "0", keys = { shift = 0.0 } },
        { name = "0.1", keys = { shift = 0.1 } },
    ]
    [[axes]]
    name = "mode"
    values = [
        { name = "plain" },
        { name = "fancy", keys = { "suite.request.mode" = "fancy" } },
    ]
"#;

/// The same with a cell that can't be and one that breaks.
pub(crate) fn with_bad_cells() -> String {
    let bad = "values = [\n{ name = \"broken\", keys = { broken = true } },\n\
        { name = \"impossible\", keys = { impossible = true } },";
    DEMO.replacen("values = [", bad, 1)
}
