//! Checks of the sizes in a configuration.

/// Largest size of a codec's layer.
pub(crate) const MOST: usize = 1 << 16;

/// Most strides of a codec's encoder or decoder.
const MOST_STRIDES: usize = 8;

/// Fault of the first of the named sizes that is not from 1 to `most`.
pub(crate) fn size_fault(sizes: &[(&str, usize)], most: usize) -> Option<String> {
    let (name, found) = sizes.iter().find(|(_, size)| !(1..=most).contains(size))?;
    Some(format!("`{name}` is {found}, expected 1 to {most}"))
}

/// Fault of named strides that no codec has.
pub(crate) fn stride_fault(name: &str, strides: &[usize]) -> Option<String> {
    let product = strides.iter().try_fold(1usize, |all, &stride| all.checked_mul(stride));
    let fits = (1..=MOST_STRIDES).contains(&strides.len())
        && product.is_some_and(|product| (1..=MOST).contains(&product));
    (!fits).then(|| {
        let found = &strides[..strides.len().min(MOST_STRIDES + 1)];
        let expected = format!("1 to {MOST_STRIDES} strides with a product of 1 to {MOST}");
        format!("`{name}` is {found:?}, expected {expected}")
    })
}
