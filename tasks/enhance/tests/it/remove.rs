//! Noisy speech to what is behind it, without the speech.

use syrinx_task::{Alignment, Content, Task};
use syrinx_task_enhance::remove::{Remove, RemoveRequest, TASK};
use syrinx_testkit::{Tested, check_task, kit, told};

use crate::tone;

fn task() -> Remove {
    let kit = kit(Alignment::Pointer).expect("the front end is compiled in");
    Remove::new(Default::default(), &kit).expect("the defaults are sound")
}

#[test]
fn it_conforms() {
    for alignment in [Alignment::Pointer, Alignment::None] {
        check_task(&TASK, alignment).unwrap_or_else(|reason| panic!("{alignment:?}: {reason}"));
    }
}

#[test]
fn the_layout_is_that_of_the_documentation() {
    insta::assert_snapshot!(task().layout().table());
}

#[test]
fn long_recordings_are_worked_on_in_pieces() {
    let request = RemoveRequest { audio: tone(24.0, 0.5) };
    let plan = task().plan_of(&request).expect("a plan");
    let frames: Vec<usize> = plan.rows.iter().map(|row| row.stages[0].limit).collect();
    assert_eq!(frames, [250, 250, 100]);
    for row in &plan.rows {
        let contents = &row.stages[0].contents;
        let Some(Content::Coded(coded)) = contents.get("recording") else { panic!("no codes") };
        assert_eq!(coded.frames(), row.stages[0].limit);
    }
}

#[test]
fn bad_requests_say_what_to_do() {
    let error = |request: RemoveRequest| task().plan_of(&request).map_err(told).expect_err("bad");
    let errors = [
        error(RemoveRequest { audio: tone(0.01, 0.5) }),
        error(RemoveRequest { audio: tone(2.0, 0.0) }),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}
