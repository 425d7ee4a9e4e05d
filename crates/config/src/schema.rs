//! Walking a JSON schema along the keys of a configuration.

use serde_json::Value;

/// A schema with its definitions.
#[derive(Debug, Clone, Copy)]
pub struct Tree<'a>(pub &'a Value);

/// Entry of a schema for a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found<'a> {
    /// Schema of the entry under the key.
    Node(&'a Value),
    /// Place without a schema, which takes any entry.
    Anything,
    /// Keys that the schema has instead of an unknown one.
    Nothing(Vec<&'a str>),
}

impl<'a> Tree<'a> {
    /// Returns the entry below `node` under `key`.
    pub(crate) fn child(self, node: &'a Value, key: &str) -> Found<'a> {
        let node = self.resolved(node);
        if node.get("properties").and_then(|p| p.get(key)).is_some() {
            return Found::Node(&node["properties"][key]);
        }
        let mut known: Vec<&str> = Vec::new();
        let properties = node.get("properties").and_then(Value::as_object);
        known.extend(properties.into_iter().flatten().map(|(k, _)| k.as_str()));
        for choice in self.choices(node) {
            match self.child(choice, key) {
                Found::Nothing(more) => known.extend(more),
                found => return found,
            }
        }
        match node.get("additionalProperties") {
            Some(Value::Bool(false)) => Found::Nothing(known),
            Some(schema @ Value::Object(_)) => Found::Node(schema),
            Some(Value::Bool(true)) => Found::Anything,
            _ if known.is_empty() && self.says_nothing(node) => Found::Anything,
            _ => Found::Nothing(known),
        }
    }

    /// Whether a text may stand there and nothing that a text could be read as.
    pub(crate) fn only_text(self, node: &Value) -> bool {
        let node = self.resolved(node);
        let is = |kind: &Value| kind == "string" || kind == "null";
        match node.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().all(is),
            Some(kind) => kind == "string",
            None => {
                let choices: Vec<_> = self.choices(node).collect();
                !choices.is_empty()
                    && choices.iter().all(|c| {
                        self.only_text(c)
                            || c.get("type").is_some_and(|t| t == "null")
                            || c.get("const").is_some_and(Value::is_string)
                    })
            }
        }
    }

    /// Returns the schema itself, behind references.
    pub fn resolved<'n>(self, node: &'n Value) -> &'n Value
    where
        'a: 'n,
    {
        let mut node = node;
        // A chain of references is short; the bound keeps a circle from hanging.
        for _ in 0..16 {
            let Some(name) = node.get("$ref").and_then(Value::as_str) else { break };
            let Some(target) = name.strip_prefix('#').and_then(|p| self.0.pointer(p)) else {
                break;
            };
            node = target;
        }
        node
    }

    fn choices(self, node: &Value) -> impl Iterator<Item = &Value> {
        ["anyOf", "oneOf", "allOf"]
            .into_iter()
            .filter_map(|k| node.get(k).and_then(Value::as_array))
            .flatten()
    }

    fn says_nothing(self, node: &Value) -> bool {
        let constrains = ["type", "properties", "anyOf", "oneOf", "allOf", "enum", "const"];
        node.as_bool() == Some(true) || !constrains.iter().any(|k| node.get(k).is_some())
    }
}
