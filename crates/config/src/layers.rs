//! Layers on layers, with their provenance.

use std::path::PathBuf;

use figment::value::{Dict, Map, Tag, Value as Tagged};
use figment::{Figment, Metadata, Profile, Provider};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{ConfigError, TableFault};
use crate::place::SettingOrigin;
use crate::schema::{Found, Tree};

/// One layer above the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// A TOML file that has to be there.
    File(PathBuf),
    /// A TOML file that may be there.
    OptionalFile(PathBuf),
    /// Variables of the environment without their prefix: `DECODE__BEST_OF` is `decode.best_of`.
    Environment(Vec<(String, String)>),
    /// Keys with dots and their values as texts, as flags give them.
    Flags(Vec<(String, String)>),
}

/// A key with its value and its layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingKey {
    /// With dots.
    pub key: String,
    /// Value of the key.
    pub value: Value,
    /// Layer that sets it.
    pub place: SettingOrigin,
}

/// A configuration and where each of its keys comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedConfig<T> {
    /// The configuration.
    pub value: T,
    /// All keys, in alphabetical order.
    pub keys: Vec<SettingKey>,
}

/// Reads layers, later ones over earlier ones. `schema` has all keys, `defaults` are the lowest layer.
///
/// # Errors
/// [`ConfigError`] for the first fault, from the lowest layer up.
pub fn load<T: DeserializeOwned>(
    schema: &Value,
    defaults: &Value,
    layers: &[Layer],
) -> Result<LoadedConfig<T>, ConfigError> {
    let lowest = to_dict(defaults).map_err(|fault| ConfigError::Defaults { fault })?;
    let mut figment = Figment::from(Named { place: SettingOrigin::Default, values: lowest });
    for layer in layers {
        if let Some(named) = read(layer, Tree(schema))? {
            check_keys(&named, Tree(schema))?;
            figment = figment.merge(named);
        }
    }
    let value = figment.extract().map_err(|e| value_error(&e))?;
    let merged: Value = figment.extract().map_err(|e| value_error(&e))?;
    let mut keys = Vec::new();
    flatten("", &merged, &mut |key, value| {
        let place = SettingOrigin::of(figment.find_metadata(key));
        keys.push(SettingKey { key: key.into(), value: value.clone(), place });
    });
    Ok(LoadedConfig { value, keys })
}

/// Reads layers over the defaults of a configuration, by its own schema.
///
/// # Errors
/// As [`load`], and [`ConfigError::Defaults`].
pub fn load_config<T>(layers: &[Layer]) -> Result<LoadedConfig<T>, ConfigError>
where
    T: Default + Serialize + DeserializeOwned + JsonSchema,
{
    let defaults = serde_json::to_value(T::default());
    let defaults = defaults.map_err(|e| ConfigError::Defaults { fault: e.into() })?;
    load(&schemars::schema_for!(T).to_value(), &defaults, layers)
}

/// A layer's values under its name.
struct Named {
    place: SettingOrigin,
    values: Dict,
}

