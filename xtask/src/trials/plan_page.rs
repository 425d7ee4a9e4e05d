//! Page of `scale plan`.

use std::fmt::Write as _;

use super::weak::machine;

/// Corpora: hours, name.
const CORPORA: [(f64, &str); 2] = [(1_000.0, "1,000 h"), (60_000.0, "60,000 h (LibriLight)")];
/// Models: parameters, name.
const MODELS: [(f64, &str); 2] = [(151e6, "151 M"), (1e9, "1 B")];
/// Number of epochs over the corpus, for AR and NAR together.
const EPOCHS: f64 = 20.0;
/// Length of a training utterance, seconds: the mean of LibriLight cut at pauses.
pub(super) const UTTERANCE_S: f64 = 12.0;
/// Peak of an H100 in dense bf16 products, FLOP/s, from its data sheet.
const GPU_FLOP_PER_S: f64 = 989e12;
/// Low estimate of the share of the peak that training of language models reaches on GPUs. candle's primitive
/// operations do not reach more.
const LOW_SHARE: f64 = 0.1;
/// Size of the training state of a parameter, bytes: weight, gradient, two moments and an average in f32.
const STATE_BYTES: f64 = 20.0;
/// Number of ranks of the planned job.
const RANKS: f64 = 64.0;
/// Number of positions in a step of one rank.
const RANK_POSITIONS: f64 = 16_384.0;
/// Bandwidth between machines in each direction, bytes per second: 100 and 10 Gbit/s.
const LINKS: [(f64, &str); 2] = [(12.5e9, "100 Gbit/s"), (1.25e9, "10 Gbit/s")];

/// Measurements behind the page.
pub(super) struct Measured {
    /// Number of positions of training sequences per frame of speech: frames, phones and prompt.
    pub(super) positions_per_frame: f64,
    pub(super) frames_per_s: f64,
    /// Size of token shards for an hour of speech, bytes: codes, and records (texts, phones, times).
    pub(super) code_bytes_per_h: f64,
    pub(super) record_bytes_per_utterance: f64,
    /// Size of the latents of an hour of speech in f16, bytes.
    pub(super) latent_bytes_per_h: f64,
    /// Speed of encoding on one core, as a multiple of real time.
    pub(super) encode_speed: f64,
    /// Positions per second of training on one core, number of parameters of the trained model, and peak of the core.
    pub(super) positions_per_s: f64,
    pub(super) parameters: f64,
    pub(super) flop_per_s: f64,
    /// Speed of an all-reduce between two ranks of this machine, bytes per second.
    pub(super) reduce_bytes_per_s: f64,
}

impl Measured {
    /// Returns the operations per second of the measured training.
    fn used(&self) -> f64 {
        6.0 * self.parameters * self.positions_per_s
    }

    /// Returns the share of the peak that the measured training reaches.
    pub(super) fn share(&self) -> f64 {
        self.used() / self.flop_per_s
    }

    /// Returns the number of positions of all epochs over a corpus.
    fn positions(&self, hours: f64) -> f64 {
        hours * 3_600.0 * self.frames_per_s * self.positions_per_frame * EPOCHS
    }

    /// Returns the GPU hours of a training at a share of the GPU's peak.
    fn gpu_hours(&self, hours: f64, parameters: f64, share: f64) -> f64 {
        6.0 * parameters * self.positions(hours) / (GPU_FLOP_PER_S * share) / 3_600.0
    }

    /// Returns a text with the GPU hours of the smallest and the largest training of the page.
    pub(super) fn cost(&self) -> String {
        let of = |i: usize, share: f64| number(self.gpu_hours(CORPORA[i].0, MODELS[i].0, share));
        let (measured, low) = (self.share(), LOW_SHARE);
        format!(
            "{} to {} at the share of the peak measured here, {} to {} at {:.0} %; [scale-plan.md](scale-plan.md)",
            of(0, measured),
            of(1, measured),
            of(0, low),
            of(1, low),
            100.0 * LOW_SHARE
        )
    }
}

/// Returns the bytes of f32 gradients that each rank sends in a step.
fn sent_bytes(parameters: f64) -> f64 {
    2.0 * (RANKS - 1.0) / RANKS * parameters * 4.0
}

