use super::*;
use squall_core::depends::{About, Exposure, Sign};
use squall_core::history::{Digest, History, Outcome, What};
use squall_core::outcome::{ENGINE_EPOCH, PropertyResult, SeedResult, Stop};
use squall_core::plan::{IfNone, Land, Life, On, Plan, PlannedFault, Trigger};
use squall_core::property::{PropertyKind, PropertyOutcome, PropertySpec, Verdict};
use squall_core::recording::{Header, RECORDING_FORMAT, Recording};
use squall_core::{Names, NodeId, Seed, SpanId, VirtualDuration, VirtualTime};

/// Two services, one of which needs the other, a loop that tells its trouble, and a quiet one.
fn map() -> DependencyMap {
    let mut map = DependencyMap::new(vec!["n0".into()], Vec::new(), Vec::new(), Vec::new());
    let [front, back] = ["shop.front", "shop.back"].map(|name| {
        let unit = map.unit("service", name);
        map.sign(unit, Sign::Operation(name.into()));
        unit
    });
    map.needs(front, back);
    let robot = map.unit("loop", "robot/0");
    let event = "robot.late".to_owned();
    let (nodes, about) = (vec![NodeId(0)], About::Any);
    map.sign(
        robot,
        Sign::Trouble {
            event,
            nodes,
            about,
        },
    );
    map.unit("loop", "quiet/0");
    map
}

/// A run in which each request takes `front_ns`, of which the last `failed` fail, with `late` events of
/// the robot, and some more on a node that is not its own.
fn run(front_ns: u64, failed: u64, late: u64, verdict: Verdict) -> (SeedResult, Recording) {
    let mut names = Names::default();
    let [front, back, event] = ["shop.front", "shop.back", "robot.late"].map(|n| names.intern(n));
    let mut history = History::new(true);
    let mut now = 0;
    for request in 0u32..40 {
        let [outer, inner] = [2 * request, 2 * request + 1].map(SpanId);
        let at = VirtualTime::from_nanos;
        let start = |span, parent, name| What::SpanStart {
            span,
            parent,
            node: NodeId(0),
            name,
        };
        history.push(at(now), start(outer, SpanId::NONE, front));
        history.push(at(now), start(inner, outer, back));
        let end = |span, outcome| What::SpanEnd { span, outcome };
        history.push(at(now + 10), end(inner, Outcome::Ok));
        let fails = u64::from(request) >= 40 - failed;
        let outcome = if fails { Outcome::Fail } else { Outcome::Ok };
        history.push(at(now + front_ns), end(outer, outcome));
        now += front_ns;
    }
    for number in 0..late + 3 {
        let node = NodeId(u32::from(number >= late));
        let (name, a, b) = (event, 0, 0);
        history.push(
            VirtualTime::from_nanos(now),
            What::Event { name, node, a, b },
        );
    }
    let kind = PropertyKind::Never {
        event: "robot.late".into(),
    };
    let spec = PropertySpec {
        name: "in time".into(),
        kind,
        line: 1,
        optional: false,
    };
    let outcome = PropertyOutcome {
        verdict,
        checked: 1,
        violations: 0,
        margin: None,
        measured: None,
        first: None,
    };
    let end = VirtualTime::from_nanos(now);
    let result = SeedResult {
        seed: Seed(1),
        stop: Stop::Finished,
        verdict,
        digest: Digest::default(),
        end,
        events: 1,
        records: 1,
        properties: vec![PropertyResult { spec, outcome }],
        metrics: Vec::new(),
        faults: Vec::new(),
    };
    let header = Header {
        format: RECORDING_FORMAT,
        epoch: ENGINE_EPOCH,
        scenario: "planted".into(),
        path: "planted.toml".into(),
        text: String::new(),
        seed: Seed(1),
        stop: Stop::Finished,
        end,
        nodes: vec!["n0".into()],
        plan: Plan::default(),
        names,
        digest: history.digest(),
        checkpoints: Vec::new(),
    };
    let records = history.take_records();
    (result, Recording { header, records })
}

fn harms(with: &(SeedResult, Recording), without: &(SeedResult, Recording)) -> Vec<Harm> {
    let [with, without] = [with, without].map(|(result, recording)| Run { result, recording });
    harm(&map(), with, without)
}

#[test]
fn a_unit_was_reached_if_more_goes_wrong_than_without_the_fault() {
    let calm = run(100, 2, 20, Verdict::Pass);
    assert!(harms(&calm, &calm).iter().all(|harm| !harm.any()));
    let at = |name: &str| {
        map()
            .units()
            .position(|(unit, _)| unit.name == name)
            .expect("a unit")
    };
    let (front, back, robot) = (at("shop.front"), at("shop.back"), at("robot/0"));
    // A fifth longer is within the tolerance, and so are two more of twenty.
    let near = harms(&run(119, 2, 22, Verdict::Pass), &calm);
    assert!(!near[front].any() && !near[robot].any(), "{near:?}");
    let hit = harms(&run(121, 3, 23, Verdict::Pass), &calm);
    assert!(
        hit[front].slower && hit[front].failures && hit[robot].trouble,
        "{hit:?}"
    );
    assert!(!hit[back].any() && hit[back].watched);
    assert!(!hit[at("quiet/0")].watched);
    // Less trouble with the fault is no harm.
    assert!(
        harms(&calm, &run(200, 9, 90, Verdict::Pass))
            .iter()
            .all(|harm| !harm.any())
    );
}

