//! A store of numbered records in a file, one after the other, and a client that writes one every 20 ms,
//! then reads all of them back: the first node of the scenario and the last. The nodes in between are
//! for more copies of the same.
//!
//! `toy.lost`: a copy that should have an acknowledged record has not, and neither has another.
//! `toy.damaged`: what came back is not what was written. `toy.done`: all records were asked for.

use crate::pair::Promise;
use squall::core::disk::DiskError;
use squall::core::world::{CallError, Cx, File, Reply, Request};
use squall::core::{NameId, PortId, VirtualDuration};
use squall::scenarios::workloads::Install;

/// A store, one for copies, and a client.
pub(crate) const STORES: &str = "stop = { at = '90s' }
[topology]
nodes.store = {}
nodes.copy = {}
nodes.client = {}
links.default = { delay = '500us' }";
/// What it promises.
pub(crate) const SAFE: &[Promise] = &[
    Promise::Never("toy.lost"),
    Promise::Never("toy.damaged"),
    Promise::Eventually("toy.done"),
];

/// Bytes of a record: several units of a device, so that it can tear.
const RECORD: u64 = 4096;
const RECORDS: u64 = 300;
const WRITE: u32 = 0;
const READ: u32 = 1;

/// What is looked at when a record is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Checked {
    /// Nothing.
    Nothing,
    /// A checksum over its bytes.
    Bytes,
    /// That, and whether its number is the one that was asked for.
    BytesAndNumber,
}

/// What the store does about its disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Store {
    /// Whether it syncs before it acknowledges.
    pub(crate) synced: bool,
    /// What it looks at before it hands a record out.
    pub(crate) checked: Checked,
    /// Whether an error of the disk is an error to the client, who then writes again.
    pub(crate) honest: bool,
    /// Nodes that a client writes to and reads from.
    pub(crate) copies: usize,
}

/// Puts the stores and the client on the nodes.
pub(crate) fn install(install: &mut Install<'_>, store: Store) {
    let nodes = install.nodes().to_vec();
    let world = &mut *install.world;
    let events = ["toy.lost", "toy.damaged", "toy.done"].map(|name| world.name(name));
    let (client, stores) = nodes.split_last().unwrap();
    let stores = &stores[..store.copies];
    let ports: Vec<PortId> = stores
        .iter()
        .map(|node| world.port(*node, "store"))
        .collect();
    for node in stores {
        world.process(*node, "store", move |cx| serve(cx, store));
    }
    world.process(*client, "client", move |cx| {
        let client = Client {
            cx,
            ports: ports.clone(),
            events,
        };
        async move { client.run().await }
    });
}

/// The bytes of a record: a checksum, its number, and a word that follows from the number, again and again.
fn record(number: u64) -> Vec<u8> {
    let words = usize::try_from(RECORD / 8 - 2).unwrap();
    let word = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut bytes = [0, number].map(u64::to_le_bytes).concat();
    bytes.extend(word.to_le_bytes().repeat(words));
    let sum = checksum(&bytes[8..]);
    bytes[..8].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// FNV-1a over words.
fn checksum(bytes: &[u8]) -> u64 {
    let (words, _) = bytes.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    words.fold(0xcbf2_9ce4_8422_2325, |hash, word| {
        (hash ^ word).wrapping_mul(0x0100_0000_01b3)
    })
}

fn word(bytes: &[u8], at: usize) -> u64 {
    let bytes = bytes.get(at..at + 8).map(|bytes| bytes.try_into().unwrap());
    bytes.map_or(0, u64::from_le_bytes)
}

async fn serve(cx: Cx, store: Store) {
    let disk = cx.disk();
    let file = disk.open("log");
    if disk.exists("log").await == Ok(false) {
        // The name has to be durable before anything in the file is.
        let made = file.truncate(0).await;
        let _ = made.and(disk.sync_dir().await);
    }
    let inbox = cx.listen("store");
    loop {
        let call = inbox.accept().await;
        let (number, method) = (call.request.key, call.request.method);
        if method == WRITE {
            let written = write(&file, number, store).await;
            match written {
                Err(_) if store.honest => call.fail(&cx, 500, None),
                _ => call.reply(&cx, Reply::default()),
            }
            continue;
        }
        match read(&file, number, store).await {
            // What the client gets is what the bytes say, in short.
            Some(bytes) => {
                let args = [checksum(&bytes[8..]), 0, 0, 0];
                call.reply(&cx, Reply::of(args));
            }
            None => call.fail(&cx, 404, None),
        }
    }
}

async fn write(file: &File<'_>, number: u64, store: Store) -> Result<(), DiskError> {
    file.write_at(number * RECORD, &record(number)).await?;
    if store.synced {
        file.sync().await?;
    }
    Ok(())
}

/// A record as it is on disk, if it is there and in order.
async fn read(file: &File<'_>, number: u64, store: Store) -> Option<Vec<u8>> {
    let bytes = file.read_at(number * RECORD, RECORD).await.ok()?;
    // A hole reads as zeros.
    if (bytes.len() as u64) < RECORD || bytes.iter().all(|byte| *byte == 0) {
        return None;
    }
    let whole = checksum(&bytes[8..]) == word(&bytes, 0);
    let asked = word(&bytes, 8) == number;
    let good = match store.checked {
        Checked::Nothing => true,
        Checked::Bytes => whole,
        Checked::BytesAndNumber => whole && asked,
    };
    good.then_some(bytes)
}

#[derive(Debug)]
struct Client {
    cx: Cx,
    ports: Vec<PortId>,
    events: [NameId; 3],
}

impl Client {
    async fn run(self) {
        let mut acknowledged = Vec::new();
        for number in 0..RECORDS {
            self.cx.sleep(VirtualDuration::from_millis(20)).await;
            let mut all = true;
            for port in &self.ports {
                all &= self.write(*port, number).await;
            }
            if all {
                acknowledged.push(number);
            }
        }
        let [lost, damaged, done] = self.events;
        for number in acknowledged {
            match self.read(number).await {
                None => self.cx.event(lost, number, 0),
                Some(sum) if sum != expected(number) => self.cx.event(damaged, number, 0),
                Some(_) => {}
            }
        }
        self.cx.event(done, 0, 0);
    }

    async fn ask(&self, port: PortId, method: u32, key: u64) -> Result<Reply, CallError> {
        let request = Request {
            method,
            key,
            ..Request::default()
        };
        self.cx
            .call(port, request)
            .within(VirtualDuration::from_millis(500))
            .await
    }

    /// Writes until it is acknowledged, or up to ten times.
    async fn write(&self, port: PortId, number: u64) -> bool {
        for _ in 0..10 {
            if self.ask(port, WRITE, number).await.is_ok() {
                return true;
            }
            self.cx.back_off(VirtualDuration::from_millis(100)).await;
        }
        false
    }

    /// A record in short, from the first copy that has it. Who does not answer is asked again.
    async fn read(&self, number: u64) -> Option<u64> {
        for port in &self.ports {
            loop {
                match self.ask(*port, READ, number).await {
                    Ok(reply) => return Some(reply.args[0]),
                    Err(CallError::Status { .. }) => break,
                    Err(_) => self.cx.back_off(VirtualDuration::from_millis(200)).await,
                }
            }
        }
        None
    }
}

fn expected(number: u64) -> u64 {
    checksum(&record(number)[8..])
}
