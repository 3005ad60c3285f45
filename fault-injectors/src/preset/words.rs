//! Parameters and timings that parts of several presets share.

/// A parameter or a key of timing, and its words.
pub(super) type Word = (&'static str, &'static str);

/// The nodes of the file.
pub(super) const NODES: Word = ("nodes", "{nodes}");
/// One of them, another each time.
pub(super) const ONE: Word = ("nodes", "any 1 of {set}");
/// All of them, whatever the file picks.
pub(super) const SET: Word = ("nodes", "{set}");
/// The links of the file.
pub(super) const LINKS: Word = ("links", "{links}");
/// The service of the file.
pub(super) const SERVICE: Word = ("service", "{service}");
/// The workload of the file.
pub(super) const WORKLOAD: Word = ("workload", "{workload}");
/// Three in four: how much a packet fault of Jepsen follows that of the packet before.
pub(super) const CORRELATED: Word = ("correlation", "0.75");

/// The interval of Jepsen's nemesis.
pub(super) const TEN: Word = ("for", "10s");
/// The length of an experiment of LitmusChaos.
pub(super) const MINUTE: Word = ("for", "60s");
/// Memoryless.
pub(super) const POISSON: Word = ("every.dist", "exponential");
/// Two at once are two.
pub(super) const STACK: Word = ("every.overlap", "stack");
