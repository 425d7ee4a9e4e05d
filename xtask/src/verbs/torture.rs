//! `torture`: kills the program at random moments, fills its disk, and checks the files it leaves.
//!
//! A job first runs without interruption. Then it is killed (SIGKILL) at random moments and restarted until it is
//! finished: its files must be the same, bit for bit, without temporary files. On a disk that is too small it must end
//! with a message that says so, leave no temporary file, and resume to the same result on a larger disk.

mod disk;
mod jobs;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::project::{build_program, shell};
use disk::Disk;
use jobs::{JOBS, Job};

/// Number of kills in one run before the job may finish.
const KILLS_A_TRY: usize = 3;

/// `torture`.
#[derive(Debug, Args)]
pub struct TortureArgs {
    /// Job, or `all`
    #[arg(default_value = "all")]
    job: String,
    /// Number of kills of each job
    #[arg(long, default_value_t = 100)]
    kills: usize,
    /// Seed of the moments of kills
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The program; built if not given
    #[arg(long)]
    program: Option<PathBuf>,
    /// Leave out the tests of full disks, which require permission to mount
    #[arg(long)]
    no_disk: bool,
}

/// Runs the jobs and prints a line for each.
pub fn run(args: &TortureArgs) -> Result<()> {
    let program = match &args.program {
        Some(program) => fs::canonicalize(program)?,
        None => build_program(&shell()?)?,
    };
    let chosen: Vec<&Job> =
        JOBS.iter().filter(|job| args.job == "all" || args.job == job.name).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = JOBS.iter().map(|job| job.name).collect();
        bail!("no job `{}`; the jobs are: {}", args.job, names.join(", "));
    }
    for job in chosen {
        let bench = TortureCase::new(&program, job)?;
        bench.kill_often(args.kills, &mut Moments(args.seed))?;
        if !args.no_disk {
            bench.fill_disk()?;
        }
    }
    Ok(())
}

/// Content of files by their path relative to a folder.
type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// Random number generator (xorshift64*).
struct Moments(u64);

impl Moments {
    /// Returns a number from 0 to 1.
    fn share(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A job with the result of an uninterrupted run.
struct TortureCase<'j> {
    program: &'j Path,
    job: &'j Job,
    expected: Tree,
    took: Duration,
}

/// End of a run.
enum Ended {
    Killed,
    With(Option<i32>, String),
}

impl<'j> TortureCase<'j> {
    fn new(program: &'j Path, job: &'j Job) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut bench = Self { program, job, expected: Tree::new(), took: Duration::ZERO };
        bench.prepare(folder.path())?;
        let begun = Instant::now();
        bench.finish(folder.path())?;
        bench.took = begun.elapsed();
        bench.expected = bench.outputs(folder.path())?;
        if bench.expected.is_empty() {
            bail!("{}: the job writes none of the files that are compared", job.name);
        }
        Ok(bench)
    }

    fn prepare(&self, folder: &Path) -> Result<()> {
        (self.job.prepare)(folder, self.program)
            .with_context(|| format!("inputs of {}", self.job.name))
    }

