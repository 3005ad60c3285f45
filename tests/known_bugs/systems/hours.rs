//! What programs do with the time of day: one node each, and what goes wrong when it does.

use crate::pair::nodes;
use squall::core::world::Cx;
use squall::core::{VirtualDuration, WallTime};
use squall::scenarios::workloads::Install;
use std::collections::BTreeSet;

const MILLI: VirtualDuration = VirtualDuration::from_millis(1);

/// Numbers made of the time in milliseconds, and of which of this millisecond it is: one every 100 us.
/// `toy.same-number`: one was given twice. `grows`: the time in it never goes back, and when a millisecond
/// has no numbers left the next one's are taken.
pub(crate) fn numbers(install: &mut Install<'_>, grows: bool) {
    const OF_A_MILLISECOND: u64 = 64;
    let [node] = nodes(install);
    let same = install.world.name("toy.same-number");
    install
        .world
        .process(node, "numbers", move |cx| async move {
            let (mut given, mut milli, mut count) = (BTreeSet::new(), 0, 0);
            for _ in 0..30_000 {
                cx.sleep(VirtualDuration::from_micros(100)).await;
                let now = cx.wall_clock().as_nanos().cast_unsigned() / MILLI.as_nanos();
                if grows && now <= milli && count + 1 >= OF_A_MILLISECOND {
                    (milli, count) = (milli + 1, 0);
                } else if (grows && now <= milli) || now == milli {
                    count = (count + 1) % OF_A_MILLISECOND;
                } else {
                    (milli, count) = (now, 0);
                }
                let number = milli * OF_A_MILLISECOND + count;
                if !given.insert(number) {
                    cx.event(same, number, 0);
                }
            }
        });
}

/// How long a request took, as the difference of two readings, one request of 2 ms after the other; each
/// is logged with the time of day.
/// `toy.negative`: less than no time, with which nobody reckoned.
pub(crate) fn durations(install: &mut Install<'_>, monotonic: bool) {
    let [node] = nodes(install);
    let negative = install.world.name("toy.negative");
    install
        .world
        .process(node, "requests", move |cx| async move {
            let read = |cx: &Cx| match monotonic {
                true => cx.monotonic().as_nanos().cast_signed(),
                false => cx.wall_clock().as_nanos(),
            };
            let mut log = cx.wall_clock();
            loop {
                let before = read(&cx);
                cx.sleep(MILLI * 2).await;
                if read(&cx) < before {
                    cx.event(negative, 0, log.as_nanos().cast_unsigned());
                }
                log = cx.wall_clock();
            }
        });
}

/// Sessions that end when nothing was heard of them for 10 s, one of which says something every second.
/// `toy.live-session-ended`: that one.
pub(crate) fn sessions(install: &mut Install<'_>, monotonic: bool) {
    let [node] = nodes(install);
    let ended = install.world.name("toy.live-session-ended");
    install
        .world
        .process(node, "sessions", move |cx| async move {
            const IDLE: VirtualDuration = VirtualDuration::from_secs(10);
            loop {
                let (wall, elapsed) = (cx.wall_clock(), cx.monotonic());
                // It is looked at ten times until it says something again.
                for _ in 0..10 {
                    cx.sleep(MILLI * 100).await;
                    let idle = match monotonic {
                        true => cx.monotonic().saturating_sub(elapsed),
                        false => cx.wall_clock().since(wall),
                    };
                    if idle > IDLE {
                        cx.event(ended, 0, 0);
                    }
                }
            }
        });
}

/// Records that are kept for seven days, one written every minute. `toy.all-deleted`: none is left. `newest`:
/// their age is counted from the newest of them, not from now.
pub(crate) fn retention(install: &mut Install<'_>, newest: bool) {
    let [node] = nodes(install);
    let deleted = install.world.name("toy.all-deleted");
    install
        .world
        .process(node, "retention", move |cx| async move {
            const DAYS: VirtualDuration = VirtualDuration::from_secs(7 * 86_400);
            let mut records: Vec<WallTime> = Vec::new();
            loop {
                records.push(cx.wall_clock());
                cx.sleep(VirtualDuration::from_secs(60)).await;
                let latest = records.last().copied().unwrap_or(WallTime::ZERO);
                let now = if newest { latest } else { cx.wall_clock() };
                records.retain(|at| now.since(*at) < DAYS);
                if records.is_empty() {
                    cx.event(deleted, 0, 0);
                }
            }
        });
}
