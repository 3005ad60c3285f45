//! A register that two writers share: the first node of the scenario, and the two after it. They take
//! turns, half a minute apart; each reads, thinks for 50 ms, and writes with a stamp. The later stamp
//! wins.
//!
//! `toy.update-lost`: a write of one who had seen the latest was dropped.

use crate::pair::nodes;
use squall::core::VirtualDuration;
use squall::core::world::{Cx, Reply, Request};
use squall::scenarios::workloads::Install;
use std::cell::Cell;
use std::rc::Rc;

const TURN: VirtualDuration = VirtualDuration::from_millis(100);
const READ: u32 = 0;
const WRITE: u32 = 1;

/// Puts them on their nodes. `after_what_was_read`: a stamp is later than that of what was read, whatever
/// the clock says.
pub(crate) fn install(install: &mut Install<'_>, after_what_was_read: bool) {
    let [store, first, second] = nodes(install);
    let world = &mut *install.world;
    let lost = world.name("toy.update-lost");
    let port = world.port(store, "register");
    let stamp = Rc::new(Cell::new(0));
    world.process(store, "store", move |cx| {
        let stamp = Rc::clone(&stamp);
        async move {
            let inbox = cx.listen("register");
            loop {
                let call = inbox.accept().await;
                if call.request.method == WRITE {
                    let seen = call.request.args[0] == stamp.get();
                    if call.request.key > stamp.get() {
                        stamp.set(call.request.key);
                    } else if seen {
                        cx.event(lost, call.request.key, stamp.get());
                    }
                }
                let args = [stamp.get(), 0, 0, 0];
                call.reply(&cx, Reply::of(args));
            }
        }
    });
    for (turn, node) in [(0, first), (1, second)] {
        world.process(node, "writer", move |cx| async move {
            cx.sleep(TURN * turn).await;
            loop {
                cx.sleep(VirtualDuration::from_secs(30)).await;
                let read = ask(&cx, port, READ, [0; 2]).await;
                cx.sleep(VirtualDuration::from_millis(50)).await;
                let now = cx.wall_clock().as_nanos().cast_unsigned();
                let stamp = if after_what_was_read {
                    now.max(read + 1)
                } else {
                    now
                };
                ask(&cx, port, WRITE, [stamp, read]).await;
            }
        });
    }
}

async fn ask(cx: &Cx, port: squall::core::PortId, method: u32, [key, seen]: [u64; 2]) -> u64 {
    let request = Request {
        method,
        key,
        args: [seen, 0, 0, 0],
        ..Request::default()
    };
    cx.call(port, request)
        .await
        .map_or(0, |reply| reply.args[0])
}
