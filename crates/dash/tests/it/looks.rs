//! Screens at three sizes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use syrinx_dash::{App, JobNews, Msg, News, Screen, ThemeName};
use syrinx_types::Event;

use crate::material::{app, comparison, drawn, jobs, press, rows, shown, tell};

/// A small terminal, an ordinary one, a large one.
const SIZES: [(u16, u16); 3] = [(60, 20), (80, 24), (140, 45)];

fn looks(name: &str, app: &mut App) {
    for (columns, lines) in SIZES {
        let text = drawn(app, columns, lines);
        insta::assert_snapshot!(format!("{name}_{columns}x{lines}"), text);
    }
}

#[test]
fn compare() {
    let mut app = app(Screen::Compare, ThemeName::Plain);
    let asked = press(&mut app, "enter");
    let [job] = jobs(&asked)[..] else { panic!("{asked:?}") };
    let asked = tell(&mut app, job, JobNews::Answered(Box::new(shown())));
    let [second] = jobs(&asked)[..] else { panic!("{asked:?}") };
    tell(&mut app, second, JobNews::Answered(Box::new(shown())));
    looks("compare", &mut app);
    press(&mut app, "e down right");
    insta::assert_snapshot!("compare_settings_80x24", drawn(&mut app, 80, 24));
}

#[test]
fn evals() {
    let mut app = app(Screen::Evals, ThemeName::Plain);
    press(&mut app, "tab down b up enter");
    app.update(Msg::News(News::Rows("c1c2c3c4c5c6".into(), rows())));
    app.update(Msg::News(News::Compared("c1c2c3c4c5c6".into(), Box::new(comparison()))));
    looks("evals", &mut app);
    press(&mut app, "s enter");
    insta::assert_snapshot!("evals_row_80x24", drawn(&mut app, 80, 24));
}

#[test]
fn evals_that_run() {
    let mut app = app(Screen::Evals, ThemeName::Plain);
    let asked = press(&mut app, "down space n r");
    let [job] = jobs(&asked)[..] else { panic!("{asked:?}") };
    tell(&mut app, job, JobNews::Event(Event::JobStarted { name: "eval".into(), total: Some(4) }));
    let figures = vec![("wer@own".to_owned(), 0.25), ("rtf".to_owned(), 0.3)];
    let row = Event::EvalRow { suite: "tts".into(), id: "item 1".into(), figures };
    tell(&mut app, job, JobNews::Event(row));
    let moved = Event::JobProgress { name: "eval".into(), done: 1, note: String::new() };
    tell(&mut app, job, JobNews::Event(moved));
    insta::assert_snapshot!("evals_live_80x24", drawn(&mut app, 80, 24));
}

#[test]
fn ablations() {
    let mut app = app(Screen::Ablations, ThemeName::Plain);
    press(&mut app, "tab down down down down");
    looks("ablations", &mut app);
}

#[test]
fn training() {
    let mut app = app(Screen::Training, ThemeName::Plain);
    press(&mut app, "tab tab");
    looks("training", &mut app);
}

#[test]
fn tasks() {
    let mut app = app(Screen::Tasks, ThemeName::Plain);
    press(&mut app, "down tab");
    looks("tasks", &mut app);
    press(&mut app, "right");
    insta::assert_snapshot!("tasks_request_80x24", drawn(&mut app, 80, 24));
}

#[test]
fn help_and_question() {
    let mut app = app(Screen::Compare, ThemeName::Plain);
    press(&mut app, "?");
    looks("help", &mut app);
    press(&mut app, "esc enter q");
    insta::assert_snapshot!("leave_80x24", drawn(&mut app, 80, 24));
}

#[test]
fn a_plain_theme_has_no_colour_and_the_others_have() {
    let coloured = |theme| {
        Screen::ALL.iter().any(|screen| {
            let mut app = app(*screen, theme);
            let area = Rect::new(0, 0, 100, 30);
            let mut buffer = Buffer::empty(area);
            app.draw_on(&mut buffer, area);
            buffer.content.iter().any(|c| c.fg != Color::Reset || c.bg != Color::Reset)
        })
    };
    assert!(!coloured(ThemeName::Plain));
    assert!(coloured(ThemeName::Dark) && coloured(ThemeName::Light));
}
