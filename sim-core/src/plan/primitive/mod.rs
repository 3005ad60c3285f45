//! Primitives: what a host can do to a target. Stacking rules stand beside each value.

mod family;
mod targets;
mod values;

pub use family::Family;
pub use targets::{DiskTarget, LinkTarget};
pub use values::{
    Arithmetic, Clocks, CutMode, Damage, DiskSpace, FreezeEnd, KnobChange, Limit, Seen, StepEnd,
    Swap, Thief,
};

use super::call::{CallRule, CallScope};
use super::network::{
    Bandwidth, Corrupt, CutScope, Duplicate, GilbertElliott, Reorder, ResetEnds, Series, Traced,
};
use super::signal::SignalRule;
use crate::disk::{DiskError, DiskOps};
use crate::memory::{Activity, Arrival};
use crate::{ChannelId, KnobId, Law, NodeId, ServiceId, VirtualDuration};
use serde::{Deserialize, Serialize};

/// One thing a host can do to one target, for a time.
///
/// Matches on it are exhaustive on purpose: a new primitive makes the compiler list every host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Primitive {
    /// The node is down for as long as the overlay lasts; its end starts the node. A node is up when
    /// no such hold is left. Landed: the node was up.
    Crash {
        /// The node.
        node: NodeId,
        /// What its peers see.
        seen: Seen,
    },
    /// The node is down as by [`Primitive::Crash`], and the power with it: of what its disk did not
    /// sync, the disk rules in force leave what they leave; without any, everything, as with a cache
    /// on a battery. Acts on the disk also when the node is down already, so at one instant with a
    /// crash it rules the disk. Landed: the node was up.
    PowerLoss {
        /// The node.
        node: NodeId,
        /// What its peers see.
        seen: Seen,
        /// Whether it comes back with an empty disk.
        wipe: bool,
    },
    /// No code of the node runs; timers and packets wait and fire in a burst. Union of holds.
    /// Landed: time in which work was due.
    Pause {
        /// The node.
        node: NodeId,
    },
    /// Messages of a directed link take longer. The latest replace wins, then all scales multiply,
    /// then all adds sum. Landed: messages whose delay it changed.
    LinkDelay {
        /// The link.
        link: LinkTarget,
        /// Nanoseconds for add and replace, a factor for scale.
        delay: Law,
        /// How it combines with the base.
        mode: Arithmetic,
        /// Correlation with the previous message's draw, 0 to 1.
        correlation: f64,
    },
    /// Messages of a directed link are lost. Independent: a message survives if it survives each.
    /// Landed: messages it dropped.
    LinkLoss {
        /// The link.
        link: LinkTarget,
        /// Share lost, 0 to 1.
        share: f64,
        /// Correlation with the previous message's draw, 0 to 1.
        correlation: f64,
    },
    /// Messages of a directed link are lost in bursts. Independent, each with a chain of its own that
    /// starts in good. Landed: messages it dropped.
    LinkBurstLoss {
        /// The link.
        link: LinkTarget,
        /// The chain.
        chain: GilbertElliott,
    },
    /// Messages of a directed link are damaged. Independent; silent beats detected. Landed: messages
    /// it damaged.
    LinkCorrupt {
        /// The link.
        link: LinkTarget,
        /// How many, and who notices.
        corrupt: Corrupt,
    },
    /// Datagrams and requests of a directed link arrive more than once. Independent, copies add; a
    /// copy is not copied again. A reply that comes twice, and what lies in a box, are not copied.
    /// Landed: copies.
    LinkDuplicate {
        /// The link.
        link: LinkTarget,
        /// How many, and how often.
        duplicate: Duplicate,
    },
    /// A directed link is a bottleneck. One queue; the bottleneck that lets a message go last rules
    /// it, which for equal bursts is the lowest rate; the smallest limit of each sort holds. What was
    /// admitted keeps the time at which it leaves. Landed: messages that waited for it or that it
    /// dropped.
    LinkRate {
        /// The link.
        link: LinkTarget,
        /// Rate, burst and queue.
        bandwidth: Bandwidth,
    },
    /// Delay or capacity of a directed link follow a recording, from the start of the overlay on.
    /// Delays combine as a replacement of [`Primitive::LinkDelay`], capacities as a rate of
    /// [`Primitive::LinkRate`] without burst. Landed: as these.
    LinkTrace {
        /// The link.
        link: LinkTarget,
        /// What is recorded.
        traced: Traced,
        /// The recording.
        series: Series,
    },
    /// Messages of a directed link are held back. Independent; the longest hold-back wins. Landed:
    /// messages it held back.
    LinkReorder {
        /// The link.
        link: LinkTarget,
        /// How many, and how long.
        reorder: Reorder,
    },
    /// A directed link clogs now and then: with this chance a message clogs it for a time, in which
    /// messages depart but do not arrive; they all arrive at its end. Independent; a message waits
    /// for the longest. What is clogged when the overlay ends still waits. Landed: messages that
    /// waited.
    LinkClog {
        /// The link.
        link: LinkTarget,
        /// Chance of a message to clog the link, 0 to 1.
        share: f64,
        /// Nanoseconds that it stays clogged.
        length: Law,
    },
    /// Nothing passes a directed link. Union; drop beats refuse. A message dies if a cut is active
    /// at departure or at arrival. Landed: messages it killed.
    LinkCut {
        /// The link.
        link: LinkTarget,
        /// Whether senders notice.
        mode: CutMode,
        /// What it does not hit.
        #[serde(default)]
        scope: CutScope,
    },
    /// Open connections between the ends of a link close with an error, at the start of the overlay
    /// and then never again: its length means nothing. Once an instant. Landed: calls under way on
    /// them.
    LinkReset {
        /// The link.
        link: LinkTarget,
        /// Who sees it at once. An end that does not is silent or waits, until it sends and is told.
        ends: ResetEnds,
    },
    /// Messages of a directed link wait, none is lost; they are released in send order when the last
    /// hold ends. Landed: messages it held.
    LinkHold {
        /// The link.
        link: LinkTarget,
    },
    /// Work takes longer: factor on the work done a second. Product, floor 0.001. Landed: work that
    /// was stretched.
    CpuSpeed {
        /// The node.
        node: NodeId,
        /// Work done a second, relative to the base; above 0.
        factor: f64,
    },
    /// At most `quota` of running time, summed over the cores, in each period. The lowest
    /// quota/period wins, ties: the longest period. Landed: time in which a task was throttled.
    CpuQuota {
        /// The node.
        node: NodeId,
        /// Running time a period.
        quota: VirtualDuration,
        /// Length of a period; boundaries at `phase` plus multiples of it.
        period: VirtualDuration,
        /// First boundary.
        phase: VirtualDuration,
    },
    /// Somebody else takes processor time. Shares multiply as (1 - share); hogs and cores sum.
    /// Landed: processor time that was taken while work was runnable.
    CpuSteal {
        /// The node.
        node: NodeId,
        /// Who takes how much.
        by: Thief,
    },
    /// An intruder takes resident memory. Bytes add, touch rates add. Landed: pages it displaced.
    MemoryPressure {
        /// The node.
        node: NodeId,
        /// How much it takes.
        size: Damage,
        /// Whether it goes on touching its pages, or only holds them.
        activity: Activity,
        /// How its pages appear.
        arrival: Arrival,
    },
    /// The node's memory is smaller. The lowest wins; one above what the node has changes nothing.
    /// Landed: pages reclaimed under it, and kills.
    MemoryLimit {
        /// The node.
        node: NodeId,
        /// How much is left.
        limit: Limit,
    },
    /// The kernel kills who has most pages, at the start. If that is a process of the node, its peers
    /// see a reset, and it starts again when the overlay ends and no other holds it down; if it is an
    /// intruder, that is gone. Landed: somebody was killed.
    OomKill {
        /// The node.
        node: NodeId,
    },
    /// The node's swap device is another one, slower or off. The latest device wins, slow-down
    /// factors multiply. Landed: reads it served; without a device: kills for want of it.
    SwapDevice {
        /// The node.
        node: NodeId,
        /// The device.
        device: Swap,
    },
    /// Operations of a disk take longer. The latest replace wins, then all scales multiply, then all
    /// adds sum. Replace and scale act on the service time, so that the queue behind it grows; what
    /// is added occupies no server. Landed: operations whose time it changed.
    DiskLatency {
        /// The disk, or some of its files.
        disk: DiskTarget,
        /// Which operations.
        ops: DiskOps,
        /// Nanoseconds for add and replace, a factor for scale.
        delay: Law,
        /// How it combines with the base.
        mode: Arithmetic,
        /// Share of the operations, 0 to 1.
        share: f64,
    },
    /// Operations of a disk complete when the last hold ends; also those under way when it begins.
    /// Union. Landed: operations it held.
    DiskHold {
        /// The disk, or some of its files.
        disk: DiskTarget,
        /// Which operations.
        ops: DiskOps,
    },
    /// Operations of a disk fail, without an effect. Independent; the first in id order that fires
    /// names the error. Landed: operations for which it fired.
    DiskError {
        /// The disk, or some of its files.
        disk: DiskTarget,
        /// Which operations.
        ops: DiskOps,
        /// The error.
        error: DiskError,
        /// Share of the operations, 0 to 1.
        share: f64,
    },
    /// A disk has little space left. The least free space wins, fill rates add. A write that needs
    /// more fails and writes nothing; one inside blocks that the file has needs none. What was
    /// filled is free again at the end. Landed: writes it refused.
    DiskFull {
        /// The node.
        node: NodeId,
        /// How much is left.
        space: DiskSpace,
    },
    /// A sync is acknowledged, after its usual time, and makes nothing durable. A later honest one
    /// does. Independent. Landed: writes it had vouched for that a loss of power took or tore; until
    /// then nothing differs.
    LyingFsync {
        /// The disk, or some of its files.
        disk: DiskTarget,
        /// Share of the syncs, 0 to 1.
        share: f64,
    },
    /// Unsynced writes vanish at a loss of power, drawn a write; changes of names vanish from the
    /// first that does on. The largest share wins. Landed: writes and changes of names that
    /// vanished, for each overlay that would have sufficed.
    UnsyncedLoss {
        /// The node.
        node: NodeId,
        /// Share of the writes, 0 to 1.
        share: f64,
    },
    /// Of an unsynced write that spans several units only the first few survive a loss of power,
    /// drawn a write, before it is drawn whether it vanishes. The largest share and the smallest
    /// unit win. Landed: writes torn, for each overlay that would have sufficed.
    TornWrite {
        /// The node.
        node: NodeId,
        /// Share of the writes, 0 to 1.
        share: f64,
        /// Bytes that the device writes at once, at least 1; boundaries at multiples in the file.
        unit: u64,
    },
    /// Bits of synced blocks (4 KiB) flip on the medium, and stay so after the end until they are
    /// written again. Union of the flipped positions. Landed: reads of a block with such a bit.
    BitRot {
        /// The disk, or some of its files.
        disk: DiskTarget,
        /// Chance of a block, 0 to 1: each time it is read, or a day if `at_rest`.
        share: f64,
        /// Whether blocks rot as time goes by instead of when they are read.
        at_rest: bool,
        /// Whether a checksum of the device tells: the read fails. Otherwise nobody tells.
        visible: bool,
    },
    /// A write goes to another address, once it leaves the cache, and its own place keeps the old
    /// bytes; or a read comes from another address. The first in id order that fires decides.
    /// Landed: operations for which that made a difference.
    Misdirect {
        /// The disk, or some of its files.
        disk: DiskTarget,
        /// Reads, writes or both.
        ops: DiskOps,
        /// Share of the operations, 0 to 1.
        share: f64,
        /// How far, in blocks of 4 KiB, at least one; forward or back, round the files of the disk.
        distance: Law,
    },
    /// The node's wall clock is off by an offset. Offsets add. At the end it goes back at once, stays
    /// off, or is slewed back at 500 ppm. Landed: readings of the wall clock that it changed, also
    /// after its end.
    ClockStep {
        /// The node.
        node: NodeId,
        /// What is added to the wall clock, in nanoseconds.
        offset_ns: i64,
        /// Flips off and on again every so often, off first; `None` is on all the time.
        strobe: Option<VirtualDuration>,
        /// What becomes of the offset at the end.
        end: StepEnd,
    },
    /// The node's clocks run fast or slow. Rates add, and are clamped to ±100,000 ppm in sum; the
    /// error that has come about stays at the end. Landed: readings that it changed, also after its
    /// end, and timers that fired at another time.
    ClockDrift {
        /// The node.
        node: NodeId,
        /// Parts per million by which the clock is fast; below 0 it is slow.
        ppm: f64,
        /// Whether only the wall clock drifts (it is slewed), or the oscillator behind both clocks.
        wall_only: bool,
    },
    /// A clock of the node stands still. Union. Landed: readings that it changed, also after its
    /// end, and timers that fired at another time.
    ClockFreeze {
        /// The node.
        node: NodeId,
        /// Which clock.
        clock: Clocks,
        /// Where it goes on at the end.
        end: FreezeEnd,
    },
    /// Something happens to calls of a service; each rule says how two of a kind combine.
    Call {
        /// The client's node, or every client.
        client: Option<NodeId>,
        /// The service called.
        service: ServiceId,
        /// Which of these calls.
        #[serde(default)]
        only: CallScope,
        /// What happens.
        rule: CallRule,
    },
    /// Something happens to the samples of a sensor or to the commands of an actuator; each rule says
    /// how two of a kind combine.
    Signal {
        /// The sensor or actuator.
        channel: ChannelId,
        /// What happens.
        rule: SignalRule,
    },
    /// A named parameter of a workload takes another value on one node, or everywhere. The latest
    /// set wins, then all scales multiply, then all adds sum; what scales and adds make of it is
    /// clamped to the knob's range, and the clamp is written down. Landed: the workload read it or
    /// acted on it.
    Knob {
        /// The parameter.
        knob: KnobId,
        /// The node where it changes; `None` is everywhere.
        node: Option<NodeId>,
        /// What is done with `value`.
        #[serde(default)]
        change: KnobChange,
        /// The value it is set to, a factor, or what is added.
        value: f64,
    },
}
