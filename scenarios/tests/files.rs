//! Files: a good one, a broken one with all its errors, settings, variants, schema.

use proptest::prelude::*;
use serde_json::{Value, json};
use squall_core::plan::LinkTarget;
use squall_core::property::{Compared, PropertyKind, Verdict};
use squall_core::{Law, NodeId, Seed};
use squall_faults::param::{Kind, Node, Param, read};
use squall_scenarios::{Files, Scenario, Settings, parse, plan_text, schema, tables, workloads};

const EXAMPLE: &str = include_str!("example.toml");

fn example() -> Scenario {
    parse("example.toml", EXAMPLE, &Settings::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn with(with: &[&str], set: &[&str]) -> Result<Scenario, String> {
    let mut settings = Settings {
        with: with.iter().map(|s| (*s).to_owned()).collect(),
        set: Vec::new(),
    };
    for argument in set {
        settings.push_set(argument)?;
    }
    parse("example.toml", EXAMPLE, &settings).map_err(|report| report.to_string())
}

#[test]
fn the_example_reads_as_it_is_written() {
    let scenario = example();
    assert_eq!(scenario.name, "swap storm blamed on a deploy");
    assert_eq!(scenario.seeds, 0..64);
    assert_eq!(scenario.nodes[0].zones, ["a", "b", "c"]);
    assert_eq!(scenario.topology.node(NodeId(1)).label("zone"), Some("b"));
    let link = |from, to| LinkTarget {
        from: NodeId(from),
        to: NodeId(to),
    };
    assert_eq!(scenario.links.rule(link(4, 0)).delay, Law::Constant(1e6));
    assert_ne!(scenario.links.rule(link(0, 1)).delay, Law::Constant(1e6));
    assert_eq!(scenario.workloads[0].name, "support");
    assert_eq!(scenario.workloads[0].line, 13);
    assert_eq!(scenario.workloads[0].nodes.len(), 3);
    let (_, knob) = scenario.topology.knob("support.retry-attempts").unwrap();
    assert_eq!(knob.base.to_bits(), 4f64.to_bits());
    assert_eq!(scenario.faults[0].label, "swap-storm#1");
    assert_eq!((scenario.faults[0].line, scenario.faults[1].line), (21, 26));
    assert_eq!(scenario.faults[1].label, "flaky");
    let names: Vec<&str> = scenario
        .properties
        .iter()
        .map(|p| p.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "support.at-most-once-effect",
            "recovers support.latency",
            "sometimes support.retried",
            "fast store",
            "threshold gateway-0.rate(node_vmstat_pgmajfault)",
        ]
    );
    let PropertyKind::Threshold { limit, .. } = &scenario.properties[3].kind else {
        panic!("{:?}", scenario.properties[3]);
    };
    assert_eq!(*limit, Compared::Value(0.25));
    let expect = scenario.expect.as_ref().unwrap();
    assert_eq!(
        (expect.verdict, &expect.because[..]),
        (Verdict::Fail, &[1, 3][..])
    );
    assert_eq!(scenario.variants.len(), 2);
}

#[test]
fn the_plan_of_a_seed_prints() {
    let scenario = example();
    let text = plan_text(&scenario.plan(Seed(1)).unwrap(), &scenario.topology);
    assert!(text.starts_with("  "), "{text}");
    assert!(text.contains("02:00.000  for 1m30s"), "{text}");
    assert!(
        text.contains("memory taken: overcommit 1.6, active, ramp 10s"),
        "{text}"
    );
}

#[test]
fn all_errors_of_a_broken_file_are_shown_at_once() {
    let text = include_str!("broken.toml");
    let report = parse("library/rebalance.toml", text, &Settings::default()).unwrap_err();
    let shown = report.render(false);
    assert_eq!(
        shown,
        include_str!("golden/broken.txt"),
        "GOLDEN\n{shown}GOLDEN"
    );
    assert!(report.render(true).contains("\u{1b}["));
}

#[test]
fn syntax_errors_have_carets_too() {
    let text = "name = \"x\nstop = { at = \"1m\" }\n[topology\nnodes.a = {}\n";
    let count = |text: &str| {
        parse("x.toml", text, &Settings::default())
            .unwrap_err()
            .diagnostics
            .len()
    };
    assert_eq!((count(text), count("")), (2, 3));
    let shown = parse("x.toml", text, &Settings::default())
        .unwrap_err()
        .render(false);
    assert!(shown.contains("--> x.toml:1:"), "{shown}");
    assert!(shown.ends_with("nothing was run\n"), "{shown}");
}

#[test]
fn settings_change_values_and_keep_comments() {
    let scenario = with(
        &[],
        &[
            "stop.at=5m",
            "seeds=0..8",
            "topology.nodes.gateway.count=7",
            "workload.support.agents.retry.budget=0.5",
            "fault.swap-storm.inject.swap-storm.overcommit=2.0",
            "fault.flaky.every.until=4m",
            "fault.0.at=1m",
        ],
    )
    .unwrap();
    assert_eq!(scenario.stop.to_string(), "5m");
    assert_eq!(scenario.seeds, 0..8);
    assert_eq!(scenario.topology.nodes().len(), 9);
    assert!(scenario.text.contains("# what CI runs"));
    assert!(
        scenario.text.contains("overcommit = 2.0"),
        "{}",
        scenario.text
    );
    let again = parse("effective.toml", &scenario.text, &Settings::default()).unwrap();
    assert_eq!(with(&[], &["seeds=17"]).unwrap().seeds, 17..18);
    assert_eq!(again.faults.len(), 2);
    assert_eq!(
        again.plan(Seed(3)).unwrap(),
        scenario.plan(Seed(3)).unwrap()
    );
}

#[test]
fn a_key_that_excludes_another_takes_its_place() {
    let scenario = with(&[], &["workload.support.agents.arrivals.trace=a.csv"]).unwrap();
    assert_eq!(scenario.files()[0].path, "a.csv");
    let arrivals = scenario.workloads[0].args.table("arrivals");
    assert_eq!(
        (arrivals.number_opt("rate"), arrivals.text("trace")),
        (None, "a.csv")
    );
}

struct NoFiles;
impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("there is no such file".into())
    }
}

