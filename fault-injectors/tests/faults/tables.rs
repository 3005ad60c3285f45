//! The tables say what the code does: sources, units and defaults are there, and no parameter is read that
//! is not in the table, nor in the table and read by nobody.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use squall_faults::catalog::{self, FaultKind};
use squall_faults::param::{Kind, Need, Node, Param, read};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[test]
fn every_fault_says_what_it_is_and_where_it_comes_from() {
    let mut names = Vec::new();
    for kind in catalog::ALL {
        let name = kind.name;
        assert!(!names.contains(&name), "two faults are called {name}");
        names.push(name);
        let sentence = kind.doc.ends_with('.') && kind.doc.len() > 40;
        assert!(sentence, "{name}: its doc is no paragraph");
        let fragment = !kind.summary.is_empty() && !kind.summary.ends_with('.');
        assert!(fragment, "{name}: its summary is no fragment");
        let source = kind.source.chars().any(char::is_alphabetic);
        assert!(
            source,
            "{name}: no source; write where it comes from, or that it is a choice"
        );
        let known = kind.needed.iter().all(|part| kind.lowers_to.contains(part));
        assert!(
            !kind.needed.is_empty() && known,
            "{name}: what must land is what it lowers to"
        );
    }
}

#[test]
fn every_parameter_says_what_it_is_and_has_a_default_that_is_valid() {
    for kind in catalog::ALL {
        for param in kind.params {
            let at = format!("{}.{}", kind.name, param.key);
            let fragment = param.doc.len() > 5 && !param.doc.ends_with('.');
            assert!(fragment, "{at}: its doc is no fragment");
            assert!(!param.kind.takes().is_empty(), "{at}: takes nothing");
        }
        // Defaults are read as if they stood in the file: a wrong one is a panic there.
        let required = |p: &&Param| p.need == Need::Required && p.group.is_empty();
        let mut issues = Vec::new();
        read(kind.params, &Node::table(Vec::new()), &mut issues);
        let missing = kind.params.iter().filter(required).count();
        assert!(issues.len() >= missing, "{}: {issues:?}", kind.name);
        if let Some(own) = kind.own_length {
            let length = kind.params.iter().find(|p| p.key == own);
            let length = length.unwrap_or_else(|| panic!("{}: no parameter `{own}`", kind.name));
            assert!(matches!(length.kind, Kind::Duration), "{}.{own}", kind.name);
        }
    }
}

/// The files of the catalogue, each by the name of its module. The pages and the table itself lower nothing.
fn modules() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules = BTreeMap::new();
    let mut paths = vec![
        root.join("catalog"),
        root.join("lowering"),
        root.join("lowering.rs"),
    ];
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let name = path.strip_prefix(&root).unwrap().with_extension("");
        let name = name.to_string_lossy().replace("catalog/", "");
        let name = name.strip_suffix("/mod").unwrap_or(&name).to_owned();
        if !["catalog", "pages"].contains(&name.as_str()) {
            // In one line, so that a call is in one piece.
            let text = std::fs::read_to_string(path).unwrap();
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            modules.insert(name, text.replace(" .", "."));
        }
    }
    modules
}

/// The module of a fault, and those that it uses.
fn of<'a>(kind: &FaultKind, modules: &'a BTreeMap<String, String>) -> Vec<&'a str> {
    let declares = format!("name: \"{}\",", kind.name);
    let own = modules.iter().find(|(_, text)| text.contains(&declares));
    let (own, text) = own.unwrap_or_else(|| panic!("no module declares {}", kind.name));
    // What the head of its folder uses, it uses too.
    let folder = own.split_once('/').map_or("", |(folder, _)| folder);
    let head = modules.get(folder).map_or("", String::as_str);
    let used = |name: &str| {
        let mentions = |text: &str| text.contains(&format!("{name}::"));
        name == own
            || name == folder
            || name.starts_with("lowering")
            || mentions(text)
            || mentions(head)
    };
    let used = modules.iter().filter(|(name, _)| used(name));
    used.map(|(_, text)| text.as_str()).collect()
}

/// Keys in calls that read an argument: `args.number("p")`, `lowering.nodes(args, "nodes")`.
fn reads(text: &str) -> BTreeSet<&str> {
    let mut keys = BTreeSet::new();
    for (at, _) in text.match_indices("args") {
        let rest = &text[at + "args".len()..];
        let getter = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let call = rest.strip_prefix('.').and_then(|rest| rest.split_once('('));
        let argument = match call {
            Some((name, argument)) if getter(name) => argument,
            _ => match rest.strip_prefix(',') {
                Some(argument) => argument.trim_start().trim_start_matches('('),
                None => continue,
            },
        };
        // What follows other arguments may be anything.
        if !argument.trim_start().starts_with('"') {
            continue;
        }
        let inside = argument.split(')').next().unwrap_or("");
        keys.extend(inside.split('"').skip(1).step_by(2));
    }
    keys.retain(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
    keys
}

/// Whether `key` is named somewhere else than where it is declared.
fn named(key: &str, text: &str) -> bool {
    let quoted = format!("\"{key}\"");
    let mut places = text.match_indices(&quoted);
    places.any(|(at, _)| !text[..at].trim_end().ends_with("Param::new("))
}

/// A getter panics if the table has not got its key, but only when the fault is used that way; and a
/// parameter that nobody reads does nothing.
#[test]
fn what_is_read_is_in_a_table_and_what_is_in_a_table_is_read() {
    let modules = modules();
    let mut known = BTreeSet::new();
    let mut read = BTreeSet::new();
    let mut idle = Vec::new();
    for kind in catalog::ALL {
        let texts = of(kind, &modules);
        let keys: BTreeSet<&str> = texts.iter().flat_map(|text| reads(text)).collect();
        for param in kind.params {
            known.insert(param.key);
            // The own length is read by its name in the table; one word is no choice, but a statement.
            let said = matches!(param.kind, Kind::Choice([_]));
            let read = texts.iter().any(|text| named(param.key, text));
            if !read && Some(param.key) != kind.own_length && !said {
                idle.push(format!("{}.{}", kind.name, param.key));
            }
        }
        read.extend(keys);
    }
    assert!(
        read.len() > 40,
        "the readers of arguments are found: {read:?}"
    );
    assert!(idle.is_empty(), "in a table, and read by nobody: {idle:?}");
    let unknown: Vec<_> = read.difference(&known).collect();
    assert!(unknown.is_empty(), "read, and in no table: {unknown:?}");
}
