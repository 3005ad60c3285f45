//! Faults of agents hit as often as they say, for as long as they say, and on the right side of the effect.

use crate::common::{properties, ready, result, run};
use squall_core::VirtualTime;
use squall_core::history::What;
use squall_core::property::Verdict;

const CREW: &str = r#"
name = "crew"
stop = { at = "20m" }
[topology]
nodes.worker = { count = 2 }
nodes.model = {}
nodes.tools = { cores = 8 }
nodes.policy = {}
signals = "0s"
[workload.crew.agents]
on = "worker"
arrivals = { rate = "1/s", sessions = 400, calls = "10", gap_max = "1s" }
model = { on = "model", latency = "500ms" }
tools = { on = "tools", writes = 0.5, work = "10ms", timeout = "5s" }
policy = { on = "policy" }
deadline = "6m"
[workload.crew.agents.control]
approvals = 0.0
"#;

/// An event: when, which, its arguments.
type Event = (VirtualTime, String, u64, u64);

/// The events of a run of the crew with a fault from 1 min on for as long.
fn events(fault: &str, set: &[&str]) -> Vec<Event> {
    let text = match fault {
        "" => CREW.to_owned(),
        _ => format!("{CREW}[[fault]]\nat = \"60s\"\nfor = \"60s\"\ninject.{fault}\n"),
    };
    let recording = run(&ready(&text, &[], set), 3, true).recording.unwrap();
    let names = &recording.header.names;
    let event = |what: &What, at| match *what {
        What::Event { name, a, b, .. } => Some((at, names.text(name).to_owned(), a, b)),
        _ => None,
    };
    let records = recording.records.iter();
    records.filter_map(|r| event(&r.what, r.at)).collect()
}

fn count(events: &[Event], name: &str) -> usize {
    events.iter().filter(|(_, n, ..)| n == name).count()
}
/// Those of the time in which the fault is in force.
fn during(events: &[Event]) -> Vec<Event> {
    let at = |s: u64| VirtualTime::from_nanos(s * 1_000_000_000);
    let inside = |e: &&Event| e.0 >= at(60) && e.0 < at(120);
    events.iter().filter(inside).cloned().collect()
}
/// `hits` of `all` is the share `p`, by four standard deviations.
fn assert_share(what: &str, (hits, all): (usize, usize), p: f64) {
    let n = all as f64;
    let (share, sigma) = (hits as f64 / n, (p * (1.0 - p) / n).sqrt());
    let off = (share - p).abs();
    assert!(all > 100, "{what}: {all} are too few");
    assert!(
        off < 4.0 * sigma,
        "{what}: {hits} of {all} is {share}, not {p}"
    );
}

/// What is drawn by the mind.
#[test]
fn knobs_of_shares_are_shares() {
    let with =
        |kind: &str, p: f64| events(&format!("{kind} = {{ workload = \"crew\", p = {p} }}"), &[]);
    for p in [0.1, 0.4] {
        for (kind, hit, of) in [
            ("session-mix-up", "crew.mixed-up", "crew.wanted"),
            ("wrong-arguments", "crew.blocked", "crew.wanted"),
            ("stuck-loop", "crew.repeated", "crew.chose"),
        ] {
            let all = with(kind, p);
            let hits = (count(&during(&all), hit), count(&during(&all), of));
            assert_share(kind, hits, p);
            assert_eq!(count(&all, hit), hits.0, "{kind} heals");
        }
    }
}

/// A write whose reply is lost has happened: its retry is suppressed. One that hangs has not.
#[test]
fn a_reply_is_lost_after_the_effect_and_a_call_hangs_before_it() {
    let lost = |p: f64| {
        events(
            &format!("lost-ack = {{ workload = \"crew\", p = {p} }}"),
            &[],
        )
    };
    for p in [0.1, 0.4] {
        let all = during(&lost(p));
        let (suppressed, effects) = (
            count(&all, "crew.duplicate-suppressed"),
            count(&all, "crew.effect"),
        );
        // Each attempt is lost with p: of those that reach the back end p come again.
        assert_share("lost-ack", (suppressed, effects + suppressed), p);
    }
    let hang = "call-hang = { service = \"crew.tools\", method = 1, p = 0.4 }";
    let all = during(&events(hang, &[]));
    assert!(count(&all, "crew.retried") > 50);
    assert_eq!(count(&all, "crew.duplicate-suppressed"), 0);
}

/// Every copy of a write with a key is one that the back end knows.
#[test]
fn a_share_of_the_requests_comes_twice() {
    let twice = "double-delivery = { service = \"crew.tools\", p = 0.3 }";
    let all = during(&events(twice, &[]));
    let hits = (
        count(&all, "crew.duplicate-suppressed"),
        count(&all, "crew.effect"),
    );
    assert_share("double-delivery", hits, 0.3);
    assert_eq!(count(&all, "crew.duplicated-effect"), 0);
    let all = during(&events(twice, &["workload.crew.agents.idempotency=false"]));
    let hits = (
        count(&all, "crew.duplicated-effect"),
        count(&all, "crew.effect") - count(&all, "crew.duplicated-effect"),
    );
    assert_share("double-delivery without keys", hits, 0.3);
}

