//! The replicated state: values by key, and the sessions that make a retried write happen once.

use super::types::{Command, CommandId, Entry, Op};
use std::collections::BTreeMap;

/// The value of a text to which another was appended: a digest of the whole.
pub(crate) const fn appended(text: u64, more: u64) -> u64 {
    let mut x = (text ^ 0x9e37_79b9_7f4a_7c15)
        .wrapping_mul(0xff51_afd7_ed55_8ccd)
        .wrapping_add(more);
    x ^= x >> 32;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^= x >> 29;
    // No text is zero.
    if x == 0 { 1 } else { x }
}

/// The last write of a session and what it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Last {
    pub(crate) serial: u32,
    pub(crate) answer: u64,
}

/// The state that all replicas share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kv {
    pub(crate) values: BTreeMap<u32, u64>,
    pub(crate) sessions: BTreeMap<u32, Last>,
    /// A digest of all that was applied, in its order.
    pub(crate) digest: u64,
}

impl Kv {
    /// The value of a key; zero if there is none.
    pub(crate) fn get(&self, key: u32) -> u64 {
        self.values.get(&key).copied().unwrap_or(0)
    }
    /// Size in a message or a file.
    pub(crate) fn bytes(&self) -> usize {
        12 * self.values.len() + 16 * self.sessions.len() + 32
    }
    /// Applies an entry. Gives what its client is told; `None` if a later write of the session was
    /// applied before, so that this one must not be.
    pub(crate) fn apply(&mut self, entry: &Entry) -> Option<u64> {
        let answer = match entry.command {
            Command::Noop => Some(0),
            Command::Write { id, key, op } => self.once(id, |kv| kv.write(key, op)),
            Command::Config { id, .. } => self.once(id, |_| u64::from(entry.at.index)),
        };
        let did = answer.map_or(u64::MAX, |answer| answer);
        self.digest = appended(self.digest, entry.command.id().packed());
        self.digest = appended(self.digest, did);
        answer
    }
    fn once(&mut self, id: CommandId, act: impl FnOnce(&mut Self) -> u64) -> Option<u64> {
        if let Some(last) = self.sessions.get(&id.session) {
            if last.serial == id.serial {
                return Some(last.answer);
            }
            if last.serial > id.serial {
                return None;
            }
        }
        let answer = act(self);
        let serial = id.serial;
        self.sessions.insert(id.session, Last { serial, answer });
        Some(answer)
    }
    fn write(&mut self, key: u32, op: Op) -> u64 {
        let now = self.get(key);
        let (next, answer) = match op {
            Op::Put(value) => (value, value),
            Op::Append(more) => {
                let text = appended(now, more);
                (text, text)
            }
            Op::Swap(expected, value) if now == expected => (value, 1),
            Op::Swap(..) => (now, 0),
        };
        if next != now {
            self.values.insert(key, next);
        }
        answer
    }
}
