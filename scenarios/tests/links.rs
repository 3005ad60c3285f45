//! What a file says about links: base behaviour, laws and recordings in files.

use squall_core::plan::{
    Bandwidth, Corruption, HoldBack, LinkTarget, Primitive, QueueLimit, Traced,
};
use squall_core::{Law, NodeId, Seed, VirtualDuration};
use squall_scenarios::{Files, Ready, Scenario, Settings, parse};
use std::path::Path;

/// Files in memory.
struct Memory(&'static [(&'static str, &'static str)]);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let found = self.0.iter().find(|(name, _)| *name == path);
        let (_, text) = found.ok_or("there is no such file")?;
        Ok(text.as_bytes().to_vec())
    }
}

fn text(links: &str, fault: &str) -> String {
    format!(
        "name = 'links'\nstop = {{ at = '1m' }}\n\
         [topology]\nnodes.a = {{ count = 3 }}\nnodes.b = {{ count = 2 }}\n{links}\n\
         [workload.shop.cluster]\non = 'a'\ngraph.edges = ['front -> cart']\n{fault}\n"
    )
}
fn read(links: &str, fault: &str) -> Result<Scenario, String> {
    parse("l.toml", &text(links, fault), &Settings::default()).map_err(|e| e.to_string())
}
fn ready(links: &str, fault: &str, files: &Memory) -> Result<Ready, String> {
    read(links, fault)?.ready(files).map_err(|e| e.to_string())
}
fn link(from: u32, to: u32) -> LinkTarget {
    LinkTarget {
        from: NodeId(from),
        to: NodeId(to),
    }
}

#[test]
fn the_base_of_a_link_has_everything_that_a_fault_of_links_has() {
    let scenario = read(
        "links.default = { rate = '8Mbit/s', queue = '10KiB' }\n\
         links.'a <-> b' = { delay = '5ms', loss = 0.1, corrupt = 0.01, duplicate = 0.02, \
         burst_loss = { p = 0.1, step = '10ms' }, reorder = { p = 0.2, by = '5 messages' } }\n\
         links.'a -> b[1]' = { delay = '9ms' }",
        "",
    );
    let links = scenario.unwrap_or_else(|e| panic!("{e}")).links;
    let inside = links.rule(link(0, 1));
    let bandwidth = Bandwidth {
        rate: Some(1e6),
        burst: 32 << 10,
        queue: Some(QueueLimit::Bytes(10 << 10)),
    };
    assert_eq!(inside.bandwidth, Some(bandwidth));
    assert_eq!(inside.delay, Law::Constant(250e3));
    for one in [link(0, 3), link(3, 0), link(4, 2)] {
        let between = links.rule(one);
        assert_eq!((&between.delay, between.loss), (&Law::Constant(5e6), 0.1));
        let chain = between.burst_loss.expect("a chain");
        let step = Some(VirtualDuration::from_millis(10));
        assert_eq!((chain.p, chain.r, chain.step), (0.1, 0.25, step));
        let corrupt = between.corrupt.expect("damage");
        assert_eq!((corrupt.share, corrupt.seen), (0.01, Corruption::Detected));
        assert_eq!(
            between.duplicate.map(|d| (d.share, d.copies)),
            Some((0.02, 1))
        );
        let by = HoldBack::Messages(5);
        assert_eq!(between.reorder.map(|r| (r.share, r.by)), Some((0.2, by)));
        assert_eq!(between.bandwidth, None, "a pair does not inherit");
    }
    assert_eq!(
        links.rule(link(2, 4)).delay,
        Law::Constant(9e6),
        "the later one holds"
    );
}

