//! What a fault waits for, from its words.

use crate::lowering::Refusal;
use crate::param::{Args, Issue, Value, duration, rate, size, suggest};
use crate::topology::Topology;
use squall_core::NodeId;
use squall_core::history::NodeChange;
use squall_core::plan::{Life, On};
use squall_core::world::HOST_SIGNALS;

/// Events that every run has.
const NODE_EVENTS: [(&str, NodeChange); 5] = [
    ("node-crashed", NodeChange::Down),
    ("node-started", NodeChange::Up),
    ("node-paused", NodeChange::Paused),
    ("node-resumed", NodeChange::Resumed),
    ("node-out-of-memory", NodeChange::OutOfMemory),
];
pub(super) const ROLE_EVENTS: [&str; 3] = ["leader-elected", "role-gained", "role-lost"];
const LIVES: [(&str, Life); 3] = [
    ("started", Life::Started),
    ("landed", Life::Landed),
    ("ended", Life::Ended),
];

/// Reads the table `on`: what it waits for, or everything that is wrong with it. `own` is the position of
/// its fault in `labels`.
pub(super) fn parse(
    on: &Args,
    topology: &Topology,
    labels: &[&str],
    own: usize,
) -> Result<On, Vec<Refusal>> {
    let mut wrong = Vec::new();
    let nodes = nodes(on, topology).unwrap_or_else(|refusal| {
        wrong.push(refusal);
        None
    });
    let parsed = match on.text_opt("event") {
        Some(name) => {
            let parsed = event(name, (on, nodes), topology, labels, own);
            parsed.map_err(|refusal| wrong.push(refusal)).ok()
        }
        None => metric(on, nodes, topology, &mut wrong),
    };
    misplaced(on, topology, &mut wrong);
    match parsed {
        Some(parsed) if wrong.is_empty() => Ok(parsed),
        _ => Err(wrong),
    }
}

/// Checks an event that needs no more words: one of a workload, a node or a role.
pub(crate) fn check_moment(name: &str, topology: &Topology) -> Result<(), Issue> {
    let refused = match name.split_once(':') {
        Some(("fault", _)) => {
            Some("what follows a fault is no weather: write a `[[fault]]` with `on`")
        }
        _ if name == "call" || topology.metrics().iter().any(|(metric, _)| metric == name) => {
            Some("name an event of a workload, or write a `[[fault]]` with `on`")
        }
        _ => None,
    };
    if let Some(help) = refused {
        let issue = Issue::new(format!("`{name}` is no moment of a climate"), 0..name.len());
        return Err(issue.help(help));
    }
    let found = event(name, (&Args::default(), None), topology, &[], 0);
    found.map(|_| ()).map_err(|refusal| refusal.issue)
}

/// Keys that do not go with what is waited for.
fn misplaced(on: &Args, topology: &Topology, wrong: &mut Vec<Refusal>) {
    let filter = on.table_opt("where");
    let given = filter.into_iter().flat_map(|filter| &filter.entries);
    let allowed = allowed(on, topology);
    for arg in given.filter(|arg| arg.given) {
        if let Some(allowed) = allowed.filter(|allowed| !allowed.contains(&arg.key.as_str())) {
            let what = on.text_opt("event").or(on.text_opt("metric")).unwrap_or("");
            let issue = Issue::new(format!("`{what}` has no `{}`", arg.key), 0..0);
            let help = match allowed {
                [] => "remove `where`".to_owned(),
                allowed => format!("it has {}", allowed.join(", ")),
            };
            wrong.push(Refusal::inside(&arg.place, issue.help(help)));
        }
    }
    for key in ["above", "below", "for"] {
        if on.given(key) && on.text_opt("event").is_some() {
            let issue = Issue::new(format!("`{key}` goes with a metric"), 0..0);
            let issue = issue.help("write `metric` instead of `event`, or remove it");
            wrong.push(Refusal::inside(on.place(key), issue));
        }
    }
}

/// The keys of `where` that go with it; `None` if it is not known what is meant.
fn allowed(on: &Args, topology: &Topology) -> Option<&'static [&'static str]> {
    let Some(name) = on.text_opt("event") else {
        return Some(&["node"]);
    };
    let of_workload = || topology.events().iter().any(|known| known == name);
    match name {
        "leader-elected" => Some(&["node", "group"]),
        name if ROLE_EVENTS.contains(&name) => Some(&["node", "role", "group"]),
        "call" => Some(&["node", "service"]),
        name if NODE_EVENTS.iter().any(|(known, _)| *known == name) => Some(&["node"]),
        name if name.starts_with("fault:") => Some(&[]),
        name if of_workload() || is_unread(name, topology) => Some(&["node", "a", "b"]),
        _ => None,
    }
}

