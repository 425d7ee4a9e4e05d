//! `cuda`: builds the program for NVIDIA GPUs, on a machine with or without one.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use xshell::{Shell, cmd};

use crate::project::{built, root, shell};
use crate::python::environment;

/// `cuda`.
#[derive(Debug, Args)]
#[command(
    after_help = "Needs python3 with venv, gcc and g++, the crate registry and PyPI, 4 GB in target/cuda and a quarter of an hour. No GPU, no driver and no CUDA toolkit are needed: the toolkit comes from PyPI, at the versions that xtask/cuda/requirements.txt pins. Done steps are not done again.\n\n--flash-attn also needs the headers of CUTLASS, which its crate fetches from GitHub, and an hour or more.\n\nExamples:\n  cargo xtask cuda\n  cargo xtask cuda --compute-cap 80        # A100; 89 is L4 and RTX 4090, 90 is H100\n  cargo xtask cuda --prepare-only"
)]
pub struct CudaArgs {
    /// Compute capability of the GPU, without the point
    #[arg(long, value_name = "NN", default_value_t = 90)]
    compute_cap: u32,
    /// Also build flash attention, for inference in bf16
    #[arg(long)]
    flash_attn: bool,
    /// Only prepare the toolkit
    #[arg(long)]
    prepare_only: bool,
}

/// Libraries that the program is linked with, by their names without a version.
const LIBRARIES: [&str; 5] =
    ["libcublas.so", "libcublasLt.so", "libcurand.so", "libnvrtc.so", "libcudart.so"];

/// Prepares the toolkit and builds the program.
pub fn run(args: &CudaArgs) -> Result<()> {
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "the toolkit of xtask/cuda/requirements.txt is for Linux on x86-64 only; elsewhere install CUDA 13 and run `cargo build --workspace --bin syrinx --features syrinx-cli/cuda`"
    );
    let shell = shell()?;
    let home = root().join("target/cuda");
    let kit = prepare(&shell, &home)?;
    eprintln!("the toolkit is in {}", kit.toolkit.display());
    if args.prepare_only {
        return Ok(());
    }
    let program = build(&shell, args, &kit, &home)?;
    let libraries = kit.toolkit.join("lib");
    println!("{}", program.display());
    println!(
        "It runs where the driver's libcuda.so.1 is, with cuBLAS, cuRAND and NVRTC of CUDA 13 in LD_LIBRARY_PATH, for instance\n  LD_LIBRARY_PATH={} {} say hello --device cuda",
        libraries.display(),
        program.display()
    );
    without_gpu(&shell, &program, &kit)
}

/// Paths of the CUDA toolkit.
struct Kit {
    /// Value of `CUDA_HOME`.
    toolkit: PathBuf,
    /// Folder of links to the libraries, under the names that a linker expects.
    links: PathBuf,
}

/// Downloads the toolkit from PyPI and creates the links that a linker needs.
fn prepare(shell: &Shell, home: &Path) -> Result<Kit> {
    for (program, package) in
        [("python3", "python3 and python3-venv"), ("gcc", "gcc"), ("g++", "g++")]
    {
        let found = cmd!(shell, "{program} --version").quiet().ignore_stdout().ignore_stderr();
        ensure!(found.run().is_ok(), "`{program}` isn't there; install {package}");
    }
    fs::create_dir_all(home).with_context(|| home.display().to_string())?;
    let pins = root().join("xtask/cuda/requirements.txt");
    environment(shell, &home.join("python"), &pins)?;
    let toolkit = toolkit(&home.join("python"))?;
    ensure!(
        toolkit.join("bin/nvcc").is_file(),
        "{} has no bin/nvcc; remove {} and try again",
        toolkit.display(),
        home.join("python").display()
    );
    link(Path::new("lib"), &toolkit.join("lib64"))?;
    let links = home.join("links");
    fs::create_dir_all(&links)?;
    for library in LIBRARIES {
        link(&newest(&toolkit.join("lib"), library)?, &links.join(library))?;
    }
    // Only machines with a GPU have the driver's library, so the program is linked with a stub.
    let driver = links.join("libcuda.so.1");
    if !driver.exists() {
        stand_in(shell, &toolkit, &driver)?;
    }
    link(Path::new("libcuda.so.1"), &links.join("libcuda.so"))?;
    Ok(Kit { toolkit, links })
}

/// Builds a stub of the driver's library. All functions of the driver's header return the error that there is no
/// device. A program linked with the stub loads the real library by name at its start.
fn stand_in(shell: &Shell, toolkit: &Path, driver: &Path) -> Result<()> {
    let header = toolkit.join("include/cuda.h");
    let declared = cmd!(shell, "gcc -E -P {header}").quiet().read()?;
    let names = functions(&declared);
    ensure!(!names.is_empty(), "{} declares no function of the driver", header.display());
    // CUDA_ERROR_NO_DEVICE is 100.
    let source: String =
        names.iter().map(|n| format!("int {n}(void) {{ return 100; }}\n")).collect();
    let soname = "-Wl,-soname,libcuda.so.1";
    let compile = cmd!(shell, "gcc -shared -fPIC -nostdlib {soname} -o {driver} -x c -");
    Ok(compile.stdin(source).run()?)
}

