//! Effects of messages on the state.

use syrinx_dash::keys::Key;
use syrinx_dash::{App, Effect, Facts, JobNews, Msg, News, ProgramError, Screen, ThemeName};
use syrinx_eval::{Better, Unit};
use syrinx_results::ControlRequest;
use syrinx_task::AnswerKind;

use crate::material::{
    NOW_S, app, comparison, drawn, figure, jobs, press, rows, runs, shown, task, tell,
};

#[test]
fn a_column_that_recognizes_waits_for_the_one_that_speaks() {
    let mut app = app(Screen::Compare, ThemeName::Plain);
    let asked = press(&mut app, "enter");
    let [Effect::Answer(job, ask)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((ask.task.as_str(), ask.model.name.as_str()), ("say", "embedded"));
    assert_eq!(ask.request["voice"], "joe");
    assert!(ask.request["text"].as_str().unwrap().starts_with("The birch"));
    assert!(app.is_working());

    let asked = tell(&mut app, *job, JobNews::Answered(Box::new(shown())));
    let [Effect::Answer(second, ask)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((ask.task.as_str(), &ask.request["audio"]), ("hear", &"".into()));
    assert!(ask.recording.is_some());
    let error = ProgramError::new("no recognizer", Some("name another model".into()));
    tell(&mut app, *second, JobNews::Failed(error));
    assert!(!app.is_working());
    let screen = drawn(&mut app, 80, 24);
    assert!(
        screen.contains("! no recognizer") && screen.contains("name another model"),
        "{screen}"
    );
}

#[test]
fn what_one_sees_first_can_be_answered_at_once() {
    let mut blend = task("blend", AnswerKind::Speech, "text", false);
    blend.required.push("voices".into());
    let say = task("say", AnswerKind::Speech, "text", false);
    let (theme, screen) = (ThemeName::Plain, Screen::Compare);
    let (mut app, _) = App::new(Facts { theme, screen, now_s: NOW_S, replay: None });
    app.update(Msg::News(News::Tasks(vec![blend, say])));
    let screen = drawn(&mut app, 80, 24);
    assert!(screen.contains("1 say") && !screen.contains("blend"), "{screen}");
}

#[test]
fn the_screen_is_drawn_anew_after_trouble_and_on_request() {
    let mut app = app(Screen::Compare, ThemeName::Plain);
    let error = ProgramError::new("no sound device", Some("plug one in".into()));
    assert_eq!(app.update(Msg::News(News::Trouble(error))), [Effect::Redraw]);
    assert!(drawn(&mut app, 80, 24).contains("no sound device (plug one in)"));
    assert_eq!(press(&mut app, "^l"), [Effect::Redraw]);
}

#[test]
fn settings_of_a_column_go_with_its_question() {
    let mut app = app(Screen::Compare, ThemeName::Plain);
    // Twice more, then typed, then a switch.
    press(&mut app, "e right right down enter 9 enter down down right esc");
    let asked = press(&mut app, "s R");
    let [Effect::Answer(_, ask)] = &asked[..] else { panic!("{asked:?}") };
    let changed: Vec<String> = ask.changed.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let expected = [
        "decode.best_of=3",
        "decode.codes.temperature=0.59",
        "decode.repetition_aware.enabled=true",
    ];
    assert_eq!((changed, ask.seed), (expected.map(str::to_owned).to_vec(), 1));
}

#[test]
fn what_is_typed_is_text_and_no_command() {
    let mut app = app(Screen::Compare, ThemeName::Plain);
    press(&mut app, "i");
    app.update(Msg::Key(Key::Ctrl('u')));
    press(&mut app, "W h y ?");
    app.update(Msg::Paste(" q\n5".into()));
    assert_eq!(app.screen(), Screen::Compare);
    let asked = press(&mut app, "enter");
    let [Effect::Answer(_, ask)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(ask.request["text"], "Why? q 5");
    // A named file is recognized at once; no column waits.
    press(&mut app, "tab a");
    let asked = press(&mut app, "enter");
    assert_eq!(jobs(&asked).len(), 2);
}

#[test]
fn leaving_asks_while_work_is_under_way() {
    let mut app = app(Screen::Compare, ThemeName::Plain);
    assert_eq!(press(&mut app, "q"), [Effect::Quit]);
    let job = jobs(&press(&mut app, "enter"))[0];
    assert_eq!(press(&mut app, "q"), []);
    assert_eq!(press(&mut app, "n"), []);
    assert_eq!(press(&mut app, "q"), []);
    assert_eq!(press(&mut app, "y"), [Effect::Quit]);
    assert_eq!(press(&mut app, "esc x"), [Effect::Cancel(job)]);
    tell(&mut app, job, JobNews::Stopped);
    assert_eq!(press(&mut app, "^c"), [Effect::Quit]);
    assert_eq!(app.update(Msg::Terminate), [Effect::Quit]);
}

#[test]
fn suites_are_run_and_their_runs_compared_with_a_baseline() {
    let mut app = app(Screen::Evals, ThemeName::Plain);
    let asked = press(&mut app, "space down down space m n r");
    let suites: Vec<_> = asked
        .iter()
        .map(|e| match e {
            Effect::Evaluate(_, ask) => (ask.suite.name.clone(), ask.model.name.clone(), ask.limit),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = ["stt", "tts-ci"].map(|s| (s.to_owned(), "large".to_owned(), Some(2)));
    assert_eq!(suites, expected);
    for job in jobs(&asked) {
        assert_eq!(tell(&mut app, job, JobNews::Failed("no".into())), [Effect::LoadRuns]);
    }
    let asked = press(&mut app, "tab down b");
    assert_eq!(asked, [Effect::LoadRows("b1b2b3b4b5b6".into())]);
    let asked = press(&mut app, "up enter");
    let (old, new) = ("b1b2b3b4b5b6".to_owned(), "c1c2c3c4c5c6".to_owned());
    assert_eq!(asked, [Effect::LoadRows(new.clone()), Effect::Compare(old, new.clone())]);
    app.update(Msg::News(News::Rows(new.clone(), rows())));
    app.update(Msg::News(News::Compared(new, Box::new(comparison()))));
    assert!(drawn(&mut app, 120, 40).contains("WORSE"));
    // A row's recording is drawn where it lies.
    let asked = press(&mut app, "enter");
    assert_eq!(asked, [Effect::Draw("/runs/tts/audio/7.wav".into())]);
}

#[test]
fn every_figure_of_a_run_can_be_seen() {
    let names: Vec<String> = (0..21).map(|i| format!("figure{i:02}")).collect();
    for [columns, lines] in [[60, 20], [80, 24], [140, 45]] {
        let mut app = app(Screen::Evals, ThemeName::Plain);
        let mut all = runs();
        let of = |name: &String| figure(name, 0.5, Unit::Number, Better::Lower);
        all[0].figures = names.iter().map(of).collect();
        app.update(Msg::News(News::Runs(all)));
        press(&mut app, "tab enter");
        app.update(Msg::News(News::Rows("c1c2c3c4c5c6".into(), rows())));
        let mut seen = String::new();
        for _ in &names {
            seen.push_str(&drawn(&mut app, columns, lines));
            press(&mut app, "f");
        }
        for name in &names {
            assert!(seen.contains(name), "{columns} × {lines}: {name}");
        }
    }
}

#[test]
fn rows_are_sorted_by_any_figure_the_worst_first() {
    let mut app = app(Screen::Evals, ThemeName::Plain);
    press(&mut app, "tab down enter");
    app.update(Msg::News(News::Rows("b1b2b3b4b5b6".into(), rows())));
    let first = |app: &mut _| {
        let text = drawn(app, 140, 45);
        let line = text.lines().find(|l| l.contains("/joe")).unwrap().to_owned();
        line.split("item ").nth(1).unwrap().split('/').next().unwrap().to_owned()
    };
    assert_eq!(first(&mut app), "7", "what failed is worst");
    press(&mut app, "s");
    assert_eq!(first(&mut app), "11", "least similar");
    press(&mut app, "o");
    assert_eq!(first(&mut app), "0", "most similar");
    press(&mut app, "s o");
    assert!(["3", "7", "11"].contains(&first(&mut app).as_str()), "most errors");
}

#[test]
fn cells_are_stopped_and_taken_up_again() {
    let mut app = app(Screen::Ablations, ThemeName::Plain);
    let request = |request| Effect::RequestControl("prompt".into(), "c3".into(), request);
    assert_eq!(press(&mut app, "up tab down down down s"), [request(ControlRequest::Stop)]);
    assert_eq!(press(&mut app, "r"), [request(ControlRequest::Resume)]);
}

#[test]
fn a_ready_ablation_is_started_once_that_is_confirmed() {
    let mut app = app(Screen::Ablations, ThemeName::Plain);
    let text = drawn(&mut app, 80, 24);
    assert!(text.contains("alignment") && text.contains("ready"), "{text}");
    // Enter opens the question; any answer but yes starts nothing.
    assert_eq!(press(&mut app, "down down enter"), []);
    let text = drawn(&mut app, 80, 24);
    assert!(text.contains("Start alignment?") && text.contains("3 cells"), "{text}");
    assert_eq!(press(&mut app, "n"), []);
    let asked = press(&mut app, "enter y");
    let [Effect::Ablate(job, card)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(card.name, "alignment");
    assert!(drawn(&mut app, 80, 24).contains("runs"));
    assert_eq!(press(&mut app, "x"), [Effect::Cancel(*job)]);
    let done = JobNews::Ablated("alignment: 3 cells done".into());
    assert_eq!(tell(&mut app, *job, done), [Effect::LoadCells]);
    assert!(drawn(&mut app, 80, 24).contains("3 cells done"));
    assert!(!app.is_working());
}

#[test]
fn a_wide_page_is_scrolled_to_the_side() {
    let mut app = app(Screen::Tasks, ThemeName::Plain);
    let before = drawn(&mut app, 80, 24);
    press(&mut app, "> >");
    let after = drawn(&mut app, 80, 24);
    assert_ne!(before, after);
    press(&mut app, "< <");
    assert_eq!(drawn(&mut app, 80, 24), before);
}

#[test]
fn the_store_is_read_again_while_it_is_looked_at() {
    let mut app = app(Screen::Ablations, ThemeName::Plain);
    assert_eq!(app.update(Msg::Now(NOW_S + 1.0)), []);
    assert_eq!(app.update(Msg::Now(NOW_S + 5.0)), [Effect::LoadCells]);
    assert_eq!(app.update(Msg::Now(NOW_S + 6.0)), []);
    press(&mut app, "5");
    assert_eq!(app.update(Msg::Now(NOW_S + 60.0)), []);
}

#[test]
fn clicks_go_where_they_look_like_going() {
    let mut app = app(Screen::Compare, ThemeName::Plain);
    let text = drawn(&mut app, 80, 24);
    let tabs = text.lines().next().unwrap().replace('"', "");
    let column = tabs.find("Training").unwrap() as u16;
    let asked = app.update(Msg::Click { column, row: 0 });
    assert_eq!(app.screen(), Screen::Training);
    assert!(asked.contains(&Effect::LoadTrainings));
    // The second of the runs in the list on the left.
    drawn(&mut app, 80, 24);
    let asked = app.update(Msg::Click { column: 4, row: 3 });
    assert_eq!(asked, [Effect::Follow("runs/large/events.jsonl".into())]);
    app.update(Msg::Scroll { column: 4, row: 3, down: true });
    assert_eq!(app.update(Msg::Click { column: 999, row: 999 }), []);
}
