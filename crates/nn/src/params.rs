//! Named parameters: initialized from a seed, or read from weights, with errors that name the parameter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use candle_core::{DType, Device, Tensor, Var};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};
use syrinx_types::Fnv1a;

use crate::low_rank::{LORA_DOWN, LORA_UP, LowRank};
use crate::table::ADDED;
use crate::{GradientSink, LoraConfig, NnError, Precision};

/// Initialization of a new parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Init {
    /// Normal with this standard deviation.
    Normal(f64),
    /// Constant.
    Constant(f64),
    /// Given values, row-major.
    Values(Vec<f32>),
}

enum Source {
    /// Parameters are created at their first use.
    Seeded { seed: u64, vars: BTreeMap<String, Var> },
    /// Parameters are taken from here.
    Loaded { tensors: BTreeMap<String, Tensor>, used: BTreeSet<String> },
    /// Fixed weights of a base; low-rank pairs and rows added to tables are created and trained.
    Adapted {
        base: BTreeMap<String, Tensor>,
        used: BTreeSet<String>,
        lora: LoraConfig,
        seed: u64,
        vars: BTreeMap<String, Var>,
    },
}

/// All parameters of a model by name. Clones share them.
#[derive(Clone)]
pub struct ParamStore {
    source: Arc<Mutex<Source>>,
    device: Device,
    precision: Precision,
    gradients: Option<Arc<dyn GradientSink>>,
}

/// Derives the seed of a parameter, so that its values don't depend on the order of construction.
fn name_seed(name: &str, seed: u64) -> u64 {
    Fnv1a::seeded(seed).bytes(name.bytes()).value()
}

impl ParamStore {
    /// Builds trainable parameters from a seed: the same seed and name give the same values.
    pub fn seeded(seed: u64, device: &Device) -> Self {
        let source = Source::Seeded { seed, vars: BTreeMap::new() };
        Self::of(source, device)
    }

    /// Builds fixed parameters from weights; no gradient is tracked.
    pub fn loaded(tensors: BTreeMap<String, Tensor>, device: &Device) -> Self {
        let source = Source::Loaded { tensors, used: Default::default() };
        Self::of(source, device)
    }

    /// Builds fixed weights with the trainable difference of `lora`: low-rank pairs, and rows added to tables.
    pub fn adapted(
        base: BTreeMap<String, Tensor>,
        lora: &LoraConfig,
        seed: u64,
        device: &Device,
    ) -> Self {
        let source = Source::Adapted {
            base,
            used: BTreeSet::new(),
            lora: lora.clone(),
            seed,
            vars: BTreeMap::new(),
        };
        Self::of(source, device)
    }

    fn of(source: Source, device: &Device) -> Self {
        let precision = Precision::default();
        let source = Arc::new(Mutex::new(source));
        Self { source, device: device.clone(), precision, gradients: None }
    }

    /// Sets the precision of the network's computation. Fixed weights are converted; trainable ones stay f32 and are
    /// cast at each use, so that their gradients are f32.
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// Sets the sink to which fused stacks emit gradients during the backward pass.
    pub fn with_gradient_sink(self, sink: Arc<dyn GradientSink>) -> Self {
        Self { gradients: Some(sink), ..self }
    }

    /// Returns the root of the names.
    pub fn root(&self) -> Scope {
        Scope { store: self.clone(), prefix: String::new() }
    }

    /// Returns the trainable parameters, sorted by name; empty for loaded weights.
    pub fn vars(&self) -> BTreeMap<String, Var> {
        match &*self.lock() {
            Source::Seeded { vars, .. } | Source::Adapted { vars, .. } => vars.clone(),
            Source::Loaded { .. } => BTreeMap::new(),
        }
    }

    /// Returns every parameter by name, on its device, without a graph; shares storage with the trained variables. In
    /// an adapted model: the difference only.
    pub fn tensors(&self) -> BTreeMap<String, Tensor> {
        match &*self.lock() {
            Source::Seeded { vars, .. } | Source::Adapted { vars, .. } => {
                vars.iter().map(|(n, v)| (n.clone(), v.as_detached_tensor())).collect()
            }
            Source::Loaded { tensors, .. } => tensors.clone(),
        }
    }

    /// Fails if the weights hold tensors that the model did not read.
    pub fn check_all_used(&self) -> Result<(), NnError> {
        let source = self.lock();
        let loaded = match &*source {
            Source::Loaded { tensors, used } | Source::Adapted { base: tensors, used, .. } => {
                Some((tensors, used))
            }
            Source::Seeded { .. } => None,
        };
        if let Some((tensors, used)) = loaded {
            let unused: Vec<&String> = tensors.keys().filter(|n| !used.contains(*n)).collect();
            if let Some(first) = unused.first() {
                return Err(NnError::Unused { first: (*first).clone(), count: unused.len() });
            }
        }
        Ok(())
    }

