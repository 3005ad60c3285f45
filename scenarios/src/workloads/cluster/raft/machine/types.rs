//! What replicas hold and say to each other.

use super::kv::Kv;
use std::rc::Rc;

/// A replica, by its position among the nodes of `on`.
pub(crate) type Member = u8;
/// The most replicas: their sets are 64 bits.
pub(crate) const MEMBERS_MAX: usize = 64;

/// A place in a log. Later terms are newer, whatever their index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogId {
    pub(crate) term: u32,
    pub(crate) index: u32,
}

impl LogId {
    pub(crate) const fn new(term: u32, index: u32) -> Self {
        Self { term, index }
    }
    /// In one word, as records have it.
    pub(crate) const fn packed(self) -> u64 {
        ((self.term as u64) << 32) | self.index as u64
    }
    #[expect(clippy::cast_possible_truncation, reason = "each half is taken")]
    pub(crate) const fn unpacked(word: u64) -> Self {
        Self {
            term: (word >> 32) as u32,
            index: word as u32,
        }
    }
}

/// A set of replicas: those who vote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Voters(pub(crate) u64);

impl Voters {
    /// The first `n` replicas.
    pub(crate) const fn first(n: usize) -> Self {
        Self(if n >= MEMBERS_MAX {
            u64::MAX
        } else {
            (1 << n) - 1
        })
    }
    pub(crate) const fn has(self, member: Member) -> bool {
        self.0 & (1 << member) != 0
    }
    #[must_use]
    pub(crate) const fn with(self, member: Member) -> Self {
        Self(self.0 | (1 << member))
    }
    #[must_use]
    pub(crate) const fn without(self, member: Member) -> Self {
        Self(self.0 & !(1 << member))
    }
    pub(crate) const fn len(self) -> usize {
        self.0.count_ones() as usize
    }
    /// The smallest majority.
    pub(crate) const fn quorum(self) -> usize {
        self.len() / 2 + 1
    }
    /// Whether `some` hold a majority of these.
    pub(crate) const fn won_by(self, some: Self) -> bool {
        Self(self.0 & some.0).len() >= self.quorum()
    }
    /// In ascending order.
    pub(crate) fn members(self) -> impl Iterator<Item = Member> {
        let mut left = self.0;
        core::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let member = left.trailing_zeros();
            left &= left - 1;
            Member::try_from(member).ok()
        })
    }
}

/// Who asked for something, and the how manieth request of theirs it is. Survives retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CommandId {
    pub(crate) session: u32,
    pub(crate) serial: u32,
}

impl CommandId {
    /// In one word, as records have it. Zero is nobody's.
    pub(crate) const fn packed(self) -> u64 {
        ((self.session as u64) << 32) | self.serial as u64
    }
}

/// What a client wants of a key. A value stands for a text by its digest; zero is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Put(u64),
    /// Put the second if the first is there.
    Swap(u64, u64),
    Append(u64),
}

/// What an entry of the log does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Nothing: a leader's first entry.
    Noop,
    Write {
        id: CommandId,
        key: u32,
        op: Op,
    },
    /// These vote from here on.
    Config {
        id: CommandId,
        voters: Voters,
    },
}

impl Command {
    pub(crate) const fn id(&self) -> CommandId {
        match self {
            Self::Noop => CommandId {
                session: 0,
                serial: 0,
            },
            Self::Write { id, .. } | Self::Config { id, .. } => *id,
        }
    }
}

/// An entry of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: LogId,
    pub(crate) command: Command,
}

/// The state up to a place in the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) last: LogId,
    pub(crate) voters: Voters,
    pub(crate) kv: Kv,
}

/// What must survive whatever happens, beside log and snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hard {
    pub(crate) term: u32,
    pub(crate) voted: Option<Member>,
    /// The removal after which the operator emptied this replica last, by its index.
    pub(crate) wiped: u32,
    /// Whether it has not got back since what was committed by then.
    pub(crate) blank: bool,
}

/// Which heartbeat of a leader a message belongs to, and since which change of membership the leader
/// knows the receiver. Answers bring both back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Round {
    pub(crate) round: u64,
    pub(crate) session: u32,
}

/// What replicas say. Every message carries its sender's term.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// May I stand for this term, one above mine?
    PreVote {
        last: LogId,
    },
    PreVoteReply {
        granted: bool,
    },
    Vote {
        last: LogId,
    },
    VoteReply {
        granted: bool,
    },
    Append {
        prev: LogId,
        entries: Vec<Entry>,
        commit: u32,
        round: Round,
    },
    /// The log agrees with the leader's up to `matched`.
    Appended {
        matched: u32,
        round: Round,
    },
    /// It does not at `prev`: try from `next` on, or after the last entry of `term`.
    Conflict {
        prev: u32,
        next: u32,
        term: u32,
        round: Round,
    },
    Install {
        snapshot: Rc<Snapshot>,
        round: Round,
    },
}

/// A message between replicas.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) from: Member,
    pub(crate) term: u32,
    pub(crate) body: Body,
}

impl Message {
    /// Its size on a link.
    pub(crate) fn bytes(&self) -> u32 {
        const HEAD: usize = 48;
        const ENTRY: usize = 48;
        let more = match &self.body {
            Body::Append { entries, .. } => entries.len() * ENTRY,
            Body::Install { snapshot, .. } => snapshot.kv.bytes(),
            _ => 0,
        };
        u32::try_from(HEAD + more).unwrap_or(u32::MAX)
    }
}

/// A client's request that waits for its answer, by a number of the driver.
pub(crate) type Ticket = u64;

/// What clients and operators ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Get {
        key: u32,
        /// Whether the leader's lease may answer.
        lease: bool,
    },
    Write {
        id: CommandId,
        key: u32,
        op: Op,
    },
    Add {
        id: CommandId,
        member: Member,
    },
    Remove {
        id: CommandId,
        member: Member,
    },
    /// Forget log and state: the removal with this index is committed, and nobody adds this replica
    /// again before the answer.
    Wipe {
        removal: u32,
    },
}

/// What they get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done; the value that was found or made.
    Done(u64),
    /// Ask another, that one if it is known.
    NotLeader(Option<Member>),
    /// Not now: a change of membership is under way, or would leave too few.
    Refused,
    /// A later request of this session was answered already.
    Stale,
}
