//! Reader of PyTorch's checkpoint format that builds tensors only.
//!
//! A checkpoint is a zip archive of a pickle and of files with values. The reader supports only the operations that a
//! dictionary of tensors needs, and only the constructors in [`CONSTRUCTORS`]. None of them is called: each yields the
//! location of a tensor. candle's own reader copies memoized values, by which a small file can fill all memory, and
//! trusts lengths in the file.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::rc::Rc;

use safetensors::Dtype;

use crate::entry::Entry;
use crate::error::PretrainedError;
use crate::fault::{ContainerFault, PickleFault, StorageFault};

/// Allowed constructors, as module and name.
const CONSTRUCTORS: [(&str, &str); 3] = [
    ("collections", "OrderedDict"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
];

/// Allowed storages, and the types of their values.
const STORAGES: [(&str, Dtype); 6] = [
    ("FloatStorage", Dtype::F32),
    ("HalfStorage", Dtype::F16),
    ("BFloat16Storage", Dtype::BF16),
    ("DoubleStorage", Dtype::F64),
    ("LongStorage", Dtype::I64),
    ("BoolStorage", Dtype::BOOL),
];

/// Maximum nesting depth of values; a dictionary of tensors needs six.
const MAX_DEPTH: usize = 16;

/// Returns the locations of all tensors in a file of `length` bytes.
pub(crate) fn entries(
    path: &Path,
    length: u64,
) -> Result<BTreeMap<String, Entry>, PretrainedError> {
    let container = |fault| PretrainedError::container(path, fault);
    let broken = |e| container(ContainerFault::Zip(e));
    let file = File::open(path).map_err(PretrainedError::read(path))?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    let mut pickle = None;
    let mut storages = HashMap::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(broken)?;
        let name = member.name().map_err(broken)?.into_owned();
        let begin = member.data_start().unwrap_or(u64::MAX);
        let stored = member.size() == member.compressed_size();
        if !stored || begin.saturating_add(member.size()) > length {
            return Err(container(ContainerFault::Member { member: name }));
        }
        if name.ends_with("/data.pkl") {
            let mut bytes = Vec::with_capacity(member.size() as usize);
            let read = member.read_to_end(&mut bytes);
            read.map_err(PretrainedError::read(path))?;
            pickle = Some((name.trim_end_matches(".pkl").to_owned(), bytes));
        } else {
            storages.insert(name, (begin, member.size()));
        }
    }
    let Some((folder, bytes)) = pickle else {
        return Err(container(ContainerFault::NoPickle));
    };
    let refuse = |fault| PretrainedError::pickle(path, fault);
    let tensors = read(&bytes).map_err(refuse)?;
    let placed = tensors.into_iter().map(|(name, tensor)| match tensor.entry(&folder, &storages) {
        Ok(entry) => Ok((name, entry)),
        Err(fault) => Err(PickleFault::Storage { tensor: name, fault: Box::new(fault) }),
    });
    placed.collect::<Result<_, PickleFault>>().map_err(refuse)
}

/// A value of a pickle.
#[derive(Debug)]
enum Value {
    Mark,
    None,
    Number(i64),
    Text(String),
    Constructor(usize),
    Storage(Dtype),
    Sequence(Vec<Rc<Value>>),
    Dictionary(std::cell::RefCell<Vec<(Rc<Value>, Rc<Value>)>>),
    StorageFile { dtype: Dtype, file: String },
    Tensor(TensorPlace),
}

/// Location of a tensor, as the pickle describes it.
#[derive(Debug, Clone)]
struct TensorPlace {
    dtype: Dtype,
    file: String,
    offset: u64,
    shape: Vec<usize>,
    contiguous: bool,
}

impl TensorPlace {
    fn entry(
        self,
        folder: &str,
        storages: &HashMap<String, (u64, u64)>,
    ) -> Result<Entry, StorageFault> {
        if !self.contiguous {
            return Err(StorageFault::Order);
        }
        let file = format!("{folder}/{}", self.file);
        let &(begin, size) =
            storages.get(&file).ok_or_else(|| StorageFault::Missing { storage: file.clone() })?;
        let width = self.dtype.bitsize() as u64 / 8;
        let count = self.shape.iter().try_fold(1u64, |n, &d| n.checked_mul(d as u64));
        let span =
            count.and_then(|n| Some((n.checked_mul(width)?, self.offset.checked_mul(width)?)));
        match span {
            Some((bytes, offset)) if bytes.checked_add(offset).is_some_and(|end| end <= size) => {
                Ok(Entry { dtype: self.dtype, shape: self.shape, begin: begin + offset, bytes })
            }
            _ => Err(StorageFault::Length { shape: self.shape, bytes: size, storage: file }),
        }
    }
}

/// State of the reader: a stack, memoized values, and the remaining bytes.
struct Reader<'a> {
    rest: &'a [u8],
    stack: Vec<(Rc<Value>, usize)>, // values and their depths
    memo: HashMap<u32, (Rc<Value>, usize)>,
}

