//! The known name nearest to a mistyped one.

/// Returns the candidate that takes the fewest edits to reach, if that is few enough for a slip of the fingers.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (given.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|c| (strsim::damerau_levenshtein(&given.to_lowercase(), &c.to_lowercase()), c))
        .filter(|&(distance, _)| distance <= allowed)
        .min()
        .map(|(_, c)| c)
}
