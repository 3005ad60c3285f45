//! Every form of every primitive goes through a file and comes back bit by bit.

use super::*;
use crate::param::{Issue, Node, NodeKey, Raw, read};
use crate::topology::{ChannelInfo, ChannelKind, KnobInfo, KnobKind, NodeInfo};
use proptest::prelude::*;
use squall_core::plan::{Arithmetic, HoldBack, LinkTarget, Series, Swap};
use squall_core::{KnobId, Law, ServiceId, VirtualDuration};

fn topology() -> Topology {
    let mut topology = Topology::default();
    topology.add_group("kv", 3);
    topology.add_node(NodeInfo {
        name: "odd name".to_owned(),
        ..NodeInfo::default()
    });
    topology.add_service("shop.request");
    topology.add_channel(ChannelInfo {
        name: "arm.sensor-0".to_owned(),
        group: "arm.sensor".to_owned(),
        kind: ChannelKind::Sensor,
        node: NodeId(0),
        period: VirtualDuration::from_millis(10),
        noise: 0.0,
        resolution: 0.0,
    });
    topology.add_knob(KnobInfo {
        name: "shop.load".to_owned(),
        kind: KnobKind::Number { min: 0.0, max: 9.0 },
        base: 1.0,
    });
    topology.add_knob(KnobInfo {
        name: "shop.mode".to_owned(),
        kind: KnobKind::Words(vec!["open".to_owned(), "shut".to_owned()]),
        base: 0.0,
    });
    topology
}

/// A written primitive as the parser of a file would give it.
fn tree(frozen: &Frozen) -> Node {
    let raw = |written: &Written| match written {
        Written::Text(text) => Node::text(text),
        Written::Number(x) => Node {
            span: 0..0,
            raw: Raw::Float(*x),
        },
        Written::Integer(n) => Node {
            span: 0..0,
            raw: Raw::Integer(i64::try_from(*n).expect("within the file's numbers")),
        },
        Written::Flag(flag) => Node {
            span: 0..0,
            raw: Raw::Flag(*flag),
        },
        Written::List(lines) => Node {
            span: 0..0,
            raw: Raw::List(lines.iter().map(|line| Node::text(line)).collect()),
        },
    };
    let key = |name: &str| NodeKey {
        name: name.to_owned(),
        span: 0..0,
    };
    let entries = frozen.fields.iter().map(|(k, v)| (key(k), raw(v)));
    Node {
        span: 0..0,
        raw: Raw::Table(entries.collect()),
    }
}

fn back(primitive: &Primitive) -> Result<Primitive, Vec<Issue>> {
    let topology = topology();
    let frozen = write(primitive, &topology);
    let forms = forms();
    let table = forms.iter().find(|f| f.name == frozen.form);
    let table = table.unwrap_or_else(|| panic!("no template has the form {}", frozen.form));
    let mut issues = Vec::new();
    let args = read(table.params, &tree(&frozen), &mut issues);
    if !issues.is_empty() {
        return Err(issues);
    }
    build(frozen.form, &args, &topology)
}

/// Fills every field with something that is not its default.
fn filled(mut primitive: Primitive, salt: u64) -> Primitive {
    let odd = 0.1 + salt as f64 * 1e-3;
    fields(&mut primitive, &mut |_, field| match field {
        Field::Node(id) => *id = NodeId(3),
        Field::NodeOpt(id) => *id = Some(NodeId(1)),
        Field::Link(link) => {
            *link = LinkTarget {
                from: NodeId(1),
                to: NodeId(3),
            }
        }
        Field::Path(path) => *path = Some("wal/*".to_owned()),
        Field::Service(_) | Field::Channel(_) => {}
        Field::ServiceOpt(id) => *id = Some(ServiceId(0)),
        Field::Knob(id) => *id = KnobId(1),
        Field::KnobValue(x) => *x = 1.0,
        Field::Word(words, at) => *at = words.len() - 1,
        Field::Flag(flag) => *flag = true,
        Field::Number(x, (min, max), _) => *x = (odd / 3.0).clamp(min, max),
        Field::NumberOpt(x, ..) => *x = Some(odd),
        Field::Count(n, (_, max), _) => *n = salt.min(max),
        Field::CountOpt(n, _) => *n = Some(salt),
        Field::Size(bytes, _) => *bytes = 3 * salt + 1,
        Field::SizeOpt(bytes) => *bytes = Some(salt << 10),
        Field::RateOpt(rate, _) => *rate = Some(1e6 / 3.0 + odd),
        Field::Length(length, _) => *length = VirtualDuration::from_nanos(salt * 1_000_003),
        Field::LengthOpt(length) => *length = Some(VirtualDuration::from_nanos(salt)),
        Field::Offset(ns) => *ns = -1_500_000_001,
        Field::Law(law, ..) => {
            *law = Law::Lognormal {
                median: 1e6 / 3.0,
                sigma: odd,
            }
        }
        Field::HoldBack(by) => *by = HoldBack::Messages(7),
        Field::Device(device) => *device = Swap::Iops(200.5),
        Field::Series(series, _) => {
            let points = vec![(0, odd / 7.0), (1_000_000_001, 0.0)];
            *series = Series::new(points, Some(VirtualDuration::from_secs(2)));
        }
    });
    primitive
}

