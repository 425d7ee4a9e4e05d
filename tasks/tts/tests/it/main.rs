//! Text to speech: layouts, examples, plans and answers.

mod answer;
mod example;
mod plan;
mod rolling;

use syrinx_task::{Alignment, CodeOrder, ModelSwitches, Task, TaskKit};
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

#[test]
fn every_order_of_codes_has_its_layout() {
    let switches = [
        (Alignment::Pointer, CodeOrder::Delay),
        (Alignment::None, CodeOrder::Interleaved),
        (Alignment::Pointer, CodeOrder::Latent),
        (Alignment::Durations, CodeOrder::ArNar),
        (Alignment::Durations, CodeOrder::Masked),
    ];
    let tables = switches.map(|(alignment, codes)| {
        let switches = ModelSwitches { codes, ..alignment.into() };
        let kit = syrinx_testkit::kit(switches).expect("the front end is compiled in");
        let task = Tts::new(TtsConfig::default(), &kit).expect("the defaults are sound");
        for stage in &task.layout().stages {
            stage.check().expect("a sound stage");
        }
        format!("{alignment:?}, {codes:?}\n{}", task.layout().table())
    });
    insta::assert_snapshot!(tables.join("\n"));
}
