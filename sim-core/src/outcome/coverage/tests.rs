use super::*;
use crate::outcome::Landing;
use crate::plan::{CutMode, CutScope, Land, PlannedFault};
use crate::plan::{Entry, Plan};
use crate::{VirtualDuration, VirtualTime};

fn at(s: u64) -> VirtualTime {
    VirtualTime::ZERO + VirtualDuration::from_secs(s)
}

fn pause(node: u32) -> Primitive {
    Primitive::Pause { node: NodeId(node) }
}

fn cut(from: u32, to: u32) -> Primitive {
    Primitive::LinkCut {
        link: LinkTarget {
            from: NodeId(from),
            to: NodeId(to),
        },
        mode: CutMode::Drop,
        scope: CutScope::All,
    }
}

/// Two web nodes, the second also in zone b, and a database.
fn roles() -> Roles {
    Roles {
        names: ["web", "zone=b", "db"].map(str::to_owned).to_vec(),
        nodes: vec![vec![0], vec![0, 1], vec![2]],
        services: vec!["shop.request".to_owned()],
        knobs: Vec::new(),
        channels: Vec::new(),
    }
}

/// A plan of (kind, from, until, what, when it landed) and its landings.
type Row<'a> = (&'a str, u64, Option<u64>, Primitive, Option<u64>);

fn plan(rows: &[Row<'_>]) -> (Plan, Vec<Landing>) {
    let fault = |row: &Row<'_>| PlannedFault {
        kind: row.0.to_owned(),
        label: row.0.to_owned(),
        land: Land::Any,
        notes: Vec::new(),
    };
    let entry = |(index, row): (usize, &Row<'_>)| Entry {
        fault: u32::try_from(index).expect("few"),
        part: 0,
        from: at(row.1),
        until: row.2.map(at),
        primitive: row.3.clone(),
        firing: None,
    };
    let landing = |row: &Row<'_>| Landing {
        count: u64::from(row.4.is_some()),
        first: row.4.map(at),
    };
    let entries = rows.iter().enumerate().map(entry).collect();
    let plan = Plan::new(rows.iter().map(fault).collect(), entries);
    (plan, rows.iter().map(landing).collect())
}

#[test]
fn cells_say_what_landed_where_and_when() {
    let roles = roles();
    let mut collector = Collector::default();
    let rows = [
        ("pause", 10, Some(30), pause(1), Some(11)),
        ("cut", 20, Some(40), cut(1, 2), Some(25)),
        ("late", 50, None, pause(2), Some(51)),
    ];
    let (first, landings) = plan(&rows);
    collector.add(Seed(7), &first, &landings, &roles);
    let rows = [
        ("pause", 10, Some(20), pause(0), None),
        ("cut", 20, Some(40), cut(1, 2), Some(25)),
    ];
    let (second, landings) = plan(&rows);
    collector.add(Seed(3), &second, &landings, &roles);
    let coverage = collector.finish(&roles);
    let cells: Vec<(&str, &str, u64, Vec<u64>)> = coverage
        .cells
        .iter()
        .map(|cell| {
            let phases = cell.phases.iter().map(|phase| phase.seeds).collect();
            (&*cell.kind, &*cell.role, cell.planned, phases)
        })
        .collect();
    assert_eq!(
        cells,
        [
            ("cut", "links web -> db", 2, vec![0, 1, 1]),
            ("late", "nodes db", 1, vec![0, 0, 1]),
            ("pause", "nodes web", 2, vec![1, 0, 0]),
            ("pause", "nodes zone=b", 1, vec![1, 0, 0]),
        ]
    );
    assert_eq!(coverage.cells[0].phases[1].first, Some(Seed(7)));
    // The link was cut at a node that was paused; where one ends and the other begins nothing met.
    let met: Vec<_> = coverage
        .pairs
        .iter()
        .map(|p| (p.kinds.clone(), p.role.as_str(), p.overlapped, p.landed))
        .collect();
    let kinds = ["cut".to_owned(), "pause".to_owned()];
    assert_eq!(met, [(kinds, "nodes web", 1, 1)]);
    for sentence in [
        "late landed in no seed before others",
        "no fault had an effect on service shop.request",
    ] {
        assert!(
            coverage.never.iter().any(|n| n == sentence),
            "{:?}",
            coverage.never
        );
    }
    // The cut link ends in `db`, where the other came too late; a pause of `web` can never meet that.
    assert_eq!(
        coverage.never_together,
        ["cut and late never met on a target"]
    );
}

#[test]
fn a_pair_that_had_no_effect_together_is_named_and_order_does_not_matter() {
    let roles = roles();
    let seeds: Vec<(Seed, Plan, Vec<Landing>)> = [Some(12), None]
        .into_iter()
        .zip([Seed(1), Seed(2)])
        .map(|(landed, seed)| {
            let rows = [
                ("pause", 10, Some(30), pause(0), None),
                ("cut", 10, Some(30), cut(0, 2), landed),
            ];
            let (plan, landings) = plan(&rows);
            (seed, plan, landings)
        })
        .collect();
    let collect = |order: [usize; 2]| {
        let mut collector = Collector::default();
        for index in order {
            let (seed, plan, landings) = &seeds[index];
            collector.add(*seed, plan, landings, &roles);
        }
        collector.finish(&roles)
    };
    let coverage = collect([0, 1]);
    assert_eq!(coverage, collect([1, 0]));
    assert_eq!(
        (coverage.pairs[0].overlapped, coverage.pairs[0].landed),
        (2, 0)
    );
    let sentence = "pause had no effect anywhere";
    assert!(
        coverage.never.iter().any(|n| n == sentence),
        "{:?}",
        coverage.never
    );
    assert_eq!(
        coverage.never_together,
        ["cut and pause met, and never had an effect together"]
    );
}