#[test]
fn files_that_are_not_there_are_pointed_at() {
    let scenario = with(&["trace"], &[]).unwrap();
    let shown = scenario.check_files(&NoFiles).unwrap_err().to_string();
    assert!(shown.contains("trace = \"sessions.csv.gz\""), "{shown}");
    assert!(
        shown.contains("^^^^^^^^^^^^^^^ there is no such file"),
        "{shown}"
    );
    assert!(example().check_files(&NoFiles).is_ok());
}

#[test]
fn two_faults_that_cannot_be_in_force_together_name_each_other() {
    let set = |value: &str| {
        format!(
            "[[fault]]\nat = \"1m\"\nfor = \"1m\"\n\
             inject.knob-set = {{ name = \"support.tool-version\", value = {value} }}\n"
        )
    };
    let both = format!(
        "{}{}[[property]]\nalways = \"support.at-most",
        set("0"),
        set("1")
    );
    let text = EXAMPLE.replacen("[[property]]\nalways = \"support.at-most", &both, 1);
    let shown = parse("x.toml", &text, &Settings::default())
        .unwrap_err()
        .to_string();
    assert!(
        shown.contains("`knob-set#1` and `knob-set#2` set `support.tool-version`"),
        "{shown}"
    );
    assert!(
        shown.contains("^ `knob-set#1` in line 32 sets it too"),
        "{shown}"
    );
}

#[test]
fn scenarios_can_be_shared_by_the_threads_of_a_campaign() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&example());
}

