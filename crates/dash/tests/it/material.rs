//! Synthetic news and screens to draw them on.

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::json;
use syrinx_dash::keys::Key;
use syrinx_dash::{
    AblationCard, App, DrawnAnswer, Effect, Facts, FieldCard, JobId, JobNews, Knob, ModelCard, Msg,
    News, Picture, ProgramAnswer, Screen, SuiteCard, TaskCard, ThemeName, TrainingCard,
};
use syrinx_eval::{Better, Comparison, Figure, Measure, Row, Unit};
use syrinx_results::{Cell, CellState, Run, RunAbout, RunStatus};
use syrinx_task::{Alignment, AnswerKind, Answered, Layout, Segment, Stage, Transcript, heads};
use syrinx_types::{Audio, Event, WordTime};

/// 2026-11-22 09:00 UTC.
pub(crate) const NOW_S: f64 = 1_795_338_000.0;

/// A dashboard at a screen, with all that workers tell at the beginning.
pub(crate) fn app(screen: Screen, theme: ThemeName) -> App {
    let (mut app, _) = App::new(Facts { theme, screen, now_s: NOW_S, replay: None });
    for news in beginning() {
        app.update(Msg::News(news));
    }
    app
}

/// Presses keys: single signs as they are, others by their name, with spaces between.
pub(crate) fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let key = |name: &str| match name {
        "enter" => Key::Enter,
        "esc" => Key::Esc,
        "tab" => Key::Tab,
        "up" => Key::Up,
        "down" => Key::Down,
        "left" => Key::Left,
        "right" => Key::Right,
        "space" => Key::Char(' '),
        "^c" => Key::Ctrl('c'),
        "^l" => Key::Ctrl('l'),
        sign => Key::Char(sign.chars().next().unwrap()),
    };
    keys.split(' ').flat_map(|name| app.update(Msg::Key(key(name)))).collect()
}

/// The screen as text.
pub(crate) fn drawn(app: &mut App, columns: u16, lines: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
    terminal.draw(|frame| app.draw(frame)).unwrap();
    terminal.backend().to_string()
}

pub(crate) fn beginning() -> Vec<News> {
    vec![
        News::Models(vec![
            ModelCard { name: "embedded".into(), path: None },
            ModelCard { name: "large".into(), path: Some("large.safetensors".into()) },
        ]),
        News::Suites(
            [("stt", "stt"), ("tts", "tts"), ("tts-ci", "tts"), ("codec", "")]
                .map(|(name, task)| SuiteCard {
                    name: name.into(),
                    task: task.into(),
                    summary: format!("What the suite {name} measures."),
                    path: format!("evals/{name}.toml").into(),
                })
                .to_vec(),
        ),
        News::Ablations(
            [("sampling", 6, false), ("alignment", 3, true)]
                .map(|(name, cells, trains)| AblationCard {
                    name: name.into(),
                    question: format!("Which {name}?"),
                    cells,
                    trains,
                    path: format!("configs/ablations/{name}.toml").into(),
                })
                .to_vec(),
        ),
        News::Knobs(
            [
                ("decode.best_of", "1"),
                ("decode.codes.temperature", "0.5"),
                ("decode.codes.top_p", "0.8"),
                ("decode.repetition_aware.enabled", "false"),
            ]
            .map(|(key, value)| Knob { key: key.into(), value: value.into() })
            .to_vec(),
        ),
        News::Tasks(vec![
            task("clean", AnswerKind::Speech, "audio", true),
            task("spell", AnswerKind::Phones, "text", false),
            task("say", AnswerKind::Speech, "text", false),
            task("hear", AnswerKind::Text, "audio", true),
        ]),
        News::Voices("embedded".into(), vec!["joe".into(), "ann".into()]),
        News::Runs(runs()),
        News::Rows("b1b2b3b4b5b6".into(), rows()),
        cells(),
        News::Trainings(vec![
            TrainingCard { name: "small".into(), path: "runs/small/events.jsonl".into() },
            TrainingCard { name: "large".into(), path: "runs/large/events.jsonl".into() },
        ]),
        News::Followed("runs/small/events.jsonl".into(), events(), true),
    ]
}

