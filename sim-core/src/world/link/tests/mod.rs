mod queue;
mod stacking;

use super::*;
use crate::plan::{
    Arithmetic, Bandwidth, Corrupt, Corruption, CutMode, CutScope, Duplicate, GilbertElliott,
    HoldBack, LinkTarget, QueueLimit, Reorder,
};
use crate::{Law, NodeId, Seed};

const ENDS: LinkTarget = LinkTarget {
    from: NodeId(0),
    to: NodeId(1),
};

fn link() -> Link {
    made(LinkProfile::with_delay(Law::Constant(1000.0)))
}
fn made(profile: LinkProfile) -> Link {
    let key = Key::new(Seed(1), "link/a->b", "link");
    Link::new((NodeId(0), NodeId(1)), key, Rc::new(profile))
}
fn key(n: u32) -> Key {
    Key::new(Seed(1), "fault", "event").child(u64::from(n))
}
fn datagram(now: u64, bytes: u32) -> Packet {
    Packet {
        now,
        bytes,
        opened: None,
        connection: false,
        copyable: true,
        service: None,
    }
}

/// What became of a message and its copies.
#[derive(Clone, Debug, PartialEq)]
enum Fate {
    Cut(CutMode),
    Lost,
    Passed(Option<Corruption>, Vec<Transit>),
}

/// Sends a message over a link, calm or not.
fn send(link: &mut Link, packet: Packet, landed: &mut Vec<EntryId>) -> Fate {
    match link.transmit() {
        Calm::After(delay) => return Fate::Passed(None, vec![Transit::At(packet.now + delay)]),
        Calm::Lost => return Fate::Lost,
        Calm::No => {}
    }
    match link.judge(&packet, landed) {
        (_, Judged::Cut(mode)) => Fate::Cut(mode),
        (_, Judged::Lost) => Fate::Lost,
        (ordinal, Judged::Passes { copies, damage, .. }) => {
            let pass = |copy| link.pass(&packet, (ordinal, copy), copy, landed);
            Fate::Passed(damage, (0..=copies).map(pass).collect())
        }
    }
}
fn arrival(fate: &Fate) -> Option<u64> {
    match fate {
        Fate::Passed(_, transits) => match transits[0] {
            Transit::At(at) => Some(at),
            _ => None,
        },
        _ => None,
    }
}
fn put(link: &mut Link, id: u32, primitive: &Primitive) {
    link.overlay(EntryId(id), primitive, key(id), (u64::from(id), true));
}
fn take(link: &mut Link, id: u32, primitive: &Primitive) {
    link.overlay(EntryId(id), primitive, key(id), (0, false));
}

fn delay(law: Law, mode: Arithmetic, correlation: f64) -> Primitive {
    Primitive::LinkDelay {
        link: ENDS,
        delay: law,
        mode,
        correlation,
    }
}
fn loss(share: f64) -> Primitive {
    Primitive::LinkLoss {
        link: ENDS,
        share,
        correlation: 0.0,
    }
}
fn rate(rate: f64, burst: u64, queue: Option<QueueLimit>) -> Primitive {
    let bandwidth = Bandwidth {
        rate: Some(rate),
        burst,
        queue,
    };
    Primitive::LinkRate {
        link: ENDS,
        bandwidth,
    }
}
fn corrupt(share: f64, seen: Corruption) -> Primitive {
    let corrupt = Corrupt::new(share, seen);
    Primitive::LinkCorrupt {
        link: ENDS,
        corrupt,
    }
}
fn duplicate(share: f64, copies: u32) -> Primitive {
    let duplicate = Duplicate::new(share, copies);
    Primitive::LinkDuplicate {
        link: ENDS,
        duplicate,
    }
}
fn reorder(share: f64, by: HoldBack) -> Primitive {
    let reorder = Reorder { share, by };
    Primitive::LinkReorder {
        link: ENDS,
        reorder,
    }
}
fn cut(mode: CutMode, scope: CutScope) -> Primitive {
    Primitive::LinkCut {
        link: ENDS,
        mode,
        scope,
    }
}
fn burst_loss(p: f64, r: f64) -> Primitive {
    let chain = GilbertElliott {
        p,
        r,
        loss_good: 0.0,
        loss_bad: 1.0,
        step: None,
    };
    Primitive::LinkBurstLoss { link: ENDS, chain }
}

#[test]
fn a_calm_link_is_small() {
    assert!(size_of::<Link>() <= 88, "{}", size_of::<Link>());
    assert!(link().weather.is_none());
}