/// Returns the names of the driver's functions in a preprocessed header: `cuInit(`, but not `cudaMalloc(` or
/// `CUresult`.
fn functions(header: &str) -> BTreeSet<&str> {
    let of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let called = header.match_indices('(').filter_map(|(at, _)| {
        let before = header[..at].trim_end();
        let name = &before[before.rfind(|c| !of_name(c)).map_or(0, |i| i + 1)..];
        let rest = name.strip_prefix("cu")?;
        rest.starts_with(|c: char| c.is_ascii_uppercase()).then_some(name)
    });
    called.collect()
}

/// Returns the folder of the toolkit in a Python environment.
fn toolkit(python: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(python.join("lib"))? {
        let candidate = entry?.path().join("site-packages/nvidia/cu13");
        if candidate.is_dir() {
            return Ok(candidate);
        }
    }
    bail!("no toolkit in {}; remove it and try again", python.display())
}

/// Returns the file of a library: its name followed by a version; of several files the one with the longest name.
fn newest(folder: &Path, library: &str) -> Result<PathBuf> {
    let dotted = format!("{library}.");
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| folder.display().to_string())?
        .flatten()
        .map(|entry| entry.path())
        .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&dotted)))
        .collect();
    found.sort();
    found.pop().with_context(|| format!("{} has no {library}", folder.display()))
}

/// Creates a symbolic link, and replaces one with another target.
fn link(to: &Path, at: &Path) -> Result<()> {
    if fs::read_link(at).is_ok_and(|there| there == to) {
        return Ok(());
    }
    if at.symlink_metadata().is_ok() {
        fs::remove_file(at).with_context(|| at.display().to_string())?;
    }
    symlink(to, at).with_context(|| format!("can't link {}", at.display()))
}

/// Builds in a separate target folder, so that the artifacts of ordinary builds are kept.
fn build(shell: &Shell, args: &CudaArgs, kit: &Kit, home: &Path) -> Result<PathBuf> {
    let (toolkit, links) = (&kit.toolkit, &kit.links);
    for name in ["CUDA_HOME", "CUDA_PATH", "CUDA_ROOT"] {
        shell.set_var(name, toolkit);
    }
    let path = std::env::var("PATH").unwrap_or_default();
    shell.set_var("PATH", format!("{}:{path}", toolkit.join("bin").display()));
    shell.set_var("CUDA_COMPUTE_CAP", args.compute_cap.to_string());
    shell.set_var("CUDARC_CUDA_VERSION", "13000");
    shell.set_var("LIBRARY_PATH", links);
    // The compilation of a kernel takes a gigabyte of memory, so few are compiled in parallel.
    if std::env::var_os("CUDAFORGE_THREADS").is_none() {
        shell.set_var("CUDAFORGE_THREADS", "1");
    }
    // Symbols that this header lacks are resolved when the program starts.
    let flags = [
        format!("-L native={}", links.display()),
        "-C link-arg=-Wl,--no-as-needed".into(),
        "-C link-arg=-Wl,--unresolved-symbols=ignore-all".into(),
    ];
    shell.set_var("RUSTFLAGS", flags.join(" "));
    let feature = if args.flash_attn { "syrinx-cli/flash-attn" } else { "syrinx-cli/cuda" };
    let target = home.join("build");
    built(cmd!(
        shell,
        "cargo build --workspace --bin syrinx --features {feature} --target-dir {target}"
    ))
    .context("the build failed; `cargo xtask cuda --help` says what it needs")
}

/// Checks on a machine without a GPU that the program starts and reports the missing device.
fn without_gpu(shell: &Shell, program: &Path, kit: &Kit) -> Result<()> {
    if Path::new("/dev/nvidiactl").exists() {
        return Ok(());
    }
    let libraries = format!("{}:{}", kit.toolkit.join("lib").display(), kit.links.display());
    let ended = cmd!(shell, "{program} info --device cuda")
        .env("LD_LIBRARY_PATH", libraries)
        .quiet()
        .ignore_status()
        .output()?;
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(
        said.contains("no NVIDIA GPU"),
        "the program should say that there is no GPU here; it said:\n{said}"
    );
    eprintln!("checked here: it starts, and says that there is no GPU. It was not run on one.");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_the_driver_are_told_from_types_and_other_libraries() {
        let header = "CUresult cuInit(unsigned int f);\ntypedef void (*CUhostFn)(void *d);\n\
            cudaError_t cudaMalloc(void **p);\nCUresult cuMemAlloc_v2 (CUdeviceptr *p);";
        assert_eq!(functions(header).into_iter().collect::<Vec<_>>(), ["cuInit", "cuMemAlloc_v2"]);
    }

    #[test]
    fn libraries_are_found_under_any_version_and_links_are_renewed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["libcublas.so.13", "libcublasLt.so.13", "libcublas.so.13.1"] {
            fs::write(path(name), "").unwrap();
        }
        let found = |name: &str| newest(folder.path(), name).ok();
        assert_eq!(found("libcublas.so"), Some(path("libcublas.so.13.1")));
        assert_eq!(found("libcublasLt.so"), Some(path("libcublasLt.so.13")));
        assert_eq!(found("libcurand.so"), None);
        for target in ["libcublas.so.13", "libcublas.so.13.1", "libcublas.so.13.1"] {
            link(Path::new(target), &path("libcublas.so")).unwrap();
            assert_eq!(fs::read_link(path("libcublas.so")).unwrap(), Path::new(target));
        }
    }
}
