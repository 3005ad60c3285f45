//! Every row of `../shared/data/cluster/reference_tables.csv` has a line in docs/published-tables.md, and every
//! test that a line names is there and speaks of that row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const CSV: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/data/cluster/reference_tables.csv"
);
const PAGE: &str = include_str!("../../docs/published-tables.md");

/// What the rows of one id have in common.
#[derive(Debug, Default)]
struct Group {
    rows: usize,
    tolerances: BTreeSet<String>,
}

fn groups(csv: &[u8]) -> BTreeMap<String, Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for row in csv::Reader::from_reader(csv).records() {
        let row = row.expect("a row of the table");
        let group = groups.entry(row[0].to_owned()).or_default();
        group.rows += 1;
        group.tolerances.insert(row[5].to_owned());
    }
    groups
}

/// A line of the page.
#[derive(Debug)]
struct Line<'a> {
    id: &'a str,
    rows: usize,
    tolerance: &'a str,
    /// Tests as `file::function`, the file below `scenarios/tests` or `scenarios`; none where the page says why.
    tests: Vec<&'a str>,
    reason: &'a str,
}

fn lines(page: &str) -> Vec<Line<'_>> {
    let is_id = |word: &str| {
        let mut letters = word.chars();
        letters.next().is_some_and(|c| c.is_ascii_uppercase())
            && word.len() == 3
            && letters.all(|c| c.is_ascii_digit())
    };
    let line = |line| {
        let cells: Vec<&str> = str::split(line, " | ")
            .map(|cell| cell.trim_matches([' ', '|']))
            .collect();
        if !is_id(cells[0]) {
            return None;
        }
        let [id, rows, _, tolerance, held, _] = cells[..] else {
            panic!("six cells are in a line of the page: {line}");
        };
        Some(Line {
            id,
            rows: rows.parse().unwrap_or_else(|e| panic!("{line}: {e}")),
            tolerance,
            tests: held.split('`').skip(1).step_by(2).collect(),
            reason: held.strip_prefix("not held: ").unwrap_or_default(),
        })
    };
    page.lines().filter_map(line).collect()
}

/// What is wrong with a test that is said to hold a row, in the text of its file.
fn wrong_test(id: &str, source: &str, function: &str) -> Option<&'static str> {
    let Some(at) = source.find(&format!("fn {function}(")) else {
        return Some("has no such function");
    };
    let before = source[..at].lines().rev();
    let attributes: Vec<&str> = before.take_while(|line| line.starts_with('#')).collect();
    if !attributes.contains(&"#[test]") || attributes.iter().any(|line| line.contains("ignore")) {
        return Some("does not run that as a test");
    }
    let mut words = source.split(|c: char| !c.is_ascii_alphanumeric());
    (!words.any(|word| word == id)).then_some("does not speak of the row")
}

/// Everything in which the page is not the table, or names what is not there.
fn wrong(
    table: Option<&BTreeMap<String, Group>>,
    page: &str,
    read: &dyn Fn(&str) -> Option<String>,
) -> Vec<String> {
    let lines = lines(page);
    let mut wrong = Vec::new();
    for line in &lines {
        let Line { id, .. } = line;
        if lines.iter().filter(|other| other.id == *id).count() > 1 {
            wrong.push(format!("{id} has two lines"));
        }
        if line.tests.is_empty() == line.reason.is_empty() {
            wrong.push(format!(
                "{id} has neither a test nor a reason why there is none, or both"
            ));
        }
        for test in &line.tests {
            let (file, function) = test.split_once("::").unwrap_or((test, ""));
            let found = match read(file) {
                Some(source) => wrong_test(id, &source, function),
                None => Some("is not there"),
            };
            wrong.extend(found.map(|what| format!("{id}: {file} {what}: {function}")));
        }
        let Some(group) = table.map(|table| table.get(*id)) else {
            continue;
        };
        let Some(group) = group else {
            wrong.push(format!("{id} is no row of the table"));
            continue;
        };
        if group.rows != line.rows {
            wrong.push(format!(
                "{id} has {} rows, and {} on the page",
                group.rows, line.rows
            ));
        }
        let missing = group
            .tolerances
            .iter()
            .filter(|words| !line.tolerance.contains(*words));
        wrong
            .extend(missing.map(|words| {
                format!("{id} has the tolerance `{words}`, which is not on the page")
            }));
    }
    let known: BTreeSet<&str> = lines.iter().map(|line| line.id).collect();
    let ids = table.into_iter().flat_map(BTreeMap::keys);
    let unknown = ids.filter(|id| !known.contains(id.as_str()));
    wrong.extend(unknown.map(|id| format!("{id} is not on the page")));
    wrong
}

