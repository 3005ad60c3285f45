//! What the documents say is true: their scenario files are read, their links lead somewhere.

use squall::scenarios::{Settings, parse};
use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The indented block that begins with `first`.
fn block(text: &str, first: &str) -> String {
    let lines = text.lines().skip_while(|line| line.trim() != first);
    let block = lines.take_while(|line| line.is_empty() || line.starts_with("    "));
    block
        .map(|line| format!("{}\n", line.trim_start()))
        .collect()
}

#[test]
fn the_scenario_of_the_readme_runs() {
    let text = block(&read("README.md"), "name = \"tool host loses power\"");
    assert!(text.lines().count() > 15, "{text}");
    let scenario =
        parse("README.md", &text, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
    let ready = scenario
        .ready(&squall::Place::default())
        .unwrap_or_else(|e| panic!("{e}"));
    let ran = squall::campaign::run(&ready, 0..8, 2, &|_| ()).unwrap_or_else(|e| panic!("{e}"));
    let verdict = ran.campaign.verdict;
    assert_eq!(
        verdict,
        squall::core::property::Verdict::Pass,
        "{:?}",
        ran.campaign.properties
    );
}

/// Pieces of a scenario miss what stands elsewhere, and name what is in no such piece; but all of them
/// are TOML, and no key of theirs is unknown.
#[test]
fn every_piece_of_the_guide_is_toml_with_known_keys() {
    for (guide, least) in [("docs/authoring.md", 7), ("docs/cluster.md", 1)] {
        let count = pieces_with_known_keys(guide);
        assert!(count >= least, "{guide} has examples");
    }
}

/// How many pieces a document has; all of them are TOML, and no key of theirs is unknown.
fn pieces_with_known_keys(document: &str) -> usize {
    let guide = read(document);
    let indented = |line: &&str| line.is_empty() || line.starts_with("    ");
    let lines: Vec<&str> = guide.lines().collect();
    let pieces = lines.chunk_by(|a, b| indented(a) == indented(b));
    let mut count = 0;
    for piece in pieces {
        let mut text: String = piece.iter().map(|line| format!("{line}\n")).collect();
        if !indented(&piece[0]) || text.trim().is_empty() {
            continue;
        }
        if text.trim_start().starts_with("inject.") {
            text = format!("[[fault]]\n{text}");
        }
        let read = parse(document, &text, &Settings::default());
        let errors = read
            .err()
            .map_or(String::new(), |errors| errors.to_string());
        for wrong in ["not TOML", "unknown key"] {
            assert!(!errors.contains(wrong), "{text}{errors}");
        }
        count += 1;
    }
    count
}

#[test]
fn commands_of_the_readme_name_files_that_exist() {
    let readme = read("README.md");
    let words = readme.split(|c: char| c.is_whitespace() || "()`".contains(c));
    let mut count = 0;
    for word in words.filter(|w| {
        w.starts_with("scenarios/") || w.starts_with("docs/") || w.starts_with("examples/")
    }) {
        assert!(
            Path::new(env!("CARGO_MANIFEST_DIR")).join(word).exists(),
            "{word}"
        );
        count += 1;
    }
    assert!(count > 5, "the README names files");
}

/// Files of a folder that end so, below it too, relative to the root.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let entries = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    for entry in std::fs::read_dir(entries).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.extend(files(&name, ending));
        } else if name.ends_with(ending) {
            found.push(name);
        }
    }
    found.sort();
    found
}

#[test]
fn what_ships_is_named() {
    let [readme, guide] = ["README.md", "docs/authoring.md"].map(read);
    for page in files("docs", ".md") {
        assert!(
            readme.contains(&format!("]({page})")),
            "README.md does not link to {page}"
        );
    }
    for scenario in files("scenarios/library", ".toml") {
        let name = Path::new(&scenario)
            .file_stem()
            .expect("a name")
            .to_string_lossy();
        assert!(
            readme.contains(&format!("`{name}`")),
            "README.md does not name {scenario}"
        );
    }
    for kind in squall::scenarios::workloads::ALL {
        let row = format!("\n| `{}` |", kind.name);
        assert!(
            guide.contains(&row),
            "docs/authoring.md has no row of the workload {}",
            kind.name
        );
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents = ["README.md", "ARCHITECTURE.md"].map(str::to_owned);
    for document in documents.into_iter().chain(files("docs", ".md")) {
        let text = read(&document);
        let folder = root.join(&document);
        let folder = folder.parent().expect("a file has a folder");
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = link.split('#').next().unwrap_or("");
            if !file.is_empty() && !file.contains("://") {
                assert!(folder.join(file).exists(), "{document} links to {link}");
            }
        }
    }
}

/// The schema that editors use is the one the program prints.
#[test]
fn the_shipped_schema_is_current() {
    let shipped = read("scenarios/scenario.schema.json");
    let current = squall::scenarios::schema::schema_text();
    // The two are too long to be shown.
    let same = shipped.trim_end() == current.trim_end();
    assert!(
        same,
        "write it again: `squall schema > scenarios/scenario.schema.json`"
    );
}
