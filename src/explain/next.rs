//! How to go on: commands that can be pasted, of the same run with the same settings.

use super::Request;
use squall_reports::command;
use squall_scenarios::Ready;
use std::path::Path;

/// The command that makes the failure small.
pub(super) fn shrink(path: &Path, request: &Request<'_>) -> String {
    about("shrink", path, request, request.property, &["--write"])
}

/// The command that explains why this property is broken.
pub(super) fn explain(path: &Path, request: &Request<'_>, property: &str) -> String {
    about("explain", path, request, Some(property), &[])
}

/// A subcommand about a property of the run.
fn about(
    subcommand: &str,
    path: &Path,
    request: &Request<'_>,
    property: Option<&str>,
    rest: &[&str],
) -> String {
    let (file, seed) = (path.display().to_string(), request.seed.to_string());
    let recording = request.recording.map(|path| path.display().to_string());
    let mut words = vec!["squall", subcommand];
    match &recording {
        Some(recording) => words.push(recording),
        None => {
            words.extend([file.as_str(), "--seed", &seed]);
            words.extend(request.settings.iter().map(String::as_str));
        }
    }
    if let Some(property) = property {
        words.extend(["--property", property]);
    }
    words.extend(rest);
    command(words.into_iter())
}

/// The commands that compare the variants of the file with what was run, on the seeds of the file and
/// this one, and what the variants are about. None where there is no file.
pub(super) fn variants(ready: &Ready, path: &Path, request: &Request<'_>) -> Vec<(String, String)> {
    if request.recording.is_some() {
        return Vec::new();
    }
    let file = path.display().to_string();
    let base: Vec<String> = request.settings.iter().map(|word| base(word)).collect();
    let seed = request.seed.to_string();
    let scenario = &ready.scenario;
    let is_set = |name: &str| {
        request
            .settings
            .windows(2)
            .any(|pair| pair[0] == "--with" && pair[1] == name)
    };
    let others = scenario
        .variants
        .iter()
        .filter(|variant| !is_set(&variant.name));
    let compare = |name: &str| {
        let mut words = vec!["squall", "compare", &file];
        words.extend(base.iter().map(String::as_str));
        words.extend(request.settings.iter().map(String::as_str));
        words.extend(["--with", name]);
        if !scenario.seeds.contains(&request.seed.0) {
            words.extend(["--seeds", &seed]);
        }
        command(words.into_iter())
    };
    others
        .map(|variant| (compare(&variant.name), variant.about.clone()))
        .collect()
}

/// An option of the second side of a comparison as one of the first; values stay.
fn base(word: &str) -> String {
    match word {
        "--with" => "--base-with".to_owned(),
        "--set" => "--base-set".to_owned(),
        value => value.to_owned(),
    }
}