fn source(file: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path| std::fs::read_to_string(path).ok();
    read(root.join("tests").join(file)).or_else(|| read(root.join(file)))
}

#[test]
fn every_published_row_has_a_test_or_a_reason() {
    let table = std::fs::read(CSV).ok().map(|csv| groups(&csv));
    if table.is_none() {
        eprintln!("NOT RUN: the rows of the table: there is no {CSV}");
    }
    let wrong = wrong(table.as_ref(), PAGE, &source);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(lines(PAGE).len() >= 50, "the page has a table");
}

#[test]
fn a_row_that_nobody_holds_is_told() {
    let csv = "id,setup,quantity,value,unit,tolerance,kind,source\nZ01,a,q,1,s,3%,formula,x\nZ01,b,q,1,s,3%,formula,x\n";
    let page = "| id | rows | what | tolerance | held by | measured |\n| --- | --- | --- | --- | --- | --- |\n\
                | Z01 | 2 | a thing | 3% | `z.rs::it_is` | 1.01 |\n";
    let code = "fn rows() {\n    read(\"Z01\")\n}\n\n#[test]\nfn it_is() {}\n";
    let found = |csv: &str, page: &str, code: &str| {
        let read = |file: &str| (file == "z.rs").then(|| code.to_owned());
        wrong(Some(&groups(csv.as_bytes())), page, &read).join("; ")
    };
    assert_eq!(found(csv, page, code), "");
    let changed = |from: &str, to: &str| page.replace(from, to);
    for (csv, page, code, told) in [
        (
            format!("{csv}Z01,c,q,1,s,3%,formula,x\n"),
            page.into(),
            code.into(),
            "3 rows, and 2",
        ),
        (
            format!("{csv}Z02,c,q,1,s,3%,formula,x\n"),
            page.into(),
            code.into(),
            "Z02 is not on the page",
        ),
        (
            csv.replace("3%", "1%"),
            page.into(),
            code.into(),
            "tolerance `1%`",
        ),
        (
            csv.into(),
            changed("Z01", "Z03"),
            code.into(),
            "Z03 is no row",
        ),
        (
            csv.into(),
            changed("z.rs", "y.rs"),
            code.into(),
            "y.rs is not there",
        ),
        (
            csv.into(),
            changed("`z.rs::it_is`", "somebody"),
            code.into(),
            "neither a test",
        ),
        (
            csv.into(),
            format!("{page}{page}"),
            code.into(),
            "two lines",
        ),
        (
            csv.into(),
            page.into(),
            code.replace("it_is", "it_was"),
            "no such function",
        ),
        (
            csv.into(),
            page.into(),
            code.replace("#[test]\n", ""),
            "does not run",
        ),
        (
            csv.into(),
            page.into(),
            code.replace("#[test]\n", "#[test]\n#[ignore = \"slow\"]\n"),
            "does not run",
        ),
        (
            csv.into(),
            page.into(),
            code.replace("Z01", "Z09"),
            "does not speak of the row",
        ),
    ] {
        let page: String = page;
        let found = found(&csv, &page, &code);
        assert!(found.contains(told), "{told}: {found}");
    }
    let reason = changed("`z.rs::it_is`", "not held: nobody can");
    assert_eq!(found(csv, &reason, code), "");
}
