//! `scale slurm`: the examples of configs/cluster on a local Slurm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use xshell::{Shell, cmd};

use super::figures;
use super::job::{self, TrialSetup};
use super::record::TrialRecord;
use crate::project::{root, shell};

/// Ports of the controller and the node's daemon, different from the defaults.
const PORTS: [u16; 2] = [16_817, 16_818];
/// Longest wait until the node is idle.
const START: Duration = Duration::from_secs(60);

/// Ablation of two cells without training.
const ABLATION: &str = r#"
title = "A grid for an array job"
question = "Do two tasks of an array job give the findings of one?"
suites = [{ suite = "SUITE" }]
figures = ["per"]
baseline = { temperature = "0.3" }
seeds = [0]

[[axes]]
name = "temperature"
values = [
  { name = "0.3", keys = { "decode.text.temperature" = 0.3 } },
  { name = "1.0", keys = { "decode.text.temperature" = 1.0 } },
]
"#;

/// A Slurm cluster of one node, stopped when dropped.
struct Cluster {
    daemons: Vec<Child>,
    folder: PathBuf,
}

impl Cluster {
    fn start(shell: &Shell) -> Result<Self> {
        // munge requires folders that every user can enter.
        let folder = std::env::temp_dir().join("syrinx-slurm");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        for part in ["spool", "state", "munge"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let host = cmd!(shell, "hostname -s").quiet().read()?;
        fs::write(folder.join("slurm.conf"), configuration(&folder, &host))?;
        let mut cluster = Self { daemons: Vec::new(), folder };
        let munge = cluster.folder.join("munge");
        let at = |name: &str| munge.join(name).display().to_string();
        let key = at("key");
        cmd!(shell, "dd if=/dev/urandom of={key} bs=1024 count=1 status=none").quiet().run()?;
        cmd!(shell, "chmod 600 {key}").quiet().run()?;
        let files = ["socket", "key", "pid", "seed", "log"];
        let [socket, key, pid, seed, log] = files.map(|name| {
            let flag = if matches!(name, "socket" | "log") {
                name.to_owned()
            } else {
                format!("{name}-file")
            };
            let flag = if name == "log" { "log-file".to_owned() } else { flag };
            format!("--{flag}={}", at(name))
        });
        cluster.daemon("munged", &["--force", "--foreground", &socket, &key, &pid, &seed, &log])?;
        std::thread::sleep(Duration::from_secs(1));
        cluster.daemon("slurmctld", &["-D"])?;
        std::thread::sleep(Duration::from_secs(2));
        cluster.daemon("slurmd", &["-D", "-N", &host])?;
        let begun = Instant::now();
        while !cluster.is_idle() {
            ensure!(
                begun.elapsed() < START,
                "the node doesn't come up; see {}",
                cluster.folder.display()
            );
            std::thread::sleep(Duration::from_millis(300));
        }
        Ok(cluster)
    }

    fn configuration_file(&self) -> PathBuf {
        self.folder.join("slurm.conf")
    }

    fn daemon(&mut self, program: &str, args: &[&str]) -> Result<()> {
        let log = fs::File::create(self.folder.join(format!("{program}.log")))?;
        let mut command = Command::new(program);
        command.args(args).env("SLURM_CONF", self.configuration_file());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().with_context(|| format!("no {program}; install slurm-wlm"))?;
        self.daemons.push(child);
        Ok(())
    }

    fn is_idle(&self) -> bool {
        let mut command = Command::new("sinfo");
        command.args(["-h", "-o", "%T"]).env("SLURM_CONF", self.configuration_file());
        command.output().is_ok_and(|out| job::text_of(&out).trim() == "idle")
    }

    /// Submits a script of configs/cluster, waits for its end, and records the output of its tasks.
    fn submit(
        &self,
        record: &mut TrialRecord,
        script: &str,
        array: &str,
        variables: &[(&str, String)],
    ) -> Result<()> {
        let mut command = Command::new("sbatch");
        command.env("SLURM_CONF", self.configuration_file()).current_dir(root());
        command.args(["--wait", "--parsable"]);
        if !array.is_empty() {
            command.arg(format!("--array={array}"));
        }
        let named: Vec<String> = variables.iter().map(|(k, v)| format!("{k}={v}")).collect();
        // Without an array, `%a` has no meaning.
        let task = if array.is_empty() { "all" } else { "%a" };
        let out = self.folder.join(format!("{script}-{task}.txt"));
        command.arg(format!("--export=ALL,{}", named.join(",")));
        command.arg(format!("--output={}", out.display()));
        command.arg(format!("configs/cluster/{script}.sbatch"));
        record.say(format!("\n$ {}", job::shown(&command)));
        job::finish(&mut command)?;
        let mut files: Vec<PathBuf> =
            fs::read_dir(&self.folder)?.flatten().map(|e| e.path()).collect();
        files.retain(|f| {
            f.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&format!("{script}-")))
        });
        files.sort();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&file)?;
            let here = root().display().to_string() + "/";
            record.say(format!("{name}: {}", text.trim().replace(&here, "")));
            fs::remove_file(&file)?;
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for daemon in self.daemons.iter_mut().rev() {
            // Slurm's daemons clean up on SIGTERM.
            let _ = Command::new("kill").arg(daemon.id().to_string()).status();
            let _ = daemon.wait();
        }
    }
}

