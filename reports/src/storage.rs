//! Recordings to bytes and back: gzip over JSON lines, the header first, then one record a line.

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use squall_core::history::{Digest, History, Record};
use squall_core::outcome::ENGINE_EPOCH;
use squall_core::recording::{Header, RECORDING_FORMAT, Recording};
use std::io::{BufRead, BufReader, Write};

/// Why bytes are no recording that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The bytes are not gzip, or end early.
    #[error("not a whole recording: {0}")]
    Truncated(std::io::Error),
    /// A line is not what it should be.
    #[error("line {line} of the recording is damaged: {error}")]
    Damaged {
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// Another version of the format.
    #[error("recording has format {found}, this build reads {RECORDING_FORMAT}")]
    Format {
        /// The version found.
        found: u32,
    },
    /// Another engine epoch: the same seed gives another run there.
    #[error(
        "recording is of engine epoch {found}, this build is of epoch {ENGINE_EPOCH}: replay it with the build that made it, or run the seed again"
    )]
    Epoch {
        /// The epoch found.
        found: u32,
    },
    /// Records are missing or were changed.
    #[error(
        "records have the digest {found}, the header says {wanted}: the recording was changed or cut"
    )]
    Digest {
        /// What the records give.
        found: Digest,
        /// What the header says.
        wanted: Digest,
    },
}

/// A recording as bytes.
///
/// # Errors
/// None in practice: writing goes to memory.
pub fn encode(recording: &Recording) -> std::io::Result<Vec<u8>> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    serde_json::to_writer(&mut out, &recording.header)?;
    out.write_all(b"\n")?;
    for record in &recording.records {
        serde_json::to_writer(&mut out, record)?;
        out.write_all(b"\n")?;
    }
    out.finish()
}

/// Bytes as a recording, checked against its own digest.
pub fn decode(bytes: &[u8]) -> Result<Recording, StorageError> {
    let mut lines = BufReader::new(GzDecoder::new(bytes)).lines().enumerate();
    let first = lines.next();
    let (_, first) =
        first.ok_or_else(|| StorageError::Truncated(std::io::ErrorKind::UnexpectedEof.into()))?;
    let first = first.map_err(StorageError::Truncated)?;
    let damaged = |line: usize| {
        move |error| StorageError::Damaged {
            line: line + 1,
            error,
        }
    };
    let header: Header = serde_json::from_str(&first).map_err(damaged(0))?;
    if header.format != RECORDING_FORMAT {
        return Err(StorageError::Format {
            found: header.format,
        });
    }
    if header.epoch != ENGINE_EPOCH {
        return Err(StorageError::Epoch {
            found: header.epoch,
        });
    }
    let mut history = History::new(true);
    for (index, line) in lines {
        let line = line.map_err(StorageError::Truncated)?;
        let record: Record = serde_json::from_str(&line).map_err(damaged(index))?;
        history.push(record.at, record.what);
    }
    if history.digest() != header.digest {
        return Err(StorageError::Digest {
            found: history.digest(),
            wanted: header.digest,
        });
    }
    Ok(Recording {
        header,
        records: history.take_records(),
    })
}
