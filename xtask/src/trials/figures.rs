//! Requirements of training and of corpora on several machines, and their figures in the records of the trials.

use std::fmt::Write as _;

/// Requirement whose figure a trial measures.
#[derive(Debug)]
pub struct ScaleRequirement {
    /// Trial that measures the requirement: `cargo xtask scale TRIAL`.
    pub trial: &'static str,
    /// Name of the figure in the record and on the page.
    pub name: &'static str,
    /// Required value.
    pub required: &'static str,
}

pub const LOSSES: ScaleRequirement = ScaleRequirement {
    trial: "ranks",
    name: "losses of 2 and 4 MPI ranks against 1, largest relative difference",
    required: "at most 1e-5",
};
pub const LOST_RANK: ScaleRequirement = ScaleRequirement {
    trial: "ranks",
    name: "losses of 2 ranks, one of them killed, resumed on 1, against 1",
    required: "at most 1e-5",
};
pub const OPTIMIZER_STATE: ScaleRequirement = ScaleRequirement {
    trial: "ranks",
    name: "optimizer state of a rank of 4, replicated and sharded",
    required: "printed",
};
pub const NETWORK: ScaleRequirement = ScaleRequirement {
    trial: "network",
    name: "losses of 2 ranks in two network namespaces against 1, whole and killed and resumed",
    required: "at most 1e-5",
};
pub const TRAFFIC: ScaleRequirement = ScaleRequirement {
    trial: "network",
    name: "traffic through the network, one way",
    required: "reported",
};
pub const WEAK_SCALING: ScaleRequirement = ScaleRequirement {
    trial: "weak",
    name: "weak scaling, 2 ranks over twice 1 rank, one thread each",
    required: "at least 0.9",
};
pub const ARRAY_ENCODING: ScaleRequirement = ScaleRequirement {
    trial: "slurm",
    name: "shards of an array job of two Slurm tasks against those of one process",
    required: "equal",
};
pub const ARRAY_EVALUATION: ScaleRequirement = ScaleRequirement {
    trial: "slurm",
    name: "evaluation and ablation by two Slurm tasks, joined",
    required: "one report each",
};
pub const STORAGE: ScaleRequirement = ScaleRequirement {
    trial: "storage",
    name: "losses of training from an S3-compatible server against those from a folder",
    required: "equal",
};
pub const COST: ScaleRequirement = ScaleRequirement {
    trial: "plan",
    name: "GPU hours, from 1,000 h with 151 M parameters to 60,000 h with 1 B",
    required: "computed",
};

/// All requirements in the order of the page.
const ALL: [&ScaleRequirement; 10] = [
    &LOSSES,
    &LOST_RANK,
    &OPTIMIZER_STATE,
    &NETWORK,
    &TRAFFIC,
    &WEAK_SCALING,
    &ARRAY_ENCODING,
    &ARRAY_EVALUATION,
    &STORAGE,
    &COST,
];

impl ScaleRequirement {
    /// Returns the line of a record that holds a figure.
    pub fn line(&self, figure: &str) -> String {
        format!("= {}: {figure}", self.name)
    }

    /// Returns the figure in a record.
    fn find<'a>(&self, record: &'a str) -> Option<&'a str> {
        let start = self.line("");
        record.lines().find_map(|line| line.strip_prefix(&start))
    }
}

/// Returns the table of all requirements with their figures. `record` returns the record of a trial, empty where the
/// trial was not run.
pub fn table(record: impl Fn(&str) -> String) -> String {
    let mut out = "| requirement | required | measured | trial |\n|---|---|---|---|\n".to_owned();
    for requirement in ALL {
        let record = record(requirement.trial);
        let figure = requirement.find(&record).unwrap_or("not measured");
        // Writing to a string can't fail.
        let _ = writeln!(
            out,
            "| {} | {} | {figure} | `{}` |",
            requirement.name, requirement.required, requirement.trial
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_records_fill_the_table() {
        let record = |trial: &str| match trial {
            "weak" => format!("$ weak\n{}\nmore\n", WEAK_SCALING.line("0.93")),
            _ => String::new(),
        };
        let table = table(record);
        let row = format!("| {} | at least 0.9 | 0.93 | `weak` |", WEAK_SCALING.name);
        assert!(table.contains(&row), "{table}");
        assert_eq!(table.matches("| not measured |").count(), ALL.len() - 1);
    }
}