pub(crate) fn task(
    id: &str,
    answer_kind: AnswerKind,
    positional: &str,
    takes_recording: bool,
) -> TaskCard {
    let field = |name: &str, kind: &str, about: &str| FieldCard {
        name: name.into(),
        kind: kind.into(),
        about: about.into(),
    };
    TaskCard {
        id: id.into(),
        summary: format!("does what a task called {id} does"),
        example: format!("syrinx {id} something"),
        answer_kind,
        positional: positional.into(),
        takes_recording,
        required: vec![positional.into()],
        layouts: [("pointer", Alignment::Pointer), ("none", Alignment::None)]
            .map(|(name, alignment)| (name.to_owned(), layout(id, alignment)))
            .to_vec(),
        request: vec![
            field(positional, "string", "What it is about."),
            field(
                "voice",
                "string",
                "The name of a voice that the model has or the user has added.",
            ),
            field("prompt", "string", "A recording of the voice."),
        ],
        answer: vec![field("text", "string", "What was understood.")],
        settings: vec![field("gap_s", "number", "Silence between two pieces, seconds. [0.1]")],
    }
}

fn layout(id: &str, alignment: Alignment) -> Layout {
    let ar = vec![
        Segment::special_token(format!("task:{id}")),
        Segment::special_token("lang:en"),
        Segment::aligned_text("text", alignment),
        Segment::prompt("prompt").optional(),
        Segment::ar_response("codes"),
    ];
    let nar = vec![
        Segment::special_token(format!("task:{id}")),
        Segment::level_token(),
        Segment::aligned_text("text", alignment),
        Segment::nar_response("codes"),
    ];
    Layout {
        task: id.into(),
        stages: vec![
            Stage::new("ar", heads::FirstLevel, ar),
            Stage::new("nar", heads::FurtherLevels, nar),
        ],
    }
}

pub(crate) fn figure(name: &str, value: f64, unit: Unit, better: Better) -> Figure {
    Figure {
        name: name.into(),
        variant: String::new(),
        value,
        low: value * 0.8,
        high: value * 1.2,
        rows: 12,
        unit,
        better,
    }
}

fn run(id: &str, suite: &str, model: &str, status: RunStatus, wer: f64) -> Run {
    Run {
        id: id.into(),
        about: RunAbout {
            suite: suite.into(),
            task: "say".into(),
            model: model.into(),
            folder: format!("/runs/{suite}").into(),
            ..RunAbout::default()
        },
        status,
        note: String::new(),
        started_s: NOW_S - 3600.0,
        updated_s: NOW_S - 60.0,
        ended_s: None,
        rows: 12,
        figures: vec![
            figure("wer@own", wer, Unit::Share, Better::Lower),
            figure("similarity", 0.71, Unit::Number, Better::Higher),
            figure("rtf", 0.23, Unit::Number, Better::Lower),
        ],
    }
}

pub(crate) fn runs() -> Vec<Run> {
    let mut of_cells: Vec<Run> = ["c0", "c1", "c2"]
        .iter()
        .enumerate()
        .map(|(i, cell)| {
            let wer = 0.4 - 0.1 * i as f64;
            let mut run = run(&format!("cell{i}"), "tts-ci", "small", RunStatus::Finished, wer);
            (run.about.ablation, run.about.cell) = ("prompt".into(), (*cell).into());
            run
        })
        .collect();
    let mut all = vec![
        run("c1c2c3c4c5c6", "tts", "large", RunStatus::Running, 0.081),
        run("b1b2b3b4b5b6", "tts", "embedded", RunStatus::Finished, 0.123),
        run("a1a2a3a4a5a6", "stt", "embedded", RunStatus::Failed, 0.2),
    ];
    all.append(&mut of_cells);
    all
}

pub(crate) fn rows() -> Vec<Row> {
    (0..12)
        .map(|i| Row {
            key: format!("key {i}"),
            id: format!("item {i}/joe"),
            group: "joe".into(),
            reference: "glue the sheet to the dark blue background".into(),
            hypothesis: "glue the sheet to the dark background".into(),
            audio: Some(format!("audio/{i}.wav")),
            error: (i == 7).then(|| "it said nothing".into()),
            measures: [
                ("wer@own".to_owned(), Measure::count(i % 4, 8)),
                ("similarity".to_owned(), Measure::value(0.9 - i as f64 / 100.0)),
            ]
            .into(),
            ..Row::default()
        })
        .collect()
}

