//! A counter behind TCP, and a client that adds to it and tries again when it hears nothing.
//!
//! The planted bug: the server applies what it reads. An answer that comes too late makes the client
//! send the same addition again, and it is applied twice. The twin remembers the key of each request.

use squall_core::history::{Outcome, Record, What};
use squall_core::property::{Event, Invariant, PropertyKind, Ruling};
use squall_core::{NameId, Seed, VirtualDuration};
use squall_madsim::{Cx, HostedRun};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use super::plans::promise;

/// How many additions the client makes.
pub(crate) const ADDS: u64 = 60;

/// What survives a crash of the server: its disk.
#[derive(Debug, Default)]
struct Store {
    total: u64,
    /// Answers already given, by request.
    answers: BTreeMap<u64, u64>,
}

/// Server and client with their promises; `keyed` is the twin without the bug.
pub(crate) fn service(seed: u64, keyed: bool) -> HostedRun {
    let store = Arc::new(Mutex::new(Store::default()));
    HostedRun::new(Seed(seed))
        .node("server", move |cx| serve(cx, Arc::clone(&store), keyed))
        .node("client", client)
        .until(VirtualDuration::from_secs(60))
}

/// The promises, which every plan meets with the same types as on the native engine.
pub(crate) fn promised(run: HostedRun) -> HostedRun {
    let event = |event: &str| event.to_owned();
    run.invariant("kv.at-most-once", |names| {
        Box::new(AtMostOnce {
            applied: names.intern("kv.applied"),
            times: BTreeMap::new(),
        })
    })
    .monitor(
        promise(
            "kv.finishes",
            PropertyKind::Eventually {
                event: event("kv.done"),
                within: None,
                after: VirtualDuration::ZERO,
            },
        ),
        |names, _| {
            let text = "the client did not finish".to_owned();
            let done = names.intern("kv.done");
            Box::new(Event::eventually(done, VirtualDuration::ZERO, None, text))
        },
    )
    .monitor(
        promise(
            "kv.retries",
            PropertyKind::Sometimes {
                event: event("kv.retried"),
            },
        ),
        |names, _| Box::new(Event::sometimes(names.intern("kv.retried"))),
    )
}

async fn serve(cx: Cx, store: Arc<Mutex<Store>>, keyed: bool) {
    cx.recorder().event("kv.serving", u64::from(cx.start()), 0);
    let listener = TcpListener::bind("0.0.0.0:80")
        .await
        .expect("port 80 is free");
    loop {
        let (stream, _) = listener.accept().await.expect("a listener accepts");
        let (cx, store) = (cx.clone(), Arc::clone(&store));
        tokio::spawn(async move {
            // A broken connection is the client's to mend.
            let _ = session(cx, stream, store, keyed).await;
        });
    }
}

async fn session(
    cx: Cx,
    stream: TcpStream,
    store: Arc<Mutex<Store>>,
    keyed: bool,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let number = |word: Option<&str>| word.and_then(|word| word.parse().ok()).unwrap_or(0);
        let mut words = line.split_whitespace();
        let (request, amount): (u64, u64) = (number(words.next()), number(words.next()));
        let answer = {
            let mut store = store.lock().expect("nobody panics with the store");
            match store.answers.get(&request).copied().filter(|_| keyed) {
                Some(answer) => answer,
                None => {
                    store.total += amount;
                    let total = store.total;
                    store.answers.insert(request, total);
                    cx.recorder().event("kv.applied", request, amount);
                    total
                }
            }
        };
        line.clear();
        stream.write_all(format!("{answer}\n").as_bytes()).await?;
        // madsim sends on flush only.
        stream.flush().await?;
    }
    Ok(())
}

async fn client(cx: Cx) {
    let mut connection = None;
    for request in 0..ADDS {
        let begun = cx.now();
        let op = cx.recorder().invoke("kv.add", request, 1);
        let answer = loop {
            let tried = attempt(&mut connection, request);
            match timeout(Duration::from_millis(100), tried).await {
                Ok(Ok(answer)) => break answer,
                Ok(Err(_)) | Err(_) => {
                    connection = None;
                    cx.recorder().event("kv.retried", request, 0);
                    sleep(Duration::from_millis(50)).await;
                }
            }
        };
        cx.recorder().ret(op, Outcome::Ok, answer);
        let took = cx.now().since(begun);
        cx.recorder().sample("kv.latency", took.as_secs_f64());
        sleep(Duration::from_millis(100)).await;
    }
    cx.recorder().event("kv.done", ADDS, 0);
}

async fn attempt(connection: &mut Option<BufReader<TcpStream>>, request: u64) -> io::Result<u64> {
    let stream = match connection {
        Some(stream) => stream,
        None => connection.insert(BufReader::new(TcpStream::connect("server:80").await?)),
    };
    stream
        .write_all(format!("{request} 1\n").as_bytes())
        .await?;
    stream.flush().await?;
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let answer = line.trim().parse();
    answer.map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))
}

/// No request is applied twice.
#[derive(Debug)]
struct AtMostOnce {
    applied: NameId,
    times: BTreeMap<u64, u64>,
}

impl Invariant for AtMostOnce {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let What::Event { name, node, a, .. } = record.what else {
            return;
        };
        if name != self.applied {
            return;
        }
        ruling.checked();
        let times = self.times.entry(a).or_default();
        *times += 1;
        if *times > 1 {
            ruling.violated(record.at, Some(node), || {
                format!("request {a} applied twice")
            });
        }
    }
}
