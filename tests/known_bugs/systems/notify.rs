//! A writer puts a value into a store and tells a reader, who fetches it: the first three nodes of the
//! scenario, once every 100 ms.
//!
//! `toy.not-found`: the reader was told of a value that is not there.

use crate::pair::nodes;
use squall::core::VirtualDuration;
use squall::core::world::{Reply, Request};
use squall::scenarios::workloads::Install;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

const PUT: u32 = 0;

/// Puts the three on their nodes. `confirmed`: the writer tells the reader when the store has answered.
pub(crate) fn install(install: &mut Install<'_>, confirmed: bool) {
    let [writer, store, reader] = nodes(install);
    let world = &mut *install.world;
    let missing = world.name("toy.not-found");
    let [values, news] =
        [(store, "values"), (reader, "news")].map(|(node, name)| world.port(node, name));
    let held = Rc::new(RefCell::new(BTreeSet::new()));
    world.process(store, "store", move |cx| {
        let held = Rc::clone(&held);
        async move {
            let inbox = cx.listen("values");
            loop {
                let call = inbox.accept().await;
                let key = call.request.key;
                if call.request.method == PUT {
                    held.borrow_mut().insert(key);
                    call.reply(&cx, Reply::default());
                } else if held.borrow().contains(&key) {
                    call.reply(&cx, Reply::default());
                } else {
                    call.fail(&cx, 404, None);
                }
            }
        }
    });
    world.process(writer, "writer", move |cx| async move {
        for key in 0.. {
            cx.sleep(VirtualDuration::from_millis(100)).await;
            let own = cx.clone();
            cx.spawn(async move {
                let request = Request {
                    method: PUT,
                    key,
                    ..Request::default()
                };
                let put = own.clone();
                let put = async move {
                    let _ = put.call(values, request).await;
                };
                if confirmed {
                    put.await;
                } else {
                    own.spawn(put);
                }
                let _ = own.call(news, request).await;
            });
        }
    });
    world.process(reader, "reader", move |cx| async move {
        let inbox = cx.listen("news");
        loop {
            let call = inbox.accept().await;
            let request = Request {
                method: 1,
                key: call.request.key,
                ..Request::default()
            };
            if cx.call(values, request).await.is_err() {
                cx.event(missing, call.request.key, 0);
            }
            call.reply(&cx, Reply::default());
        }
    });
}
