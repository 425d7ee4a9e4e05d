//! Fields of requests, answers and settings as data, derived from their types.

use std::fmt;

use schemars::JsonSchema;
use serde_json::{Map, Number, Value};

/// A field of a task's request, answer or settings.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldDescriptor {
    /// Name.
    pub name: String,
    /// Form of its value.
    pub kind: FieldKind,
    /// Type as shown to people, such as `string` or `list of number`; for a choice, its names.
    pub type_name: String,
    /// Meaning, in a line.
    pub about: String,
    /// Default value, if the field has one.
    pub default: Option<Value>,
    /// Whether every request or answer has the field.
    pub required: bool,
}

/// Form of a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Text, a name from a choice, or a recording.
    Text,
    /// True or false.
    Boolean,
    /// Number.
    Number,
    /// Texts, each given on its own.
    Texts,
    /// List of other values, given as a whole or one by one.
    List,
    /// JSON object.
    Object,
}

/// Text that cannot be read as a value of its field.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is no {kind}: {cause}")]
pub struct FieldValueError {
    /// Text given.
    pub text: String,
    /// Form of the field's value.
    pub kind: FieldKind,
    /// Error of the JSON parser.
    pub cause: serde_json::Error,
}

impl FieldDescriptor {
    /// Returns the fields of a type, in the order of its schema.
    pub(crate) fn all<T: JsonSchema>() -> Vec<Self> {
        let schema = schemars::schema_for!(T).to_value();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let field = |(name, property): (&String, &Value)| Self {
            name: name.clone(),
            kind: kind(&schema, property),
            type_name: type_name(&schema, property),
            about: property["description"].as_str().unwrap_or_default().replace('\n', " "),
            default: property.get("default").filter(|value| !value.is_null()).cloned(),
            required: required.iter().any(|other| other == name),
        };
        schema["properties"].as_object().into_iter().flatten().map(field).collect()
    }

    /// Returns the name, marked if the field is required.
    pub fn marked_name(&self) -> String {
        let required = if self.required { " (required)" } else { "" };
        format!("{}{required}", self.name)
    }

    /// Returns the meaning with the default value in brackets.
    pub fn about_with_default(&self) -> String {
        match &self.default {
            Some(value) => format!("{} [{value}]", self.about),
            None => self.about.clone(),
        }
    }

    /// Whether the value is a list.
    pub fn is_list(&self) -> bool {
        matches!(self.kind, FieldKind::Texts | FieldKind::List)
    }

    /// Reads a value from the texts of a command line or a form: a list takes all of them, another value the last one.
    /// `None` without a text.
    ///
    /// # Errors
    /// [`FieldValueError`].
    pub fn read<'t>(
        &self,
        texts: impl IntoIterator<Item = &'t str>,
    ) -> Result<Option<Value>, FieldValueError> {
        let mut value = None;
        for text in texts {
            let fault = |cause| FieldValueError { text: text.to_owned(), kind: self.kind, cause };
            let items = value.take();
            value = Some(self.kind.append(items, text).map_err(fault)?);
        }
        Ok(value)
    }
}

impl FieldKind {
    /// Returns the value of a text; a list begins with the items of `before`.
    fn append(self, before: Option<Value>, text: &str) -> Result<Value, serde_json::Error> {
        let item: Value = match self {
            Self::Text => return Ok(text.into()),
            Self::Boolean => return serde_json::from_str::<bool>(text).map(Value::from),
            Self::Number => return serde_json::from_str::<Number>(text).map(Value::from),
            Self::Object => return serde_json::from_str::<Map<_, _>>(text).map(Value::from),
            Self::Texts => text.into(),
            Self::List => serde_json::from_str(text)?,
        };
        let mut items = match before {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        match item {
            Value::Array(all) => items.extend(all),
            item => items.push(item),
        }
        Ok(items.into())
    }
}

impl fmt::Display for FieldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text | Self::Texts => "text",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::List => "list",
            Self::Object => "object",
        })
    }
}