pub(crate) fn comparison() -> Comparison {
    let better: Vec<Row> = rows()
        .into_iter()
        .map(|r| Row { measures: [("wer@own".into(), Measure::count(0, 8))].into(), ..r })
        .collect();
    Comparison::between("b1b2b3b4b5b6", "embedded", &better, &rows()).unwrap()
}

fn cells() -> News {
    let states = [
        CellState::Finished,
        CellState::Finished,
        CellState::Finished,
        CellState::Training,
        CellState::Failed,
        CellState::Planned,
    ];
    let cell = |(i, state): (usize, CellState)| Cell {
        ablation: "prompt".into(),
        key: format!("c{i}"),
        place: i,
        axes: [("prompt_s".to_owned(), json!(i)), ("voice".to_owned(), json!("sequence"))].into(),
        seed: 1,
        state,
        done: 0.4,
        note: if state == CellState::Failed {
            "loss is no number at step 40".into()
        } else {
            String::new()
        },
        updated_s: NOW_S - 5.0,
        ..Cell::default()
    };
    let cells = states.into_iter().enumerate().map(cell).collect();
    News::Cells(vec![("prompt".into(), cells), ("sampling".into(), Vec::new())], runs())
}

fn events() -> Vec<(Option<f64>, Event)> {
    let mut events = Vec::new();
    for step in 1..=40u64 {
        let loss = 6.0 / (1.0 + step as f64 / 8.0);
        let at_s = Some(NOW_S - 40.0 + step as f64);
        let train = Event::TrainStep {
            step,
            total: 100,
            loss,
            losses: vec![("tts:level 1".into(), loss * 1.1), ("tts:level 2".into(), loss * 0.9)],
            learning_rate: 0.001,
            gradient_norm: 1.5,
            tokens_per_s: 2345.0,
        };
        events.push((at_s, train));
        if step % 20 == 0 {
            let path = "runs/small/checkpoint.safetensors".into();
            events.push((at_s, Event::CheckpointSaved { step, path }));
            let figures = vec![("tts:level 1".to_owned(), loss * 1.2)];
            events.push((at_s, Event::TrainEval { step, figures }));
        }
    }
    events.push((None, Event::Warning { message: "one utterance was too long".into() }));
    let warning = Event::TrainWarning {
        step: 40,
        figure: "loss tts/ar:codes.1".into(),
        value: 9.0,
        usual: 2.0,
        message: "loss tts/ar:codes.1 is 9.000, far above its usual 2.000".into(),
    };
    events.push((None, warning));
    events
}

/// An answer with a picture that no transform has to be run for.
pub(crate) fn shown() -> DrawnAnswer {
    let loud = |i: usize| ((i as f32 / 9.0).sin() * (i as f32 / 40.0).cos()).abs();
    let picture = Picture {
        wave: (0..300).map(|i| (-loud(i), loud(i))).collect(),
        mel: (0..300)
            .flat_map(|i| (0..40).map(move |b| loud(i + 3 * b) * (1.0 - b as f32 / 40.0)))
            .collect(),
        bands: 40,
        seconds: 2.0,
    };
    let audio = Audio { samples: vec![0.1; 48_000], sample_rate_hz: 24_000 };
    let words = ["glue", "the", "sheet"];
    let words: Vec<_> = words
        .iter()
        .enumerate()
        .map(|(i, w)| WordTime {
            word: (*w).to_owned(),
            start_s: 0.25 * i as f64,
            end_s: 0.25 * (i + 1) as f64,
        })
        .collect();
    let text = "glue the sheet".to_owned();
    let transcript = Transcript { text, words, ..Transcript::default() };
    DrawnAnswer {
        answer: ProgramAnswer {
            answered: Answered::new(transcript),
            audio: Some(Arc::new(audio)),
            wall_s: 0.5,
            first_s: None,
        },
        picture: Some(picture),
        pitch_hz: Some(142.3),
    }
}

/// Requested jobs.
pub(crate) fn jobs(effects: &[Effect]) -> Vec<JobId> {
    let job = |e: &Effect| match e {
        Effect::Answer(job, _) | Effect::Evaluate(job, _) => Some(*job),
        _ => None,
    };
    effects.iter().filter_map(job).collect()
}

pub(crate) fn tell(app: &mut App, job: JobId, news: JobNews) -> Vec<Effect> {
    app.update(Msg::News(News::Job(job, news)))
}
