//! Ablations with a laboratory whose results are known beforehand.

mod files;
mod fake;
mod report;
mod shared;
mod work;
