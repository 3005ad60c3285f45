//! Why an operation on a disk fails, and the kinds of operations that faults tell apart.

use core::fmt;
use serde::{Deserialize, Serialize};

/// Why an operation on a disk failed, after the `errno` of the same meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskError {
    /// EIO: the device says no.
    Io,
    /// ENOSPC: the disk is full. Nothing was written.
    NoSpace,
    /// EROFS: the file system is read-only.
    ReadOnly,
    /// ENOENT: no file has this name.
    NotFound,
    /// ENODEV: the device is gone.
    NoDevice,
    /// EBADMSG: a block came back, and its checksum does not hold.
    Corrupt,
    /// EACCES.
    Denied,
    /// ETIMEDOUT: the device did not answer in time.
    TimedOut,
}

impl DiskError {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Io,
        Self::NoSpace,
        Self::ReadOnly,
        Self::NotFound,
        Self::NoDevice,
        Self::Corrupt,
        Self::Denied,
        Self::TimedOut,
    ];
    /// Its name among the error numbers of POSIX.
    pub const fn errno(self) -> &'static str {
        match self {
            Self::Io => "EIO",
            Self::NoSpace => "ENOSPC",
            Self::ReadOnly => "EROFS",
            Self::NotFound => "ENOENT",
            Self::NoDevice => "ENODEV",
            Self::Corrupt => "EBADMSG",
            Self::Denied => "EACCES",
            Self::TimedOut => "ETIMEDOUT",
        }
    }
    /// The error of this name.
    pub fn by_errno(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|error| error.errno() == name)
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Io => "input/output error",
            Self::NoSpace => "no space left on device",
            Self::ReadOnly => "read-only file system",
            Self::NotFound => "no such file",
            Self::NoDevice => "no such device",
            Self::Corrupt => "checksum of a block does not hold",
            Self::Denied => "permission denied",
            Self::TimedOut => "the device did not answer in time",
        })
    }
}
impl std::error::Error for DiskError {}

/// An operation, as faults see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Read,
    /// A write, a truncation, or a change of names.
    Write,
    /// A sync of a file or of the directory.
    Fsync,
}

/// Kinds of operations that a fault is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskOps {
    /// Reads, and questions such as the size of a file.
    pub read: bool,
    /// Writes, truncations, changes of names.
    pub write: bool,
    /// Syncs of files and of the directory.
    pub fsync: bool,
}

impl DiskOps {
    /// Every kind.
    pub const ALL: Self = Self::of(true, true, true);
    /// Reads only.
    pub const READ: Self = Self::of(true, false, false);
    /// Writes only.
    pub const WRITE: Self = Self::of(false, true, false);
    /// Syncs only.
    pub const FSYNC: Self = Self::of(false, false, true);

    const fn of(read: bool, write: bool, fsync: bool) -> Self {
        Self { read, write, fsync }
    }
    pub(crate) const fn has(self, op: Op) -> bool {
        match op {
            Op::Read => self.read,
            Op::Write => self.write,
            Op::Fsync => self.fsync,
        }
    }
}

impl fmt::Display for DiskOps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ALL {
            return f.write_str("all operations");
        }
        let kinds = [
            (self.read, "reads"),
            (self.write, "writes"),
            (self.fsync, "syncs"),
        ];
        let words: Vec<&str> = kinds.iter().filter(|k| k.0).map(|k| k.1).collect();
        f.write_str(&words.join(" and "))
    }
}
