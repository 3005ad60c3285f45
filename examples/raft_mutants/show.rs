//! What happened in one seed.

use super::alarm;
use super::options::Options;
use squall::core::history::What;
use squall::core::{Seed, World};
use squall::scenarios::workloads::cluster::raft::Mutant;

/// Prints faults, operations and events of one seed, and the first alarm.
pub(crate) fn show(options: &Options, seed: u64) -> Result<(), String> {
    let all = options.only.len() == Mutant::ALL.len();
    let ready = options.ready(options.only.first().copied().filter(|_| !all))?;
    let mut world = World::new(Seed(0), false);
    let run = ready
        .run(Seed(seed), true, &mut world)
        .map_err(|report| report.render(false))?;
    let Some(recording) = &run.recording else {
        return Ok(());
    };
    let (names, nodes) = (&recording.header.names, &recording.header.nodes);
    for record in &recording.records {
        let line = match record.what {
            What::Event { name, node, a, b } => {
                let (high, low) = (a >> 32, a & u64::from(u32::MAX));
                format!(
                    "{} {} {high}/{low} {b:#x}",
                    nodes[node.0 as usize],
                    names.text(name)
                )
            }
            What::Invoke {
                op,
                name,
                key,
                value,
                ..
            } => {
                format!("operation {op}: {} {key} {value:#x}", names.text(name))
            }
            What::Return { op, outcome, value } => {
                format!("operation {op}: {outcome:?} {value:#x}")
            }
            What::Node { node, change } => format!("{} {change:?}", nodes[node.0 as usize]),
            What::Fault { entry, change, .. } => {
                format!(
                    "fault {change:?} {:?}",
                    recording.header.plan.entry(entry).primitive
                )
            }
            _ => continue,
        };
        println!("{} {line}", record.at);
    }
    println!("{:?}", alarm(&run));
    Ok(())
}
