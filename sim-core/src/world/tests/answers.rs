//! What overlays do to the answers of calls, one by one and together.

use super::*;
use crate::plan::{Arithmetic, CallRule, CallScope, LimitUnit, Malformed, RetryAfter, Shard};
use crate::world::{ReplyDamage, Stream};

/// How a call ended: after so many milliseconds, with a code (200 for a reply) and its damage.
type End = (u64, u16, ReplyDamage);
/// Key and method of a call.
type Asked = (u64, u32);

/// One call every second for each of `asked`, without patience. The server works 3 ms for a plain
/// answer; with `stream` it streams. Messages take 1 ms.
fn ends(asked: &[Asked], stream: Option<Stream>, faults: Vec<CallRule>) -> (Vec<End>, Finished) {
    let faults = faults.into_iter().map(|rule| (CallScope::ALL, rule));
    scoped(asked, stream, faults.collect())
}

fn scoped(
    asked: &[Asked],
    stream: Option<Stream>,
    faults: Vec<(CallScope, CallRule)>,
) -> (Vec<End>, Finished) {
    let (mut world, nodes) = world(&["client", "server"]);
    let server = world.port(nodes[1], "echo");
    world.process(nodes[1], "echo", move |cx| async move {
        let inbox = cx.listen("echo");
        loop {
            let incoming = inbox.accept().await;
            match stream {
                Some(stream) => incoming.stream(&cx, Reply::default(), stream).await,
                None => {
                    cx.compute(ms(3)).await;
                    incoming.reply(&cx, Reply::default());
                }
            }
        }
    });
    let results: Rc<RefCell<Vec<End>>> = Rc::default();
    let (out, asked) = (Rc::clone(&results), asked.to_vec());
    let seconds = asked.len() as u64;
    world.process(nodes[0], "client", move |cx| {
        let (out, asked) = (Rc::clone(&out), asked.clone());
        async move {
            for (number, (key, method)) in (1..).zip(asked) {
                let request = Request {
                    key,
                    method,
                    cost: 10,
                    answer: 100,
                    ..Request::default()
                };
                let since = cx.now();
                let result = cx.call(server, request).within(ms(900)).await;
                let took = cx.now().since(since).as_nanos() / 1_000_000;
                let damage = result.map_or(ReplyDamage::NONE, |reply| reply.damage);
                let code = result.map_or_else(CallError::code, |_| 200);
                out.borrow_mut().push((took, code, damage));
                cx.sleep_until(at_ms(1000 * number)).await;
            }
        }
    });
    let call = |(only, rule)| Primitive::Call {
        client: None,
        service: ServiceId(0),
        only,
        rule,
    };
    world.set_plan(plan(
        faults.into_iter().map(|f| (0, None, call(f))).collect(),
    ));
    let finished = run(&mut world, 1000 * seconds);
    let results = results.borrow().clone();
    (results, finished)
}

fn landed(finished: &Finished) -> Vec<u64> {
    finished.faults.iter().map(|fault| fault.landed).collect()
}
fn delay(mode: Arithmetic, value: f64) -> CallRule {
    CallRule::Delay {
        delay: Law::Constant(value),
        mode,
        share: 1.0,
    }
}
fn error(after_effect: bool, work: u64) -> CallRule {
    CallRule::Error {
        status: 500,
        share: 1.0,
        after_effect,
        retry_after: None,
        work: ms(work),
    }
}
fn malformed(mode: Malformed) -> CallRule {
    CallRule::Malformed { mode, share: 1.0 }
}
fn stream(cut: Option<u32>, factor: f64, stall: u64) -> CallRule {
    CallRule::Stream {
        cut,
        factor,
        stall: ms(stall),
        share: 1.0,
    }
}
const ONE: &[Asked] = &[(0, 0)];
const MS: f64 = 1e6;

/// 1 ms there, 3 ms of service, 1 ms back.
#[test]
fn delays_replace_then_scale_then_add() {
    use Arithmetic::{Add, Replace, Scale};
    let took = |faults: &[(Arithmetic, f64)]| {
        let rules = faults.iter().map(|(mode, value)| delay(*mode, *value));
        let (ends, finished) = ends(ONE, None, rules.collect());
        (ends[0].0, landed(&finished))
    };
    assert_eq!(took(&[]), (5, vec![]));
    assert_eq!(
        took(&[(Add, 20.0 * MS), (Add, 10.0 * MS)]),
        (35, vec![1, 1])
    );
    assert_eq!(took(&[(Scale, 4.0)]), (14, vec![1]));
    // The service cannot be faster than it is: nothing differs, and nothing has landed.
    assert_eq!(took(&[(Scale, 0.5)]), (5, vec![0]));
    assert_eq!(took(&[(Replace, 1.0 * MS)]), (5, vec![0]));
    // Of two that begin together the higher number is the latest.
    assert_eq!(
        took(&[(Replace, 90.0 * MS), (Replace, 20.0 * MS)]),
        (22, vec![0, 1])
    );
    assert_eq!(
        took(&[(Scale, 2.0), (Scale, 3.0), (Replace, 20.0 * MS)]),
        (122, vec![1, 1, 1])
    );
    // What is added comes before the service, and is no part of its time.
    assert_eq!(took(&[(Scale, 2.0), (Add, 20.0 * MS)]), (28, vec![1, 1]));
}