/// Formats a number with separators; a small number has a decimal.
fn number(value: f64) -> String {
    if value < 99.5 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Formats a number of bytes in a suitable unit.
fn size(bytes: f64) -> String {
    match bytes {
        b if b >= 1e15 => format!("{:.1} PB", b / 1e15),
        b if b >= 1e12 => format!("{:.1} TB", b / 1e12),
        b if b >= 1e9 => format!("{:.1} GB", b / 1e9),
        b => format!("{:.0} MB", b / 1e6),
    }
}

/// Builds the page from measurements.
pub(super) fn page(m: &Measured) -> String {
    let mut out = String::new();
    // Writing to a string can't fail.
    let _ = write_page(&mut out, m);
    out
}

fn write_page(out: &mut String, m: &Measured) -> std::fmt::Result {
    measured(out, m)?;
    cost(out, m)?;
    storage(out, m)?;
    network(out, m)?;
    limits(out, m)
}

fn measured(out: &mut String, m: &Measured) -> std::fmt::Result {
    let (used, share) = (m.used(), m.share());
    writeln!(out, "# What 1,000 and 60,000 hours cost\n")?;
    writeln!(
        out,
        "Written by `cargo xtask scale plan` from measurements on one machine. No GPU was measured: GPU hours follow from counted operations, the data sheet's peak of an H100 ({:.0} TFLOP/s, dense bf16) and a share of that peak: the share that training reaches on this machine's processor, and {:.0} %.\n",
        GPU_FLOP_PER_S / 1e12,
        100.0 * LOW_SHARE
    )?;
    writeln!(out, "## Measured\n")?;
    writeln!(
        out,
        "{}. Speeds count processor time, rates the best of the rounds, so that other load matters little.\n",
        machine()
    )?;
    writeln!(out, "| quantity | value |\n|---|---|")?;
    writeln!(
        out,
        "| training on one core, {:.0} M parameters, f32 | {:.0} positions/s |",
        m.parameters / 1e6,
        m.positions_per_s
    )?;
    writeln!(out, "| operations of it (6 a parameter and position) | {:.1} GFLOP/s |", used / 1e9)?;
    writeln!(out, "| peak of a large product on one core | {:.1} GFLOP/s |", m.flop_per_s / 1e9)?;
    writeln!(out, "| share of the peak in training | {share:.2} |")?;
    writeln!(out, "| codes of an hour of speech | {} |", size(m.code_bytes_per_h))?;
    writeln!(out, "| latents of an hour of speech, f16 | {} |", size(m.latent_bytes_per_h))?;
    writeln!(
        out,
        "| text, phones and times of an utterance | {:.1} kB |",
        m.record_bytes_per_utterance / 1e3
    )?;
    writeln!(
        out,
        "| encoding on one core, with the start of the program | {:.0} × real time |",
        m.encode_speed
    )?;
    writeln!(
        out,
        "| all-reduce between two ranks here | {:.2} GB/s |\n",
        m.reduce_bytes_per_s / 1e9
    )?;
    writeln!(
        out,
        "Assumed: {EPOCHS:.0} passes over the corpus, utterances of {UTTERANCE_S:.0} s at {:.0} frames a second, {:.1} positions a frame (phones and prompt counted), {RANKS:.0} ranks of {} positions a step.\n",
        m.frames_per_s,
        m.positions_per_frame,
        number(RANK_POSITIONS)
    )?;
    Ok(())
}

fn cost(out: &mut String, m: &Measured) -> std::fmt::Result {
    writeln!(out, "## Cost\n")?;
    writeln!(
        out,
        "| corpus | model | steps | GPU hours at the share measured here | GPU hours at {:.0} % | days on {RANKS:.0} GPUs at {:.0} % | core-years here | gradients sent by {RANKS:.0} ranks |\n|---|---|---|---|---|---|---|---|",
        100.0 * LOW_SHARE,
        100.0 * LOW_SHARE
    )?;
    for (hours, corpus) in CORPORA {
        for (parameters, model) in MODELS {
            let gpu_hours = |share: f64| m.gpu_hours(hours, parameters, share);
            let operations = 6.0 * parameters * m.positions(hours);
            let here_years = operations / m.used() / (365.25 * 86_400.0);
            let steps = m.positions(hours) / (RANKS * RANK_POSITIONS);
            writeln!(
                out,
                "| {corpus} | {model} | {} | {} | {} | {:.1} | {} | {} |",
                number(steps),
                number(gpu_hours(m.share())),
                number(gpu_hours(LOW_SHARE)),
                gpu_hours(LOW_SHARE) / RANKS / 24.0,
                number(here_years),
                size(steps * RANKS * sent_bytes(parameters))
            )?;
        }
    }
    Ok(())
}

fn storage(out: &mut String, m: &Measured) -> std::fmt::Result {
    writeln!(
        out,
        "\n| corpus | audio (16 kHz FLAC, 60 MB/h) | codes | records | latents, where they are kept | core hours to encode |\n|---|---|---|---|---|---|"
    )?;
    for (hours, corpus) in CORPORA {
        let records = hours * 3_600.0 / UTTERANCE_S * m.record_bytes_per_utterance;
        writeln!(
            out,
            "| {corpus} | {} | {} | {} | {} | {} |",
            size(hours * 60e6),
            size(hours * m.code_bytes_per_h),
            size(records),
            size(hours * m.latent_bytes_per_h),
            number(hours / m.encode_speed)
        )?;
    }
    Ok(())
}

fn network(out: &mut String, m: &Measured) -> std::fmt::Result {
    let share = m.share();
    writeln!(out, "\n## Network\n")?;
    writeln!(
        out,
        "A ring all-reduce sends 2 (n − 1) / n times the gradients (f32) from each rank; with ZeRO stage 1 a reduction to the owners and a broadcast send as much. Compute time a step is that of a GPU at the share measured here: at a lower one the network matters less.\n"
    )?;
    writeln!(
        out,
        "| model | compute a step | sent a step and rank | {} | {} | at the rate between two ranks here | state a rank, replicated | sharded over {RANKS:.0} |\n|---|---|---|---|---|---|---|---|",
        LINKS[0].1, LINKS[1].1
    )?;
    for (parameters, model) in MODELS {
        let compute = 6.0 * parameters * RANK_POSITIONS / (GPU_FLOP_PER_S * share);
        let sent = sent_bytes(parameters);
        let state = parameters * STATE_BYTES;
        let sharded = parameters * (8.0 + 12.0 / RANKS);
        let times = LINKS.map(|(bytes_per_s, _)| format!("{:.3} s", sent / bytes_per_s));
        writeln!(
            out,
            "| {model} | {compute:.3} s | {} | {} | {} | {:.3} s | {} | {} |",
            size(sent),
            times[0],
            times[1],
            sent / m.reduce_bytes_per_s,
            size(state),
            size(sharded)
        )?;
    }
    let frames = RANKS * RANK_POSITIONS / m.positions_per_frame;
    let read = frames / m.frames_per_s / 3_600.0 * m.code_bytes_per_h;
    let shortest = 6.0 * MODELS[0].0 * RANK_POSITIONS / (GPU_FLOP_PER_S * share);
    writeln!(
        out,
        "\nShards on object storage: all ranks together read {} of codes a step, {} a second at the shortest step of the table.",
        size(read),
        size(read / shortest)
    )
}

fn limits(out: &mut String, m: &Measured) -> std::fmt::Result {
    writeln!(out, "\n## Where the design breaks first\n")?;
    let (hours, _) = CORPORA[1];
    let records = hours * 3_600.0 / UTTERANCE_S * m.record_bytes_per_utterance;
    writeln!(
        out,
        "1. **Records in memory.** A streamed corpus keeps codes on the storage and the records of all utterances in the memory of every rank: {} at 60,000 hours, before allocations. Batches are planned over the lengths of all utterances. Records have to move into an index that is read by utterance, and a plan has to be made for a part of the shards at a time.",
        size(records)
    )?;
    writeln!(
        out,
        "2. **One read an utterance.** A step of {} positions over {RANKS:.0} ranks reads about {} utterances and as many prompts in single requests. With 20 ms a request and 4 batches ahead this needs requests side by side, which the loader doesn't make.",
        number(RANKS * RANK_POSITIONS),
        number(RANKS * RANK_POSITIONS / (UTTERANCE_S * m.frames_per_s * m.positions_per_frame))
    )?;
    writeln!(
        out,
        "3. **Gradients by way of the host.** Buckets are f32 on the host: a GPU's gradients are copied down and the sums up. At 1 B parameters these are 8 GB a step over PCIe, more than the network sends at {}. NCCL on device memory and bf16 gradients come before 1 B.",
        LINKS[0].1
    )?;
    writeln!(
        out,
        "4. **One writer.** Rank 0 gathers and writes the whole checkpoint, {} at 1 B, while the others wait.",
        size(1e9 * STATE_BYTES)
    )?;
    writeln!(
        out,
        "5. **Overlap.** On a CPU the gradients of fused stacks leave during the backward pass. On a GPU the stack is made of primitive operations, candle returns all gradients at once, and nothing overlaps: the times of the network add to those of the step."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_computed_from_its_measurements() {
        let m = Measured {
            positions_per_frame: 2.0,
            frames_per_s: 25.0,
            code_bytes_per_h: 1.44e6,
            record_bytes_per_utterance: 1_000.0,
            latent_bytes_per_h: 2.3e7,
            encode_speed: 40.0,
            positions_per_s: 100.0,
            parameters: 1e8,
            flop_per_s: 1.2e11,
            reduce_bytes_per_s: 1e9,
        };
        let page = page(&m);
        // 6 operations x 1e8 parameters x 100 positions/s of 1.2e11.
        assert!(page.contains("| share of the peak in training | 0.50 |"), "{page}");
        // 1000 h x 3600 x 25 x 2 x 20 x 6 x 151e6 / (989e12 x 0.5) / 3600.
        assert!(page.contains("| 1,000 h | 151 M | 3,433 | 1.8 | 9.2 |"), "{page}");
        // 64 x 16384 / 2 / 25 s at 1.44 MB an hour.
        assert!(page.contains("read 8 MB of codes a step"), "{page}");
        // 2 x 63 / 64 x 1e9 x 4 bytes from each of 64 ranks, 3,433 steps.
        assert!(page.contains("| 1,000 h | 1 B | 3,433 |"), "{page}");
        assert!(page.contains("| 1.7 PB |"), "{page}");
        assert!(m.cost().starts_with("1.8 to 728 at"), "{}", m.cost());
        let storage = "| 60,000 h (LibriLight) | 3.6 TB | 86.4 GB | 18.0 GB | 1.4 TB | 1,500 |";
        assert!(page.contains(storage), "{page}");
    }
}
