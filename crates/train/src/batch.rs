//! Batches of a run by their number.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use syrinx_data::{BatchPlan, Batches, Corpus, WorkShare};
use syrinx_task::{Corruption, DynTask, Sequence, Stage, TokenSpace, resolve};
use syrinx_types::ConfigIssue;

use crate::{TrainConfig, TrainError};

/// A trained stage with its weight.
struct TrainedStage {
    task: usize,
    stage: Stage,
    weight: f64,
    /// Index of its order in the maker's plans.
    plan: usize,
}

/// Order of utterances in batches.
struct BatchOrder {
    /// Positions of a frame.
    a_frame: usize,
    /// Utterances of an epoch; batches hold indices into them.
    turns: Vec<usize>,
    batches: Batches,
}

/// Source of batches. Every batch depends only on the seed and its number.
pub struct BatchMaker<'a> {
    tasks: &'a [Box<dyn DynTask>],
    corpus: &'a Corpus,
    space: &'a TokenSpace,
    config: &'a TrainConfig,
    stages: Vec<TrainedStage>,
    plans: Vec<BatchOrder>,
    /// Share of every batch's sequences that this rank builds.
    part: WorkShare,
}

/// A batch of one stage.
pub struct Batch {
    /// `task/stage`, or `task/stage.LEVEL` for further levels.
    pub name: String,
    /// Sequences of one stage and level.
    pub sequences: Vec<Sequence>,
}

impl Batch {
    /// Returns the number of positions of trunk and encoder.
    pub fn positions(&self) -> usize {
        self.sequences.iter().map(|s| s.len() + s.encoder.ids.len()).sum()
    }
}

impl<'a> BatchMaker<'a> {
    /// Checks that the stages of the mix exist, and orders the corpus.
    pub fn new(
        config: &'a TrainConfig,
        tasks: &'a [Box<dyn DynTask>],
        corpus: &'a Corpus,
        space: &'a TokenSpace,
    ) -> Result<Self, TrainError> {
        if let Some(level) = config.nar_levels.iter().find(|&&l| l > space.levels) {
            let levels = space.levels;
            let reason = format!("names level {level}, but the codec has {levels}");
            return Err(ConfigIssue::new("nar_levels", reason).into());
        }
        let mut stages = Vec::new();
        let mut plans: Vec<BatchOrder> = Vec::new();
        for entry in &config.mix {
            let task = tasks.iter().position(|t| t.id() == entry.task).ok_or_else(|| {
                let known = tasks.iter().map(|t| t.id().to_owned()).collect();
                TrainError::UnknownTask { name: entry.task.clone(), known }
            })?;
            let layout = tasks[task].layout();
            let stage = layout.stage(&entry.stage).cloned().ok_or_else(|| {
                let known = layout.stages.iter().map(|s| s.name.clone()).collect();
                let (task, stage) = (entry.task.clone(), entry.stage.clone());
                TrainError::UnknownStage { task, stage, known }
            })?;
            let a_frame = stage.head.positions_a_frame(space.levels);
            let plan = match plans.iter().position(|plan| plan.a_frame == a_frame) {
                Some(plan) => plan,
                None => {
                    plans.push(BatchOrder::new(config, corpus, config.speaker_balance, a_frame)?);
                    plans.len() - 1
                }
            };
            stages.push(TrainedStage { task, stage, weight: entry.weight, plan });
        }
        Ok(Self { tasks, corpus, space, config, stages, plans, part: WorkShare::WHOLE })
    }

    /// Restricts the batches to the part of one rank. All parts together are the batch of a single rank, sequence by
    /// sequence.
    pub fn of_part(self, part: WorkShare) -> Self {
        Self { part, ..self }
    }

    /// Returns the batch of this number.
    pub fn batch(&self, number: u64) -> Result<Batch, TrainError> {
        let mut rng = step_rng(self.config.seed, number);
        let total: f64 = self.stages.iter().map(|s| s.weight).sum();
        let mut at = rng.random_range(0.0..total);
        let mut chosen = 0;
        for (i, stage) in self.stages.iter().enumerate() {
            chosen = i;
            if at < stage.weight {
                break;
            }
            at -= stage.weight;
        }
        let level = self.draw_level(chosen, &mut rng);
        let plan = &self.plans[self.stages[chosen].plan];
        self.batch_of(chosen, level, plan, number, &mut rng, self.config.text_dropout)
    }

    /// Returns one fixed batch of every stage and level, for evaluation.
    pub fn eval_batches(&self) -> Result<Vec<Batch>, TrainError> {
        // Evaluation uses the same utterances for every speaker balance of the training.
        let even = |plan: &BatchOrder| BatchOrder::new(self.config, self.corpus, 0.0, plan.a_frame);
        let plans = self.plans.iter().map(even).collect::<Result<Vec<_>, _>>()?;
        let mut out = Vec::new();
        for index in 0..self.stages.len() {
            let plan = &plans[self.stages[index].plan];
            let levels = match self.stages[index].stage.head.is_of_one_level() {
                true => self.nar_levels(),
                false => vec![0],
            };
            for level in levels {
                let mut rng = step_rng(self.config.seed ^ 0xe7a1, index as u64);
                let batch = self.batch_of(index, level, plan, 0, &mut rng, 0.0)?;
                if !batch.sequences.is_empty() {
                    out.push(batch);
                }
            }
        }
        Ok(out)
    }

