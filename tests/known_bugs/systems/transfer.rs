//! A client sends a file in 100 pieces, 50 ms each, to a server: the first node of the scenario and the
//! second.
//!
//! `toy.sent`: the whole file is there.

use crate::pair::nodes;
use squall::core::VirtualDuration;
use squall::core::world::{Reply, Request};
use squall::scenarios::workloads::Install;

const PIECES: u64 = 100;

/// Puts both on their nodes. `resumes`: after an error the client goes on where it was.
pub(crate) fn install(install: &mut Install<'_>, resumes: bool) {
    let [client, server] = nodes(install);
    let world = &mut *install.world;
    let sent = world.name("toy.sent");
    let port = world.port(server, "pieces");
    world.process(server, "server", move |cx| async move {
        let inbox = cx.listen("pieces");
        loop {
            inbox.accept().await.reply(&cx, Reply::default());
        }
    });
    world.process(client, "client", move |cx| async move {
        let mut piece = 0;
        while piece < PIECES {
            cx.sleep(VirtualDuration::from_millis(50)).await;
            let request = Request {
                key: piece,
                ..Request::default()
            };
            let answer = cx
                .call(port, request)
                .within(VirtualDuration::from_millis(300))
                .await;
            piece = match answer {
                Ok(_) => piece + 1,
                Err(_) if resumes => piece,
                Err(_) => 0,
            };
        }
        cx.event(sent, 0, 0);
    });
}
