//! Layouts as tables for humans.

use std::fmt::Write as _;

use syrinx_types::{Columns, table};

use crate::{AttentionMask, CodeTable, Fill, Layout, Levels, Place, Segment, Stage};

impl Layout {
    /// Returns the layout as a table for humans, one a stage.
    pub fn table(&self) -> String {
        let mut out = String::new();
        for stage in &self.stages {
            let _ = writeln!(out, "stage {} -> {}", stage.name, stage.head.describe(stage.timing));
            let titles =
                ["segment", "filled with", "computed in", "attention and loss"].map(String::from);
            let segments = stage.segments.iter().map(|s| s.describe(stage));
            let rows: Vec<[String; 4]> = std::iter::once(titles).chain(segments).collect();
            for line in table(&rows, Columns::Text).lines() {
                let _ = writeln!(out, "  {line}");
            }
        }
        out
    }
}

impl Segment {
    fn describe(&self, stage: &Stage) -> [String; 4] {
        let fill = match &self.fill {
            Fill::SpecialToken(special_token) => format!("<{special_token}>"),
            Fill::LevelToken => "<level:L>".into(),
            Fill::Text => "text tokens".into(),
            Fill::Durations => "duration of the phone before".into(),
            Fill::Latents => "latent of the frame before".into(),
            Fill::GivenLatents => "latents".into(),
            Fill::Codes { table, levels } => {
                let levels = match levels {
                    Levels::All => "all levels, summed",
                    Levels::Known => stage.head.known_codes(),
                };
                let table = match table {
                    CodeTable::Prompt => "prompt",
                    CodeTable::ResponseAr => "AR response",
                    CodeTable::ResponseNar => "NAR response",
                };
                format!("codes: {levels} ({table} tables)")
            }
        };
        let place = match self.place {
            Place::Trunk => "trunk",
            Place::Encoder => "phone encoder, added to the frames at their pointer",
            Place::FrameAligned => "added to the response's frames, one to one",
        };
        let is_response = stage.response().is_some_and(|r| r.name == self.name);
        let attention = match self.attention {
            AttentionMask::Full => "both ways",
            AttentionMask::Causal => "causal",
        };
        let attention = if is_response { format!("{attention}; loss") } else { attention.into() };
        let name =
            if self.optional { format!("{} (optional)", self.name) } else { self.name.clone() };
        [name, fill, place.into(), attention]
    }
}