#[test]
fn errors_take_their_time_and_the_processor() {
    let (fast, finished) = ends(
        ONE,
        None,
        vec![error(false, 0), delay(Arithmetic::Replace, 7.0 * MS)],
    );
    assert_eq!(
        (fast[0].0, fast[0].1),
        (9, 500),
        "1 ms there, 7 ms, 1 ms back"
    );
    assert_eq!(landed(&finished), [1, 1]);
    let (slow, finished) = ends(ONE, None, vec![error(true, 30)]);
    assert_eq!(
        (slow[0].0, slow[0].1),
        (35, 500),
        "3 ms of service, 30 ms of error"
    );
    assert_eq!(landed(&finished), [1]);
}

#[test]
fn a_reply_shows_its_damage_and_each_mode_counts() {
    let damage = |modes: &[Malformed]| {
        let rules = modes.iter().map(|mode| malformed(*mode)).collect();
        let (ends, finished) = ends(ONE, None, rules);
        (ends[0], landed(&finished))
    };
    let (end, count) = damage(&[Malformed::ErrorBody]);
    assert!(
        end.1 == 200 && end.2.error_in_body() && count == [1],
        "{end:?}"
    );
    let (end, _) = damage(&[Malformed::PartialJson]);
    assert!(end.2.unreadable() && !end.2.is_empty());
    let age = VirtualDuration::from_secs(30);
    let (end, count) = damage(&[Malformed::Stale { age }, Malformed::OtherEntity]);
    assert!(end.2.stale() == Some(age) && end.2.other_entity() && count == [1, 1]);
    // In id order: an empty body has no wrong values any more.
    let (end, _) = damage(&[Malformed::ValuesChanged, Malformed::Empty]);
    assert!(end.2.is_empty() && !end.2.values_changed());
    let (end, _) = damage(&[Malformed::Empty, Malformed::FieldsRemoved]);
    assert!(end.2.is_empty() && end.2.fields_removed());
}

#[test]
fn a_forced_reply_says_what_it_is_told_to_say() {
    let ok = malformed(Malformed::Forced { ok: true });
    let (ends_, finished) = ends(ONE, None, vec![error(true, 0), ok.clone()]);
    assert_eq!((ends_[0].1, landed(&finished)), (200, vec![1, 1]));
    let (ends_, finished) = ends(ONE, None, vec![ok]);
    assert_eq!(
        (ends_[0].1, landed(&finished)),
        (200, vec![0]),
        "it was well anyway"
    );
    let fail = malformed(Malformed::Forced { ok: false });
    let (ends_, finished) = ends(ONE, None, vec![fail]);
    assert_eq!((ends_[0].1, landed(&finished)), (503, vec![1]));
}

/// 11 units, the first after 20 ms, then one every 10 ms; 1 ms there and 1 ms back.
#[test]
fn streams_stall_drip_and_break_off() {
    let tokens = Stream {
        time: ms(120),
        units: 11,
        pace: ms(10),
    };
    let shaped = |rules: Vec<CallRule>| {
        let (ends, finished) = ends(ONE, Some(tokens), rules);
        (ends[0].0, ends[0].1, landed(&finished))
    };
    assert_eq!(shaped(vec![]), (122, 200, vec![]));
    assert_eq!(shaped(vec![stream(None, 3.0, 0)]), (322, 200, vec![1]));
    assert_eq!(
        shaped(vec![stream(None, 1.0, 50), stream(None, 2.0, 50)]),
        (322, 200, vec![1, 1])
    );
    // The fifth unit comes 40 ms after the first, and then nothing.
    assert_eq!(shaped(vec![stream(Some(4), 1.0, 0)]), (62, 3, vec![1]));
    assert_eq!(
        shaped(vec![stream(Some(4), 1.0, 0), stream(Some(2), 1.0, 0)]),
        (42, 3, vec![1, 1])
    );
    // A stream that ends before the cut is whole.
    assert_eq!(shaped(vec![stream(Some(11), 1.0, 0)]), (122, 200, vec![0]));
    // A plain answer is one unit: it can stall, and be cut to nothing, but not drip.
    let plain = |rule| {
        let (ends, finished) = ends(ONE, None, vec![rule]);
        (ends[0].0, ends[0].1, landed(&finished))
    };
    assert_eq!(plain(stream(None, 9.0, 0)), (5, 200, vec![0]));
    assert_eq!(plain(stream(None, 1.0, 6)), (11, 200, vec![1]));
    assert_eq!(plain(stream(Some(0), 1.0, 0)), (5, 3, vec![1]));
}

