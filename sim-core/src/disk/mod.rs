//! The disk of a node: files that survive crashes, a volatile cache that does not survive a loss of
//! power, a device with a queue, and what faults do to all of it.
//!
//! ```text
//!   write --> cache (host memory) --fsync--> transfer --> flush --> durable image
//!   read  <-- cache if it holds the block, else the device
//! ```
//!
//! Pure state machines with time as an argument; the engine drives them.
//! * `Content`: what is on the disk, durable and not. Nothing in it costs time.
//! * [`DiskDevice`]: how long reads, transfers and flushes take: servers, laws, one queue that the
//!   swap file may share.
//! * `Weather`: the overlays in force, and what they do to one operation.
//!
//! Reads of bytes that were synced always go to the device: a file cache is not modelled, since the
//! memory model has none to keep it in.

mod content;
mod decay;
mod device;
mod error;
mod image;
mod inode;
mod power;
mod weather;

#[cfg(test)]
mod tests;

pub(crate) use content::Content;
pub use device::{DiskDevice, DiskProfile, DiskTotals};
pub(crate) use error::Op;
pub use error::{DiskError, DiskOps};
pub use image::BLOCK;
pub use weather::Strain;
pub(crate) use weather::Weather;
