//! `syrinx serve` as a process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// A running server on a port that the system chose; stopped when dropped.
pub(crate) struct Program {
    child: Mutex<Child>,
    address: String,
}

impl Program {
    /// Starts the server of the program with further flags.
    pub(crate) fn start(program: &Path, flags: &[&str]) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["serve", "--port", "0", "--json"])
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("can't start {}", program.display()))?;
        let output = child.stdout.take().context("its output is gone")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let told: Value = serde_json::from_str(&line).context("the server told no address")?;
        let address = told["address"].as_str().context("the server told no address")?.to_owned();
        Ok(Self { child: Mutex::new(child), address })
    }

    /// Returns the URL of a path of the server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns host and port of the server.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Returns the resident memory of the server, MiB.
    pub(crate) fn memory_mib(&self) -> Result<f64> {
        let id = self.child.lock().map_err(|_| anyhow::anyhow!("a thread failed"))?.id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kib / 1024.0)
    }

    /// Fails if the server has ended.
    pub(crate) fn check(&self) -> Result<()> {
        let mut child = self.child.lock().map_err(|_| anyhow::anyhow!("a thread failed"))?;
        match child.try_wait()? {
            Some(status) => bail!("the server ended with {status}"),
            None => Ok(()),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