fn configuration(folder: &Path, host: &str) -> String {
    let (folder, [controller, node]) = (folder.display(), PORTS);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory_mib = memory_mib();
    format!(
        "ClusterName=syrinx
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
SlurmctldPort={controller}
SlurmdPort={node}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory_mib} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"
    )
}

/// Returns the configured memory of the node: nine tenths of the machine's, since Slurm drains a node that has less
/// than configured.
fn memory_mib() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = line.and_then(|l| l.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.map_or(1_024, |kib| kib / 1_024 * 9 / 10)
}

pub fn run(record: &mut TrialRecord, program: Option<&Path>) -> Result<()> {
    let bench = TrialSetup::new(program, "", 1)?;
    let shell = shell()?;
    let cluster = Cluster::start(&shell)?;
    // `sinfo --version` needs a configuration.
    record.say(cmd!(shell, "slurmd -V").quiet().read()?);
    let path = |p: &Path| p.display().to_string();
    let program = ("SYRINX", path(&bench.program));

    let shards = bench.run_folder("slurm-shards")?;
    let manifest = ("MANIFEST", path(&bench.folder.join("manifest-1.jsonl")));
    let made = ("SHARDS", path(&shards));
    let size = ("PER_SHARD", "10".to_owned());
    let of = [program.clone(), manifest, made, size];
    cluster.submit(record, "encode", "1-2", &of)?;
    // The same tasks run again and have no work to do.
    cluster.submit(record, "encode", "1-2", &of)?;
    let (one, other) = (&bench.shards, &shards);
    cmd!(shell, "diff -r {one} {other}").quiet().run().context("the shards differ")?;
    record.say("the shards are those of one process, byte for byte");
    record.figure(&figures::ARRAY_ENCODING, "equal, byte for byte");

    let evaluated = bench.run_folder("slurm-eval")?;
    let out = ("OUT", path(&evaluated));
    let folder = bench.run_folder("slurm-results")?;
    fs::create_dir_all(&folder)?;
    let results = ("RESULTS", path(&folder.join("results.db")));
    let suite = ("SUITE", "evals/g2p-ci.toml".to_owned());
    let of = [program.clone(), suite, out, results.clone()];
    cluster.submit(record, "eval", "1-2", &of)?;
    cluster.submit(record, "eval", "", &[&of[..], &[("JOIN", "1".into())]].concat())?;

    let ablation = bench.folder.join("slurm.toml");
    fs::write(&ablation, ABLATION.replace("SUITE", &path(&root().join("evals/g2p-ci.toml"))))?;
    let of = [
        program,
        ("ABLATION", path(&ablation)),
        ("STORES", path(&folder.join("stores"))),
        results,
        ("OUT", path(&folder.join("cells"))),
        ("REPORTS", path(&folder.join("reports"))),
    ];
    cluster.submit(record, "ablate", "1-2", &of)?;
    cluster.submit(record, "ablate", "", &[&of[..], &[("MERGE", "1".into())]].concat())?;
    record.say(fs::read_to_string(folder.join("reports/slurm.md"))?);
    ensure!(evaluated.join("report.html").is_file(), "the evaluation has no report");
    record.figure(&figures::ARRAY_EVALUATION, "one report each");
    Ok(())
}
