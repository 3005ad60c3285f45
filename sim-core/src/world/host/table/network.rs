//! Host signals: the network.

use super::{Row, row};

pub(super) const ROWS: [Row; 6] = [
    row(
        "network",
        ("rate(node_network_receive_bytes_total)", "bytes/s"),
        "bytes that came in",
        |r| r.rate(|c| c.net.received_bytes),
    ),
    row(
        "network",
        ("rate(node_network_transmit_bytes_total)", "bytes/s"),
        "bytes that left",
        |r| r.rate(|c| c.net.sent_bytes),
    ),
    row(
        "network",
        ("rate(node_network_receive_packets_total)", "1/s"),
        "packets that came in",
        |r| r.rate(|c| c.net.received_packets),
    ),
    row(
        "network",
        ("rate(node_network_transmit_packets_total)", "1/s"),
        "packets that left",
        |r| r.rate(|c| c.net.sent_packets),
    ),
    row(
        "network",
        ("rate(node_network_transmit_drop_total)", "1/s"),
        "messages that a full queue or damage lost",
        |r| r.rate(|c| c.net.drops),
    ),
    row(
        "network",
        ("rate(node_netstat_Tcp_RetransSegs)", "1/s"),
        "messages of connections sent again",
        |r| r.rate(|c| c.net.retransmits),
    ),
];
