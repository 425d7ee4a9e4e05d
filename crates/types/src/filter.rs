//! Turning recordings down.

/// How a recording is turned down to what is wanted of it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Filter {
    /// The share of it that always stays, 0 to 1: what is taken away by mistake is still there, and what is let through of
    /// noise here and there doesn't stand alone.
    pub least: f32,
    /// What is wanted goes on as it sounds: where much of the recording has to be taken away, what is left of it so many
    /// seconds before and after says more than the guess for the moment. 0 for what changes all the time, as speech does.
    pub around_s: f32,
}
