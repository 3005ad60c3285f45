//! The disk of a node: one operation after the other meets the weather, the content and the device.

mod drive;

use crate::disk::{Content, DiskDevice, DiskError, DiskProfile, Op, Strain, Weather};
use crate::memory::{Preset, SwapDevice};
use crate::world::{NodeSpec, Wake};
use crate::{EntryId, Key, Seed, VirtualDuration, VirtualTime};

/// Dirty bytes at which writers are throttled on a node without a memory limit; a choice.
const DIRTY_MAX: u64 = 256 << 20;
/// Share of the memory that may be dirty before: `vm.dirty_ratio` of Linux is 20 %.
const DIRTY_RATIO: u64 = 5;
/// What a change of names or of a size writes: one block.
const METADATA_BYTES: u64 = 4096;

/// The disk of one node.
#[derive(Debug)]
pub(in crate::world) struct HostDisk {
    content: Content,
    device: DiskDevice,
    preset: Preset,
    weather: Weather,
    capacity: u64,
    dirty_max: u64,
    keys: Keys,
    /// Operations so far, by [`Op`]: faults draw by these.
    operations: [u64; 3],
    /// Operations that wait for a hold to end.
    waiting: Vec<Wake>,
    in_flight: u32,
    errors: u64,
    lies: u64,
}

/// Keys and ordinals of the device's draws, and the key of a loss of power.
#[derive(Debug)]
struct Keys {
    reads: (Key, u64),
    transfers: (Key, u64),
    flushes: (Key, u64),
    power: Key,
}

fn next(stream: &mut (Key, u64)) -> crate::rng::Draw {
    let draw = stream.0.at(stream.1);
    stream.1 += 1;
    draw
}

/// An operation that began: what it will give, and when.
#[derive(Debug)]
pub(in crate::world) struct Begun<T> {
    pub(in crate::world) until: VirtualTime,
    pub(in crate::world) op: Op,
    /// Whether it waits for the device, and not only for the host to copy.
    pub(in crate::world) waits: bool,
    pub(in crate::world) result: Result<T, DiskError>,
}

/// A sync under way: what is durable when it comes back.
#[derive(Debug)]
pub(in crate::world) struct Syncing {
    /// The file; the directory if none.
    inode: Option<u64>,
    /// Changes below this ordinal.
    upto: u64,
    liars: Vec<EntryId>,
}

impl HostDisk {
    pub(super) fn new(seed: Seed, spec: &NodeSpec) -> Self {
        let preset = spec.disk_preset();
        let profile = DiskProfile::of(preset).expect("a node's disk is no compressed memory");
        let path = format!("node/{}", spec.name);
        let key = |purpose| Key::new(seed, &path, purpose);
        Self {
            content: Content::default(),
            device: DiskDevice::new(profile),
            preset,
            weather: Weather::default(),
            capacity: spec.disk.clone().unwrap_or_default().bytes,
            dirty_max: spec.memory.map_or(DIRTY_MAX, |bytes| bytes / DIRTY_RATIO),
            keys: Keys {
                reads: (key("disk.read"), 0),
                transfers: (key("disk.transfer"), 0),
                flushes: (key("disk.flush"), 0),
                power: key("disk.power"),
            },
            operations: [0; 3],
            waiting: Vec::new(),
            in_flight: 0,
            errors: 0,
            lies: 0,
        }
    }
    pub(super) const fn preset(&self) -> Preset {
        self.preset
    }
    pub(super) const fn queue_mut(&mut self) -> &mut SwapDevice {
        self.device.queue_mut()
    }

    /// An operation of a kind on a file begins: its number, its error, its strain.
    fn begin(
        &mut self,
        op: Op,
        path: &str,
        landed: &mut Vec<EntryId>,
    ) -> (u64, Result<Strain, DiskError>) {
        let ordinal = self.operations[op as usize];
        self.operations[op as usize] += 1;
        if self.weather.is_calm() {
            return (ordinal, Ok(Strain::CALM));
        }
        if let Some(error) = self.weather.error((op, path), ordinal, landed) {
            return (ordinal, Err(error));
        }
        let strain = self.weather.strain((op, path), ordinal, landed);
        (ordinal, Ok(strain))
    }

    /// When something that ends in the cache is done.
    fn cached(&self, now: VirtualTime, bytes: u64, strain: Strain) -> VirtualTime {
        let base = self.device.profile().cached(bytes);
        if strain.is_calm() {
            return now + base;
        }
        let own = strain.replaced.unwrap_or(base.as_nanos_f64());
        now + VirtualDuration::from_nanos_f64(own * strain.scale + strain.added)
    }
    /// A failure, which the host tells at once.
    fn failed<T>(&mut self, now: VirtualTime, op: Op, error: DiskError) -> Begun<T> {
        self.errors += 1;
        Begun {
            until: self.cached(now, 0, Strain::CALM),
            op,
            waits: false,
            result: Err(error),
        }
    }