fn event(
    name: &str,
    (on, nodes): (&Args, Option<Vec<NodeId>>),
    topology: &Topology,
    labels: &[&str],
    own: usize,
) -> Result<On, Refusal> {
    let filter = on.table_opt("where");
    let text = |key| filter.and_then(|filter| filter.text_opt(key));
    let word = |key| {
        let number = filter.and_then(|filter| filter.integer_opt(key));
        number.and_then(|n| u64::try_from(n).ok())
    };
    if let Some((_, change)) = NODE_EVENTS.iter().find(|(known, _)| *known == name) {
        let change = *change;
        return Ok(On::Node { change, nodes });
    }
    if ROLE_EVENTS.contains(&name) {
        let role = match name {
            "leader-elected" => Some("leader"),
            _ => text("role"),
        };
        role_exists(filter, role, text("group"), topology)?;
        return Ok(On::Role {
            role: role.map(str::to_owned),
            of: text("group").map(str::to_owned),
            nodes,
            gained: name != "role-lost",
        });
    }
    if name == "call" {
        let Some(service) = text("service") else {
            let issue = Issue::new("missing key `service`", 0..0).label("calls of which service?");
            let issue = issue.help("add where = { service = \"..\" }");
            return Err(Refusal::inside(on.place("event"), issue));
        };
        let service = topology.find_service(service).map_err(|issue| {
            let place = filter.map_or(&on.place, |filter| filter.place("service"));
            Refusal::inside(place, issue)
        })?;
        return Ok(On::Call { service, nodes });
    }
    if let Some(life) = name.strip_prefix("fault:") {
        return fault(life, on, topology, labels, own);
    }
    if topology.events().iter().any(|known| known == name) || is_unread(name, topology) {
        return Ok(On::Event {
            name: name.to_owned(),
            nodes,
            a: word("a"),
            b: word("b"),
        });
    }
    let events = topology.events().iter().map(String::as_str);
    let nodes = NODE_EVENTS.iter().map(|(known, _)| *known);
    let known = ROLE_EVENTS.into_iter().chain(["call"]).chain(nodes);
    let issue = Issue::new(format!("unknown event `{name}`"), 0..name.len());
    let issue = match topology.metrics().iter().any(|(metric, _)| metric == name) {
        true => issue
            .label("this is the name of a metric")
            .help(format!("write metric = \"{name}\", above = ..")),
        false => issue.maybe_help(suggest(name, events.chain(known))),
    };
    Err(Refusal::inside(on.place("event"), issue))
}

/// `<label>.started`, `<label>.landed` or `<label>.ended`.
fn fault(
    text: &str,
    on: &Args,
    topology: &Topology,
    labels: &[&str],
    own: usize,
) -> Result<On, Refusal> {
    let wrong = |issue| Err(Refusal::inside(on.place("event"), issue));
    let whole = "fault:".len() + text.len();
    let (label, life) = text.rsplit_once('.').unwrap_or((text, ""));
    let Some(at) = labels.iter().position(|known| *known == label) else {
        if is_unread(&format!("fault:{label}."), topology) {
            return Ok(On::At(squall_core::VirtualTime::MAX));
        }
        let known = labels.iter().copied().filter(|known| *known != labels[own]);
        let range = 6..6 + label.len();
        let member = |known: &&str| {
            known
                .strip_prefix(label)
                .is_some_and(|r| r.starts_with('/'))
        };
        let members: Vec<&str> = labels.iter().copied().filter(member).collect();
        if !members.is_empty() {
            let issue = Issue::new(format!("`{label}` is a group, and no fault itself"), range);
            let life = if life.is_empty() { "ended" } else { life };
            let issue = issue.label(format!("members: {}", members.join(", ")));
            return wrong(issue.help(format!(
                "name one of its members: \"fault:{}.{life}\"",
                members[0]
            )));
        }
        let issue = Issue::new(format!("unknown fault `{label}`"), range);
        return wrong(issue.maybe_help(suggest(label, known)));
    };
    let Some((_, life)) = LIVES.iter().find(|(known, _)| *known == life) else {
        let issue = Issue::new(format!("`{text}` is no event of a fault"), 0..whole);
        return wrong(issue.help(format!(
            "write \"fault:{label}.started\", \"fault:{label}.landed\" or \"fault:{label}.ended\""
        )));
    };
    if at == own {
        let issue = Issue::new(format!("`{label}` waits for itself"), 0..whole);
        return wrong(issue.help("name another fault"));
    }
    Ok(On::Fault {
        fault: u32::try_from(at).expect("fewer than 2^32 faults"),
        life: *life,
    })
}

fn role_exists(
    filter: Option<&Args>,
    role: Option<&str>,
    group: Option<&str>,
    topology: &Topology,
) -> Result<(), Refusal> {
    let roles = topology.group_roles();
    let fits = |r: &&crate::topology::GroupRole| {
        role.is_none_or(|role| r.role == role) && group.is_none_or(|group| r.of == group)
    };
    if roles.iter().any(|r| fits(&r)) || (group.is_some_and(|g| is_unread(g, topology))) {
        return Ok(());
    }
    let known = roles.iter().map(|r| format!("{} of {}", r.role, r.of));
    let known: Vec<String> = known.collect();
    let what = format!(
        "{} of {}",
        role.unwrap_or("a role"),
        group.unwrap_or("anything")
    );
    let help = match known.is_empty() {
        true => "no workload of this scenario records roles".to_owned(),
        false => format!("roles here: {}", known.join(", ")),
    };
    let none = Args::default();
    let filter = filter.unwrap_or(&none);
    let key = if filter.given("group") {
        "group"
    } else {
        "role"
    };
    let issue = Issue::new(format!("nobody is ever {what}"), 0..0).help(help);
    Err(match filter.given(key) {
        true => Refusal::inside(filter.place(key), issue),
        false => Refusal::timing("on", issue),
    })
}

