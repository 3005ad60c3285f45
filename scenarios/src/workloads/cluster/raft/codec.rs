//! Bytes of what a replica keeps: framed records with a checksum, so that a torn tail is known.
//!
//! ```text
//! frame   = length u32, checksum u64 of the payload, payload       little-endian throughout
//! payload = kind u8, fields
//! ```

use super::machine::{
    Command, CommandId, Entry, Hard, Kv, Last, LogId, Member, Op, Snapshot, Voters,
};

/// Bytes before a payload.
const HEAD: usize = 12;
/// No vote.
const NOBODY: u8 = u8::MAX;

/// FNV-1a: a tail that was torn, or never written, does not have it by chance.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// A record of the log's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// The log begins after this place, where these vote.
    Base(LogId, Voters),
    Hard(Hard),
    Entry(Entry),
    /// Entries from here on are dropped.
    Cut(u32),
}

/// Writes records one after the other.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    fn frame(&mut self, fill: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.bytes.resize(start + HEAD, 0);
        fill(self);
        let payload = &self.bytes[start + HEAD..];
        let length = u32::try_from(payload.len()).expect("a record is small");
        let sum = checksum(payload);
        self.bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
        self.bytes[start + 4..start + HEAD].copy_from_slice(&sum.to_le_bytes());
    }
    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }
    fn word32(&mut self, word: u32) {
        self.bytes.extend_from_slice(&word.to_le_bytes());
    }
    fn word(&mut self, word: u64) {
        self.bytes.extend_from_slice(&word.to_le_bytes());
    }
    fn id(&mut self, id: CommandId) {
        self.word32(id.session);
        self.word32(id.serial);
    }
    pub(super) fn record(&mut self, record: &Record) {
        self.frame(|w| match record {
            Record::Base(at, voters) => {
                w.byte(0);
                w.word(at.packed());
                w.word(voters.0);
            }
            Record::Hard(hard) => {
                w.byte(1);
                w.word32(hard.term);
                w.byte(hard.voted.unwrap_or(NOBODY));
                w.word32(hard.wiped);
                w.byte(u8::from(hard.blank));
            }
            Record::Entry(entry) => {
                w.byte(2);
                w.word(entry.at.packed());
                w.command(&entry.command);
            }
            Record::Cut(from) => {
                w.byte(3);
                w.word32(*from);
            }
        });
    }
    fn command(&mut self, command: &Command) {
        match *command {
            Command::Noop => self.byte(0),
            Command::Config { id, voters } => {
                self.byte(1);
                self.id(id);
                self.word(voters.0);
            }
            Command::Write { id, key, op } => {
                self.byte(match op {
                    Op::Put(_) => 2,
                    Op::Swap(..) => 3,
                    Op::Append(_) => 4,
                });
                self.id(id);
                self.word32(key);
                match op {
                    Op::Put(value) | Op::Append(value) => self.word(value),
                    Op::Swap(expected, value) => {
                        self.word(expected);
                        self.word(value);
                    }
                }
            }
        }
    }
    pub(super) fn snapshot(&mut self, snapshot: &Snapshot) {
        self.frame(|w| {
            w.word(snapshot.last.packed());
            w.word(snapshot.voters.0);
            w.word(snapshot.kv.digest);
            w.word(snapshot.kv.values.len() as u64);
            for (key, value) in &snapshot.kv.values {
                w.word32(*key);
                w.word(*value);
            }
            w.word(snapshot.kv.sessions.len() as u64);
            for (session, last) in &snapshot.kv.sessions {
                w.word32(*session);
                w.word32(last.serial);
                w.word(last.answer);
            }
        });
    }
}

/// Reads fields; `None` where there is too little or nonsense.
#[derive(Debug)]
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }
    fn word32(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*first))
    }
    fn word(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*first))
    }
    fn id(&mut self) -> Option<CommandId> {
        Some(CommandId {
            session: self.word32()?,
            serial: self.word32()?,
        })
    }
    fn place(&mut self) -> Option<LogId> {
        Some(LogId::unpacked(self.word()?))
    }
    fn record(&mut self) -> Option<Record> {
        Some(match self.byte()? {
            0 => Record::Base(self.place()?, Voters(self.word()?)),
            1 => Record::Hard(Hard {
                term: self.word32()?,
                voted: Some(self.byte()?).filter(|voted: &Member| *voted != NOBODY),
                wiped: self.word32()?,
                blank: self.byte()? == 1,
            }),
            2 => Record::Entry(Entry {
                at: self.place()?,
                command: self.command()?,
            }),
            3 => Record::Cut(self.word32()?),
            _ => return None,
        })
    }
    fn command(&mut self) -> Option<Command> {
        let kind = self.byte()?;
        if kind == 0 {
            return Some(Command::Noop);
        }
        let id = self.id()?;
        if kind == 1 {
            let voters = Voters(self.word()?);
            return Some(Command::Config { id, voters });
        }
        let key = self.word32()?;
        let op = match kind {
            2 => Op::Put(self.word()?),
            3 => Op::Swap(self.word()?, self.word()?),
            4 => Op::Append(self.word()?),
            _ => return None,
        };
        Some(Command::Write { id, key, op })
    }
    fn snapshot(&mut self) -> Option<Snapshot> {
        let (last, voters) = (self.place()?, Voters(self.word()?));
        let mut kv = Kv {
            digest: self.word()?,
            ..Kv::default()
        };
        for _ in 0..self.word()? {
            kv.values.insert(self.word32()?, self.word()?);
        }
        for _ in 0..self.word()? {
            let session = self.word32()?;
            let (serial, answer) = (self.word32()?, self.word()?);
            kv.sessions.insert(session, Last { serial, answer });
        }
        Some(Snapshot { last, voters, kv })
    }
}

