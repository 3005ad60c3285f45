//! Recordings to bytes and back: gzip over a header in JSON, one line, and then the records in
//! postcard, a compact binary form.

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use squall_core::history::{Digest, History, Record};
use squall_core::outcome::ENGINE_EPOCH;
use squall_core::recording::{Header, RECORDING_FORMAT, Recording};
use std::io::{Read, Write};

/// Why bytes are no recording that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The bytes are not gzip, or end early.
    #[error(
        "not a whole recording: {0}: it was cut while it was written or copied; copy it again, or run the seed again"
    )]
    Truncated(std::io::Error),
    /// The header is not what it should be.
    #[error("header of the recording is damaged: {0}: run the seed again")]
    Header(serde_json::Error),
    /// A record is not what it should be.
    #[error(
        "record {index} of the recording is damaged: {error}: copy it again, or run the seed again"
    )]
    Damaged {
        /// Which, from 0.
        index: u64,
        /// What is wrong.
        error: postcard::Error,
    },
    /// Another version of the format.
    #[error(
        "recording has format {found}, this build reads {RECORDING_FORMAT}: use the build that made it, or run the seed again"
    )]
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
        "records have the digest {found}, the header says {wanted}: the recording was changed or cut; take the one that was written, or run the seed again"
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
    let mut block = Vec::with_capacity(BLOCK);
    for record in &recording.records {
        block = postcard::to_extend(record, block).map_err(std::io::Error::other)?;
        if block.len() > BLOCK {
            out.write_all(&block)?;
            block.clear();
        }
    }
    out.write_all(&block)?;
    out.finish()
}

/// Bytes given to the compressor at once.
const BLOCK: usize = 1 << 16;

/// What every format of recordings says of itself.
#[derive(serde::Deserialize)]
struct Version {
    format: u32,
    epoch: u32,
}

/// Bytes as a recording, checked against its own digest.
///
/// # Errors
/// If they are no recording, of another format or epoch, or were changed.
pub fn decode(bytes: &[u8]) -> Result<Recording, StorageError> {
    let mut plain = Vec::new();
    let read = GzDecoder::new(bytes).read_to_end(&mut plain);
    read.map_err(StorageError::Truncated)?;
    let line = plain
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(plain.len());
    // Of another format only the version can be read.
    let version: Version = serde_json::from_slice(&plain[..line]).map_err(StorageError::Header)?;
    if version.format != RECORDING_FORMAT {
        return Err(StorageError::Format {
            found: version.format,
        });
    }
    if version.epoch != ENGINE_EPOCH {
        return Err(StorageError::Epoch {
            found: version.epoch,
        });
    }
    let header: Header = serde_json::from_slice(&plain[..line]).map_err(StorageError::Header)?;
    let mut history = History::new(true);
    let mut rest = plain.get(line + 1..).unwrap_or(&[]);
    while !rest.is_empty() {
        let index = history.count();
        let damaged = |error| StorageError::Damaged { index, error };
        let (record, after): (Record, _) = postcard::take_from_bytes(rest).map_err(damaged)?;
        history.push(record.at, record.what);
        rest = after;
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