/// Returns the schema that a property refers to, or the property itself.
fn resolved<'s>(schema: &'s Value, property: &'s Value) -> &'s Value {
    let target = property["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
    target.and_then(|path| schema.pointer(path)).unwrap_or(property)
}

/// Returns the alternatives of a property except `null`; `None` for a property without alternatives.
fn alternatives<'s>(schema: &'s Value, property: &'s Value) -> Option<Vec<&'s Value>> {
    let all = ["anyOf", "oneOf"].iter().find_map(|key| property[key].as_array())?;
    let all = all.iter().map(|choice| resolved(schema, choice));
    Some(all.filter(|choice| choice["type"] != "null").collect())
}

/// Returns the JSON types of a property except `null`.
fn types(property: &Value) -> Vec<&str> {
    let types = match &property["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect::<Vec<_>>(),
    };
    types.into_iter().filter(|name| *name != "null").collect()
}

fn kind(schema: &Value, property: &Value) -> FieldKind {
    let property = resolved(schema, property);
    if let Some(choices) = alternatives(schema, property) {
        return choices.first().map_or(FieldKind::Object, |choice| kind(schema, choice));
    }
    match types(property).first().copied() {
        Some("boolean") => FieldKind::Boolean,
        Some("integer" | "number") => FieldKind::Number,
        Some("array") => match kind(schema, &property["items"]) {
            FieldKind::Text => FieldKind::Texts,
            _ => FieldKind::List,
        },
        Some("string") => FieldKind::Text,
        _ if property["const"].is_string() || property["enum"].is_array() => FieldKind::Text,
        _ => FieldKind::Object,
    }
}

fn type_name(schema: &Value, property: &Value) -> String {
    let property = resolved(schema, property);
    if let Some(choices) = alternatives(schema, property) {
        let names: Vec<String> = choices.into_iter().map(|c| type_name(schema, c)).collect();
        return names.join(" | ");
    }
    if let Some(values) = property["enum"].as_array() {
        return values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ");
    }
    if let Some(value) = property["const"].as_str() {
        return value.to_owned();
    }
    match types(property).as_slice() {
        [] => "anything".into(),
        ["array"] => format!("list of {}", type_name(schema, &property["items"])),
        names => names.join(" | "),
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;
    use crate::Clip;

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Mode {
        /// One after another.
        Sequential,
        /// All together.
        Parallel,
    }

    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    struct Part {
        value: f64,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Fields {
        /// Text
        /// of two lines.
        text: String,
        audio: Option<Clip>,
        mode: Option<Mode>,
        loud: Option<bool>,
        #[serde(default)]
        count: u32,
        voices: Vec<Clip>,
        weights: Option<Vec<f64>>,
        part: Option<Part>,
    }

    fn field(name: &str) -> FieldDescriptor {
        FieldDescriptor::all::<Fields>().into_iter().find(|f| f.name == name).expect("a field")
    }

    #[test]
    fn forms_follow_from_the_type() {
        for (name, kind, type_name, required) in [
            ("text", FieldKind::Text, "string", true),
            ("audio", FieldKind::Text, "string", false),
            ("mode", FieldKind::Text, "sequential | parallel", false),
            ("loud", FieldKind::Boolean, "boolean", false),
            ("count", FieldKind::Number, "integer", false),
            ("voices", FieldKind::Texts, "list of string", true),
            ("weights", FieldKind::List, "list of number", false),
            ("part", FieldKind::Object, "object", false),
        ] {
            let found = field(name);
            assert_eq!((found.kind, found.type_name.as_str()), (kind, type_name), "{name}");
            assert_eq!(found.required, required, "{name}");
        }
        assert_eq!(field("text").about, "Text of two lines.");
        assert_eq!(field("count").about_with_default(), " [0]");
        assert_eq!(field("text").marked_name(), "text (required)");
        assert_eq!((field("count").default, field("audio").default), (Some(json!(0)), None));
    }

    #[test]
    fn values_are_read_by_their_form() {
        let check = |name: &str, texts: &[&str], expected: Value| {
            let value = field(name).read(texts.iter().copied());
            assert_eq!(value.expect("it fits").unwrap_or_default(), expected, "{name} {texts:?}");
        };
        check("text", &["1"], json!("1"));
        check("text", &["a", "b"], json!("b"));
        check("text", &[], Value::Null);
        check("loud", &["true"], json!(true));
        check("count", &["12"], json!(12));
        check("voices", &["ann", "12", "[1]"], json!(["ann", "12", "[1]"]));
        check("weights", &["1", "0.5"], json!([1, 0.5]));
        check("weights", &["[1, 2]", "3"], json!([1, 2, 3]));
        check("part", &["{\"value\": 1}"], json!({ "value": 1 }));
    }

    #[test]
    fn texts_of_another_form_are_refused() {
        for (name, text) in
            [("loud", "1"), ("count", "many"), ("count", "true"), ("weights", "a"), ("part", "1")]
        {
            let error = field(name).read([text]).expect_err(text);
            assert!(error.to_string().starts_with(&format!("`{text}` is no ")), "{error}");
        }
    }
}
