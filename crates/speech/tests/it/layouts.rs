//! The stages that write speech, as the model's switches have them.

use syrinx_speech::{check_stage, stages};
use syrinx_task::{Alignment, CodeOrder, ModelSwitches, TaskKit};

use crate::kit;

fn switched(alignment: Alignment, codes: CodeOrder) -> TaskKit {
    let switches = ModelSwitches { alignment, codes, ..ModelSwitches::default() };
    TaskKit { switches, ..kit().clone() }
}

#[test]
fn plans_have_the_stages_that_there_are() {
    let names = |alignment, codes| stages(&switched(alignment, codes)).join(" ");
    let (found, known) = (Alignment::Pointer, Alignment::Durations);
    assert_eq!(names(found, CodeOrder::ArNar), "ar nar");
    assert_eq!(names(Alignment::None, CodeOrder::Delay), "ar");
    assert_eq!(names(known, CodeOrder::Interleaved), "durations ar");
    assert_eq!(names(known, CodeOrder::Masked), "durations masked nar");
    let kit = switched(found, CodeOrder::Latent);
    assert!(check_stage("tts", &kit, "ar").is_ok());
    let error = check_stage("tts", &kit, "nar").expect_err("there is none").to_string();
    assert!(error.contains("task `tts` has the stages ar"), "{error}");
}