    /// Returns a trainable parameter: the existing one, or a new one.
    fn made(
        &self,
        vars: &mut BTreeMap<String, Var>,
        name: &str,
        seed: u64,
        shape: &[usize],
        init: &Init,
    ) -> Result<Tensor, NnError> {
        if let Some(var) = vars.get(name) {
            return Ok(var.as_tensor().clone());
        }
        let values = initial_values(init, shape, name_seed(name, seed));
        let var = Var::from_tensor(&Tensor::from_vec(values, shape, &self.device)?)?;
        let tensor = var.as_tensor().clone();
        vars.insert(name.to_owned(), var);
        Ok(tensor)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Source> {
        // A panic while the lock is held can't leave the maps half-written in a way that matters.
        self.source.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn get(&self, name: String, shape: &[usize], init: &Init) -> Result<Tensor, NnError> {
        let fits = |found: &[usize]| -> Result<(), NnError> {
            if found == shape {
                return Ok(());
            }
            Err(NnError::Shape {
                name: name.clone(),
                found: found.to_vec(),
                wanted: shape.to_vec(),
            })
        };
        let mut source = self.lock();
        // Fixed weights next to trained ones stay f32, so that their sum has one type.
        let dtype = match &*source {
            Source::Loaded { .. } => self.precision.dtype(),
            _ => DType::F32,
        };
        match &mut *source {
            Source::Adapted { seed, vars, .. } if is_difference(&name) => {
                self.made(vars, &name, *seed, shape, init)
            }
            Source::Seeded { seed, vars } => {
                if let Some(var) = vars.get(&name) {
                    fits(var.dims())?;
                }
                self.made(vars, &name, *seed, shape, init)
            }
            Source::Loaded { tensors, used } | Source::Adapted { base: tensors, used, .. } => {
                let tensor =
                    tensors.get(&name).ok_or_else(|| NnError::Missing { name: name.clone() })?;
                fits(tensor.dims())?;
                let tensor = tensor.to_dtype(dtype)?.to_device(&self.device)?;
                used.insert(name);
                Ok(tensor)
            }
        }
    }
}

/// Whether a parameter is part of an adapter.
fn is_difference(name: &str) -> bool {
    let last = name.rsplit('.').next();
    last.is_some_and(|last| [LORA_DOWN, LORA_UP, ADDED].contains(&last))
}

fn initial_values(init: &Init, shape: &[usize], seed: u64) -> Vec<f32> {
    let count = shape.iter().product();
    match init {
        Init::Constant(v) => vec![*v as f32; count],
        Init::Values(values) => values.clone(),
        Init::Normal(deviation) => {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let normal = Normal::new(0.0, *deviation as f32)
                .expect("a deviation is finite and not negative");
            (0..count).map(|_| normal.sample(&mut rng)).collect()
        }
    }
}

/// Prefix in the tree of names.
#[derive(Clone)]
pub struct Scope {
    store: ParamStore,
    prefix: String,
}

impl Scope {
    /// Returns the scope of a name below this one.
    pub fn pp(&self, name: impl std::fmt::Display) -> Self {
        let prefix = if self.prefix.is_empty() {
            name.to_string()
        } else {
            format!("{}.{name}", self.prefix)
        };
        Self { store: self.store.clone(), prefix }
    }

    /// Returns the parameter of this name: initialized, or read and checked.
    pub fn get(&self, name: &str, shape: &[usize], init: Init) -> Result<Tensor, NnError> {
        self.store.get(self.pp(name).prefix, shape, &init)
    }

    /// Returns the number of rows of a table in the weights that are being adapted.
    pub(crate) fn rows_before(&self, name: &str) -> Option<usize> {
        match &*self.store.lock() {
            Source::Adapted { base, .. } => {
                base.get(&self.pp(name).prefix)?.dims().first().copied()
            }
            _ => None,
        }
    }

    /// Whether parameters of this scope are fixed: weights of an adapted model.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(&*self.store.lock(), Source::Adapted { .. })
    }

    /// Returns the low-rank pair of the linear map of this scope, if it is adapted. The difference begins at zero.
    pub(crate) fn low_rank(
        &self,
        inputs: usize,
        outputs: usize,
    ) -> Result<Option<LowRank>, NnError> {
        let lora = match &*self.store.lock() {
            Source::Adapted { lora, .. } if lora.adapts(&self.prefix) => lora.clone(),
            _ => return Ok(None),
        };
        let begin = Init::Normal(1.0 / (inputs as f64).sqrt());
        Ok(Some(LowRank {
            down: self.get(LORA_DOWN, &[lora.rank, inputs], begin)?,
            up: self.get(LORA_UP, &[outputs, lora.rank], Init::Constant(0.0))?,
            scale: lora.scale(),
        }))
    }

    /// Returns the receiver of early gradients, if parameters are trained.
    pub(crate) fn gradient_sink(&self) -> Option<Arc<dyn GradientSink>> {
        self.store.gradients.clone()
    }

    /// Returns the full name of a parameter of this scope.
    pub(crate) fn name(&self, name: &str) -> String {
        self.pp(name).prefix
    }

    /// Returns the device of the parameters.
    pub fn device(&self) -> &Device {
        &self.store.device
    }

    /// Returns the precision of the network's computation.
    pub fn precision(&self) -> Precision {
        self.store.precision
    }
}