#[test]
fn every_form_comes_back() {
    let mut names = Vec::new();
    for template in templates() {
        names.push(form(&template));
        let full = filled(template, 321);
        assert_eq!(
            form(&full),
            *names.last().expect("one"),
            "a form keeps its name"
        );
        assert_eq!(back(&full).as_ref(), Ok(&full));
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "forms have names of their own");
}

#[test]
fn laws_come_back_bit_by_bit() {
    let delay = |delay: Law, mode| Primitive::LinkDelay {
        link: LinkTarget {
            from: NodeId(0),
            to: NodeId(1),
        },
        delay,
        mode,
        correlation: 0.25,
    };
    for law in [
        Law::Constant(2e6),
        Law::Constant(2e6 / 3.0),
        Law::Normal { mean: 1e6, sd: 0.1 },
        Law::lognormal_p99(4e5, 2e6),
        Law::from_values(vec![1.5, 2.0 / 3.0, 8e9]),
        Law::Pareto {
            scale: 1e6,
            alpha: 1.46,
        },
    ] {
        for mode in [Arithmetic::Add, Arithmetic::Scale, Arithmetic::Replace] {
            let primitive = delay(law.clone(), mode);
            assert_eq!(back(&primitive), Ok(primitive));
        }
    }
    let text = |law| match &write(&delay(law, Arithmetic::Add), &topology()).fields[1].1 {
        Written::Text(text) => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(text(Law::Constant(2e6)), "2ms", "people read it");
    assert_eq!(text(Law::Constant(0.5)), "0.5 in ns", "where they can");
}

#[test]
fn what_does_not_fit_is_told_with_its_place() {
    let read_link = |link: &str| {
        let forms = forms();
        let table = forms.iter().find(|f| f.name == "hold").expect("a form");
        let node = Node::table(vec![("link", Node::text(link))]);
        let args = read(table.params, &node, &mut Vec::new());
        build("hold", &args, &topology())
            .expect_err("it does not fit")
            .remove(0)
    };
    let issue = read_link("kv-0 -> kv-9");
    assert_eq!(issue.message, "unknown node `kv-9`");
    assert_eq!(issue.range, 8..12, "the word, not the whole link");
    assert!(issue.help.expect("a remedy").contains("kv-"));
    assert!(read_link("kv-0").message.contains("is not a link"));
}

#[test]
fn a_plan_moves_to_another_topology_by_name() {
    let from = topology();
    let mut to = Topology::default();
    to.add_group("web", 1);
    to.add_group("kv", 2);
    let entry = |node| squall_core::plan::Entry {
        fault: 0,
        part: 0,
        from: squall_core::VirtualTime::ZERO,
        until: None,
        primitive: Primitive::Pause { node },
        firing: None,
    };
    let fault = squall_core::plan::PlannedFault {
        kind: "node-pause".to_owned(),
        label: "pause".to_owned(),
        land: squall_core::plan::Land::Any,
        notes: Vec::new(),
    };
    let plan = |node| Plan::new(vec![fault.clone()], vec![entry(node)]);
    let there = moved(&plan(NodeId(1)), &from, &to).expect("kv-1 is there");
    assert_eq!(there.entries()[0].primitive.node(), Some(NodeId(2)));
    assert_eq!(moved(&plan(NodeId(2)), &from, &to), Err("kv-2".to_owned()));
}

proptest! {
    #[test]
    fn any_strength_comes_back(salt in 1u64..1 << 40, which in 0usize..60) {
        let templates = templates();
        let primitive = filled(templates[which % templates.len()].clone(), salt % 60_000);
        prop_assert_eq!(back(&primitive), Ok(primitive));
    }
}
