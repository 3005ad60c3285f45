//! How the parameters of a fault are drawn: by what they look like, with a few exceptions by name.

use crate::catalog::FaultKind;
use crate::param::{Kind, Need, Param, Shape};

/// How one parameter gets its value.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// Nodes of the seed's victims.
    Nodes,
    /// Links between them and all others, one way or both.
    Links,
    /// A service of the world.
    Service,
    /// A workload that has a load.
    Workload,
    /// Whoever has a role: a fault that is about nobody else.
    Role,
    /// The whole pool.
    Pool,
    /// Words with laws in braces.
    Words(&'static str),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Round its default: a number up to four times smaller or larger, a share likewise.
    Around(&'static str),
}

/// Values that what a parameter looks like does not tell: (fault, parameter, how). Intensities stay
/// where the fault is felt and its target is not certainly lost.
const BY_NAME: &[(&str, &str, How)] = &[
    (
        "lemon-node",
        "mtbf",
        How::Words("{whole loguniform 60 3600}s"),
    ),
    (
        "link-rate",
        "rate",
        How::Words("{loguniform 0.1 100}Mbit/s"),
    ),
    // With as much jitter as delay, so that messages overtake each other.
    (
        "link-delay",
        "delay",
        How::Words("exponential mean {loguniform 10 400}ms"),
    ),
    ("rate-limit", "rate", How::Words("{loguniform 1 1000}/s")),
    ("swap-storm", "overcommit", How::Words("{uniform 1.05 2.5}")),
    ("memory-hog", "share", How::Words("{uniform 0.1 0.9}")),
    (
        "memory-leak",
        "rate",
        How::Words("{whole loguniform 1 100}MiB/m"),
    ),
    ("memory-limit", "limit", How::Words("{uniform 0.5 1}")),
    (
        "thermal-throttle",
        "factor",
        How::Words("{uniform 0.5 0.7}"),
    ),
    (
        "cpu-throttle",
        "quota",
        How::Words("{whole uniform 5 95}ms"),
    ),
    ("clock-drift", "ppm", How::Words("±loguniform 1 1000")),
    (
        "date-jump",
        "to",
        How::OneOf(&["2028-02-29", "2038-01-19T03:14:00Z", "1970-01-01"]),
    ),
    ("partition", "nodes", How::Pool),
    ("leader-loss", "nodes", How::Role),
    ("leader-isolate", "nodes", How::Role),
    // Its clients still reach it: from everybody, link-cut cuts it off.
    ("leader-isolate", "peers", How::Pool),
    ("load-step", "workload", How::Workload),
    // What stays for ever is not healed at the end.
    ("clock-step", "end", How::OneOf(&["back", "slew"])),
    ("date-jump", "end", How::OneOf(&["back"])),
    ("clock-freeze", "end", How::OneOf(&["jump"])),
    (
        "connection-reset",
        "rate",
        How::Words("{loguniform 0.05 5}/s"),
    ),
];

/// Parameters that keep their default: others of the same fault decide what they mean.
const FIXED: &[(&str, &str)] = &[
    ("disk-error", "mode"),
    ("partition", "split"),
    ("partition", "stable"),
];

/// Faults that are not drawn, and why.
const NEVER: &[(&str, &str)] = &[
    (
        "domain-loss",
        "it takes whole domains, which no budget of nodes holds",
    ),
    (
        "tor-loss",
        "it takes whole domains, which no budget of nodes holds",
    ),
    (
        "rack-burst",
        "it takes whole domains, which no budget of nodes holds",
    ),
    (
        "torn-quorum",
        "it takes a majority, which no budget of nodes holds",
    ),
    ("spot-reclaim", "it takes a spare beside its target"),
    (
        "knob-set",
        "what a value of a knob means, only its author knows",
    ),
    (
        "config-push",
        "what a value of a knob means, only its author knows",
    ),
];

/// How the parameters of a fault are drawn, in the order of its table; or why it cannot be.
pub(super) fn recipe(kind: &FaultKind) -> Result<Vec<(&'static Param, How)>, String> {
    if let Some((_, why)) = NEVER.iter().find(|(name, _)| *name == kind.name) {
        return Err((*why).to_owned());
    }
    let mut recipe: Vec<(&'static Param, How)> = Vec::new();
    for param in kind.params {
        // `both` goes with `from` and `to`; a drawn link says its direction itself.
        let unused = Some(param.key) == kind.own_length || param.key == "both";
        if unused || FIXED.contains(&(kind.name, param.key)) {
            continue;
        }
        let named = BY_NAME
            .iter()
            .find(|(name, key, _)| *name == kind.name && *key == param.key);
        let how = match named {
            Some((.., how)) => {
                // It stands for the others of its group.
                recipe.retain(|(other, _)| param.group.is_empty() || other.group != param.group);
                Some(*how)
            }
            None if recipe
                .iter()
                .any(|(p, _)| !p.group.is_empty() && p.group == param.group) =>
            {
                None
            }
            None => by_kind(param)?,
        };
        recipe.extend(how.map(|how| (param, how)));
    }
    Ok(recipe)
}

/// By what a parameter looks like; `None` leaves it out.
fn by_kind(param: &'static Param) -> Result<Option<How>, String> {
    let cannot = |why: &str| Err(format!("`{}` {why}", param.key));
    match (&param.kind, param.need) {
        (Kind::Selector(Shape::Nodes), Need::Required) => Ok(Some(How::Nodes)),
        (Kind::Selector(Shape::Links), Need::Required) => Ok(Some(How::Links)),
        (Kind::Text, Need::Required) if param.key == "service" => Ok(Some(How::Service)),
        (Kind::File | Kind::Recording, Need::Required) => cannot("is a file"),
        (Kind::Text, Need::Required) => cannot("names something of its world"),
        (_, Need::Required) => cannot("has no default to draw round"),
        (_, Need::Optional) => Ok(None),
        (Kind::Choice(words), Need::Default(_)) => Ok(Some(How::OneOf(words))),
        (Kind::Flag, Need::Default(_)) => Ok(Some(How::OneOf(&["true", "false"]))),
        (
            Kind::Share
            | Kind::Number { .. }
            | Kind::Integer { .. }
            | Kind::Duration
            | Kind::Size
            | Kind::Rate
            | Kind::ByteRate
            | Kind::Bandwidth
            | Kind::Law(_),
            Need::Default(words),
        ) => Ok(Some(How::Around(words))),
        (_, Need::Default(_)) => Ok(None),
    }
}

/// Whether a fault is of whoever has a role, and drawn only where a climate lets them be hit.
pub(super) fn needs_role(kind: &FaultKind) -> bool {
    BY_NAME
        .iter()
        .any(|(name, _, how)| *name == kind.name && matches!(how, How::Role))
}

/// What `squall list faults NAME` says of how it is drawn.
pub(crate) fn describe(kind: &FaultKind) -> String {
    let recipe = match recipe(kind) {
        Ok(recipe) => recipe,
        Err(why) => return format!("not drawn: {why}"),
    };
    let part = |(param, how): &(&Param, How)| match how {
        How::Words(words) => format!("{} = {words}", param.key),
        How::OneOf(words) => format!("{} = {}", param.key, words.join(" or ")),
        How::Around(words) => format!("{} round {words}", param.key),
        How::Role => format!("{} with a role, if `roles = true`", param.key),
        _ => param.key.to_owned(),
    };
    recipe.iter().map(part).collect::<Vec<_>>().join(", ")
}
