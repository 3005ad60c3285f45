//! A lease on a store: the first node grants it and keeps the store, the others take turns. Who has the
//! lease looks at its clock, prepares for 200 ms, and writes, for as long as it believes to
//! have it.
//!
//! `toy.two-holders`: a write came in of one whose lease another one had already. `toy.written`:
//! a write was taken.

use squall::core::world::{CallError, Cx, Reply, Request};
use squall::core::{NameId, PortId, VirtualDuration};
use squall::scenarios::workloads::Install;
use std::cell::Cell;
use std::rc::Rc;

/// Who grants leases, and two that want them.
pub(crate) const LEASES: &str = "stop = { at = '60s' }
[topology]
nodes.store = {}
nodes.holder = { count = 2 }
links.default = { delay = '1ms' }";

/// Length of a lease.
const LEASE: VirtualDuration = VirtualDuration::from_secs(4);
/// What the holder leaves unused of it.
const MARGIN: VirtualDuration = VirtualDuration::from_millis(400);
/// What a request asks for.
const GRANT: u32 = 0;
const WRITE: u32 = 1;

/// How a holder knows that it still is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The wall clock of its node.
    WallClock,
    /// The monotonic one.
    Monotonic,
}

/// What is done about wrong clocks and late writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    /// The clock of the holder.
    pub(crate) by: By,
    /// Whether the store refuses writes with the number of an older lease.
    pub(crate) fenced: bool,
}

/// Puts the store and its clients on the nodes.
pub(crate) fn install(install: &mut Install<'_>, lease: Lease) {
    let nodes = install.nodes().to_vec();
    let world = &mut *install.world;
    let events = ["toy.two-holders", "toy.written"].map(|name| world.name(name));
    let port = world.port(nodes[0], "store");
    // The number of the latest lease; on disk, as it were.
    let latest = Rc::new(Cell::new(0));
    world.process(nodes[0], "store", move |cx| {
        store(cx, lease, events, Rc::clone(&latest))
    });
    for node in &nodes[1..] {
        world.process(*node, "holder", move |cx| hold(cx, lease, port));
    }
}

async fn store(cx: Cx, lease: Lease, [two, written]: [NameId; 2], latest: Rc<Cell<u64>>) {
    let inbox = cx.listen("store");
    let mut until = cx.monotonic();
    loop {
        let call = inbox.accept().await;
        let token = call.request.key;
        if call.request.method == WRITE {
            if token < latest.get() {
                if lease.fenced {
                    call.fail(&cx, 409, None);
                    continue;
                }
                cx.event(two, token, latest.get());
            }
            cx.event(written, token, 0);
            call.reply(&cx, Reply::default());
        } else if cx.monotonic() >= until {
            until = cx.monotonic() + LEASE;
            latest.set(latest.get() + 1);
            let args = [latest.get(), 0, 0, 0];
            call.reply(&cx, Reply::of(args));
        } else {
            call.fail(&cx, 423, None);
        }
    }
}

async fn hold(cx: Cx, lease: Lease, port: PortId) {
    let second = VirtualDuration::from_secs(1);
    let ask = |method, key| {
        let request = Request {
            method,
            key,
            ..Request::default()
        };
        cx.call(port, request).within(second)
    };
    loop {
        // The time before the request, so that the way there and back is no error.
        let (wall, monotonic) = (cx.wall_clock(), cx.monotonic());
        let Ok(granted) = ask(GRANT, 0).await else {
            cx.sleep(VirtualDuration::from_millis(50)).await;
            continue;
        };
        let used = || match lease.by {
            By::WallClock => cx.wall_clock().since(wall),
            By::Monotonic => cx.monotonic().saturating_sub(monotonic),
        };
        while used() + MARGIN < LEASE {
            cx.sleep(VirtualDuration::from_millis(200)).await;
            let written = ask(WRITE, granted.args[0]).await;
            if matches!(written, Err(CallError::Status { .. })) {
                break;
            }
        }
        // Others get their turn.
        cx.sleep(second).await;
    }
}
