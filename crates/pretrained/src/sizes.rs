//! Range checks of the sizes in a configuration.

use crate::fault::ConfigFault;

/// Maximum size of a layer, and maximum product of strides.
pub(crate) const MOST: usize = 1 << 16;

/// Maximum number of strides of an encoder or decoder.
const MOST_STRIDES: usize = 8;

/// Returns the fault of the first size that is not between 1 and `most`.
pub(crate) fn size_fault(sizes: &[(&'static str, usize)], most: usize) -> Option<ConfigFault> {
    let (key, found) = sizes.iter().copied().find(|(_, size)| !(1..=most).contains(size))?;
    Some(ConfigFault::Size { key, found, max: most })
}

/// Returns the fault of strides that are too many or have too large a product.
pub(crate) fn stride_fault(key: &'static str, strides: &[usize]) -> Option<ConfigFault> {
    let product = strides.iter().try_fold(1usize, |all, &stride| all.checked_mul(stride));
    let fits = (1..=MOST_STRIDES).contains(&strides.len())
        && product.is_some_and(|product| (1..=MOST).contains(&product));
    (!fits).then(|| ConfigFault::Strides {
        key,
        found: strides[..strides.len().min(MOST_STRIDES + 1)].to_vec(),
        max_count: MOST_STRIDES,
        max_product: MOST,
    })
}