    fn draw_level(&self, stage: usize, rng: &mut ChaCha8Rng) -> usize {
        if !self.stages[stage].stage.head.is_of_one_level() {
            return 0;
        }
        let levels = self.nar_levels();
        let count = levels.len();
        // Linear weights from `level_slope` for the first down to 1 for the last.
        let weight = |i: usize| {
            let along = if count > 1 { i as f64 / (count - 1) as f64 } else { 0.0 };
            self.config.level_slope + (1.0 - self.config.level_slope) * along
        };
        let mut at = rng.random_range(0.0..(0..count).map(weight).sum::<f64>());
        for (i, level) in levels.iter().enumerate() {
            if at < weight(i) {
                return *level;
            }
            at -= weight(i);
        }
        levels[count - 1]
    }

    /// Returns the levels that the NAR is trained on, from 0.
    fn nar_levels(&self) -> Vec<usize> {
        match self.config.nar_levels.as_slice() {
            [] => (1..self.space.levels).collect(),
            chosen => chosen.iter().map(|level| level - 1).collect(),
        }
    }

    fn batch_of(
        &self,
        index: usize,
        level: usize,
        plan: &BatchOrder,
        number: u64,
        rng: &mut ChaCha8Rng,
        text_dropout: f64,
    ) -> Result<Batch, TrainError> {
        let TrainedStage { task, stage, .. } = &self.stages[index];
        let (task, space) = (&self.tasks[*task], self.space);
        let mut sequences = Vec::new();
        let mut push =
            |example: syrinx_task::Example, rng: &mut ChaCha8Rng| -> Result<(), TrainError> {
                let mut sequence =
                    resolve(stage, &example.contents, Some(&example.response), level, self.space)?;
                if text_dropout > 0.0 && rng.random_bool(text_dropout) {
                    sequence.forget_text();
                }
                if self.config.history_dropout > 0.0 {
                    let share = self.config.history_dropout;
                    sequence.forget_history(self.space, || rng.random_bool(share));
                }
                let corruption = Corruption { space, latent_noise: self.config.latent_noise };
                stage.head.corrupt(&mut sequence, corruption, rng);
                sequences.push(sequence);
                Ok(())
            };
        // Every sequence has its own random numbers, so that it does not depend on the rank's share.
        let mut own_draws = || ChaCha8Rng::seed_from_u64(rng.random());
        if stage.from_corpus {
            for (place, i) in plan.utterances(number).into_iter().enumerate() {
                let mut rng = own_draws();
                if !self.part.has(place) {
                    continue;
                }
                let sample = self.corpus.sample(i, Some(&self.config.prompt), &mut rng)?;
                if let Some(example) = task.corpus_example(&stage.name, &sample, &mut rng)? {
                    push(example, &mut rng)?;
                }
            }
        } else {
            // Examples without a corpus cost little, so every rank builds all of them and counts the same positions.
            let (mut size, mut misses, mut place) = (0, 0, 0);
            while size < self.config.positions && misses < 100 {
                let mut rng = own_draws();
                let Some(example) = task.own_example(&stage.name, &mut rng)? else {
                    misses += 1;
                    continue;
                };
                size +=
                    resolve(stage, &example.contents, Some(&example.response), level, self.space)
                        .map(|s| s.len() + s.encoder.ids.len())?
                        .max(1);
                if self.part.has(place) {
                    push(example, &mut rng)?;
                }
                place += 1;
            }
        }
        let level_name =
            if stage.head.is_of_one_level() { format!(".{}", level + 1) } else { String::new() };
        Ok(Batch { name: format!("{}/{}{level_name}", task.id(), stage.name), sequences })
    }
}

impl BatchOrder {
    fn new(
        config: &TrainConfig,
        corpus: &Corpus,
        balance: f64,
        a_frame: usize,
    ) -> Result<Self, TrainError> {
        let turns = corpus.turns(balance);
        let extra = config.prompt.max_frames;
        // The number of phones is about that of frames; the prompt comes first.
        let length = |&i: &usize| ((1 + a_frame) * corpus.frames(i) + extra).min(config.positions);
        let lengths: Vec<usize> = turns.iter().map(length).collect();
        let (max_positions, seed) = (config.positions, config.seed);
        let plan = BatchPlan { max_positions, seed, ..BatchPlan::default() };
        Ok(Self { a_frame, turns, batches: Batches::new(&plan, &lengths, WorkShare::WHOLE)? })
    }

    /// Returns the utterances of the batch of this number.
    fn utterances(&self, number: u64) -> Vec<usize> {
        let (_, items) = self.batches.batch(number);
        items.into_iter().map(|item| self.turns[item]).collect()
    }
}

fn step_rng(seed: u64, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}
