//! The known name nearest to a mistyped one.

/// Returns the candidate with the smallest edit distance, if the distance is small enough for a typing error.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (given.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|c| (strsim::damerau_levenshtein(&given.to_lowercase(), &c.to_lowercase()), c))
        .filter(|&(distance, _)| distance <= allowed)
        .min()
        .map(|(_, c)| c)
}
