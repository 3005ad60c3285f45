//! Who needs whom in control loops.

use super::sampled::Roles;
use crate::workloads::Depends;

/// A unit a loop, which needs the hosts of its sensor, controller and actuator and the ways between
/// them; and the workload, which needs all its loops.
pub(super) fn depends(depends: &mut Depends<'_>) {
    let prepared = std::sync::Arc::clone(depends.prepared);
    let Some(loops) = prepared.downcast_ref::<Vec<Roles>>() else {
        return;
    };
    let workload = depends.workload_unit();
    depends.goes_by_all_knobs(workload);
    let [samples, commands] = ["samples", "commands"].map(|slug| depends.service(slug));
    for (index, roles) in loops.iter().enumerate() {
        let name = format!("{}/{index}", depends.workload.name);
        let unit = depends.map.unit("loop", &name);
        let hosts = [roles.sensor, roles.controller, roles.actuator];
        for host in hosts {
            depends.map.runs_on(unit, host);
        }
        depends.map.talks(unit, roles.sensor, roles.controller);
        depends.map.talks(unit, roles.controller, roles.actuator);
        if roles.sensor != roles.controller {
            depends.map.calls(unit, samples);
        }
        if roles.controller != roles.actuator {
            depends.map.calls(unit, commands);
        }
        depends.goes_by_all_knobs(unit);
        for event in ["missed", "late", "diverged"] {
            depends.trouble(unit, event, &hosts, None);
        }
        depends.map.needs(workload, unit);
    }
}
