//! Several ranks and array jobs, as a launcher or a batch system starts them.

use crate::bench::Bench;

/// Eight recordings of two speakers.
fn corpus(bench: &Bench) {
    bench.corpus((0..8).map(|i| 1.0 + 0.1 * f64::from(i)));
}

#[test]
fn tasks_of_an_array_job_make_the_shards_of_one_process() {
    let bench = Bench::new();
    corpus(&bench);
    let encode = |out: &str, more: &[&str], set: &[(&str, &str)]| {
        let args = ["data", "encode", "corpus.jsonl", "-o", out, "--per-shard", "2"];
        let mut command = bench.command(&[&args[..], more].concat());
        // The tests themselves may run in an array job.
        for name in ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "JOB_COMPLETION_INDEX"] {
            command.env_remove(name);
        }
        crate::bench::finish(
            {
                command.envs(set.iter().copied());
                command
            },
            b"",
        )
    };
    encode("whole", &[], &[("SLURM_ARRAY_TASK_ID", "2")]).worked();
    let slurm = |id| {
        [
            ("SLURM_ARRAY_TASK_ID", id),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_COUNT", "2"),
        ]
    };
    encode("one", &["--array-env"], &slurm("1")).worked();
    encode("two", &["--array-env", "--shard", "/2"], &[("JOB_COMPLETION_INDEX", "1")]).worked();
    encode("two", &["--array-env"], &[]).failed(2, &["SLURM_ARRAY_TASK_ID", "--shard"]);
    bench.fails(&["data", "merge", "one", "-o", "all"], 3, &["2 of 4 token shards are missing"]);
    bench.run(&["data", "merge", "one", "two", "-o", "all"]).worked();
    for shard in 1..=4 {
        let name = format!("shard-{shard:05}-of-00004.safetensors");
        let read = |folder: &str| std::fs::read(bench.path(folder).join(&name)).expect(&name);
        assert!(read("whole") == read("all"), "{name}");
    }
}

#[test]
fn transports_that_are_not_built_in_are_refused() {
    let bench = Bench::new();
    corpus(&bench);
    bench.run(&["data", "encode", "corpus.jsonl", "-o", "shards"]).worked();
    let train = ["train", "--data", "shards", "--run", "run", "--reduce"];
    if cfg!(not(feature = "nccl")) {
        bench.fails(&[&train[..], &["nccl"]].concat(), 2, &["without NCCL", "--features nccl"]);
    }
    if cfg!(not(feature = "mpi")) {
        bench.fails(&[&train[..], &["mpi"]].concat(), 2, &["without MPI", "--features mpi"]);
        let mut command = bench.command(&train[..5]);
        command.env("OMPI_COMM_WORLD_SIZE", "2").env("OMPI_COMM_WORLD_RANK", "0");
        crate::bench::finish(command, b"").failed(2, &["without MPI", "--features mpi"]);
    }
    if cfg!(not(feature = "object-store")) {
        let train = ["train", "--data", "s3://bucket/shards", "--run", "run"];
        bench.fails(&train, 2, &["without object storage", "--features object-store"]);
    }
}

/// Runs where the program is built with MPI and mpirun is there.
#[cfg(feature = "mpi")]
#[test]
fn two_ranks_train_what_one_does() {
    use std::process::Command;

    if Command::new("mpirun").arg("--version").output().is_err() {
        return;
    }
    let bench = Bench::new();
    corpus(&bench);
    bench.run(&["data", "encode", "corpus.jsonl", "-o", "shards"]).worked();
    let train = |run: &str, ranks: &str, more: &[&str]| {
        let args = ["train", "--data", "shards", "--run", run, "--tasks", "tts"];
        let short = ["--set", "steps=4", "--set", "positions=300", "--set", "checkpoint_steps=2"];
        let one = bench.command(&[&args[..], &short, more].concat());
        let mut command = Command::new("mpirun");
        command.args(["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", ranks]);
        command.arg(one.get_program()).args(one.get_args()).current_dir(bench.path(""));
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        crate::bench::finish(command, b"")
    };
    let losses = |run: &str| -> Vec<f64> {
        let text = std::fs::read_to_string(bench.path(run).join("events.jsonl")).expect("events");
        let events = text.lines().filter_map(|l| serde_json::from_str::<serde_json::Value>(l).ok());
        events.filter(|e| e["kind"] == "train_step").filter_map(|e| e["loss"].as_f64()).collect()
    };
    train("one", "1", &[]).worked();
    let both = train("two", "2", &["--set", "parallel.optimizer_state=sharded"]);
    let both = both.worked();
    assert!(
        both.err.contains("rank 1 of 2") && both.err.contains("optimizer state"),
        "{}",
        both.err
    );
    let (one, two) = (losses("one"), losses("two"));
    assert_eq!((one.len(), two.len()), (4, 4));
    for (a, b) in one.iter().zip(&two) {
        assert!((a - b).abs() <= 1e-5 * a.abs(), "{one:?} and {two:?}");
    }
    let failed = train("two", "2", &[]);
    assert!(failed.code != 0 && failed.err.contains("rank 0 of 2"), "{}", failed.err);
}
