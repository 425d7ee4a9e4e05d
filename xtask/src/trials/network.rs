//! `scale network`: two ranks in two network namespaces, joined by a veth pair like two machines by a cable.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use xshell::{Shell, cmd};

use super::figures;
use super::job::{self, TrialSetup};
use super::record::TrialRecord;
use crate::project::shell;

/// Both sides: namespace, end of the veth pair, address.
const SIDES: [(&str, &str, &str); 2] =
    [("syrinx-a", "syrinx-va", "10.99.7.1"), ("syrinx-b", "syrinx-vb", "10.99.7.2")];
/// Subnet of the trial.
const NETWORK: &str = "10.99.7.0/24";

/// Two network namespaces, removed when dropped.
struct Network {
    shell: Shell,
    agent: PathBuf,
}

impl Network {
    fn new(folder: &Path) -> Result<Self> {
        let shell = shell()?;
        let agent = folder.join("agent.sh");
        // mpirun starts its daemon on the other side by this script instead of ssh. Each side has its own host name,
        // like separate machines.
        let [_, (there, _, _)] = SIDES;
        let script = format!(
            "#!/bin/sh\nshift\nexec ip netns exec {there} unshare --uts sh -c \"hostname {there}; $*\"\n"
        );
        fs::write(&agent, script)?;
        fs::set_permissions(&agent, fs::Permissions::from_mode(0o755))?;
        let network = Self { shell, agent };
        network.remove();
        let shell = &network.shell;
        for (space, ..) in SIDES {
            cmd!(shell, "ip netns add {space}").quiet().run().context("namespaces need root")?;
            cmd!(shell, "ip -n {space} link set lo up").quiet().run()?;
        }
        let [(a, end_a, _), (b, end_b, _)] = SIDES;
        let ends = ["type", "veth", "peer", "name", end_b];
        cmd!(shell, "ip link add {end_a} {ends...}").quiet().run()?;
        for (space, end, address) in SIDES {
            cmd!(shell, "ip link set {end} netns {space}").quiet().run()?;
            cmd!(shell, "ip -n {space} addr add {address}/24 dev {end}").quiet().run()?;
            cmd!(shell, "ip -n {space} link set {end} up").quiet().run()?;
        }
        ensure!(a != b, "two sides");
        Ok(network)
    }

    fn remove(&self) {
        for (space, ..) in SIDES {
            let shell = &self.shell;
            // A missing namespace is not an error.
            let _ = cmd!(shell, "ip netns del {space}").quiet().ignore_stderr().run();
        }
    }

    /// Returns a command that starts one rank on each side.
    fn mpirun(&self, program: &Path, args: &[String]) -> Command {
        let [(here, _, one), (_, _, two)] = SIDES;
        let mut command = Command::new("ip");
        command.args(["netns", "exec", here, "unshare", "--uts", "sh", "-c"]);
        command.arg(format!("hostname {here}; exec \"$@\"")).arg("sh").arg("mpirun");
        command.args(["--allow-run-as-root", "--host", &format!("{one}:1,{two}:1"), "-n", "2"]);
        command.args(["--bind-to", "none", "-x", "RAYON_NUM_THREADS=1"]);
        command.args(["--mca", "plm_rsh_agent"]).arg(&self.agent);
        command.args(["--mca", "pml", "ob1", "--mca", "btl", "tcp,self"]);
        command.args(["--mca", "btl_tcp_if_include", NETWORK]);
        command.args(["--mca", "oob_tcp_if_include", NETWORK]);
        command.arg(program).args(args);
        command
    }

    /// Returns the number of bytes that the first side has sent.
    fn sent_bytes(&self) -> Result<u64> {
        let [(space, end, _), _] = SIDES;
        let shell = &self.shell;
        let file = format!("/sys/class/net/{end}/statistics/tx_bytes");
        Ok(cmd!(shell, "ip netns exec {space} cat {file}").quiet().read()?.trim().parse()?)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.remove();
    }
}

pub fn run(record: &mut TrialRecord, program: Option<&Path>) -> Result<()> {
    let bench = TrialSetup::new(program, "syrinx-cli/mpi", 6)?;
    let network = Network::new(&bench.folder)?;
    let one = bench.run_folder("network-one")?;
    let mut alone = Command::new(&bench.program);
    job::finish(alone.args(bench.train(&one, &["--reduce", "none"])))?;

    let straight = bench.run_folder("network-straight")?;
    let mut command = network.mpirun(&bench.program, &bench.train(&straight, &[]));
    record.say(format!("$ {}", job::shown(&command)));
    let before = network.sent_bytes()?;
    let said = job::finish(&mut command)?;
    let sent = network.sent_bytes()? - before;
    record.say(job::gist(&said));
    let steps = job::losses(&straight).len().max(1);
    let a_step = sent as f64 / steps as f64 / f64::from(1 << 20);
    record.say(format!("through the veth pair, one way: {a_step:.2} MiB a step over {steps} steps (with the start and the headers of TCP)"));
    let whole = job::difference(&one, &straight)?;
    ensure!(whole <= 1e-5, "losses differ by {whole:.1e}");
    record.say(format!("losses against one rank: largest difference {whole:.1e}"));
    record.figure(&figures::TRAFFIC, &format!("{a_step:.2} MiB a step"));

    let run = bench.run_folder("network-killed")?;
    let mut command = network.mpirun(&bench.program, &bench.train(&run, &[]));
    let mut child = job::start(&mut command)?;
    job::wait_for_step(&run, 6, &mut child)?;
    let rank = |pid: &u32| job::variable(*pid, "OMPI_COMM_WORLD_RANK").as_deref() == Some("1");
    let victim = job::processes("syrinx", &run)?.into_iter().find(rank);
    job::kill(victim.context("rank 1 isn't there")?)?;
    let output = child.wait_with_output()?;
    ensure!(!output.status.success(), "the job survived the loss of a rank");
    let said = job::text_of(&output);
    record.say(format!("\nrank 1 killed after step 6: the job ended with {}", output.status));
    record.say(job::gist(&said));
    ensure!(said.contains("rank 1"), "the lost rank isn't named:\n{said}");
    let said = job::finish(&mut network.mpirun(&bench.program, &bench.train(&run, &["--resume"])))?;
    record.say("resumed on both sides:");
    record.say(job::gist(&said));
    let apart = job::difference(&one, &run)?;
    ensure!(apart <= 1e-5, "after the resume losses differ by {apart:.1e}");
    record.say(format!("losses of all steps against one rank: largest difference {apart:.1e}"));
    record.figure(&figures::NETWORK, &format!("{whole:.1e}, {apart:.1e}"));
    Ok(())
}
