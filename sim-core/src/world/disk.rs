//! What a process sees of its node's disk.

use super::host::Begun;
use super::kernel::Kernel;
use super::{Cx, Wake};
use crate::disk::{DiskError, DiskTotals, Op};
use crate::history::Part;
use crate::{EntryId, VirtualTime};
use core::fmt;
use core::future::{Future, pending};
use core::pin::Pin;
use core::task::{Context, Poll};

/// A node's disk. Made by [`Cx::disk`].
///
/// Names are paths such as `raft/log`; directories need not be made. What a write, a rename or a
/// removal changed is seen at once and survives a crash of the process. It survives a loss of power
/// only once it was synced: bytes and sizes by [`File::sync`], names by [`Disk::sync_dir`]. So a file
/// is replaced safely in four steps:
///
/// ```
/// # use squall_core::{Cx, disk::DiskError};
/// # async fn save(cx: &Cx, state: &[u8]) -> Result<(), DiskError> {
/// let disk = cx.disk();
/// let new = disk.open("state.new");
/// new.truncate(0).await?;
/// new.write_at(0, state).await?;
/// new.sync().await?;
/// disk.rename("state.new", "state").await?;
/// disk.sync_dir().await?;
/// # Ok(())
/// # }
/// ```
///
/// An operation that is given up, or whose process dies, may or may not have had its effect.
#[derive(Clone, Copy)]
pub struct Disk<'a> {
    cx: &'a Cx,
}

impl fmt::Debug for Disk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "disk of node {}", self.cx.node.0)
    }
}

impl<'a> Disk<'a> {
    pub(super) const fn new(cx: &'a Cx) -> Self {
        Self { cx }
    }
    /// A file by name. Nothing happens yet: the file is made by the first write, and looked up by
    /// this name in every operation.
    pub fn open(self, name: &str) -> File<'a> {
        File {
            disk: self,
            name: name.to_owned(),
        }
    }
    /// Names of the files that begin with `prefix`, in order.
    pub async fn list(self, prefix: &str) -> Result<Vec<String>, DiskError> {
        self.name((Op::Read, prefix), |content, _| Ok(content.list(prefix)))
            .await
    }
    /// Whether there is a file of this name.
    pub async fn exists(self, name: &str) -> Result<bool, DiskError> {
        self.name((Op::Read, name), |content, _| {
            Ok(content.find(name).is_some())
        })
        .await
    }
    /// Gives a file another name, in one step; a file that has it is replaced.
    pub async fn rename(self, from: &str, to: &str) -> Result<(), DiskError> {
        self.name((Op::Write, from), |content, _| content.rename(from, to))
            .await
    }
    /// Removes a file.
    pub async fn remove(self, name: &str) -> Result<(), DiskError> {
        self.name((Op::Write, name), |content, _| content.remove(name))
            .await
    }
    /// Makes all changes of names durable: creations, renames, removals.
    pub async fn sync_dir(self) -> Result<(), DiskError> {
        self.sync(None).await
    }
    /// Counters of the disk.
    pub fn totals(self) -> DiskTotals {
        self.cx.kernel().disk_totals(self.cx.node)
    }

    async fn name<T>(
        self,
        (op, path): (Op, &str),
        act: impl FnOnce(&mut crate::disk::Content, u64) -> Result<T, DiskError>,
    ) -> Result<T, DiskError> {
        let node = self.cx.node;
        self.operate(path, |k| k.disk_name(node, (op, path), act))
            .await
    }
    async fn sync(self, path: Option<&str>) -> Result<(), DiskError> {
        let node = self.cx.node;
        let syncing = self
            .operate(path.unwrap_or(""), |k| k.disk_sync(node, path))
            .await?;
        if let Some(mut k) = self.cx.alive() {
            k.disk_synced(node, &syncing);
        }
        Ok(())
    }
    /// Begins an operation, and waits until it is over.
    async fn operate<T>(
        self,
        path: &str,
        begin: impl FnOnce(&mut Kernel) -> Begun<T>,
    ) -> Result<T, DiskError> {
        let begun = self.cx.alive().map(|mut k| {
            let begun = begin(&mut k);
            // Credited now, so that a report on an operation that never ends knows where it is.
            let ns = begun.until.since(k.time()).as_nanos();
            k.spans.add(self.cx.span, Part::Disk, ns);
            begun
        });
        // A dead process waits for ever.
        let Some(begun) = begun else {
            return pending().await;
        };
        Wait {
            cx: self.cx,
            what: (begun.op, path),
            until: begun.until,
            wake: None,
            held: Vec::new(),
            waits: begun.waits,
        }
        .await;
        begun.result
    }
}