#[test]
fn a_promise_that_only_the_fault_breaks_belongs_to_its_unit() {
    let broken = run(100, 2, 20, Verdict::Fail);
    let kept = run(100, 2, 20, Verdict::Pass);
    let of = |harms: Vec<Harm>| -> Vec<String> {
        harms.into_iter().flat_map(|harm| harm.promises).collect()
    };
    // `robot.late` is about a unit called `robot`, which this map does not have.
    assert_eq!(of(harms(&broken, &kept)), [""; 0]);
    let mut map = map();
    map.unit("workload", "robot");
    let pair = |with: &(SeedResult, Recording), without: &(SeedResult, Recording)| {
        let [a, b] = [with, without].map(|(result, recording)| Run { result, recording });
        of(harm(&map, a, b))
    };
    assert_eq!(pair(&broken, &kept), ["in time"]);
    assert_eq!(
        pair(&broken, &broken),
        [""; 0],
        "it is broken without the fault too"
    );
    assert_eq!(pair(&kept, &broken), [""; 0]);
}

#[test]
fn what_was_predicted_is_hit_spared_or_unwatched_and_the_rest_a_surprise() {
    let (map, calm) = (map(), run(100, 0, 0, Verdict::Pass));
    let predicted = |names: &[(&str, &str)]| -> Vec<Exposure> {
        let exposure = |(kind, name): &(&str, &str)| Exposure {
            kind: (*kind).to_owned(),
            name: (*name).to_owned(),
            hops: 0,
            why: String::new(),
        };
        names.iter().map(exposure).collect()
    };
    let mut blast = Blast::new("storm");
    let expected = predicted(&[
        ("service", "shop.front"),
        ("service", "shop.back"),
        ("loop", "quiet/0"),
    ]);
    let hurt = harms(&run(300, 0, 5, Verdict::Pass), &calm);
    blast.add(&map, &expected, Some(&hurt), true);
    blast.add(&map, &expected, Some(&harms(&calm, &calm)), false);
    let mut broken = Blast::new("storm");
    broken.add(&map, &expected, None, true);
    assert_eq!(
        (broken.seeds, broken.panicked, broken.units.len()),
        (1, 1, 0)
    );
    assert_eq!((blast.seeds, blast.landed), (2, 1));
    let rows: Vec<_> = blast
        .units
        .iter()
        .map(|u| (u.name.as_str(), [u.hit, u.spared, u.surprise, u.unwatched]))
        .collect();
    assert_eq!(
        rows,
        [
            ("quiet/0", [0, 0, 0, 2]),
            ("robot/0", [0, 0, 1, 0]),
            ("shop.back", [0, 2, 0, 0]),
            ("shop.front", [1, 1, 0, 0]),
        ]
    );
    let text = text(&blast);
    for part in [
        "surprise   reached, and not predicted\n    loops      robot/0 (1/2)",
        "slower (1/2)",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
}

#[test]
fn spans_show_who_calls_whom_and_what_the_map_lacks() {
    let (_, recording) = run(100, 0, 0, Verdict::Pass);
    let found = calls(&map(), &recording);
    let call = |declared| Call {
        caller: "shop.front".into(),
        callee: "shop.back".into(),
        count: 40,
        declared,
    };
    assert_eq!(found, [call(true)]);
    let mut other = DependencyMap::default();
    for name in ["shop.front", "shop.back", "shop.idle"] {
        let unit = other.unit("service", name);
        other.sign(unit, Sign::Operation(name.into()));
    }
    let [back, idle] = ["shop.back", "shop.idle"].map(|name| other.unit("service", name));
    other.needs(back, idle);
    let mut soft = other.clone();
    let [front, back] = ["shop.front", "shop.back"].map(|name| soft.unit("service", name));
    soft.asks(front, back);
    let asked = observed(&soft, &recording);
    assert!(
        asked.contains("ok   shop.front -> shop.back   40 calls   which it can do without"),
        "{asked}"
    );
    let text = observed(&other, &recording);
    assert!(
        text.contains("??   shop.front -> shop.back   40 calls   not in the dependency map"),
        "{text}"
    );
    assert!(
        text.contains("--   shop.back -> shop.idle   never seen"),
        "{text}"
    );
}

/// Without a fault those that wait for it do not come: what they reach is part of its radius.
#[test]
fn what_waits_for_a_fault_is_part_of_its_radius() {
    let fault = |label: &str| PlannedFault {
        kind: "node-pause".to_owned(),
        label: label.to_owned(),
        land: Land::Any,
        notes: Vec::new(),
    };
    let waits = |fault: u32, on: u32| Trigger {
        fault,
        on: On::Fault {
            fault: on,
            life: Life::Landed,
        },
        from: VirtualTime::ZERO,
        until: VirtualTime::from_nanos(100),
        after: 1,
        cooldown: VirtualDuration::ZERO,
        ends: VirtualTime::from_nanos(100),
        patience: VirtualDuration::ZERO,
        if_none: IfNone::default(),
        firings: Vec::new(),
    };
    let plan = Plan::new(["a", "b", "c", "d"].map(fault).into(), Vec::new());
    let plan = plan.with_triggers(vec![waits(1, 0), waits(3, 1), waits(0, 3)]);
    assert_eq!(with_followers(&plan, &[0]), [0, 1, 3]);
    assert_eq!(with_followers(&plan, &[2]), [2]);
}
