//! The JSON Schema takes what the parser takes.

use super::EXAMPLE;
use serde_json::{Value, json};
use squall_scenarios::schema;

/// TOML as JSON, by way of the tree of the editor.
fn json_of(item: &toml_edit::Item) -> Value {
    let text = |v: &toml_edit::Value| match v {
        toml_edit::Value::String(s) => json!(s.value()),
        toml_edit::Value::Integer(i) => json!(i.value()),
        toml_edit::Value::Float(f) => json!(f.value()),
        toml_edit::Value::Boolean(b) => json!(b.value()),
        toml_edit::Value::Array(a) => a
            .iter()
            .map(|v| json_of(&toml_edit::Item::Value(v.clone())))
            .collect(),
        _ => Value::Null,
    };
    if let Some(table) = item.as_table_like() {
        return Value::Object(
            table
                .iter()
                .map(|(k, v)| (k.to_owned(), json_of(v)))
                .collect(),
        );
    }
    if let Some(tables) = item.as_array_of_tables() {
        return tables
            .iter()
            .map(|t| json_of(&toml_edit::Item::Table(t.clone())))
            .collect();
    }
    item.as_value().map_or(Value::Null, text)
}

/// The draft 7 keywords that the schema uses, but for patterns.
fn valid(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let keywords = [
        "$schema",
        "$ref",
        "definitions",
        "title",
        "definitions",
        "description",
        "default",
        "type",
        "properties",
        "additionalProperties",
        "required",
        "allOf",
        "oneOf",
        "anyOf",
        "not",
        "items",
        "enum",
        "pattern",
        "minimum",
        "maximum",
        "minLength",
        "minProperties",
        "maxProperties",
    ];
    for (key, rule) in schema.as_object().ok_or("a schema is an object")? {
        let holds = match key.as_str() {
            "type" => {
                let one = |t: &Value| match t.as_str() {
                    Some("object") => value.is_object(),
                    Some("array") => value.is_array(),
                    Some("string") => value.is_string(),
                    Some("number") => value.is_number(),
                    Some("integer") => value.is_i64() || value.is_u64(),
                    Some("boolean") => value.is_boolean(),
                    _ => false,
                };
                rule.as_array()
                    .map_or_else(|| one(rule), |types| types.iter().any(one))
            }
            "properties" => {
                for (name, inner) in rule.as_object().ok_or("properties is an object")? {
                    if let Some(value) = value.get(name) {
                        valid(inner, value, &format!("{at}.{name}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = |name: &str| schema["properties"].get(name).is_some();
                let mut extra = value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .filter(|(k, _)| !known(k));
                match rule {
                    Value::Bool(false) => extra.next().is_none(),
                    rule => {
                        for (name, value) in extra {
                            valid(rule, value, &format!("{at}.{name}"))?;
                        }
                        true
                    }
                }
            }
            "$ref" => {
                let name = rule.as_str().and_then(|r| r.strip_prefix("#/definitions/"));
                let whole = schema::schema();
                let meant = &whole["definitions"][name.ok_or("a reference to a definition")?];
                valid(meant, value, at)?;
                true
            }
            "required" => {
                let names = rule.as_array().ok_or("required is a list")?;
                names
                    .iter()
                    .all(|name| value.get(name.as_str().unwrap_or("")).is_some())
            }
            "allOf" => {
                for rule in rule.as_array().ok_or("allOf is a list")? {
                    valid(rule, value, at)?;
                }
                true
            }
            "oneOf" | "anyOf" => {
                let rules = rule.as_array().ok_or("a list")?;
                let count = rules
                    .iter()
                    .filter(|rule| valid(rule, value, at).is_ok())
                    .count();
                if key == "oneOf" {
                    count == 1
                } else {
                    count > 0
                }
            }
            "not" => valid(rule, value, at).is_err(),
            "items" => {
                for (i, value) in value.as_array().into_iter().flatten().enumerate() {
                    valid(rule, value, &format!("{at}[{i}]"))?;
                }
                true
            }
            "enum" => rule.as_array().is_some_and(|words| words.contains(value)),
            "minimum" => value.as_f64() >= rule.as_f64(),
            "maximum" => value.as_f64() <= rule.as_f64(),
            "minLength" => value.as_str().is_some_and(|s| !s.is_empty()),
            "minProperties" => value.as_object().is_some_and(|o| !o.is_empty()),
            "maxProperties" => value.as_object().is_some_and(|o| o.len() <= 1),
            other => {
                assert!(keywords.contains(&other), "`{other}` is not checked here");
                true
            }
        };
        if !holds {
            return Err(format!("{at}: {key} {rule}"));
        }
    }
    Ok(())
}

#[test]
fn the_schema_accepts_the_example_and_refuses_the_broken_file() {
    let schema = schema::schema();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert!(schema::schema_text().len() > 10_000);
    let json = |text: &str| json_of(text.parse::<toml_edit::DocumentMut>().unwrap().as_item());
    assert_eq!(valid(&schema, &json(EXAMPLE), "$"), Ok(()));
    assert!(valid(&schema, &json(include_str!("../broken.toml")), "$").is_err());
    let both = EXAMPLE.replace("rate = \"20/s\"", "rate = \"20/s\", trace = \"x\"");
    assert!(valid(&schema, &json(&both), "$").is_err());
}