/// A file of a node's disk, by name. Made by [`Disk::open`].
#[derive(Clone, Debug)]
pub struct File<'a> {
    disk: Disk<'a>,
    name: String,
}

impl File<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Up to `len` bytes from `offset` on; fewer, or none, where the file ends.
    pub async fn read_at(&self, offset: u64, len: u64) -> Result<Vec<u8>, DiskError> {
        let (disk, node) = (self.disk, self.disk.cx.node);
        disk.operate(&self.name, |k| k.disk_read(node, (&self.name, offset, len)))
            .await
    }
    /// All of it.
    pub async fn read(&self) -> Result<Vec<u8>, DiskError> {
        self.read_at(0, u64::MAX).await
    }
    /// Writes at `offset`, all or nothing; the file is made if there is none, and a gap reads as
    /// zeros.
    pub async fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.put(Some(offset), bytes).await.map(|_| ())
    }
    /// Writes at the end, all or nothing, and gives the offset; the file is made if there is none.
    pub async fn append(&self, bytes: &[u8]) -> Result<u64, DiskError> {
        self.put(None, bytes).await
    }
    async fn put(&self, offset: Option<u64>, bytes: &[u8]) -> Result<u64, DiskError> {
        let (disk, node) = (self.disk, self.disk.cx.node);
        disk.operate(&self.name, |k| {
            k.disk_write(node, (&self.name, offset), bytes)
        })
        .await
    }
    /// Sets the size: what is cut off is gone, what is added reads as zeros. The file is made if
    /// there is none.
    pub async fn truncate(&self, size: u64) -> Result<(), DiskError> {
        self.disk
            .name((Op::Write, &self.name), |content, now| {
                content.create(&self.name);
                content.truncate(now, &self.name, size)
            })
            .await
    }
    /// Size in bytes.
    pub async fn size(&self) -> Result<u64, DiskError> {
        self.disk
            .name((Op::Read, &self.name), |content, _| {
                content.size(&self.name)
            })
            .await
    }
    /// Makes the bytes and the size durable, as they were when this was called. A file that is new
    /// needs [`Disk::sync_dir`] too. After an error nothing is known, and nothing became durable.
    pub async fn sync(&self) -> Result<(), DiskError> {
        self.disk.sync(Some(&self.name)).await
    }
}

/// Waits for an operation to be over, and for the holds that are in force then.
struct Wait<'a> {
    cx: &'a Cx,
    what: (Op, &'a str),
    until: VirtualTime,
    /// Who is woken at `until`.
    wake: Option<Wake>,
    /// Holds that it waits or waited for.
    held: Vec<EntryId>,
    /// Whether it is counted as a wait for input or output.
    waits: bool,
}

impl Future for Wait<'_> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut k = this.cx.kernel();
        let node = this.cx.node;
        if !k.acts(node, this.cx.life) {
            return Poll::Pending;
        }
        let now = k.time();
        // Even a wait of no length goes through the queue once, as that of a sleep: a loop of
        // operations that take no time meets the bound on events instead of hanging the run.
        if now < this.until || this.wake.is_none() {
            let armed = this.wake.as_ref();
            if !armed.is_some_and(|wake| wake.is(context.waker())) {
                let wake = Wake::of(context.waker());
                k.wake_at(this.until.as_nanos(), wake.clone());
                this.wake = Some(wake);
            }
            return Poll::Pending;
        }
        if k.disk_held(node, this.what, &mut this.held) {
            if !core::mem::replace(&mut this.waits, true) {
                k.disk_waits(node);
            }
            k.disk_wait(node, Wake::of(context.waker()));
            return Poll::Pending;
        }
        let late = now.since(this.until).as_nanos();
        k.spans.add(this.cx.span, Part::Disk, late);
        if core::mem::take(&mut this.waits) {
            k.disk_waited(node);
        }
        Poll::Ready(())
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if self.waits
            && let Some(mut k) = self.cx.on_live_node()
        {
            k.disk_waited(self.cx.node);
        }
    }
}