#[test]
fn replace_then_scale_then_add() {
    let mut link = link();
    let constant = |v, mode| delay(Law::Constant(v), mode, 0.0);
    put(&mut link, 3, &constant(50.0, Arithmetic::Add));
    put(&mut link, 1, &constant(3.0, Arithmetic::Scale));
    put(&mut link, 2, &constant(200.0, Arithmetic::Replace));
    let mut landed = Vec::new();
    let mut arrival = || arrival(&send(&mut link, datagram(0, 64), &mut landed));
    assert_eq!(arrival(), Some(650));
    assert_eq!(landed, [EntryId(1), EntryId(2), EntryId(3)]);
    take(&mut link, 2, &constant(200.0, Arithmetic::Replace));
    let fate = send(&mut link, datagram(0, 64), &mut landed);
    assert_eq!(self::arrival(&fate), Some(3050));
}

#[test]
fn losses_are_independent_and_correlation_keeps_the_law() {
    let mut link = link();
    put(&mut link, 1, &loss(0.2));
    put(&mut link, 2, &loss(0.5));
    let mut landed = Vec::new();
    let n = 20_000;
    let lost = (0..n)
        .filter(|_| send(&mut link, datagram(0, 64), &mut landed) == Fate::Lost)
        .count();
    let share = lost as f64 / f64::from(n);
    assert!((share - 0.6).abs() < 0.015, "{share}");

    let mut link = self::link();
    let law = Law::Normal { mean: 5e4, sd: 1e4 };
    put(&mut link, 1, &delay(law, Arithmetic::Replace, 0.25));
    let draws: Vec<f64> = (0..n)
        .map(|_| {
            let fate = send(&mut link, datagram(0, 64), &mut landed);
            (arrival(&fate).expect("nothing is lost") as f64 - 5e4) / 1e4
        })
        .collect();
    let mean = draws.iter().sum::<f64>() / f64::from(n);
    let square = draws.iter().map(|z| z * z).sum::<f64>() / f64::from(n);
    let lag = draws.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / f64::from(n);
    assert!(
        mean.abs() < 0.03 && (square - 1.0).abs() < 0.04,
        "{mean} {square}"
    );
    assert!((lag - 0.25).abs() < 0.03, "{lag}");
}

#[test]
fn cuts_drop_or_refuse_and_spare_what_they_should() {
    let mut link = link();
    let mut landed = Vec::new();
    let mut fate = |link: &mut Link, packet| send(link, packet, &mut landed);
    put(&mut link, 1, &cut(CutMode::Refuse, CutScope::All));
    assert_eq!(fate(&mut link, datagram(9, 64)), Fate::Cut(CutMode::Refuse));
    put(&mut link, 2, &cut(CutMode::Drop, CutScope::All));
    assert_eq!(fate(&mut link, datagram(9, 64)), Fate::Cut(CutMode::Drop));
    take(&mut link, 1, &cut(CutMode::Refuse, CutScope::All));
    assert_eq!(fate(&mut link, datagram(9, 64)), Fate::Cut(CutMode::Drop));
    take(&mut link, 2, &cut(CutMode::Drop, CutScope::All));
    assert!(link.weather.is_none(), "nothing is left of it");

    put(&mut link, 3, &cut(CutMode::Drop, CutScope::Above(1400)));
    assert!(arrival(&fate(&mut link, datagram(9, 1400))).is_some());
    assert_eq!(fate(&mut link, datagram(9, 1401)), Fate::Cut(CutMode::Drop));
    take(&mut link, 3, &cut(CutMode::Drop, CutScope::Above(1400)));

    put(&mut link, 5, &cut(CutMode::Drop, CutScope::Existing));
    let of = |opened| Packet {
        opened: Some(opened),
        connection: true,
        ..datagram(9, 64)
    };
    assert!(arrival(&fate(&mut link, datagram(9, 64))).is_some());
    assert_eq!(fate(&mut link, of(4)), Fate::Cut(CutMode::Drop));
    assert!(arrival(&fate(&mut link, of(5))).is_some());
}

#[test]
fn holds_release_when_the_last_one_ends() {
    let mut link = link();
    let mut landed = Vec::new();
    let hold = Primitive::LinkHold { link: ENDS };
    put(&mut link, 3, &hold);
    put(&mut link, 4, &hold);
    let fate = send(&mut link, datagram(10, 64), &mut landed);
    assert_eq!(fate, Fate::Passed(None, vec![Transit::Held]));
    let gone = |link: &mut Link, id| link.overlay(EntryId(id), &hold, key(id), (99, false));
    assert!(gone(&mut link, 3).is_empty());
    assert_eq!(gone(&mut link, 4), [(0, 1010)]);
    assert!(link.weather.is_none());
}

