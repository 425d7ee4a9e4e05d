//! Ablations with a laboratory whose results are known beforehand.

mod fake;
mod files;
mod report;
mod shared;
mod work;
