//! The AR over level-1 codes, with its pointer.

use candle_core::Tensor;
use syrinx_model::Progress;
use syrinx_task::{Content, Position, Sequence, Stage, StageRun, TokenSpace, resolve};
use syrinx_types::Codes;

use crate::generate::{Context, Row};
use crate::{DecodeError, draw};

/// One row being written.
struct Writing {
    sequence: Sequence,
    /// Level-1 codes of the prompt and of what was written.
    history: Vec<u32>,
    codes: Vec<u16>,
    pointer: Vec<u32>,
    stop: usize,
    frames_here: usize,
    log_prob: f64,
    drawn: usize,
    done: bool,
    finished: bool,
}

pub(crate) fn run(
    context: &Context<'_>,
    stage: &Stage,
    rows: &mut [Row<'_>],
) -> Result<(), DecodeError> {
    let (model, space, config) = (context.model, context.model.space(), context.config);
    let mut writing = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        let sequence = resolve(stage, &row.run.contents, None, 0, space)?;
        row.run.check_known(sequence.encoder.stops.len())?;
        writing.push(Writing::new(sequence, row.run, space));
    }
    let guided = config.guidance != 1.0;
    let count = rows.len();
    // With guidance every row runs twice, the second time without its text.
    let mut sequences: Vec<Sequence> = writing.iter().map(|w| w.sequence.clone()).collect();
    if guided {
        let mut blind = sequences.clone();
        blind.iter_mut().for_each(Sequence::forget_text);
        sequences.extend(blind);
    }
    let mut progress = model.begin(&sequences)?;
    loop {
        context.check()?;
        let live: Vec<usize> = (0..count).filter(|&i| !writing[i].done).collect();
        if live.is_empty() {
            break;
        }
        let h = advance(context, &mut writing, &live, &mut progress)?; // (live rows, twice if guided, dim)
        let logits = Logits::read(context, &h, (live.len(), guided))?;
        for (at, &i) in live.iter().enumerate() {
            writing[i].write(context, (&logits, at), &mut rows[i]);
        }
    }
    for (row, w) in rows.iter_mut().zip(writing) {
        w.deliver(row);
    }
    Ok(())
}

/// Runs one position of every live row.
fn advance(
    context: &Context<'_>,
    writing: &mut [Writing],
    live: &[usize],
    progress: &mut Progress,
) -> Result<Tensor, DecodeError> {
    let (space, count) = (context.model.space(), writing.len());
    let mut positions: Vec<(usize, Position)> = Vec::with_capacity(2 * live.len());
    for &i in live {
        let w = &mut writing[i];
        w.extend(space);
        if let Some(p) = w.sequence.positions.last() {
            positions.push((i, p.clone()));
        }
    }
    if context.config.guidance != 1.0 {
        let blind: Vec<(usize, Position)> = positions
            .iter()
            .map(|(i, p)| {
                (
                    count + i,
                    Position { here: syrinx_task::NONE, next: syrinx_task::NONE, ..p.clone() },
                )
            })
            .collect();
        positions.extend(blind);
    }
    let borrowed: Vec<(usize, &Position)> = positions.iter().map(|(i, p)| (*i, p)).collect();
    Ok(context.model.advance(progress, &borrowed)?)
}

/// Logits of one step on the host, guidance applied.
struct Logits {
    /// One table a member of the group, a row a live row.
    codes: Vec<Vec<Vec<f32>>>,
    moves: Vec<Vec<f32>>,
}

impl Logits {
    fn read(
        context: &Context<'_>,
        h: &Tensor,
        (live, guided): (usize, bool),
    ) -> Result<Self, DecodeError> {
        let (model, weight) = (context.model, context.config.guidance);
        let blend = |logits: Tensor| -> Result<Vec<Vec<f32>>, DecodeError> {
            let logits = if guided {
                let (seeing, blind) = (logits.narrow(0, 0, live)?, logits.narrow(0, live, live)?);
                ((seeing * weight)? + (blind * (1.0 - weight))?)?
            } else {
                logits
            };
            Ok(logits.to_vec2()?)
        };
        let members = 0..model.space().group;
        let codes = members
            .map(|m| blend(model.first_level_logits(h, m)?))
            .collect::<Result<_, DecodeError>>()?;
        Ok(Self { codes, moves: model.move_logits(h)?.map(blend).transpose()?.unwrap_or_default() })
    }
}

impl Writing {
    /// Begins a row. What is given of it stands in the sequence, but for the last step: after that the model's word is
    /// needed on how to go on.
    fn new(sequence: Sequence, run: &StageRun, space: &TokenSpace) -> Self {
        let prompt = run
            .contents
            .values()
            .find_map(|c| if let Content::Codes(c) = c { Some(c.level(0)) } else { None });
        let mut writing = Self {
            sequence,
            history: prompt.unwrap_or_default().into_iter().map(u32::from).collect(),
            codes: Vec::new(),
            pointer: Vec::new(),
            stop: run.pointer.first().map_or(0, |&stop| stop as usize),
            frames_here: 0,
            log_prob: 0.0,
            drawn: 0,
            done: run.limit == 0,
            finished: false,
        };
        let given = run.given.as_ref().map(|g| g.level(0)).unwrap_or_default();
        let steps = given.len() / space.group;
        for codes in given.chunks_exact(space.group).take(steps.saturating_sub(1)) {
            writing.extend(space);
            for &code in codes {
                writing.push(code);
            }
            writing.stand(run, space);
        }
        writing
    }

