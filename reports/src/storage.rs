//! Recordings to bytes and back: gzip over a header in JSON, one line, the records in postcard, a compact
//! binary form, and eight bytes with the digest of all of that.

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use squall_core::VirtualTime;
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
    /// The file does not end in the digest of what stands in it, or something follows that.
    #[error(
        "this is not what was written: the recording was changed or cut; take the one that was written, or run the seed again"
    )]
    Seal,
    /// A record is later than the end of the run.
    #[error(
        "the run ended at {end}, and a record is of {record}: the recording was changed; take the one that was written, or run the seed again"
    )]
    End {
        /// What the header says.
        end: VirtualTime,
        /// The last record.
        record: VirtualTime,
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
    let mut plain = serde_json::to_vec(&recording.header)?;
    plain.push(b'\n');
    for record in &recording.records {
        plain = postcard::to_extend(record, plain).map_err(std::io::Error::other)?;
    }
    let seal = Digest::of_bytes(&plain).as_u64().to_le_bytes();
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(&plain)?;
    out.write_all(&seal)?;
    out.finish()
}

/// Bytes of the digest at the end.
const SEAL: usize = size_of::<u64>();

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
    let mut decoder = GzDecoder::new(bytes);
    let read = decoder.read_to_end(&mut plain);
    read.map_err(StorageError::Truncated)?;
    let behind = decoder.into_inner().len();
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
    let sealed = plain.split_last_chunk::<SEAL>();
    let (plain, seal) = sealed.ok_or(StorageError::Seal)?;
    if behind > 0 || u64::from_le_bytes(*seal) != Digest::of_bytes(plain).as_u64() {
        return Err(StorageError::Seal);
    }
    let line = line.min(plain.len());
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
    let records = history.take_records();
    if let Some(record) = records
        .iter()
        .map(|r| r.at)
        .max()
        .filter(|at| *at > header.end)
    {
        let end = header.end;
        return Err(StorageError::End { end, record });
    }
    Ok(Recording { header, records })
}