#[test]
fn a_rule_is_for_one_method_replica_or_shard() {
    let asked: Vec<Asked> = (0..16)
        .map(|key| (key, u32::try_from(key % 2).expect("small")))
        .collect();
    let codes = |only: CallScope| {
        let (ends, finished) = scoped(&asked, None, vec![(only, error(false, 0))]);
        let failed: Vec<u64> = (0..16)
            .filter(|key| ends[usize::try_from(*key).expect("small")].1 == 500)
            .collect();
        assert_eq!(landed(&finished), [failed.len() as u64]);
        failed
    };
    let all = CallScope::ALL;
    let odd = CallScope {
        method: Some(1),
        ..all
    };
    assert_eq!(
        codes(odd),
        (0..16).filter(|key| key % 2 == 1).collect::<Vec<_>>()
    );
    let (here, elsewhere) = (NodeId(1), NodeId(0));
    assert_eq!(
        codes(CallScope {
            server: Some(here),
            ..all
        })
        .len(),
        16
    );
    assert_eq!(
        codes(CallScope {
            server: Some(elsewhere),
            ..all
        })
        .len(),
        0
    );
    let shard = Shard { index: 1, of: 4 };
    let hit = codes(CallScope {
        shard: Some(shard),
        ..all
    });
    assert_eq!(
        hit,
        (0..16).filter(|key| shard.holds(*key)).collect::<Vec<_>>()
    );
    assert!(!hit.is_empty() && hit.len() < 16);
}

#[test]
fn a_bucket_counts_calls_costs_or_answers() {
    let limited = |unit, burst| {
        let limit = CallRule::RateLimit {
            rate: 0.001,
            burst,
            unit,
            status: 429,
            retry_after: RetryAfter::None,
        };
        let (ends, _) = ends(&[(0, 0); 6], None, vec![limit]);
        ends.iter().filter(|end| end.1 == 429).count()
    };
    assert_eq!(limited(LimitUnit::Calls, 4.0), 2);
    assert_eq!(limited(LimitUnit::Cost, 50.0), 1, "each costs 10");
    assert_eq!(
        limited(LimitUnit::Answer, 200.0),
        4,
        "each may answer with 100"
    );
}

/// A copy of a request has a fate of its own: that of the first does not fall on it.
#[test]
fn a_crash_of_the_server_takes_answers_that_wait() {
    let (mut world, nodes) = world(&["client", "server"]);
    let server = world.port(nodes[1], "echo");
    world.process(nodes[1], "echo", move |cx| async move {
        let inbox = cx.listen("echo");
        loop {
            inbox.accept().await.reply(&cx, Reply::default());
        }
    });
    let (count, seen) = counter();
    world.process(nodes[0], "client", move |cx| {
        let count = Rc::clone(&count);
        async move {
            let result = cx.call(server, Request::default()).within(ms(500)).await;
            assert_eq!(result, Err(CallError::Deadline));
            count.set(1);
        }
    });
    let slow = Primitive::Call {
        client: None,
        service: ServiceId(0),
        only: CallScope::ALL,
        rule: delay(Arithmetic::Replace, 100.0 * MS),
    };
    let crash = Primitive::Crash {
        node: NodeId(1),
        seen: crate::plan::Seen::Silent,
    };
    world.set_plan(plan(vec![(0, None, slow), (50, Some(60), crash)]));
    run(&mut world, 1000);
    assert_eq!(seen.get(), 1);
}

/// A wrong hint is between a tenth of the right one and ten times as long, and another each time.
#[test]
fn a_wrong_retry_after_is_wrong() {
    let (mut world, nodes) = world(&["client", "server"]);
    let server = world.port(nodes[1], "echo");
    world.process(nodes[1], "echo", move |cx| async move {
        let inbox = cx.listen("echo");
        loop {
            inbox.accept().await.reply(&cx, Reply::default());
        }
    });
    let hints: Rc<RefCell<Vec<f64>>> = Rc::default();
    let out = Rc::clone(&hints);
    world.process(nodes[0], "client", move |cx| {
        let out = Rc::clone(&out);
        async move {
            for _ in 0..20 {
                let result = cx.call(server, Request::default()).within(ms(500)).await;
                if let Err(CallError::Status { retry_after, .. }) = result {
                    out.borrow_mut()
                        .push(retry_after.expect("it says something").as_secs_f64());
                }
            }
        }
    });
    let limit = CallRule::RateLimit {
        rate: 0.001,
        burst: 1.0,
        unit: LimitUnit::Calls,
        status: 429,
        retry_after: RetryAfter::Wrong,
    };
    let call = Primitive::Call {
        client: None,
        service: ServiceId(0),
        only: CallScope::ALL,
        rule: limit,
    };
    world.set_plan(plan(vec![(0, None, call)]));
    run(&mut world, 1000);
    let hints = hints.borrow();
    assert_eq!(hints.len(), 19);
    assert!(
        hints.iter().all(|h| (99.0..10_001.0).contains(h)),
        "{hints:?}"
    );
    let (early, late) = (
        hints.iter().filter(|h| **h < 990.0),
        hints.iter().filter(|h| **h > 1001.0),
    );
    assert!(early.count() > 3 && late.count() > 3, "{hints:?}");
}
