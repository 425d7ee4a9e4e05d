//! `scale storage`: training from shards on a local S3-compatible server.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use xshell::cmd;

use super::figures;
use super::job::{self, TrialSetup};
use super::record::TrialRecord;
use crate::project::{root, shell};
use crate::python::environment;

/// Port of the server.
const PORT: &str = "5957";
/// Bucket and folder of the shards.
const PLACE: &str = "s3://syrinx/shards";

/// Running server, stopped when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn run(record: &mut TrialRecord, program: Option<&Path>) -> Result<()> {
    let bench = TrialSetup::new(program, "syrinx-cli/object-store", 6)?;
    let shell = shell()?;
    let python = bench.folder.join("python");
    environment(&shell, &python, &root().join("xtask/scale/requirements.txt"))?;
    let _server = serve(&python)?;
    let interpreter = python.join("bin/python");
    let (upload, shards) = (root().join("xtask/scale/upload.py"), &bench.shards);
    record.say(cmd!(shell, "{interpreter} {upload} {PORT} {shards}").quiet().read()?);

    let folder = bench.run_folder("storage-folder")?;
    job::finish(Command::new(&bench.program).args(bench.train(&folder, &[])))?;
    let streamed = bench.run_folder("storage-streamed")?;
    let mut args = bench.train(&streamed, &[]);
    let data = args.iter().position(|a| a == "--data").context("--data")?;
    args[data + 1] = PLACE.into();
    let mut command = Command::new(&bench.program);
    command.args(&args).envs(access());
    record.say(format!("$ {}", job::shown(&command)));
    record.say(job::gist(&job::finish(&mut command)?));
    let (held, remote) = (job::losses(&folder), job::losses(&streamed));
    ensure!(!held.is_empty() && held == remote, "losses differ from those of the folder");
    record.figure(&figures::STORAGE, &format!("equal, bit for bit, {} steps", held.len()));
    for place in ["s3://syrinx/empty", "s3://nowhere/shards"] {
        let mut args = bench.train(&bench.run_folder("storage-refused")?, &[]);
        args[data + 1] = place.into();
        let output = Command::new(&bench.program).args(&args).envs(access()).output()?;
        ensure!(!output.status.success(), "{place} was accepted");
        record.say(format!("{place}: {}", output.status));
        record.say(job::gist(&job::text_of(&output)));
    }
    Ok(())
}

/// Returns the environment variables for access to the server.
fn access() -> [(&'static str, String); 5] {
    [
        ("AWS_ACCESS_KEY_ID", "test".into()),
        ("AWS_SECRET_ACCESS_KEY", "test".into()),
        ("AWS_REGION", "us-east-1".into()),
        ("AWS_ENDPOINT", format!("http://127.0.0.1:{PORT}")),
        ("AWS_ALLOW_HTTP", "true".into()),
    ]
}

/// Starts moto's server and waits until it accepts connections.
fn serve(python: &Path) -> Result<Server> {
    let path = python.with_file_name("moto.log");
    let log = fs::File::create(&path)?;
    let mut command = Command::new(python.join("bin/moto_server"));
    command.args(["-H", "127.0.0.1", "-p", PORT]).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(log);
    let mut server = Server(command.spawn().context("can't start moto_server")?);
    let begun = Instant::now();
    while std::net::TcpStream::connect(format!("127.0.0.1:{PORT}")).is_err() {
        if let Some(status) = server.0.try_wait()? {
            let said = fs::read_to_string(&path).unwrap_or_default();
            bail!("moto_server ended with {status}:\n{said}");
        }
        ensure!(begun.elapsed() < Duration::from_secs(120), "moto_server doesn't listen");
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(server)
}
