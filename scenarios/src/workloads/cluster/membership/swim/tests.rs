//! A few members on a network without delay, driven by hand.

use super::*;
use squall_core::Seed;
use std::collections::BTreeMap;

const S: u64 = 1_000_000_000;

/// A cluster under one clock. What a stopped member is sent is lost; `cut` says which packets are.
struct Lab {
    members: Vec<Swim>,
    stopped: Vec<bool>,
    cut: fn(Member, Member) -> bool,
    now: u64,
    notes: BTreeMap<Member, Vec<(u64, Note)>>,
    packets: u64,
}

impl Lab {
    fn new(rules: &Rules) -> Self {
        let rules = Rc::new(rules.clone());
        let member = |me| {
            let key = Key::new(Seed(7), &format!("member/{me}"), "lab");
            Swim::new((me, 0), Rc::clone(&rules), key, 0)
        };
        Self {
            members: (0..rules.places).map(member).collect(),
            stopped: vec![false; rules.places as usize],
            cut: |_, _| false,
            now: 0,
            notes: BTreeMap::new(),
            packets: 0,
        }
    }
    /// Sends what a member has to send, and what that leads to.
    fn flush(&mut self, from: Member) {
        let mut waiting = vec![from];
        while let Some(from) = waiting.pop() {
            let outputs = self.members[from as usize].outputs();
            let noted = outputs.notes.into_iter().map(|note| (self.now, note));
            self.notes.entry(from).or_default().extend(noted);
            for send in outputs.sends {
                self.packets += 1;
                let (Send::Packet(to, _) | Send::News(to, _) | Send::View(to, _)) = send;
                if self.stopped[to as usize] || (self.cut)(from, to) {
                    continue;
                }
                let member = &mut self.members[to as usize];
                match send {
                    Send::Packet(_, packet) => member.receive(self.now, from, &packet),
                    Send::News(_, news) => member.receive_news(self.now, &news),
                    Send::View(_, view) => member.receive_view(self.now, from, &view),
                }
                waiting.push(to);
            }
        }
    }
    /// Runs for so many seconds.
    fn run(&mut self, seconds: u64) {
        let end = self.now + seconds * S;
        for me in 0..self.members.len() {
            self.flush(u32::try_from(me).unwrap());
        }
        loop {
            let running = (0..)
                .zip(&self.members)
                .filter(|(me, _)| !self.stopped[*me as usize]);
            let next = running.map(|(me, member)| (member.deadline(), me)).min();
            let Some((at, me)) = next.filter(|(at, _)| *at <= end) else {
                break;
            };
            self.now = self.now.max(at);
            self.members[me as usize].tick(self.now);
            self.flush(me);
        }
        self.now = end;
    }
    fn states(&self, of: Member) -> Vec<Option<State>> {
        let state = |swim: &Swim| swim.view().get(of).map(|known| known.state);
        self.members.iter().map(state).collect()
    }
    fn count(&self, wanted: impl Fn(&Note) -> bool) -> usize {
        let all = self.notes.values().flatten();
        all.filter(|(_, note)| wanted(note)).count()
    }
}

fn small(places: u32) -> Rules {
    Rules {
        suspicion_periods: 2.0,
        suspicion_factor: 3.0,
        sync: 5 * S,
        ..Rules::lifeguard(places)
    }
}

#[test]
fn nobody_is_suspected_where_all_is_well() {
    let mut lab = Lab::new(&small(12));
    lab.run(60);
    assert_eq!(lab.count(|note| matches!(note, Note::Suspected(..))), 0);
    let probed = lab.count(|note| matches!(note, Note::Probed(_, true)));
    assert!((12 * 58..=12 * 60).contains(&probed), "{probed}");
    // A ping and an answer a period, and a view every five: 2.4 each.
    let each = lab.packets as f64 / 12.0 / 60.0;
    assert!((2.2..2.6).contains(&each), "{each}");
}

#[test]
fn one_that_stops_is_suspected_convicted_and_back_under_a_higher_incarnation() {
    let mut lab = Lab::new(&small(12));
    lab.run(3);
    lab.stopped[4] = true;
    lab.run(30);
    for (me, state) in lab.states(4).into_iter().enumerate() {
        assert_eq!(
            state,
            Some(if me == 4 { State::Alive } else { State::Dead }),
            "{me}"
        );
    }
    let convicted = lab.count(|note| matches!(note, Note::Dead(4, 0, Verdict::Expired)));
    assert!(convicted >= 1);
    lab.stopped[4] = false;
    lab.run(20);
    assert!(
        lab.states(4)
            .iter()
            .all(|state| *state == Some(State::Alive))
    );
    assert!(lab.members[4].incarnation() > 0);
}

/// Packets from one member to another one are lost, in both directions: relays answer for it.
#[test]
fn relays_keep_a_member_alive_that_one_other_does_not_reach() {
    let mut lab = Lab::new(&small(12));
    lab.cut = |a, b| (a, b) == (1, 2) || (a, b) == (2, 1);
    lab.run(60);
    assert_eq!(lab.count(|note| matches!(note, Note::Suspected(..))), 0);
    // Without relays they would suspect each other once in eleven periods.
    let mut lab = Lab::new(&Rules {
        relays: 0,
        ..small(12)
    });
    lab.cut = |a, b| (a, b) == (1, 2) || (a, b) == (2, 1);
    lab.run(60);
    assert!(lab.count(|note| matches!(note, Note::Suspected(1 | 2, _, true))) >= 4);
    assert_eq!(
        lab.count(|note| matches!(note, Note::Dead(..))),
        0,
        "it is refuted"
    );
}