    /// The next position: what was written last, and where the pointer stands.
    fn extend(&mut self, space: &TokenSpace) {
        let start = self.codes.len().saturating_sub(space.group);
        let previous = (!self.codes.is_empty()).then(|| self.codes[start..].to_vec());
        self.sequence.extend_codes(space, previous.as_deref(), self.stop);
    }

    fn push(&mut self, code: u16) {
        self.history.push(u32::from(code));
        self.codes.push(code);
        if !self.sequence.encoder.stops.is_empty() {
            self.pointer.push(self.stop as u32);
        }
    }

    /// Moves the pointer to where it is known to stand next; whether it is known.
    fn stand(&mut self, run: &StageRun, space: &TokenSpace) -> bool {
        let Some(&stop) = run.pointer.get(self.codes.len()) else { return false };
        let stays = stop as usize == self.stop;
        self.frames_here = if stays { self.frames_here + space.group } else { 0 };
        self.stop = stop as usize;
        true
    }

    /// How long the response gets: as long as what stands beside it, or else up to the row's limit.
    fn limit(&self, run: &StageRun) -> usize {
        self.sequence.beside.as_ref().map_or(run.limit, Codes::frames)
    }

    fn write(&mut self, context: &Context<'_>, (logits, at): (&Logits, usize), row: &mut Row<'_>) {
        let space = context.model.space();
        let aligned = !self.sequence.encoder.stops.is_empty();
        let given = row.run.given.as_ref().filter(|g| self.codes.len() + space.group <= g.frames());
        for member in 0..space.group {
            match given {
                Some(given) => self.push(given.at(self.codes.len(), 0)),
                None if self.draw(context, logits.codes[member][at].clone(), row) => {}
                None => {
                    (self.done, self.finished) = (true, true);
                    return;
                }
            }
        }
        let limit = self.limit(row.run);
        if self.codes.len() >= limit {
            // In a given timing, and beside given frames, the end is where it was given.
            let given = self.sequence.beside.is_some() || row.run.pointer.len() >= limit;
            (self.done, self.finished) = (true, given);
        }
        if aligned
            && !self.stand(row.run, space)
            && !self.finished
            && let Some(moves) = logits.moves.get(at)
        {
            self.move_on(context, moves.clone(), row);
        }
    }

    /// Draws a code; `false` for the end.
    fn draw(&mut self, context: &Context<'_>, mut logits: Vec<f32>, row: &mut Row<'_>) -> bool {
        let (space, config) = (context.model.space(), context.config);
        let endless = !self.sequence.encoder.stops.is_empty() || self.sequence.beside.is_some();
        if endless || self.codes.is_empty() {
            logits[usize::from(space.no_code())] = f32::NEG_INFINITY;
        }
        let repetition = Some(&config.repetition_aware);
        let drawn = draw(&logits, &self.history, &config.codes, repetition, row.rng);
        if drawn.token == u32::from(space.no_code()) {
            return false;
        }
        self.log_prob += drawn.log_prob;
        self.drawn += 1;
        self.push(drawn.token as u16);
        true
    }

    /// Draws the pointer's move among those that make sense: never past the last stop, an end only there, and on with
    /// it after too long a time.
    fn move_on(&mut self, context: &Context<'_>, mut logits: Vec<f32>, row: &mut Row<'_>) {
        let (space, config) = (context.model.space(), context.config);
        self.frames_here += space.group;
        let left = self.sequence.encoder.stops.len() - 1 - self.stop;
        let end = space.move_classes() - 1;
        let tired = self.frames_here >= config.max_frames_a_phone;
        mask_moves(&mut logits, left, tired, space);
        let drawn = draw(&logits, &[], &config.moves, None, row.rng);
        let step = drawn.token as usize;
        if step == end {
            (self.done, self.finished) = (true, true);
        } else if step > 0 {
            self.stop += step;
            self.frames_here = 0;
        }
    }

    fn deliver(self, row: &mut Row<'_>) {
        row.out.score = self.log_prob / self.drawn.max(1) as f64;
        row.out.finished = self.finished;
        row.out.pointer = self.pointer;
        row.out.codes = Codes::new(1, self.codes).ok();
    }
}

/// Leaves only moves that are allowed with `left` stops ahead.
fn mask_moves(logits: &mut [f32], left: usize, tired: bool, space: &TokenSpace) {
    let end = space.move_classes() - 1;
    for (step, l) in logits.iter_mut().enumerate() {
        let allowed = if step == end { left == 0 } else { step <= left && !(tired && step == 0) };
        if !allowed {
            *l = f32::NEG_INFINITY;
        }
    }
}