/// The payload of the frame at the beginning of `bytes`, and what follows it.
fn unframe(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (sum, rest) = rest.split_first_chunk()?;
    let payload = rest.get(..u32::from_le_bytes(*length) as usize)?;
    let holds = !payload.is_empty() && checksum(payload) == u64::from_le_bytes(*sum);
    holds.then(|| (payload, &rest[payload.len()..]))
}

/// The records at the beginning of a file, up to the first that does not hold, and how many bytes they
/// take.
pub(super) fn records(bytes: &[u8]) -> (Vec<Record>, usize) {
    let mut found = Vec::new();
    let mut left = bytes;
    while let Some((payload, rest)) = unframe(left)
        && let Some(record) = Reader(payload).record()
    {
        found.push(record);
        left = rest;
    }
    (found, bytes.len() - left.len())
}

/// The snapshot in a file.
pub(super) fn snapshot(bytes: &[u8]) -> Option<Snapshot> {
    let (payload, _) = unframe(bytes)?;
    Reader(payload).snapshot()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some_records() -> Vec<Record> {
        let id = CommandId {
            session: 7,
            serial: 9,
        };
        let entry = |index, command| {
            Record::Entry(Entry {
                at: LogId::new(3, index),
                command,
            })
        };
        let write = |op| Command::Write { id, key: 2, op };
        let voters = Voters::first(5);
        vec![
            Record::Base(LogId::new(1, 4), voters),
            Record::Hard(Hard {
                term: 3,
                voted: Some(0),
                wiped: 2,
                blank: true,
            }),
            entry(5, Command::Noop),
            entry(6, write(Op::Put(1 << 60))),
            Record::Cut(6),
            entry(6, write(Op::Swap(3, 4))),
            entry(7, write(Op::Append(5))),
            entry(8, Command::Config { id, voters }),
            Record::Hard(Hard::default()),
        ]
    }

    #[test]
    fn records_come_back() {
        let mut writer = Writer::default();
        let all = some_records();
        all.iter().for_each(|record| writer.record(record));
        assert_eq!(records(&writer.bytes), (all, writer.bytes.len()));
    }
    #[test]
    fn a_tail_that_is_cut_or_changed_anywhere_ends_the_records_before_it() {
        let mut writer = Writer::default();
        let all = some_records();
        let mut ends = vec![0];
        for record in &all {
            writer.record(record);
            ends.push(writer.bytes.len());
        }
        for cut in 0..writer.bytes.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            assert_eq!(records(&writer.bytes[..cut]).0, all[..whole]);
            let mut changed = writer.bytes.clone();
            changed[cut] ^= 0x40;
            let (found, upto) = records(&changed);
            assert_eq!((&found[..], upto), (&all[..whole], ends[whole]));
            // What is lost in the middle reads as zeros.
            changed[cut..].fill(0);
            let same = |end: &&usize| changed[..**end] == writer.bytes[..**end];
            let whole = ends.iter().filter(same).count() - 1;
            assert_eq!(records(&changed).0, all[..whole]);
        }
    }
    #[test]
    fn snapshots_come_back() {
        let last = Last {
            serial: 4,
            answer: 5,
        };
        let kv = Kv {
            values: [(1, 2), (3, 4)].into(),
            sessions: [(9, last)].into(),
            digest: 77,
        };
        let voters = Voters::first(3);
        let original = Snapshot {
            last: LogId::new(2, 8),
            voters,
            kv,
        };
        let mut writer = Writer::default();
        writer.snapshot(&original);
        assert_eq!(snapshot(&writer.bytes), Some(original));
        assert_eq!(snapshot(&writer.bytes[..20]), None);
    }
}
