//! What madsim cannot do is an error before the run, with fault, primitive and reason.

use squall_core::plan::Primitive;
use squall_core::{NodeId, Seed};
use squall_madsim::{HostError, HostedRun};

use super::ping::service;
use super::plans::{plan, slow};

#[test]
fn a_plan_for_another_host_is_refused_before_any_service_runs() {
    let pressure = Primitive::SwapDevice {
        node: NodeId(0),
        device: squall_core::plan::Swap::Iops(800.0),
    };
    let one_way = slow(10.0)[..1].to_vec();
    let plan = plan(vec![
        (1, 2, slow(5.0)),
        (1, 2, vec![pressure]),
        (1, 2, one_way),
    ]);
    let run = service(1).node("never", |_| async { panic!("services run") });
    // The third node makes the first fault a part of the net, too.
    let error = run
        .plan(plan.clone())
        .run()
        .expect_err("madsim cannot do it");
    let HostError::Unsupported(limits) = &error else {
        panic!("{error}");
    };
    let refused: Vec<_> = limits
        .iter()
        .map(|l| (l.fault.as_str(), l.primitive))
        .collect();
    assert_eq!(
        refused,
        [
            ("fault-0", "delay"),
            ("fault-0", "delay"),
            ("fault-1", "swap-device"),
            ("fault-2", "delay"),
        ]
    );
    assert!(
        error
            .to_string()
            .contains("`swap-device` of fault `fault-1`: no swap device"),
        "{error}"
    );
}

#[test]
fn nodes_need_names_of_their_own() {
    let run = HostedRun::new(Seed(1));
    assert!(matches!(run.run(), Err(HostError::NoNodes)));
    let run = service(1).node("echo", |_| async {});
    assert!(matches!(run.run(), Err(HostError::DuplicateNode(name)) if name == "echo"));
}
