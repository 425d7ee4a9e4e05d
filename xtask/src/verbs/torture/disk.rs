//! A small disk: a tmpfs of a given size, which requires permission to mount.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

/// A mounted folder, unmounted when dropped.
pub(super) struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Mounts a disk with space for the inputs.
    pub(super) fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let place = folder.path().display().to_string();
        mount(&["-t", "tmpfs", "-o", "size=256m", "tmpfs", &place])
            .context("a full disk needs the right to mount; leave it out with --no-disk")?;
        Ok(Self { folder })
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the number of bytes in use, in complete blocks.
    pub(super) fn used_bytes(&self) -> Result<u64> {
        let place = self.folder().display().to_string();
        let shown =
            Command::new("df").args(["--block-size=1", "--output=used", &place]).output()?;
        let text = String::from_utf8_lossy(&shown.stdout);
        text.lines().last().and_then(|line| line.trim().parse().ok()).context("`df` shows no size")
    }

    /// Changes the size of the disk.
    pub(super) fn resize(&mut self, bytes: u64) -> Result<()> {
        let place = self.folder().display().to_string();
        mount(&["-o", &format!("remount,size={bytes}"), &place])
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // If the disk stays mounted, the removal of its folder fails.
        let _ = Command::new("umount").arg(self.folder.path()).status();
    }
}

fn mount(args: &[&str]) -> Result<()> {
    let done = Command::new("mount").args(args).output().context("`mount` can't be started")?;
    if !done.status.success() {
        bail!("mount {}: {}", args.join(" "), String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(())
}
