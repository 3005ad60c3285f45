//! Datagrams: `pinger` sends one every 20 ms, `echo` returns it; answers are events and samples.

use squall_core::history::What;
use squall_core::plan::Plan;
use squall_core::{Seed, VirtualDuration};
use squall_madsim::{Cx, Hosted, HostedRun};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::sleep;

use super::plans::{at, ms};

/// Echo is node 0, pinger node 1; messages take 2 ms each way.
pub(crate) fn service(seed: u64) -> HostedRun {
    HostedRun::new(Seed(seed))
        .node("echo", echo)
        .node("pinger", pinger)
        .latency(ms(2), ms(2))
        .until(VirtualDuration::from_secs(10))
}

/// Runs it under `plan`.
pub(crate) fn run(plan: Plan) -> Hosted {
    service(1)
        .plan(plan)
        .run()
        .expect("madsim can do this plan")
}

async fn echo(cx: Cx) {
    let socket = UdpSocket::bind("0.0.0.0:7").await.expect("port 7 is free");
    let mut buffer = [0; 8];
    loop {
        let (length, from) = socket
            .recv_from(&mut buffer)
            .await
            .expect("sockets receive");
        cx.recorder()
            .event("ping.echoed", u64::from_le_bytes(buffer), 0);
        socket
            .send_to(from, &buffer[..length])
            .await
            .expect("sockets send");
    }
}

async fn pinger(cx: Cx) {
    let socket = UdpSocket::bind("0.0.0.0:7").await.expect("port 7 is free");
    let socket = Arc::new(socket);
    let sent = Arc::new(Mutex::new(BTreeMap::new()));
    let (answers, times, reader) = (Arc::clone(&socket), Arc::clone(&sent), cx.clone());
    tokio::spawn(async move {
        let mut buffer = [0; 8];
        loop {
            answers
                .recv_from(&mut buffer)
                .await
                .expect("sockets receive");
            let number = u64::from_le_bytes(buffer);
            let sent = times.lock().expect("nobody panics with it").remove(&number);
            if let Some(sent) = sent {
                let took = reader.now().since(sent);
                reader
                    .recorder()
                    .event("ping.answered", number, took.as_nanos());
            }
        }
    });
    for number in 0_u64.. {
        sent.lock()
            .expect("nobody panics with it")
            .insert(number, cx.now());
        cx.recorder().event("ping.sent", number, 0);
        // A name or an address that is away is not the pinger's concern.
        let _ = socket.send_to("echo:7", &number.to_le_bytes()).await;
        sleep(Duration::from_millis(20)).await;
    }
}

/// Arguments of the events `name` between two instants, in milliseconds.
pub(crate) fn between(hosted: &Hosted, name: &str, from: u64, until: u64) -> Vec<(u64, u64)> {
    let wanted = hosted.names.find(name);
    let events = hosted
        .records
        .iter()
        .filter_map(|record| match record.what {
            What::Event { name, a, b, .. }
                if Some(name) == wanted && (at(from)..at(until)).contains(&record.at) =>
            {
                Some((a, b))
            }
            _ => None,
        });
    events.collect()
}

/// How many events `name` there were between two instants, in milliseconds.
pub(crate) fn count(hosted: &Hosted, name: &str, from: u64, until: u64) -> usize {
    between(hosted, name, from, until).len()
}