#[test]
fn two_halves_find_each_other_again() {
    let mut lab = Lab::new(&small(10));
    lab.run(2);
    lab.cut = |a, b| (a < 5) != (b < 5);
    lab.run(60);
    let dead = lab.members[0]
        .view()
        .known()
        .filter(|(_, known)| known.state == State::Dead);
    assert_eq!(dead.count(), 5);
    lab.cut = |_, _| false;
    lab.run(40);
    for of in 0..10 {
        assert!(
            lab.states(of)
                .iter()
                .all(|state| *state == Some(State::Alive)),
            "{of}"
        );
    }
}

#[test]
fn who_leaves_is_not_suspected_and_who_joins_knows_all() {
    let mut lab = Lab::new(&Rules {
        formed: 9,
        ..small(10)
    });
    lab.run(10);
    assert!(lab.members[9].joined() && lab.members[9].view().members() == 10);
    assert!(
        lab.states(9)
            .iter()
            .all(|state| *state == Some(State::Alive))
    );
    let now = lab.now;
    lab.members[9].leave(now);
    lab.flush(9);
    lab.stopped[9] = true;
    lab.run(20);
    assert!(
        lab.states(9)[..9]
            .iter()
            .all(|state| *state == Some(State::Left))
    );
    assert_eq!(lab.count(|note| matches!(note, Note::Suspected(9, ..))), 0);
    let rules = Rc::new(Rules {
        formed: 9,
        ..small(10)
    });
    let key = Key::new(Seed(7), "member/9", "again");
    lab.members[9] = Swim::returning((9, 1), rules, key, lab.now);
    lab.stopped[9] = false;
    lab.run(15);
    assert!(
        lab.states(9)
            .iter()
            .all(|state| *state == Some(State::Alive))
    );
}

/// One that hears nobody takes itself to be ill, and probes less often; well again, as often as before.
#[test]
fn one_that_is_cut_off_trusts_itself_less() {
    let mut lab = Lab::new(&small(12));
    lab.cut = |a, b| a == 3 || b == 3;
    lab.run(30);
    assert_eq!(lab.members[3].health(), 8);
    let before = lab.notes[&3]
        .iter()
        .filter(|(_, note)| matches!(note, Note::Probed(..)));
    let before = before.count();
    assert!(before < 12, "{before} probes in thirty periods");
    lab.cut = |_, _| false;
    lab.run(90);
    assert_eq!(lab.members[3].health(), 0);
    let healthy = [0, 1, 2].map(|me: usize| lab.members[me].health());
    assert_eq!(healthy, [0; 3]);
}

#[test]
fn phi_suspects_who_is_silent_and_nobody_else() {
    let phi = crate::workloads::cluster::membership::PhiRules {
        threshold: 8.0,
        window: 50,
        deviation_min: 0.1 * S as f64,
        expected: S as f64,
    };
    let mut lab = Lab::new(&Rules {
        phi: Some(phi),
        ..small(8)
    });
    lab.run(30);
    assert_eq!(lab.count(|note| matches!(note, Note::Suspected(..))), 0);
    lab.stopped[5] = true;
    let stopped = lab.now;
    lab.run(20);
    // Regular heartbeats of 1 s and the smallest deviation: 1 s + 5.61 times 100 ms after the last one.
    let first = lab
        .notes
        .values()
        .flatten()
        .filter_map(|(at, note)| matches!(note, Note::Suspected(5, _, true)).then_some(*at));
    let first = (first.min().unwrap() - stopped) as f64 / S as f64;
    assert!((0.561..=1.562).contains(&first), "{first}");
    assert!(
        lab.states(5)[..5]
            .iter()
            .all(|state| *state == Some(State::Dead))
    );
    lab.stopped[5] = false;
    lab.run(20);
    assert!(
        lab.states(5)
            .iter()
            .all(|state| *state == Some(State::Alive))
    );
}

/// Pings of all members, by target, in one period of all.
fn crowding(mutant: Option<Mutant>) -> usize {
    let mut lab = Lab::new(&Rules {
        mutant,
        ..small(40)
    });
    lab.run(10);
    let mut most = 0;
    for second in 2..9 {
        let probed = |note: &(u64, Note)| match note {
            (at, Note::Probed(target, _)) if at / S == second => Some(*target),
            _ => None,
        };
        let targets: Vec<Member> = lab.notes.values().flatten().filter_map(probed).collect();
        let of = |target| targets.iter().filter(|other| **other == target).count();
        most = most.max((0..40).map(of).max().unwrap_or(0));
    }
    most
}

/// If all went in one order, all would find the same one dead, and that late.
#[test]
fn members_do_not_probe_the_same_one_at_the_same_time() {
    assert!(crowding(None) < 10, "{}", crowding(None));
    assert!(crowding(Some(Mutant::M06)) > 30, "the bug is found");
}

/// An answer that comes after its period says nothing of who is probed now.
#[test]
fn an_answer_to_another_probe_does_not_count() {
    for (mutant, counts) in [(None, false), (Some(Mutant::M08), true)] {
        let rules = Rc::new(Rules { mutant, ..small(5) });
        let mut swim = Swim::new((0, 0), rules, Key::new(Seed(1), "member", "lab"), 0);
        swim.tick(S);
        let sends = swim.outputs().sends;
        let ping = sends.iter().find_map(|send| match send {
            Send::Packet(to, packet) if packet.kind == Kind::Ping => Some((*to, packet.number)),
            _ => None,
        });
        let (target, number) = ping.expect("a probe a period");
        swim.receive(
            S,
            target,
            &Packet::new(Kind::Ack, number.wrapping_sub(1), 0),
        );
        swim.tick(3 * S);
        let notes = swim.outputs().notes;
        assert!(notes.contains(&Note::Probed(target, counts)), "{notes:?}");
    }
}
