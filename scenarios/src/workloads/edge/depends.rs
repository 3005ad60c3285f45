//! Who needs whom in control loops.

use super::sampled::Roles;
use crate::workloads::Depends;
use squall_core::depends::About;

/// A unit a loop, which needs its sensors and its actuator, their hosts and those of its controllers, and
/// the ways between them; the actuator, which does what the loop says; and the workload, which needs all
/// its loops.
pub(super) fn depends(depends: &mut Depends<'_>) {
    let prepared = std::sync::Arc::clone(depends.prepared);
    let Some(loops) = prepared.downcast_ref::<Vec<Roles>>() else {
        return;
    };
    let workload = depends.workload_unit();
    depends.goes_by_all_knobs(workload);
    let (sensors, actuators) = (depends.devices("sensor"), depends.devices("actuator"));
    let beside = sensors.len() / loops.len().max(1);
    let [samples, commands] = ["samples", "commands"].map(|slug| depends.service(slug));
    for (index, roles) in loops.iter().enumerate() {
        let name = format!("{}/{index}", depends.workload.name);
        let unit = depends.map.unit("loop", &name);
        let controllers = std::iter::once(roles.controller).chain(roles.backup);
        let mut hosts = vec![roles.sensor, roles.actuator];
        for controller in controllers {
            hosts.push(controller);
            depends.map.talks(unit, roles.sensor, controller);
            depends.map.talks(unit, controller, roles.actuator);
        }
        if let Some(backup) = roles.backup {
            depends.map.talks(unit, roles.controller, backup);
        }
        for host in &hosts {
            depends.map.runs_on(unit, *host);
        }
        for sensor in sensors.iter().skip(index * beside).take(beside) {
            depends.map.needs(unit, *sensor);
        }
        if let Some(actuator) = actuators.get(index) {
            depends.map.needs(unit, *actuator);
            depends.map.needs(*actuator, unit);
            depends.trouble(*actuator, "late", &[roles.actuator], About::Any);
        }
        if roles.sensor != roles.controller {
            depends.map.calls(unit, samples);
        }
        if roles.controller != roles.actuator {
            depends.map.calls(unit, commands);
        }
        depends.goes_by_all_knobs(unit);
        for event in ["missed", "late", "diverged"] {
            depends.trouble(unit, event, &hosts, About::Any);
        }
        depends.map.needs(workload, unit);
    }
}
