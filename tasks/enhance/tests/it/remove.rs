//! Noisy speech to what is behind it, without the speech.

use syrinx_task::{Alignment, Task};
use syrinx_task_enhance::remove::{Remove, RemoveRequest, TASK};
use syrinx_testkit::{Tested, kit, told};

use crate::{conforms, is_cut_in_three, tone};

fn task() -> Remove {
    let kit = kit(Alignment::Pointer).expect("the front end is compiled in");
    Remove::new(Default::default(), &kit).expect("the defaults are sound")
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
    let request = RemoveRequest { audio: tone(24.0, 0.5) };
    let plan = task().plan_of(&request).expect("a plan");
    is_cut_in_three(&plan);
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