    fn read(
        &mut self,
        now: VirtualTime,
        (path, offset, len): (&str, u64, u64),
        landed: &mut Vec<EntryId>,
    ) -> Begun<Vec<u8>> {
        let op = Op::Read;
        let (ordinal, begun) = self.begin(op, path, landed);
        let strain = match begun {
            Ok(strain) => strain,
            Err(error) => return self.failed(now, op, error),
        };
        let Some(inode) = self.content.find(path) else {
            return self.failed(now, op, DiskError::NotFound);
        };
        let (mut laws, mut misdirect) = (Vec::new(), None);
        if !self.weather.is_calm() {
            laws = self.weather.rotting(path);
            misdirect = self.weather.misdirect((op, path), ordinal);
        }
        let back = self
            .content
            .read((inode, offset), len, (now, ordinal), (&laws, misdirect));
        landed.extend(back.wrong);
        let until = if back.from_device > 0 {
            let draw = &mut next(&mut self.keys.reads);
            self.device.read(now, back.from_device, strain, draw) + added(strain)
        } else {
            self.cached(now, back.bytes.len() as u64, strain)
        };
        let result = if back.detected {
            self.errors += 1;
            Err(DiskError::Corrupt)
        } else {
            Ok(back.bytes)
        };
        let waits = back.from_device > 0 || !strain.is_calm();
        Begun {
            until,
            op,
            waits,
            result,
        }
    }

    /// Writes at an offset, or at the end; gives the offset.
    fn write(
        &mut self,
        now: VirtualTime,
        (path, offset): (&str, Option<u64>),
        bytes: &[u8],
        landed: &mut Vec<EntryId>,
    ) -> Begun<u64> {
        let op = Op::Write;
        let (ordinal, begun) = self.begin(op, path, landed);
        let strain = match begun {
            Ok(strain) => strain,
            Err(error) => return self.failed(now, op, error),
        };
        let len = bytes.len() as u64;
        let offset = offset.unwrap_or_else(|| self.content.size(path).unwrap_or(0));
        // A file cannot be longer than an address.
        let fits = offset.checked_add(len).is_some_and(|end| end < 1 << 62);
        let need = if fits {
            self.content.needed(path, offset, len)
        } else {
            u64::MAX
        };
        let space = (self.content.used(), self.capacity);
        if self.weather.is_full(now, need, space, landed) {
            return self.failed(now, op, DiskError::NoSpace);
        }
        let misdirect = self.weather.misdirect((op, path), ordinal);
        let at = now.as_nanos();
        self.content.write(at, (path, offset), bytes, misdirect);
        let mut until = self.cached(now, len, strain);
        let mut waits = !strain.is_calm();
        if self.content.dirty() > self.dirty_max {
            let (written, wrong) = self.content.write_back(at, self.dirty_max);
            landed.extend(wrong);
            let draw = &mut next(&mut self.keys.transfers);
            until = until.max(self.device.transfer(now, written, strain, draw) + added(strain));
            waits = true;
        }
        Begun {
            until,
            op,
            waits,
            result: Ok(offset),
        }
    }

    /// Syncs a file, or the directory if there is no name.
    fn sync(
        &mut self,
        now: VirtualTime,
        path: Option<&str>,
        landed: &mut Vec<EntryId>,
    ) -> Begun<Syncing> {
        let op = Op::Fsync;
        let (ordinal, begun) = self.begin(op, path.unwrap_or(""), landed);
        let strain = match begun {
            Ok(strain) => strain,
            Err(error) => return self.failed(now, op, error),
        };
        let inode = match path {
            Some(path) => match self.content.find(path) {
                Some(inode) => Some(inode),
                None => return self.failed(now, op, DiskError::NotFound),
            },
            None => None,
        };
        let (dirty, bytes) = match inode {
            Some(inode) => (self.content.is_dirty(inode), self.content.unsynced(inode)),
            None => (self.content.names_dirty(), METADATA_BYTES),
        };
        let until = if dirty {
            let bytes = if bytes == 0 { METADATA_BYTES } else { bytes };
            let draw = &mut next(&mut self.keys.transfers);
            let there = self.device.transfer(now, bytes, strain, draw);
            let draw = &mut next(&mut self.keys.flushes);
            self.device.flush((now, there), strain.second(), draw) + added(strain)
        } else {
            self.cached(now, 0, strain)
        };
        let liars = self.weather.liars(path.unwrap_or(""), ordinal);
        let upto = self.content.changes();
        Begun {
            until,
            op,
            waits: dirty || !strain.is_calm(),
            result: Ok(Syncing { inode, upto, liars }),
        }
    }

    fn synced(&mut self, now: VirtualTime, sync: &Syncing) -> Vec<EntryId> {
        let Syncing { inode, upto, liars } = sync;
        if !liars.is_empty() {
            self.lies += 1;
            match inode {
                Some(inode) => self.content.claim(*inode, *upto, liars),
                None => self.content.claim_names(*upto, liars),
            }
            return Vec::new();
        }
        match inode {
            Some(inode) => self.content.sync(now.as_nanos(), *inode, *upto),
            None => {
                self.content.sync_names(*upto);
                Vec::new()
            }
        }
    }
}

/// What the answer takes longer.
fn added(strain: Strain) -> VirtualDuration {
    VirtualDuration::from_nanos_f64(strain.added)
}
