//! What the network card of a node counts.

/// Payload that fits into one packet: an Ethernet frame of 1500 bytes less the headers of IP and TCP.
const PACKET_BYTES: u32 = 1460;

/// Totals of one node since the start of the run. Messages to the node itself are not in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::world) struct NetTotals {
    /// Bytes that left, whether or not they arrived.
    pub(in crate::world) sent_bytes: u64,
    /// Bytes that came in while the node was up.
    pub(in crate::world) received_bytes: u64,
    /// Packets that left, of 1460 bytes at most.
    pub(in crate::world) sent_packets: u64,
    /// Packets that came in.
    pub(in crate::world) received_packets: u64,
    /// Messages of connections sent again.
    pub(in crate::world) retransmits: u64,
    /// Messages that did not fit into the queue of a link, and damaged ones that came in.
    pub(in crate::world) drops: u64,
}

impl NetTotals {
    #[inline]
    pub(super) fn sent(&mut self, bytes: u32) {
        self.sent_bytes += u64::from(bytes);
        self.sent_packets += packets(bytes);
    }
    #[inline]
    pub(super) fn received(&mut self, bytes: u32) {
        self.received_bytes += u64::from(bytes);
        self.received_packets += packets(bytes);
    }
}

/// An empty message is a packet too.
#[inline]
fn packets(bytes: u32) -> u64 {
    if bytes <= PACKET_BYTES {
        return 1;
    }
    u64::from(bytes.div_ceil(PACKET_BYTES))
}