/// Reads a dictionary of tensors from a pickle.
fn read(bytes: &[u8]) -> Result<Vec<(String, TensorPlace)>, PickleFault> {
    let mut reader = Reader { rest: bytes, stack: Vec::new(), memo: HashMap::new() };
    while reader.step()? {}
    let (top, _) = reader.pop()?;
    let Value::Dictionary(items) = &*top else { return Err(PickleFault::NoDictionary) };
    let items = items.borrow();
    let named = items.iter().map(|(key, value)| match (&**key, &**value) {
        (Value::Text(name), Value::Tensor(tensor)) => Ok((name.clone(), tensor.clone())),
        (Value::Text(name), _) => Err(PickleFault::NoTensor { name: name.clone() }),
        _ => Err(PickleFault::NoName),
    });
    named.collect()
}

impl Reader<'_> {
    /// Executes one operation; returns `false` after the last.
    fn step(&mut self) -> Result<bool, PickleFault> {
        match self.byte()? {
            0x80 => drop(self.byte()?),
            b'}' => self.push(Value::Dictionary(Vec::new().into()), 1),
            b'(' => self.push(Value::Mark, 0),
            b'N' => self.push(Value::None, 0),
            0x88 => self.push(Value::Number(1), 0),
            0x89 => self.push(Value::Number(0), 0),
            b'K' => {
                let number = self.byte()?;
                self.push(Value::Number(number.into()), 0);
            }
            b'M' => {
                let number = u16::from_le_bytes(self.array()?);
                self.push(Value::Number(number.into()), 0);
            }
            b'J' => {
                let number = i32::from_le_bytes(self.array()?);
                self.push(Value::Number(number.into()), 0);
            }
            0x8a => {
                let count = usize::from(self.byte()?);
                let bytes = self.take(count)?;
                let mut wide = [0; 8];
                wide.get_mut(..count).ok_or(PickleFault::WideNumber)?.copy_from_slice(bytes);
                self.push(Value::Number(i64::from_le_bytes(wide)), 0);
            }
            b'X' => {
                let count = u32::from_le_bytes(self.array()?) as usize;
                let text = String::from_utf8_lossy(self.take(count)?).into_owned();
                self.push(Value::Text(text), 0);
            }
            b'q' => {
                let slot = self.byte()?;
                self.memoise(slot.into())?;
            }
            b'r' => {
                let slot = u32::from_le_bytes(self.array()?);
                self.memoise(slot)?;
            }
            b'h' => {
                let slot = self.byte()?;
                self.recall(slot.into())?;
            }
            b'j' => {
                let slot = u32::from_le_bytes(self.array()?);
                self.recall(slot)?;
            }
            b')' => self.push(Value::Sequence(Vec::new()), 1),
            b']' => self.push(Value::Sequence(Vec::new()), 1),
            0x85 => self.sequence(1)?,
            0x86 => self.sequence(2)?,
            0x87 => self.sequence(3)?,
            b't' => {
                let count = self.since_mark()?;
                self.sequence(count)?;
                let (sequence, depth) = self.pop()?;
                self.pop()?; // the mark
                self.stack.push((sequence, depth));
            }
            b'c' => self.constructor()?,
            b'Q' => self.storage()?,
            b'R' => self.reduce()?,
            b's' => self.set_items(2)?,
            b'u' => {
                let count = self.since_mark()?;
                let items = self.stack.split_off(self.stack.len() - count);
                self.pop()?; // the mark
                self.stack.extend(items);
                self.set_items(count)?;
            }
            // The state of a dictionary contains version notes of PyTorch, which are not needed.
            b'b' => drop(self.pop()?),
            b'.' => return Ok(false),
            other => return Err(PickleFault::Operation(other)),
        }
        Ok(true)
    }

    fn constructor(&mut self) -> Result<(), PickleFault> {
        let (module, name) = (self.line()?, self.line()?);
        let known = CONSTRUCTORS.iter().position(|&(m, n)| m == module && n == name);
        let storage = STORAGES.iter().find(|(n, _)| module == "torch" && *n == name);
        match (known, storage) {
            (Some(index), _) => self.push(Value::Constructor(index), 0),
            (None, Some((_, dtype))) => self.push(Value::Storage(*dtype), 0),
            (None, None) => return Err(PickleFault::Constructor { module, name }),
        }
        Ok(())
    }

    /// Replaces ("storage", type, file, device, count) by the name of the file with the values.
    fn storage(&mut self) -> Result<(), PickleFault> {
        let (id, _) = self.pop()?;
        let Value::Sequence(parts) = &*id else { return Err(operands("a storage")) };
        match parts.iter().map(|p| &**p).collect::<Vec<_>>()[..] {
            [_, Value::Storage(dtype), Value::Text(file), _, _] => {
                self.push(Value::StorageFile { dtype: *dtype, file: file.clone() }, 0);
                Ok(())
            }
            _ => Err(operands("a storage")),
        }
    }

    fn reduce(&mut self) -> Result<(), PickleFault> {
        let ((arguments, _), (callable, _)) = (self.pop()?, self.pop()?);
        let (Value::Constructor(index), Value::Sequence(arguments)) = (&*callable, &*arguments)
        else {
            return Err(operands("a call"));
        };
        match (CONSTRUCTORS[*index].1, arguments.as_slice()) {
            ("OrderedDict", []) => self.push(Value::Dictionary(Vec::new().into()), 1),
            ("_rebuild_parameter", [tensor, ..]) => self.stack.push((Rc::clone(tensor), 1)),
            ("_rebuild_tensor_v2", [storage, offset, shape, stride, ..]) => {
                let Value::StorageFile { dtype, file } = &**storage else {
                    return Err(operands("a tensor"));
                };
                let (offset, shape) = (number(offset)?, numbers(shape)?);
                let contiguous = numbers(stride)? == strides(&shape);
                let (dtype, file, offset) = (*dtype, file.clone(), offset as u64);
                self.push(Value::Tensor(TensorPlace { dtype, file, offset, shape, contiguous }), 0);
            }
            (name, _) => return Err(operands(name)),
        }
        Ok(())
    }

    fn set_items(&mut self, count: usize) -> Result<(), PickleFault> {
        let at = self.stack.len().checked_sub(count).ok_or(PickleFault::EmptyStack)?;
        let items = self.stack.split_off(at);
        let Some((target, _)) = self.stack.last() else { return Err(PickleFault::EmptyStack) };
        let Value::Dictionary(target) = &**target else {
            return Err(operands("an item"));
        };
        for pair in items.chunks(2) {
            let [(key, _), (value, depth)] = pair else {
                return Err(operands("an item"));
            };
            if *depth >= MAX_DEPTH || matches!(**value, Value::Dictionary(_)) {
                // Dictionaries within the dictionary are version notes of PyTorch, which are not needed. One that
                // contained itself would never be freed.
                continue;
            }
            target.borrow_mut().push((Rc::clone(key), Rc::clone(value)));
        }
        Ok(())
    }

    fn sequence(&mut self, count: usize) -> Result<(), PickleFault> {
        let at = self.stack.len().checked_sub(count).ok_or(PickleFault::EmptyStack)?;
        let items = self.stack.split_off(at);
        let depth = 1 + items.iter().map(|(_, depth)| *depth).max().unwrap_or(0);
        if depth > MAX_DEPTH {
            return Err(PickleFault::Depth);
        }
        self.push(Value::Sequence(items.into_iter().map(|(value, _)| value).collect()), depth);
        Ok(())
    }

    fn since_mark(&self) -> Result<usize, PickleFault> {
        let mark = |(value, _): &(Rc<Value>, usize)| matches!(**value, Value::Mark);
        self.stack.iter().rev().position(mark).ok_or(PickleFault::EmptyStack)
    }

    fn memoise(&mut self, slot: u32) -> Result<(), PickleFault> {
        let top = self.stack.last().ok_or(PickleFault::EmptyStack)?;
        self.memo.insert(slot, top.clone());
        Ok(())
    }

    fn recall(&mut self, slot: u32) -> Result<(), PickleFault> {
        let kept = self.memo.get(&slot).ok_or(PickleFault::NoMemo)?;
        self.stack.push(kept.clone());
        Ok(())
    }

    fn push(&mut self, value: Value, depth: usize) {
        self.stack.push((Rc::new(value), depth));
    }

    fn pop(&mut self) -> Result<(Rc<Value>, usize), PickleFault> {
        self.stack.pop().ok_or(PickleFault::EmptyStack)
    }

    fn byte(&mut self) -> Result<u8, PickleFault> {
        Ok(self.array::<1>()?[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleFault> {
        self.take(N)?.try_into().map_err(|_| PickleFault::CutOff)
    }

    fn take(&mut self, count: usize) -> Result<&[u8], PickleFault> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(PickleFault::CutOff)?;
        self.rest = rest;
        Ok(taken)
    }

    fn line(&mut self) -> Result<String, PickleFault> {
        let end = self.rest.iter().position(|&b| b == b'\n').ok_or(PickleFault::CutOff)?;
        let line = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(line)
    }
}

/// Returns the fault of an operation with operands of another type.
fn operands(operation: &'static str) -> PickleFault {
    PickleFault::Operands { operation }
}

fn number(value: &Value) -> Result<usize, PickleFault> {
    match value {
        Value::Number(n) => usize::try_from(*n).map_err(|_| PickleFault::Size(*n)),
        _ => Err(operands("a size")),
    }
}

fn numbers(value: &Value) -> Result<Vec<usize>, PickleFault> {
    match value {
        Value::Sequence(items) => items.iter().map(|v| number(v)).collect(),
        _ => Err(operands("a shape")),
    }
}

/// Returns the strides of a contiguous tensor.
fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1usize; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].saturating_mul(shape[axis]);
    }
    strides
}
