//! Gradients against finite differences, fused against primitive, caches against whole passes.

mod cache;
mod gradients;
mod optimizer;
