//! Weighted blends of recordings.

use syrinx_model::{LanguageModel, LmConfig, Tables};
use syrinx_nn::Kernels;
use syrinx_task::{Content, Contents, Segment, Stage, WeightedCodes, heads, resolve};
use syrinx_types::Codes;

use crate::build::{build, config, space};

fn codes(seed: usize, frames: usize) -> Codes {
    Codes::new(3, (0..3 * frames).map(|i| ((i * seed + i / 3) % 6) as u16).collect()).unwrap()
}

/// The trunk's output over a prompt.
fn rows(model: &LanguageModel, prompt: Content) -> Vec<Vec<f32>> {
    let segments = vec![
        Segment::special_token("task:demo"),
        Segment::prompt("prompt"),
        Segment::prompt("source"),
    ];
    let stage = Stage::new("hear", heads::Phones { per_frame: 2 }, segments);
    let contents = Contents::from([
        ("prompt".to_owned(), prompt),
        ("source".to_owned(), Content::Codes(codes(5, 4))),
    ]);
    let sequence = resolve(&stage, &contents, None, 0, &space(1)).unwrap();
    model.response_rows(&[sequence]).unwrap().to_vec2().unwrap()
}

fn apart(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn a_blend_is_the_weighted_sum_of_the_embeddings() {
    for tables in [Tables::Free, Tables::Codebook] {
        let (_, model) = build(&LmConfig { tables, ..config() }, 1, Kernels::Fused);
        let (a, b) = (codes(2, 5), codes(3, 7));
        let plain = rows(&model, Content::Codes(a.clone()));
        let blend = |parts: &[(f32, &Codes)]| {
            let share =
                |&(weight, codes): &(f32, &Codes)| WeightedCodes { weight, codes: codes.clone() };
            rows(&model, Content::Blend(parts.iter().map(share).collect()))
        };
        assert!(apart(&plain, &blend(&[(1.0, &a)])) < 1e-5);
        assert!(apart(&plain, &blend(&[(0.3, &a), (0.7, &a)])) < 1e-4);
        assert!(apart(&plain, &blend(&[(1.0, &a), (0.0, &b)])) < 1e-5, "as long as the shortest");
        let mixed = blend(&[(0.5, &a), (0.5, &b)]);
        assert!(apart(&plain, &mixed) > 1e-3);
        let other = blend(&[(0.5, &b), (0.5, &a)]);
        assert!(apart(&mixed, &other) < 1e-4, "their order doesn't count");
    }
}