/// Nothing is written while the permission is away, and things are when it is back.
#[test]
fn a_revoked_permission_comes_back() {
    let all = events("permission-revoked = { workload = \"crew\" }", &[]);
    let when = |name: &str| {
        let of = all.iter().filter(|(_, n, ..)| n == name);
        of.map(|(at, ..)| at.as_secs_f64()).collect::<Vec<f64>>()
    };
    let (revoked, granted) = (when("crew.revoked"), when("crew.granted"));
    assert_eq!(
        (revoked.len(), granted.len()),
        (1, 1),
        "{revoked:?} {granted:?}"
    );
    let look = 0.26;
    assert!((60.0..60.0 + look).contains(&revoked[0]), "{revoked:?}");
    assert!((120.0..120.0 + look).contains(&granted[0]), "{granted:?}");
    let effects = when("crew.executed");
    let away = |at: &&f64| **at > revoked[0] && **at < granted[0];
    assert_eq!(effects.iter().filter(away).count(), 0);
    assert!(effects.iter().filter(|at| **at > granted[0]).count() > 100);
}

/// A session is put aside after as many takes as the bound says: with those that were beside it on the
/// workers that it killed, since nobody knows whose fault it was. All others end well.
#[test]
fn a_poisonous_session_is_parked_after_its_takes() {
    let fault = "poison-task = { workload = \"crew\", p = 0.02, down = \"1s\" }";
    let all = events(fault, &["workload.crew.agents.control.takes_max=3"]);
    let named = |name: &'static str| all.iter().filter(move |(_, n, ..)| n == name);
    let mut guilty = 0;
    for (.., session, takes) in named("crew.parked") {
        let of = |name| named(name).filter(|(.., a, _)| a == session).count();
        assert_eq!(*takes, 4, "session {session}");
        assert!(of("crew.taken") <= 3, "session {session}");
        assert_eq!(of("crew.failed"), 1, "session {session}");
        guilty += usize::from(of("crew.poison-taken") == 3);
    }
    assert!(guilty > 0, "what kills its worker three times is put aside");
    for (.., session, takes) in named("crew.poison-taken") {
        assert!(*takes <= 3, "session {session} kills for the {takes}. time");
    }
    assert!(count(&all, "crew.done") > 300, "the others end well");
}

/// The head of a prompt is dropped, and with it the constraint, unless the agent sees that it was.
#[test]
fn a_dropped_head_is_seen_by_who_counts() {
    let text = format!(
        "{CREW}temptation = 0.5\n[[property]]\nalways = \"crew.constraint-kept\"\n\
         [[fault]]\nat = \"60s\"\nfor = \"60s\"\n\
         inject.context-overflow = {{ workload = \"crew\", mode = \"drop-head\", limit = 20000 }}\n"
    );
    let blind = ["workload.crew.agents.control.overflow=ignore"];
    let blind = result(&ready(&text, &[], &blind), 1);
    assert_eq!(properties(&blind, Verdict::Fail), ["crew.constraint-kept"]);
    let counts = result(&ready(&text, &[], &[]), 1);
    assert_eq!(properties(&counts, Verdict::Fail), [""; 0]);
    assert!(counts.faults[0].landed > 0);
}

/// What a lost worker had locked is free again when its session goes on.
#[test]
fn locks_of_a_lost_worker_are_freed() {
    let text = format!(
        "{CREW}locks = 16\nlock_patience = \"5m\"\nlock_wait = \"50s\"\n\
         [[property]]\nalways = \"crew.lock-wait-ends\"\n[[property]]\nalways = \"crew.no-deadlock\"\n\
         [[fault]]\nat = \"60s\"\nevery = {{ mean = \"40s\", count = 8 }}\n\
         inject.node-loss = {{ nodes = \"worker[0]\", restart_after = \"1s\" }}\n"
    );
    // Long enough that a worker which is lost holds some.
    let long = ["workload.crew.agents.tools.work=200ms"];
    let lossy = run(&ready(&text, &[], &long), 1, true);
    assert_eq!(properties(&lossy.result, Verdict::Fail), [""; 0]);
    assert_eq!(properties(&lossy.result, Verdict::Pass).len(), 2);
    let recording = lossy.recording.unwrap();
    let names = &recording.header.names;
    let waits = |what: &What| matches!(what, What::Event { name, .. } if names.text(*name) == "crew.lock-wait");
    let waits = recording.records.iter().filter(|r| waits(&r.what)).count();
    assert!(
        waits > 20,
        "{waits} waits for locks are too few to say something"
    );
}
