//! A part of a preset to an ordinary fault.

use super::targets::Targets;
use super::{PresetPart, Wanted};
use crate::compose::{Composed, DrawnArg, fill, node_at, record_of};
use crate::draws::Draws;
use crate::lowering::FaultUse;
use crate::param::{Arg, Issue, Kind, Node, NodeKey, Param, Place, Raw, Value, duration};
use crate::timing::{self, Timing};
use squall_core::{Seed, VirtualDuration};

/// A parameter of a part that the file sets.
pub(super) struct Setting<'a> {
    pub(super) part: &'static PresetPart,
    pub(super) param: &'static Param,
    pub(super) arg: &'a Arg,
}

/// One part as a fault, or one of those that it is multiplied to. What is wrong with its targets is shown
/// where the file names them.
pub(super) fn fault(
    (part, it): (&'static PresetPart, Option<&str>),
    wanted: &Wanted<'_>,
    targets: &Targets,
    settings: &[&Setting<'_>],
    issues: &mut Vec<Issue>,
) -> FaultUse {
    let record = wanted.record;
    let kind = part.kind();
    let label = match it {
        None => format!("{}/{}", wanted.label, part.slug),
        Some(it) => format!("{}/{} {it}", wanted.label, part.slug),
    };
    let place = Place {
        span: record.place("use").span.clone(),
        start: None,
    };
    let set = |key: &str| settings.iter().find(|s| s.param.key == key);
    let rival = |param: &Param| {
        let of = |s: &&&Setting<'_>| !param.group.is_empty() && s.param.group == param.group;
        settings.iter().any(|s| of(&s))
    };
    let mut given: Vec<(&str, Node)> = Vec::new();
    let mut drawn = Vec::new();
    for (key, words) in part.args {
        let param = kind.params.iter().find(|p| p.key == *key);
        let param = param.expect("a preset names parameters that are there");
        if set(key).is_some() || rival(param) {
            continue;
        }
        if let Some(sample) = words.strip_prefix("{set ") {
            let sample = sample.trim_end_matches('}');
            issues.push(unset(part, key, sample, &place));
            // What is missing has been said.
            let words = sample.trim_matches('"');
            given.push((key, node_at(&param.kind, words, &place.span)));
            continue;
        }
        let filled = over_scale(&targets.fill(words, it), wanted);
        let at = place_of(words, wanted, &place);
        let words = match DrawnArg::in_words(&filled) {
            false => filled,
            // Any draw will do until the seed is known.
            true => {
                drawn.push(DrawnArg { key, words });
                fill(words, &mut Draws::new(Seed(0), &label).stream(key))
            }
        };
        given.push((key, node_at(&param.kind, &words, &at.span)));
    }
    let in_fault = |s: &&&Setting<'_>| kind.params.iter().any(|p| p.key == s.param.key);
    for setting in settings.iter().filter(in_fault) {
        given.push((setting.param.key, node_of_setting(setting)));
    }
    let args = record_of(kind.params, given, &place, issues);
    let when = record_of(
        timing::PARAMS,
        when(part, wanted, targets, settings, &place),
        &place,
        issues,
    );
    FaultUse {
        kind,
        label,
        args,
        timing: Timing::from_args(&when),
        land: wanted.land,
        line: wanted.line,
        record: when,
        composed: Composed {
            drawn,
            ..Composed::default()
        },
    }
}

/// What is said where only the author of a file knows a value. A parameter that is missing for another
/// reason is told by its table.
fn unset(part: &PresetPart, key: &str, sample: &str, place: &Place) -> Issue {
    let path = format!("set.\"{}.{key}\"", part.slug);
    let issue = Issue::new(format!("preset needs {path}"), place.span.clone());
    let doc = part.kind().params.iter().find(|param| param.key == key);
    let issue = issue.label(doc.map_or("", |param| param.doc));
    issue.help(format!("write for instance {path} = {sample}"))
}

/// Where the file names the targets that stand in words of a preset; where it names the preset if it
/// names none.
fn place_of<'a>(words: &str, wanted: &'a Wanted<'_>, place: &'a Place) -> &'a Place {
    let record = wanted.record;
    let given = |key: &&str| record.given(key);
    let keys: &[&str] = match words {
        _ if words.contains("{nodes}") || words.contains("{set}") => &["nodes"],
        _ if words.contains("{links}") => &["links", "nodes"],
        "{there}" | "{back}" | "{between}" => &["links"],
        _ if words.contains("{service}") => &["service"],
        _ if words.contains("{workload}") => &["workload"],
        _ if words.contains("{sensor}") => &["sensor"],
        _ if words.contains("{knob}") => &["knob"],
        _ => &[],
    };
    let key = keys.iter().copied().find(|key| given(key));
    key.map_or(place, |key| record.place(key))
}

