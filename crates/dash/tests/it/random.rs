//! Nothing that comes in makes the dashboard panic, at no size.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use syrinx_dash::keys::Key;
use syrinx_dash::{JobId, JobNews, Msg, News, Screen, ThemeName};
use syrinx_types::Event;

use crate::material::{NOW_S, app, beginning, comparison, shown};

#[derive(Debug, Clone)]
enum Input {
    Msg(Msg),
    Draw(u16, u16),
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        4 => prop::sample::select("abcdefghijklmnopqrstuvwxyzGRTäあ?[] 012345+-".chars().collect::<Vec<_>>())
            .prop_map(Key::Char),
        3 => prop::sample::select(vec![
            Key::Enter, Key::Esc, Key::Tab, Key::BackTab, Key::Up, Key::Down, Key::Left, Key::Right,
            Key::Home, Key::End, Key::PageUp, Key::PageDown, Key::Backspace, Key::Delete,
            Key::Ctrl('c'), Key::Ctrl('u'),
        ]),
    ]
}

fn news() -> impl Strategy<Value = News> {
    let answered = || JobNews::Answered(Box::new(shown()));
    let mut all = beginning();
    all.extend([
        News::Tasks(Vec::new()),
        News::Runs(Vec::new()),
        News::Rows("b1b2b3b4b5b6".into(), Vec::new()),
        News::Cells(Vec::new(), Vec::new()),
        News::Trainings(Vec::new()),
        News::Knobs(Vec::new()),
        News::Models(Vec::new()),
        News::Suites(Vec::new()),
        News::Compared("c1c2c3c4c5c6".into(), Box::new(comparison())),
        News::Trouble("of some kind\nin two lines".into()),
    ]);
    for job in 1..6 {
        all.push(News::Job(JobId(job), answered()));
        all.push(News::Job(JobId(job), JobNews::Failed("no".into())));
        all.push(News::Job(JobId(job), JobNews::Stopped));
        let event = Event::EvalRow {
            suite: "tts".into(),
            id: "wide あ".into(),
            figures: vec![("wer".into(), f64::NAN)],
        };
        all.push(News::Job(JobId(job), JobNews::Event(event)));
    }
    let strange = Event::TrainStep {
        step: 3,
        total: 0,
        loss: f64::NAN,
        losses: vec![("x".into(), f64::INFINITY), ("y".into(), 1e300)],
        learning_rate: 0.0,
        gradient_norm: f64::NEG_INFINITY,
        tokens_per_s: 0.0,
    };
    all.push(News::Followed(
        "runs/small/events.jsonl".into(),
        vec![(Some(f64::NAN), strange)],
        false,
    ));
    prop::sample::select(all)
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        8 => key().prop_map(Msg::Key).prop_map(Input::Msg),
        3 => news().prop_map(Msg::News).prop_map(Input::Msg),
        2 => (0u16..150, 0u16..60).prop_map(|(column, row)| Input::Msg(Msg::Click { column, row })),
        1 => (0u16..150, 0u16..60, any::<bool>())
            .prop_map(|(column, row, down)| Input::Msg(Msg::Scroll { column, row, down })),
        1 => ".{0,12}".prop_map(|text| Input::Msg(Msg::Paste(text))),
        1 => (0.0..1e4f64).prop_map(|s| Input::Msg(Msg::Now(NOW_S + s))),
        3 => (0u16..150, 0u16..60).prop_map(|(columns, lines)| Input::Draw(columns, lines)),
        1 => (0u16..14, 0u16..8).prop_map(|(columns, lines)| Input::Draw(columns, lines)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_122),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_input_makes_it_panic(
        first in 0usize..5,
        plain in any::<bool>(),
        inputs in prop::collection::vec(input(), 1..60),
    ) {
        let theme = if plain { ThemeName::Plain } else { ThemeName::Dark };
        let mut app = app(Screen::ALL[first], theme);
        for input in inputs {
            match input {
                Input::Msg(msg) => {
                    app.update(msg);
                }
                Input::Draw(columns, lines) => {
                    let area = Rect::new(0, 0, columns, lines);
                    app.draw_on(&mut Buffer::empty(area), area);
                }
            }
        }
        let area = Rect::new(0, 0, 80, 24);
        app.draw_on(&mut Buffer::empty(area), area);
    }
}
