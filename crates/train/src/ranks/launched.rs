//! Place of a process among those that a launcher started.

/// Variables by which launchers tell a process its place: number of processes, rank, rank on its machine.
const LAUNCHERS: [[&str; 3]; 3] = [
    ["OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_RANK"],
    ["PMI_SIZE", "PMI_RANK", "MPI_LOCALRANKID"],
    ["SLURM_NTASKS", "SLURM_PROCID", "SLURM_LOCALID"],
];

/// Variables of processes that are ranks of one MPI job. A batch system alone counts processes that are none, too.
const OF_MPI: [&str; 3] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"];

/// Place of this process among those that a launcher (`mpirun`, `srun`) started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Launched {
    /// Number of processes.
    pub ranks: usize,
    /// Number of this process, from 0.
    pub rank: usize,
    /// Number of this process among those of its machine, from 0.
    pub local_rank: usize,
    /// Whether the processes are ranks of one MPI job.
    pub by_mpi: bool,
}

impl Launched {
    /// Returns the place that the first launcher found gave; `read` looks a variable of the environment up.
    pub fn find(read: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let number = |name: &str| read(name)?.trim().parse().ok();
        let by_mpi = OF_MPI.iter().any(|name| read(name).is_some());
        LAUNCHERS.iter().find_map(|[ranks, rank, local]| {
            let (ranks, rank) = (number(ranks)?, number(rank)?);
            Some(Self { ranks, rank, local_rank: number(local).unwrap_or(0), by_mpi })
        })
    }

    /// Whether there are several ranks of one MPI job.
    pub fn is_mpi_job(&self) -> bool {
        self.by_mpi && self.ranks > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launchers_tell_a_process_its_place() {
        let find = |set: &[(&str, &str)]| {
            let of =
                |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            Launched::find(of).map(|l| (l.ranks, l.rank, l.local_rank, l.is_mpi_job()))
        };
        let mpi = [("OMPI_COMM_WORLD_SIZE", "4"), ("OMPI_COMM_WORLD_RANK", "3")];
        assert_eq!(find(&mpi), Some((4, 3, 0, true)));
        let slurm = [("SLURM_NTASKS", "2"), ("SLURM_PROCID", "1"), ("SLURM_LOCALID", "1")];
        assert_eq!(find(&slurm), Some((2, 1, 1, false)));
        let both = [slurm[0], slurm[1], ("PMIX_RANK", "1")];
        assert_eq!(find(&both), Some((2, 1, 0, true)));
        assert_eq!(find(&slurm[..1]), None);
        assert_eq!(find(&[]), None);
    }
}