/// Words with a duration that the `scale` of the file makes shorter.
fn over_scale(words: &str, wanted: &Wanted<'_>) -> String {
    let Some(words) = words.strip_suffix(" over scale") else {
        return words.to_owned();
    };
    let scale = wanted.record.number_opt("scale").unwrap_or(1.0);
    let whole = duration(words).expect("scaled words of presets are durations");
    let length = VirtualDuration::from_nanos_f64(whole.as_nanos_f64() / scale);
    format!("{}ns", length.as_nanos().max(1))
}

/// The timing of a part, as a record of the file would have it.
fn when<'k>(
    part: &'k PresetPart,
    wanted: &Wanted<'_>,
    targets: &Targets,
    settings: &[&Setting<'k>],
    place: &Place,
) -> Vec<(&'k str, Node)> {
    let mut given: Vec<(&str, Node)> = Vec::new();
    let mut every: Vec<(NodeKey, Node)> = Vec::new();
    let text = |words: &str| node_at(&Kind::Text, words, &place.span);
    for (key, words) in part.when {
        match key.strip_prefix("every.") {
            Some("mean") => {
                every.push((key_at("mean", place), text(&mean(words, wanted, targets))))
            }
            Some(inner) => {
                let param = timing::EVERY_PARAMS.iter().find(|p| p.key == inner);
                let param = param.expect("a preset names keys of `every`");
                let words = over_scale(words, wanted);
                every.push((
                    key_at(inner, place),
                    node_at(&param.kind, &words, &place.span),
                ));
            }
            None if settings.iter().any(|s| s.param.key == *key) => {}
            None => {
                let param = timing::PARAMS.iter().find(|p| p.key == *key);
                let param = param.expect("a preset names keys of timing");
                let words = over_scale(words, wanted);
                given.push((key, node_at(&param.kind, &words, &place.span)));
            }
        }
    }
    for setting in settings
        .iter()
        .filter(|s| timing::PARAMS.iter().any(|p| p.key == s.param.key))
    {
        given.push((setting.param.key, node_of_setting(setting)));
    }
    if !given.iter().any(|(key, _)| *key == "for") && part.kind().own_length.is_none() {
        // As long as the preset.
        given.push(("for", text("forever")));
    }
    if !every.is_empty() {
        // What is wrong with how often it comes is the scale, where the file has one.
        let scale = wanted.record.given("scale");
        let place = if scale {
            wanted.record.place("scale")
        } else {
            place
        };
        let span = place.span.clone();
        let raw = Raw::Table(every);
        given.push(("every", Node { span, raw }));
    }
    given
}

fn key_at(name: &str, place: &Place) -> NodeKey {
    NodeKey {
        name: name.to_owned(),
        span: place.span.clone(),
    }
}

/// Mean time between occurrences: that of the table, over the nodes if it is one a node, over `scale`.
fn mean(words: &str, wanted: &Wanted<'_>, targets: &Targets) -> String {
    let scale = wanted.record.number_opt("scale").unwrap_or(1.0);
    let (one, nodes, scale) = if let Some(one) = words.strip_suffix(" a node") {
        (one, targets.count.max(1) as f64, scale)
    } else if let Some(one) = words.strip_suffix(" at any scale") {
        (one, 1.0, 1.0)
    } else {
        (words, 1.0, scale)
    };
    let mean = duration(one).expect("means of presets are durations");
    let mean = VirtualDuration::from_nanos_f64(mean.as_nanos_f64() / nodes / scale);
    format!("{}ns", mean.as_nanos().max(1))
}

/// The value of a setting, to be read as its parameter is.
fn node_of_setting(setting: &Setting<'_>) -> Node {
    let arg = setting.arg;
    let raw = match &arg.value {
        Value::Number(x)
            if matches!(setting.param.kind, Kind::Integer { .. }) && x.trunc() == *x =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
            Raw::Integer(*x as i64)
        }
        Value::Number(x) => Raw::Float(*x),
        Value::Flag(flag) => Raw::Flag(*flag),
        Value::Text(text) => Raw::Text {
            text: text.clone(),
            start: arg.place.start,
        },
        _ => Raw::Other("something else"),
    };
    Node {
        span: arg.place.span.clone(),
        raw,
    }
}