#[test]
fn settings_that_cannot_be_made_are_refused() {
    let bad = |set: &str, expect: &str| {
        let shown = with(&[], &[set]).unwrap_err();
        for part in expect.split(" | ") {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
    };
    bad(
        "stop.att=5m",
        "unknown key `att` | --set stop.att=5m | did you mean `at`?",
    );
    bad(
        "stop.at=45",
        "duration has no unit | example.toml with --set stop.at=45 | write \"45s\"",
    );
    bad(
        "topology.nodes.gatway.count=1",
        "there is no `gatway` in `nodes` | did you mean `gateway`?",
    );
    bad(
        "workload.support.edge.period=1s",
        "`support` is not `edge` here | it is `agents`",
    );
    bad(
        "fault.flakey.at=1s",
        "there is no `flakey` in this list | did you mean `flaky`?",
    );
    bad("seeds.x=1", "`seeds` has no parts");
    bad("name..x=1", "empty part of a key");
    assert!(with(&[], &["seeds"]).is_err());
    assert!(
        with(&["retry-budgt"], &[])
            .unwrap_err()
            .contains("did you mean `retry-budget`?")
    );
}

#[test]
fn variants_apply_in_order_and_before_settings() {
    let scenario = with(&["retry-budget", "trace"], &[]).unwrap();
    let args = &scenario.workloads[0].args;
    assert_eq!(args.table("retry").number_opt("budget"), Some(0.1));
    assert_eq!(scenario.faults[1].args.number_opt("p"), Some(0.1));
    let scenario = with(
        &["retry-budget"],
        &["workload.support.agents.retry.budget=0.2"],
    )
    .unwrap();
    assert_eq!(
        scenario.workloads[0]
            .args
            .table("retry")
            .number_opt("budget"),
        Some(0.2)
    );
}

#[test]
fn broken_variants_are_found_when_the_file_is_read() {
    let text =
        format!("{EXAMPLE}\n[with.bad]\nset.\"stop.art\" = 1\n[with.worse]\nset.\"stop.at\" = 1\n");
    let shown = parse("x.toml", &text, &Settings::default())
        .unwrap_err()
        .render(false);
    assert!(shown.contains("unknown key `art`"), "{shown}");
    assert!(
        shown.contains("set.\"stop.art\" = 1\n   |           ^^^"),
        "{shown}"
    );
    assert!(
        shown.contains("variant `worse`: duration has no unit"),
        "{shown}"
    );
    assert!(shown.contains("x.toml: 2 errors"), "{shown}");
}

/// Every table of the house, and the tables in it.
fn tables_of(params: &'static [Param], visit: &mut dyn FnMut(&'static [Param])) {
    visit(params);
    for param in params {
        kind_tables(&param.kind, visit);
    }
}

fn kind_tables(kind: &'static Kind, visit: &mut dyn FnMut(&'static [Param])) {
    match kind {
        Kind::Table(params) => tables_of(params, visit),
        Kind::List(of) | Kind::Map(of) => kind_tables(of, visit),
        Kind::Variant { of, .. } => of().into_iter().for_each(|v| tables_of(v.params, visit)),
        _ => {}
    }
}

#[test]
fn all_defaults_are_valid_and_all_keys_are_described() {
    let mut count = 0;
    tables_of(tables::FILE, &mut |params| {
        count += 1;
        // Reading an empty record reads every default, and panics if one is wrong.
        read(params, &Node::table(vec![]), &mut Vec::new());
        for param in params {
            assert!(
                !param.doc.is_empty() && !param.doc.ends_with('.'),
                "{}",
                param.key
            );
            assert!(
                param
                    .key
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'_'),
                "{}",
                param.key
            );
        }
    });
    assert!(count > 30, "{count}");
    let overview = workloads::list();
    for kind in workloads::ALL {
        let line = overview.lines().find(|line| line.starts_with(kind.name));
        assert!(
            line.is_some_and(|line| line.ends_with(kind.summary)),
            "{overview}"
        );
    }
    assert!(
        overview.lines().count() <= workloads::ALL.len() + 1,
        "{overview}"
    );
    let agents = workloads::find("agents").expect("a kind");
    assert!(agents.describe().contains("at-most-once-effect"));
    assert!(workloads::list_metrics().contains("node_vmstat_pgmajfault"));
}

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
    assert!(valid(&schema, &json(include_str!("broken.toml")), "$").is_err());
    let both = EXAMPLE.replace("rate = \"20/s\"", "rate = \"20/s\", trace = \"x\"");
    assert!(valid(&schema, &json(&both), "$").is_err());
}

/// The example with a piece cut out or put in.
fn damaged() -> impl Strategy<Value = String> {
    let cut = (
        0..EXAMPLE.len(),
        0usize..40,
        "[a-z0-9=\"{}\\[\\]., \n#'<>-]{0,12}",
    );
    cut.prop_map(|(at, len, extra)| {
        let end = (at + len).min(EXAMPLE.len());
        format!("{}{extra}{}", &EXAMPLE[..at], &EXAMPLE[end..])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_text_panics(text in prop_oneof![any::<String>(), damaged()], colour in any::<bool>()) {
        if let Err(report) = parse("x.toml", &text, &Settings::default()) {
            let shown = report.render(colour);
            prop_assert!(shown.ends_with("nothing was run\n"));
            prop_assert!(!report.diagnostics.is_empty());
        }
    }

    #[test]
    fn no_setting_panics(
        key in prop_oneof![
            any::<String>(),
            "(stop|at|fault|0|flaky|workload|support|agents|topology|nodes|with|trace|set|\\.){1,9}",
        ],
        value in any::<String>(),
    ) {
        let mut settings = Settings::default();
        settings.set.push((key, value));
        if let Err(report) = parse("x.toml", EXAMPLE, &settings) {
            prop_assert!(!report.render(false).is_empty());
        }
    }
}