/// A message passes: cut, loss, corrupt, duplicate, queue, delay, reorder, hold. A later stage does
/// not see what an earlier one has ended, and counts nothing for it.
#[test]
fn the_stages_follow_each_other() {
    let stages = [
        cut(CutMode::Drop, CutScope::All),
        loss(1.0),
        corrupt(1.0, Corruption::Silent),
        duplicate(1.0, 1),
        rate(64e9, 0, None),
        delay(Law::Constant(5.0), Arithmetic::Add, 0.0),
        reorder(1.0, HoldBack::Time(VirtualDuration::from_nanos(7))),
        Primitive::LinkHold { link: ENDS },
    ];
    // By the first stage that is in force: who counts something.
    let counted = |first: usize| {
        let mut link = link();
        for (id, stage) in (0..).zip(&stages).skip(first) {
            put(&mut link, id, stage);
        }
        let mut landed = Vec::new();
        let fate = send(&mut link, datagram(100, 64), &mut landed);
        (fate, landed.iter().map(|id| id.0).collect::<Vec<_>>())
    };
    assert_eq!(counted(0), (Fate::Cut(CutMode::Drop), vec![0]));
    assert_eq!(counted(1), (Fate::Lost, vec![1]));
    let held = || vec![Transit::Held; 2];
    let (fate, landed) = counted(2);
    assert_eq!(fate, Fate::Passed(Some(Corruption::Silent), held()));
    // Once for the message, then once for the message and its copy.
    assert_eq!(landed, [2, 3, 4, 5, 6, 7, 4, 5, 6, 7]);
    // The copy waits behind the message, and both are held for as long as they would have taken.
    let mut link = link();
    for (id, stage) in (0..).zip(&stages).skip(2) {
        put(&mut link, id, stage);
    }
    send(&mut link, datagram(100, 64), &mut Vec::new());
    let free = link.overlay(EntryId(7), &stages[7], key(7), (100, false));
    assert_eq!(
        free,
        [(0, 100 + 1 + 1000 + 5 + 7), (1, 100 + 2 + 1000 + 5 + 7)]
    );
}

/// Held back by three messages: the third later one takes it along.
#[test]
fn a_message_held_back_is_overtaken_by_so_many() {
    let mut link = link();
    let primitive = reorder(1.0, HoldBack::Messages(3));
    put(&mut link, 1, &primitive);
    let mut landed = Vec::new();
    let fate = send(&mut link, datagram(0, 64), &mut landed);
    let Fate::Passed(None, transits) = fate else {
        panic!("{fate:?}")
    };
    let Transit::HeldBack(number) = transits[0] else {
        panic!("{transits:?}")
    };
    take(&mut link, 1, &primitive);
    let weather = link.weather().expect("a message still waits");
    let mut free = Vec::new();
    for at in [2000, 2001] {
        weather.overtaken(at, &mut free);
    }
    assert!(free.is_empty());
    let mut alone = weather.clone();
    weather.overtaken(2002, &mut free);
    assert_eq!(free, [(0, 2002)]);
    link.clear_up(0);
    assert!(link.weather.is_none());
    // Where nothing follows it goes on by itself.
    assert_eq!(alone.waited_enough(number), Some((0, 1000)));
    assert_eq!(alone.waited_enough(number), None);
}

/// Messages of a connection are delivered in order: those behind could not set it free.
#[test]
fn a_connection_is_not_held_back_by_messages() {
    let mut link = link();
    put(&mut link, 1, &reorder(1.0, HoldBack::Messages(3)));
    let packet = Packet {
        connection: true,
        opened: Some(0),
        ..datagram(0, 64)
    };
    let mut landed = Vec::new();
    assert_eq!(arrival(&send(&mut link, packet, &mut landed)), Some(1000));
    assert!(landed.is_empty());
}

/// A message clogs the link for itself and for those that depart while it is clogged.
#[test]
fn a_clog_lets_all_go_at_its_end() {
    let clog = |share| Primitive::LinkClog {
        link: ENDS,
        share,
        length: Law::Constant(1e6),
    };
    let mut link = link();
    let mut landed = Vec::new();
    put(&mut link, 1, &clog(0.02));
    let at = |i: u64| 10_000 * i;
    let mut waited = 0;
    for i in 0..10_000 {
        let arrival = arrival(&send(&mut link, datagram(at(i), 64), &mut landed));
        let wait = arrival.expect("nothing is lost") - at(i) - 1000;
        assert!(wait <= 1_000_000 - 1000);
        waited += usize::from(wait > 0);
    }
    assert_eq!(landed.len(), waited);
    // A hundred messages a millisecond, two clogs in them: all but e^-2 wait.
    let share = waited as f64 / 1e4;
    assert!((share - 0.865).abs() < 0.03, "{share}");
}
