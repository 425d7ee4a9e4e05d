//! Text to speech: layouts, examples, plans and answers.

mod answer;
mod example;
mod plan;
mod rolling;

use syrinx_task::{Alignment, Task, TaskKit};
use syrinx_task_tts::{Tts, TtsConfig};

fn kit(alignment: Alignment) -> TaskKit {
    syrinx_testkit::kit(alignment).expect("the front end is compiled in")
}

fn tts(alignment: Alignment) -> Tts {
    Tts::new(TtsConfig::default(), &kit(alignment)).expect("the defaults are sound")
}

#[test]
fn the_layouts_are_those_of_the_documentation() {
    let tables = [Alignment::Pointer, Alignment::None].map(|alignment| {
        let layout = tts(alignment).layout();
        for stage in &layout.stages {
            stage.check().expect("a sound stage");
        }
        format!("{alignment:?}\n{}", layout.table())
    });
    insta::assert_snapshot!(tables.join("\n"));
}