fn metric(
    on: &Args,
    nodes: Option<Vec<NodeId>>,
    topology: &Topology,
    wrong: &mut Vec<Refusal>,
) -> Option<On> {
    let name = on.text("metric");
    let unit = unit_of(name, on, topology).map_err(|refusal| wrong.push(refusal));
    let (key, above) = match on.given("below") {
        true => ("below", false),
        false => ("above", true),
    };
    let Some(value) = on.get(key) else {
        let issue = Issue::new("missing key `above` or `below`", 0..0);
        let issue = issue
            .label("beyond which limit?")
            .help("add for instance above = 100");
        wrong.push(Refusal::inside(on.place("metric"), issue));
        return None;
    };
    let limit = limit(value, unit.ok()?);
    let limit = limit.map_err(|issue| wrong.push(Refusal::inside(on.place(key), issue)));
    Some(On::Metric {
        name: name.to_owned(),
        limit: limit.ok()?,
        above,
        hold: on.duration_opt("for").unwrap_or_default(),
        nodes,
    })
}

/// The unit of a metric, of a workload or of a host.
fn unit_of(name: &str, on: &Args, topology: &Topology) -> Result<&'static str, Refusal> {
    if let Some((_, unit)) = topology.metrics().iter().find(|(known, _)| known == name) {
        return Ok(unit);
    }
    let (owner, slug) = name.split_once('.').unwrap_or((name, ""));
    let host = topology.nodes().iter().any(|node| node.name == owner);
    let signal = HOST_SIGNALS.iter().find(|signal| signal.name == slug);
    if let (true, Some(signal)) = (host, signal) {
        return Ok(signal.unit);
    }
    if is_unread(name, topology) {
        return Ok("");
    }
    let issue = Issue::new(format!("unknown metric `{name}`"), 0..name.len());
    let issue = match (host, topology.events().iter().any(|event| event == name)) {
        (_, true) => issue
            .label("this is the name of an event")
            .help(format!("write event = \"{name}\"")),
        (true, _) => {
            let signals = HOST_SIGNALS.iter().map(|signal| signal.name);
            issue.maybe_help(suggest(slug, signals))
        }
        (false, _) => {
            let known = topology.metrics().iter().map(|(known, _)| known.as_str());
            issue.maybe_help(suggest(name, known))
        }
    };
    Err(Refusal::inside(on.place("metric"), issue))
}

/// A limit in the unit of its metric.
fn limit(value: &Value, unit: &str) -> Result<f64, Issue> {
    match (value, unit) {
        (Value::Number(x), "s") => Err(Issue::new("duration has no unit", 0..0)
            .help(format!("write \"{x}s\"; units are ns, us, ms, s, m, h, d"))),
        (Value::Number(x), "bytes") => Err(Issue::new("size has no unit", 0..0)
            .help(format!("write \"{x}B\"; units are B, KiB, MiB, GiB, TiB"))),
        (Value::Number(x), _) => Ok(*x),
        (Value::Text(text), "s") => duration(text).map(|d| d.as_secs_f64()),
        (Value::Text(text), "bytes") => size(text).map(|bytes| bytes as f64),
        (Value::Text(text), "1/s") => rate(text),
        (Value::Text(_), "") => Ok(0.0),
        (Value::Text(text), unit) => {
            let issue = Issue::new(format!("`{text}` is not a limit in {unit}"), 0..text.len());
            Err(issue.help("write a plain number"))
        }
        _ => Err(Issue::new("a limit is a number or a string", 0..0)),
    }
}

/// The nodes at `where.node`.
fn nodes(on: &Args, topology: &Topology) -> Result<Option<Vec<NodeId>>, Refusal> {
    let Some(filter) = on.table_opt("where") else {
        return Ok(None);
    };
    let Some(selector) = filter.selector_opt("node") else {
        return Ok(None);
    };
    let members = match selector.is_drawn() {
        true => Err(Issue::new("nothing is drawn here", 0..selector.text.len())
            .help("name nodes, for instance \"kv\" or \"kv[0]\"")),
        false => selector.members(topology),
    };
    let located = |issue| Refusal::inside(filter.place("node"), issue);
    members.map(Some).map_err(located)
}

/// Whether it belongs to something that could not be read, which is an error of its own.
fn is_unread(name: &str, topology: &Topology) -> bool {
    let owner = name.split_once('.').map_or(name, |(owner, _)| owner);
    topology.unread.iter().any(|unread| unread == owner)
}
