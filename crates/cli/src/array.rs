//! `--shard N/M`, and `--array-env` for array jobs, in which a batch system sets the index of the share.

use clap::Args;
use syrinx_data::WorkShare;

use crate::failure::{Failure, Outcome};

/// Options that select a share of the work.
#[derive(Debug, Clone, Args)]
pub struct ArrayArgs {
    /// Only this part of the work; `/M` alone with --array-env
    #[arg(long, value_name = "N/M", default_value = "1/1")]
    shard: String,
    /// Take N from the environment of an array job: SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX (Kubernetes)
    #[arg(long)]
    array_env: bool,
}

/// Variables of batch systems: index of the task, lowest index, and number of tasks if the system sets it.
const SYSTEMS: [(&str, Option<&str>, Option<&str>); 2] = [
    ("SLURM_ARRAY_TASK_ID", Some("SLURM_ARRAY_TASK_MIN"), Some("SLURM_ARRAY_TASK_COUNT")),
    ("JOB_COMPLETION_INDEX", None, None),
];

impl ArrayArgs {
    /// Returns the share, from the flag, or with `--array-env` from the environment.
    pub fn part(&self) -> Outcome<WorkShare> {
        match self.array_env {
            false => Ok(self.shard.parse()?),
            true => self.part_of(|name| std::env::var(name).ok()),
        }
    }

    fn part_of(&self, read: impl Fn(&str) -> Option<String>) -> Outcome<WorkShare> {
        let number = |name: &str| -> Outcome<Option<usize>> {
            let Some(value) = read(name) else { return Ok(None) };
            let parsed = value.trim().parse().map(Some);
            parsed.map_err(|_| {
                Failure::usage(
                    format!("{name}={value}: not a number"),
                    "start the array job with tasks numbered by integers",
                )
            })
        };
        for (task, lowest, count) in SYSTEMS {
            let Some(task_number) = number(task)? else { continue };
            let lowest = lowest.map_or(Ok(None), number)?.unwrap_or(0);
            let counted = count.map_or(Ok(None), number)?;
            let of = self.shard.split_once('/').and_then(|(_, m)| m.trim().parse::<usize>().ok());
            let of = of.filter(|_| self.shard != "1/1").or(counted).ok_or_else(|| {
                Failure::usage(
                    format!("{task} is set, but not the number of parts"),
                    "name it with --shard /M, for instance --shard /16",
                )
            })?;
            return Ok(WorkShare::new(task_number.saturating_sub(lowest), of)?);
        }
        let names: Vec<&str> = SYSTEMS.iter().map(|(task, ..)| *task).collect();
        Err(Failure::usage(
            format!("--array-env: none of {} is set", names.join(", ")),
            "start the program in an array job, or name its part with --shard N/M",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(shard: &str, set: &[(&str, &str)]) -> Result<String, String> {
        let args = ArrayArgs { shard: shard.into(), array_env: true };
        let of = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        args.part_of(of).map(|part| part.to_string()).map_err(|f| f.message)
    }

    #[test]
    fn parts_come_from_the_batch_system() {
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "3"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
        ];
        assert_eq!(part("1/1", &slurm), Ok("3/4".into()));
        // Tasks of another run of the same array: the number of parts stays.
        assert_eq!(part("/16", &slurm), Ok("3/16".into()));
        assert_eq!(part("/8", &[("JOB_COMPLETION_INDEX", "0")]), Ok("1/8".into()));
        let unknown = part("1/1", &[("JOB_COMPLETION_INDEX", "0")]).unwrap_err();
        assert!(unknown.contains("number of parts"), "{unknown}");
        assert!(part("1/1", &[]).unwrap_err().contains("SLURM_ARRAY_TASK_ID"));
        assert!(part("/8", &[("JOB_COMPLETION_INDEX", "x")]).unwrap_err().contains("not a number"));
        assert!(part("/2", &[("JOB_COMPLETION_INDEX", "2")]).is_err());
    }
}
