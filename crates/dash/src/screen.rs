//! Names of the screens.

/// A screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Screen {
    /// One input, several tasks, models and settings side by side.
    #[default]
    Compare,
    /// Suites and their runs.
    Evals,
    /// Grids of cells.
    Ablations,
    /// Training runs.
    Training,
    /// The registry.
    Tasks,
}

impl Screen {
    /// All screens, in the order of their tabs.
    pub const ALL: [Self; 5] =
        [Self::Compare, Self::Evals, Self::Ablations, Self::Training, Self::Tasks];

    /// Returns the title of the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Compare => "Compare",
            Self::Evals => "Evals",
            Self::Ablations => "Ablations",
            Self::Training => "Training",
            Self::Tasks => "Tasks",
        }
    }
}
