//! Faults of what stands before a call: names that do not resolve, certificates that are over.

use super::FaultKind;
use super::call::{CLIENT, P, REPLICA, SERVICE, STATUS, rules, status};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Value, suggest};
use squall_core::plan::{Arithmetic, CallRule, CallScope, Family, Primitive};
use squall_core::{Law, Sample, ServiceId, VirtualDuration};

/// Status by which a client sees that it has no address: that of a gateway without a server.
const NO_ADDRESS: u16 = 502;
/// Status of a resolver that fails (SERVFAIL), as a gateway passes it on.
const NO_RESOLVER: u16 = 503;

pub(super) const DNS_FAULT: FaultKind = FaultKind {
    name: "dns-fault",
    family: Family::Call,
    summary: "clients cannot resolve the names of services",
    doc: "Each client keeps an address for `ttl`; what is left of that when the fault begins is drawn a \
          client and a name, and until then it calls as before. Afterwards calls fail before they reach \
          the service: no address (502), a resolver that fails (503), or one that is slow. No workload \
          has a resolver of its own, so that the fault acts on the calls.",
    params: &[
        Param::new(
            "names",
            Kind::List(&Kind::Text),
            "the services whose names are hit, `<workload>.<service>`",
        )
        .required(),
        CLIENT,
        Param::new(
            "mode",
            Kind::Choice(&["empty", "error", "slow"]),
            "no address, a resolver that fails, or one that is slow",
        )
        .default("empty"),
        Param::new("delay", Kind::Duration, "how slow").default("5s"),
        Param::new("ttl", Kind::Duration, "time for which caches keep a name").default("60s"),
        P.default("1"),
    ],
    lowers_to: &["error", "call-delay"],
    needed: &["error", "call-delay"],
    source: "AWS 2025-10-19; CM, LI, GR",
    own_length: None,
    lower: dns_fault,
};

fn dns_fault(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let services = services(args, lowering)?;
    let clients = match args.selector_opt("client") {
        Some(_) => lowering.nodes(args, "client")?,
        None => lowering.topology.nodes_where(|_| true),
    };
    let share = args.number("p");
    let fails = |status| CallRule::Error {
        status,
        share,
        after_effect: false,
        retry_after: None,
        work: VirtualDuration::ZERO,
    };
    let rule = match args.word("mode") {
        "slow" => CallRule::Delay {
            delay: Law::Constant(args.duration("delay").as_nanos_f64()),
            mode: Arithmetic::Add,
            share,
        },
        "error" => fails(NO_RESOLVER),
        _ => fails(NO_ADDRESS),
    };
    let (window, ttl) = (lowering.window, args.duration("ttl"));
    for service in services {
        let name = lowering.topology.services()[service.index()].clone();
        for &client in &clients {
            let left = lowering.node_stream(&name, client).open_unit();
            let from = window.from.saturating_add(ttl.scaled(left));
            let primitive = Primitive::Call {
                client: Some(client),
                service,
                only: CallScope::ALL,
                rule: rule.clone(),
            };
            lowering.overlay_between(from, window.until, primitive);
        }
    }
    Ok(())
}

/// The services of the list at `names`.
fn services(args: &Args, lowering: &Lowering<'_>) -> Result<Vec<ServiceId>, Refusal> {
    let names = args
        .list("names")
        .iter()
        .filter_map(|arg| match &arg.value {
            Value::Text(name) => Some(name.as_str()),
            _ => None,
        });
    let known = || lowering.topology.services().iter().map(String::as_str);
    let find = |name: &str| {
        lowering.topology.service(name).ok_or_else(|| {
            let issue = Issue::new(format!("unknown service `{name}`"), 0..0);
            Refusal::arg("names", issue.maybe_help(suggest(name, known())))
        })
    };
    let found: Vec<ServiceId> = names.map(find).collect::<Result<_, _>>()?;
    if found.is_empty() {
        let issue = Issue::new("no name is hit", 0..0);
        let help = "write for instance names = [\"shop.request\"]";
        return Err(Refusal::arg("names", issue.help(help)));
    }
    Ok(found)
}

pub(super) const CERT_EXPIRY: FaultKind = FaultKind {
    name: "cert-expiry",
    family: Family::Call,
    summary: "new connections to a service are refused, open ones go on",
    doc: "From the start of the fault on, a call on a connection that was opened after it fails before \
          the effect, as a handshake with a certificate that is over does. Connections from before live \
          until something closes them: a call that is given up, a restart, a reset. So the fault spreads \
          with every disturbance. Calls inside a node open a connection each time.",
    params: &[
        SERVICE,
        CLIENT,
        REPLICA,
        // As of a gateway that cannot verify its server.
        STATUS.default("526"),
    ],
    lowers_to: &["error"],
    needed: &["error"],
    source: "Azure 2012-02-29; GR (unverified)",
    own_length: None,
    lower: |args, lowering| {
        let error = CallRule::Error {
            status: status(args),
            share: 1.0,
            after_effect: false,
            retry_after: None,
            work: VirtualDuration::ZERO,
        };
        let only = CallScope {
            new_connections: true,
            ..CallScope::ALL
        };
        rules(args, lowering, only, &[error])
    },
};