impl Provider for Named {
    fn metadata(&self) -> Metadata {
        self.place.metadata()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

fn read(layer: &Layer, schema: Tree<'_>) -> Result<Option<Named>, ConfigError> {
    let (path, optional) = match layer {
        Layer::File(path) => (path, false),
        Layer::OptionalFile(path) => (path, true),
        Layer::Environment(pairs) => {
            let keys = pairs.iter().map(|(k, v)| (k.to_lowercase().replace("__", "."), v.as_str()));
            return Ok(Some(Named {
                place: SettingOrigin::Environment,
                values: nested(keys, schema),
            }));
        }
        Layer::Flags(pairs) => {
            let keys = pairs.iter().map(|(k, v)| (k.clone(), v.as_str()));
            return Ok(Some(Named { place: SettingOrigin::Flag, values: nested(keys, schema) }));
        }
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if optional && e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(ConfigError::Read { path: path.clone(), cause }),
    };
    let values = parse(&text).map_err(|fault| ConfigError::Syntax { path: path.clone(), fault })?;
    Ok(Some(Named { place: SettingOrigin::File(path.clone()), values }))
}

/// Parses the TOML text of a layer.
fn parse(text: &str) -> Result<Dict, TableFault> {
    let table: toml::Table =
        toml::from_str(text).map_err(|e| TableFault::Toml { cause: Box::new(e) })?;
    to_dict(&serde_json::to_value(table)?)
}

fn to_dict(json: &Value) -> Result<Dict, TableFault> {
    match Tagged::serialize(json).map_err(Box::new)? {
        Tagged::Dict(_, dict) => Ok(dict),
        _ => Err(TableFault::NoTable),
    }
}

/// Texts under keys with dots as a tree. A text is read as a number, a truth value or a list where the schema doesn't
/// ask for a text.
fn nested<'v>(pairs: impl Iterator<Item = (String, &'v str)>, schema: Tree<'_>) -> Dict {
    let mut root = Dict::new();
    for (key, text) in pairs {
        let parts: Vec<&str> = key.split('.').collect();
        let mut node = Found::Node(schema.0);
        for part in &parts {
            node = match node {
                Found::Node(n) => schema.child(n, part),
                other => other,
            };
        }
        let only_text = matches!(node, Found::Node(n) if schema.only_text(n));
        let value = if only_text {
            Tagged::String(Tag::Default, unquoted(text).into())
        } else {
            text.parse().unwrap_or(Tagged::String(Tag::Default, text.into()))
        };
        insert(&mut root, &parts, value);
    }
    root
}

/// Returns a text without the quotation marks that TOML writes around it.
fn unquoted(text: &str) -> &str {
    ['"', '\''].iter().find_map(|q| text.strip_prefix(*q)?.strip_suffix(*q)).unwrap_or(text)
}

fn insert(dict: &mut Dict, parts: &[&str], value: Tagged) {
    let Some((first, rest)) = parts.split_first() else { return };
    if rest.is_empty() {
        dict.insert((*first).into(), value);
        return;
    }
    let below =
        dict.entry((*first).into()).or_insert_with(|| Tagged::Dict(Tag::Default, Dict::new()));
    if !matches!(below, Tagged::Dict(..)) {
        *below = Tagged::Dict(Tag::Default, Dict::new());
    }
    if let Tagged::Dict(_, below) = below {
        insert(below, rest, value);
    }
}

fn check_keys(layer: &Named, schema: Tree<'_>) -> Result<(), ConfigError> {
    check_dict(&layer.values, schema, schema.0, "", &layer.place)
}

fn check_dict(
    dict: &Dict,
    schema: Tree<'_>,
    node: &Value,
    prefix: &str,
    place: &SettingOrigin,
) -> Result<(), ConfigError> {
    for (name, value) in dict {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let below = match Tree(schema.0).child(node, name) {
            Found::Anything => continue,
            Found::Node(below) => below,
            Found::Nothing(known) => {
                let nearest = syrinx_engine::nearest(name, known.iter().copied());
                let full = |n: &str| {
                    if prefix.is_empty() { n.to_owned() } else { format!("{prefix}.{n}") }
                };
                let nearest = nearest.map(full);
                return Err(ConfigError::UnknownKey { key, place: place.clone(), nearest });
            }
        };
        match value {
            Tagged::Dict(_, inner) => check_dict(inner, schema, below, &key, place)?,
            Tagged::Array(_, items) => {
                let item = schema.resolved(below).get("items");
                for (i, inner) in items.iter().enumerate() {
                    if let (Tagged::Dict(_, inner), Some(item)) = (inner, item) {
                        check_dict(inner, schema, item, &format!("{key}[{i}]"), place)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn value_error(error: &figment::Error) -> ConfigError {
    ConfigError::Value {
        key: error.path.join("."),
        place: SettingOrigin::of(error.metadata.as_ref()),
        cause: Box::new(error.kind.clone()),
    }
}

/// Calls `each` for every value that isn't a table, in the order of the keys. Empty tables count as values.
fn flatten(prefix: &str, value: &Value, each: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&key, value, each);
            }
        }
        value => each(prefix, value),
    }
}
