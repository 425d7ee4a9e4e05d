//! One speaker out of a mixture of two, known by a few seconds.

use syrinx_task::{Alignment, Content, Task};
use syrinx_task_enhance::extract::{Extract, ExtractRequest, TASK};
use syrinx_testkit::{Tested, kit, told};

use crate::{conforms, is_cut_in_three, tone};

fn task() -> Extract {
    let kit = kit(Alignment::Pointer).expect("the front end is compiled in");
    Extract::new(Default::default(), &kit).expect("the defaults are sound")
}

#[test]
fn it_conforms() {
    conforms(&TASK);
}

#[test]
fn the_layout_is_that_of_the_documentation() {
    insta::assert_snapshot!(task().layout().table());
}

#[test]
fn long_recordings_are_worked_on_in_pieces() {
    let request =
        ExtractRequest { audio: tone(24.0, 0.5), speaker: tone(2.0, 0.5), ..Default::default() };
    let plan = task().plan_of(&request).expect("a plan");
    is_cut_in_three(&plan);
}

#[test]
fn an_enrolment_longer_than_the_mixture_is_cut() {
    let request =
        ExtractRequest { audio: tone(1.0, 0.5), speaker: tone(9.0, 0.5), ..Default::default() };
    let plan = task().plan_of(&request).expect("a plan");
    let Some(Content::Codes(speaker)) = plan.rows[0].stages[0].contents.get("speaker") else {
        panic!("no enrolment")
    };
    assert_eq!(speaker.frames(), 75);
}

#[test]
fn a_quiet_enrolment_is_taken() {
    // At -63 dB of full scale.
    let request =
        ExtractRequest { audio: tone(1.0, 0.5), speaker: tone(1.0, 0.001), ..Default::default() };
    assert_eq!(task().plan_of(&request).expect("a plan").rows.len(), 1);
}

#[test]
fn bad_requests_say_what_to_do() {
    let error = |request: ExtractRequest| task().plan_of(&request).map_err(told).expect_err("bad");
    let errors = [
        error(ExtractRequest { audio: tone(2.0, 0.5), speaker: tone(1.0, 0.0), text: None }),
        error(ExtractRequest { audio: tone(0.01, 0.5), speaker: tone(1.0, 0.5), text: None }),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}