#[test]
fn what_makes_no_sense_is_pointed_at() {
    for (links, parts) in [
        (
            "links.default = { queue = '1KiB' }",
            "`queue` without a rate | '1KiB' | add rate",
        ),
        (
            "links.default = { rate = '0Mbit/s' }",
            "a link that passes nothing | use link-cut",
        ),
        (
            "links.default = { rate = '5Mb/s' }",
            "unknown unit `Mb/s` | units are bit/s",
        ),
        (
            "links.default = { rate = '5' }",
            "rate of bytes has no unit | \"5Mbit/s\"",
        ),
        (
            "links.default = { reorder = { p = 0.1, by = 'x messages' } }",
            "`x` is not a number of messages",
        ),
        (
            "links.default = { burst_loss = { step = '0s' } }",
            "a chain that steps all the time",
        ),
        ("links.default = { corrupt = 1.5 }", "1.5 is out of range"),
        (
            "links.'a -> c' = { delay = '1ms' }",
            "unknown node group `c`",
        ),
        (
            "links.'a[0] -> a[0]' = { delay = '1ms' }",
            "both ends are the same node",
        ),
        (
            "links.default = { delay = 'trace' }",
            "distribution lacks the path of a file | write for instance \"trace rtt.csv",
        ),
        (
            "links.default = { delay = 'trace f in parsec' }",
            "unknown unit `parsec`",
        ),
    ] {
        let shown = read(links, "").expect_err(links);
        for part in parts.split(" | ") {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
    }
}

/// A law in a file means the same wherever a law may stand: links, faults, their timing.
#[test]
fn laws_come_from_files_wherever_they_stand() {
    let files = Memory(&[
        ("d.csv", "rtt_ms\n4\n2\n"),
        ("len.csv", "10\n"),
        ("x", "t,f\n1,3\n"),
    ]);
    let fault = "[[fault]]\nat = '1s'\nfor = 'trace len.csv in s'\n\
                 inject.link-delay = { links = 'a -> b', factor = 'trace x column f', \
                 correlation = 0 }";
    let links = "links.default = { delay = 'trace d.csv' }";
    let named: Vec<String> = read(links, fault).map_or_else(
        |e| panic!("{e}"),
        |s| s.files().into_iter().map(|f| f.path).collect(),
    );
    assert_eq!(named, ["d.csv", "len.csv", "x"]);
    let ready = ready(links, fault, &files).unwrap_or_else(|e| panic!("{e}"));
    let delay = Law::from_values(vec![2e6, 4e6]);
    assert_eq!(ready.scenario.links.rule(link(0, 1)).delay, delay);
    let plan = ready
        .scenario
        .plan(Seed(1))
        .unwrap_or_else(|e| panic!("{e}"));
    let entry = &plan.entries()[0];
    let length = entry.until.map(|until| until.since(entry.from));
    assert_eq!(length, Some(VirtualDuration::from_secs(10)));
    let factor = Law::from_values(vec![3.0]);
    assert!(matches!(&entry.primitive, Primitive::LinkDelay { delay, .. } if *delay == factor));
}

#[test]
fn a_bad_row_is_shown_with_its_file() {
    let files = Memory(&[("d.csv", "rtt_ms\n4\nfour\n")]);
    let shown = ready("links.default = { delay = 'trace d.csv' }", "", &files);
    let shown = shown.expect_err("a bad row");
    for part in ["line 3: `four` is not a number", "d.csv:3", "four"] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    let fault = "[[fault]]\nat = '1s'\nfor = '9s'\n\
                 inject.link-trace = { links = 'a -> b', file = 'no.csv' }";
    let shown = ready("", fault, &files).expect_err("no file");
    assert_eq!(shown.matches("cannot read `no.csv`").count(), 1, "{shown}");
    assert!(shown.contains("there is no such file"), "{shown}");
}

#[test]
fn a_recording_becomes_delays_and_holds() {
    let files = Memory(&[(
        "log.csv",
        "t_ms,delay_ms\n0,10\n100,20\n200,10\n5200,30\n5300,10\n",
    )]);
    let fault = "[[fault]]\nat = '1s'\nfor = '30s'\n\
                 inject.link-trace = { links = 'a[0] -> b[0]', file = 'log.csv', scale = 0.5 }";
    let ready = ready("", fault, &files).unwrap_or_else(|e| panic!("{e}"));
    let plan = ready
        .scenario
        .plan(Seed(1))
        .unwrap_or_else(|e| panic!("{e}"));
    let [trace, hold] = plan.entries() else {
        panic!("{plan:?}")
    };
    let Primitive::LinkTrace { traced, series, .. } = &trace.primitive else {
        panic!("{trace:?}")
    };
    assert_eq!(*traced, Traced::Delay);
    let at = |ms: u64| series.at(ms * 1_000_000);
    assert_eq!([at(0), at(150), at(250), at(5250)], [5e6, 10e6, 5e6, 15e6]);
    let ms = |ms: u64| VirtualDuration::from_millis(ms);
    let span = |e: &squall_core::plan::Entry| e.until.map(|until| until.since(e.from));
    assert_eq!((span(trace), span(hold)), (Some(ms(5400)), Some(ms(5000))));
    assert!(matches!(hold.primitive, Primitive::LinkHold { .. }));
}

/// Real recordings: a car on 5G with a gap of fifteen seconds, a phone in a car by mahimahi, and the
/// round trips of a robot.
#[test]
fn real_recordings_are_read() {
    struct Disk;
    impl Files for Disk {
        fn read(&self, path: &str) -> Result<Vec<u8>, String> {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/edge");
            std::fs::read(root.join(path)).map_err(|e| e.to_string())
        }
    }
    const CAR: &str = "rtt/cicv5g_urban_n8_v30_100hz.csv";
    if Disk.read(CAR).is_err() {
        println!("SKIPPED: ../shared/data/edge is not there");
        return;
    }
    let fault = format!(
        "[[fault]]\nname = 'car'\nat = '1s'\nfor = '58s'\n\
         inject.link-trace = {{ links = 'a[0] -> b[0]', file = '{CAR}', scale = 0.5, gap = '10s' }}\n\
         [[fault]]\nname = 'phone'\nat = '1s'\nfor = '58s'\n\
         inject.link-trace = {{ links = 'b[0] -> a[0]', loop = true, column = 'capacity', \
         file = 'cellular/ATT-LTE-driving-2016.down' }}"
    );
    let links = "links.default = { delay = 'trace rtt/tyrell_roundtrip010.csv in ms' }";
    let scenario = read(links, &fault).and_then(|s| s.ready(&Disk).map_err(|e| e.to_string()));
    let scenario = scenario.unwrap_or_else(|e| panic!("{e}")).scenario;
    let plan = scenario.plan(Seed(1)).unwrap_or_else(|e| panic!("{e}"));
    let sizes: Vec<usize> = plan
        .entries()
        .iter()
        .filter_map(|e| match &e.primitive {
            Primitive::LinkTrace { series, .. } => Some(series.len()),
            _ => None,
        })
        .collect();
    assert!(sizes[0] > 8000 && sizes[1] > 1000, "{sizes:?}");
    // Median of the 8158 round trips of the car is 29 ms; half of it is one way.
    let Primitive::LinkTrace { series, .. } = &plan.entries()[0].primitive else {
        panic!("the car comes first")
    };
    let mut delays: Vec<f64> = (0..580).map(|i| series.at(i * 100_000_000)).collect();
    delays.sort_by(f64::total_cmp);
    assert!((10e6..20e6).contains(&delays[290]), "{}", delays[290]);
    let Law::Empirical(points) = &scenario.links.default.profile.delay else {
        panic!("an empirical law")
    };
    assert!(
        points.len() <= 2049 && points[0].1 > 0.0,
        "{} points",
        points.len()
    );
}
