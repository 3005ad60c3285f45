//! JSON Schema (draft 7) of the file format, derived from the tables. Editors know no newer draft.

use crate::tables;
use serde_json::{Map, Value, json};
use squall_faults::param::{Kind, Need, Param, Shape, Unit, Variant};
use squall_faults::selector::LONG;

/// The schema of a scenario file.
pub fn schema() -> Value {
    let mut schema = record(tables::FILE);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("Squall scenario");
    let mut definitions = Map::new();
    define(tables::FILE, &mut definitions);
    // Nodes stand in every second fault: one definition keeps the schema a tenth of its size.
    let words = json!({ "type": "string", "minLength": 1 });
    definitions.insert(
        "nodes".to_owned(),
        json!({ "anyOf": [words, record(LONG)] }),
    );
    schema["definitions"] = Value::Object(definitions);
    schema
}

/// The schema as text, for `squall schema`.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

/// What the schema refers to by name: tables that may hold themselves, and choices, which are long
/// and stand in several places.
fn define(params: &[Param], definitions: &mut Map<String, Value>) {
    for param in params {
        define_kind(&param.kind, definitions);
    }
}

fn define_kind(kind: &Kind, definitions: &mut Map<String, Value>) {
    match kind {
        Kind::Table(params) => define(params, definitions),
        Kind::List(of) | Kind::Map(of) => define_kind(of, definitions),
        Kind::Named { name, of } if !definitions.contains_key(*name) => {
            definitions.insert((*name).to_owned(), record(of()));
            define(of(), definitions);
        }
        Kind::Variant { noun, of } if !definitions.contains_key(&key_of(noun)) => {
            definitions.insert(key_of(noun), variant(&of()));
            of().iter()
                .for_each(|choice| define(choice.params, definitions));
        }
        _ => {}
    }
}

fn key_of(noun: &str) -> String {
    noun.replace(' ', "-")
}

fn refer(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn record(params: &[Param]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut groups: Vec<&str> = Vec::new();
    let mut rules = Vec::new();
    for param in params.iter().filter(|p| !matches!(p.kind, Kind::Reserved)) {
        let mut schema = value(&param.kind);
        schema["description"] = json!(param.doc);
        if let Some(default) = default(param) {
            schema["default"] = default;
        }
        properties.insert(param.key.to_owned(), schema);
        if param.group.is_empty() {
            if param.need == Need::Required {
                required.push(param.key);
            }
        } else if !groups.contains(&param.group) {
            groups.push(param.group);
            rules.push(group(params, param.group));
        }
    }
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if !rules.is_empty() {
        schema["allOf"] = json!(rules);
    }
    schema
}

/// Exactly one of a group, or at most one.
fn group(params: &[Param], group: &str) -> Value {
    let members: Vec<&Param> = params.iter().filter(|p| p.group == group).collect();
    let mut choices: Vec<Value> = members
        .iter()
        .map(|p| json!({ "required": [p.key] }))
        .collect();
    if !members.iter().any(|p| p.need == Need::Required) {
        choices.push(json!({ "not": { "anyOf": choices.clone() } }));
    }
    json!({ "oneOf": choices })
}

/// A default that is a plain value in the file.
fn default(param: &Param) -> Option<Value> {
    let Need::Default(text) = param.need else {
        return None;
    };
    match param.kind {
        Kind::Table(_) | Kind::Named { .. } | Kind::Map(_) | Kind::List(_) => None,
        Kind::Share | Kind::Number { .. } | Kind::Signed(Unit::Plain) => {
            text.parse::<f64>().ok().map(|x| json!(x))
        }
        Kind::Integer { .. } => text.parse::<i64>().ok().map(|i| json!(i)),
        Kind::Flag => text.parse::<bool>().ok().map(|flag| json!(flag)),
        _ => Some(json!(text)),
    }
}

const DURATION: &str = r"^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$";

fn value(kind: &Kind) -> Value {
    let pattern = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    match kind {
        Kind::Duration => pattern(DURATION),
        Kind::Moment => pattern(r"^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h)|\.\.)+$"),
        Kind::Rate => pattern(r"^[0-9.eE+-]+/(ns|us|ms|s|m|h)$"),
        Kind::ByteRate => pattern(r"^([0-9]+(\.[0-9]+)?([KMGT]i)?B)+/(ns|us|ms|s|m|h)$"),
        Kind::Bandwidth => pattern(r"^[0-9.eE+-]+(([kMG]?bit)|(([KMG]i|M)?B))/s$"),
        Kind::HoldBack => pattern(r"^(([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+|[0-9]+ messages?)$"),
        Kind::Size => pattern(r"^([0-9]+(\.[0-9]+)?([KMGT]i)?B)+$"),
        Kind::Device => pattern(r"^([a-z0-9-]+|[0-9.eE+-]+ iops)$"),
        Kind::Selector(Shape::Nodes) => json!({ "allOf": [{ "$ref": "#/definitions/nodes" }] }),
        Kind::Length
        | Kind::Law(Unit::Time)
        | Kind::Text
        | Kind::File
        | Kind::Recording
        | Kind::Selector(Shape::Links) => {
            json!({ "type": "string", "minLength": 1 })
        }
        Kind::Date => pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{8}Z)?$"),
        Kind::Signed(Unit::Time) => json!({ "type": "string", "minLength": 1 }),
        Kind::Signed(Unit::Plain) | Kind::Law(Unit::Plain) => {
            json!({ "type": ["number", "string"] })
        }
        Kind::Share => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Kind::Number { min, max } => json!({ "type": "number", "minimum": min, "maximum": max }),
        Kind::Integer { min, max } if *max == i64::MAX => {
            json!({ "type": "integer", "minimum": min })
        }
        Kind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Scalar => json!({ "type": ["number", "string", "boolean"] }),
        Kind::Any | Kind::Reserved => json!({}),
        Kind::Table(params) => record(params),
        Kind::Named { name, .. } => refer(name),
        Kind::List(of) => json!({ "type": "array", "items": value(of) }),
        Kind::Map(of) => json!({ "type": "object", "additionalProperties": value(of) }),
        Kind::Variant { noun, .. } => refer(&key_of(noun)),
    }
}

fn variant(choices: &[Variant]) -> Value {
    let mut properties = Map::new();
    for choice in choices {
        let mut schema = record(choice.params);
        schema["description"] = json!(choice.doc);
        properties.insert(choice.name.to_owned(), schema);
    }
    json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
    })
}