    fn command(&self, folder: &Path) -> Command {
        use std::os::unix::process::CommandExt as _;
        let mut command =
            Command::new(if self.job.script { Path::new("bash") } else { self.program });
        // The job has its own process group, so that a script's programs are killed with it.
        command.process_group(0);
        command.args((self.job.args)(folder)).current_dir(folder);
        command.env("HOME", folder).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Runs the job to its end, or kills it after `kill_after`.
    fn start(&self, folder: &Path, kill_after: Option<Duration>) -> Result<Ended> {
        // The file is not in the job's folder, whose disk may be full.
        let errors = tempfile::NamedTempFile::new()?;
        let mut command = self.command(folder);
        command.stderr(errors.reopen()?);
        let mut child = command.spawn().context("the program can't be started")?;
        if let Some(moment) = kill_after {
            std::thread::sleep(moment);
            if child.try_wait()?.is_none() {
                kill_group(child.id())?;
                child.wait()?;
                return Ok(Ended::Killed);
            }
        }
        let status = child.wait()?;
        Ok(Ended::With(status.code(), fs::read_to_string(errors.path()).unwrap_or_default()))
    }

    fn finish(&self, folder: &Path) -> Result<()> {
        match self.start(folder, None)? {
            Ended::With(Some(0), _) => Ok(()),
            Ended::With(code, errors) => bail!("{} ended with {code:?}: {errors}", self.job.name),
            Ended::Killed => bail!("{} was killed", self.job.name),
        }
    }

    /// Kills the job `kills` times, in runs of a few kills each.
    fn kill_often(&self, kills: usize, moments: &mut Moments) -> Result<()> {
        let (mut done, mut tries) = (0, 0);
        while done < kills {
            let folder = tempfile::tempdir()?;
            self.prepare(folder.path())?;
            for _ in 0..KILLS_A_TRY.min(kills - done) {
                let moment = self.took.mul_f64(moments.share());
                match self.start(folder.path(), Some(moment))? {
                    Ended::Killed => done += 1,
                    Ended::With(Some(0), _) => break,
                    Ended::With(code, errors) => {
                        bail!("{} went on with {code:?}: {errors}", self.job.name)
                    }
                }
            }
            self.finish(folder.path())?;
            self.compare(folder.path())?;
            tries += 1;
        }
        println!(
            "{}: killed {done} times in {tries} runs of {:.1} s; every result was bit-identical, no temporary file was left",
            self.job.name,
            self.took.as_secs_f64()
        );
        Ok(())
    }

    /// Runs the job on disks of growing size until it succeeds.
    fn fill_disk(&self) -> Result<()> {
        let needed: usize = self.expected.values().map(Vec::len).sum();
        let mut full = 0;
        for share in [0.1, 0.4, 0.8] {
            let mut disk = Disk::new()?;
            self.prepare(disk.folder())?;
            let inputs = disk.used_bytes()?;
            disk.resize(inputs + (share * needed as f64) as u64)?;
            match self.start(disk.folder(), None)? {
                Ended::With(Some(code), errors)
                    if self.job.full_exits.contains(&code) && errors.contains("full") =>
                {
                    full += 1;
                }
                // The smallest disk may have space for a small result.
                Ended::With(Some(0), _) => continue,
                Ended::With(code, errors) => {
                    bail!("{} on a full disk ended with {code:?}: {errors}", self.job.name)
                }
                Ended::Killed => bail!("{} was killed", self.job.name),
            }
            self.no_temporary_file(disk.folder())?;
            disk.resize(inputs + 16 * needed as u64 + (64 << 20))?;
            self.finish(disk.folder())?;
            self.compare(disk.folder())?;
        }
        if full == 0 {
            bail!("{}: none of the disks was too small", self.job.name);
        }
        println!("{}: {full} full disks were told, and the job went on from them", self.job.name);
        Ok(())
    }

    fn outputs(&self, folder: &Path) -> Result<Tree> {
        let mut tree = Tree::new();
        for path in files_below(folder)? {
            let name = path.strip_prefix(folder)?.to_path_buf();
            if (self.job.compared)(&name) {
                tree.insert(name, fs::read(&path)?);
            }
        }
        Ok(tree)
    }

    fn compare(&self, folder: &Path) -> Result<()> {
        self.no_temporary_file(folder)?;
        let found = self.outputs(folder)?;
        for (name, expected) in &self.expected {
            match found.get(name) {
                None => bail!("{}: {} is missing", self.job.name, name.display()),
                Some(bytes) if bytes != expected => {
                    bail!("{}: {} differs", self.job.name, name.display())
                }
                Some(_) => {}
            }
        }
        match found.keys().find(|name| !self.expected.contains_key(*name)) {
            Some(extra) => bail!("{}: {} is too much", self.job.name, extra.display()),
            None => Ok(()),
        }
    }

    fn no_temporary_file(&self, folder: &Path) -> Result<()> {
        let is_temporary = |path: &PathBuf| path.to_string_lossy().contains(".tmp-");
        match files_below(folder)?.into_iter().find(is_temporary) {
            Some(path) => bail!("{}: {} was left", self.job.name, path.display()),
            None => Ok(()),
        }
    }
}

/// Kills a process group.
fn kill_group(leader: u32) -> Result<()> {
    let killed = Command::new("kill").args(["-KILL", "--", &format!("-{leader}")]).status()?;
    if !killed.success() {
        bail!("process group {leader} can't be killed");
    }
    Ok(())
}

/// Returns all files below a folder.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}
