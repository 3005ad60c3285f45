//! The public trace of a GPU cluster (Weng et al., ATC 2023) as nodes and pods. Test input: nothing of it
//! is in this repository; who has the files gives their bytes.

use super::placement::{Cluster, Demand, GPU_MILLI, Gpu, Machine, Set, Shape};

/// Nodes and pods of the trace.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Nodes, in the order of the file.
    pub machines: Vec<Machine>,
    /// Pods, in the order of the file: that of their creation.
    pub shapes: Vec<Shape>,
    /// Names of GPU models by number.
    pub models: Vec<String>,
}

impl Trace {
    /// Reads the list of nodes and the list of pods, both csv with a header.
    ///
    /// # Errors
    /// The row and column that cannot be read.
    pub fn read(nodes: &[u8], pods: &[u8]) -> Result<Self, String> {
        let mut trace = Self::default();
        each(nodes, "nodes", |row| {
            let model = match row.text("model")? {
                "" => None,
                name => Some(trace.model(name)?),
            };
            trace.machines.push(Machine {
                cpu_milli: row.number("cpu_milli")?,
                memory_mib: row.number("memory_mib")?,
                gpus: row.small("gpu")?,
                model,
                ..Machine::default()
            });
            Ok(())
        })?;
        each(pods, "pods", |row| {
            let (count, milli) = (row.small("num_gpu")?, row.small("gpu_milli")?);
            let gpu = match (count, milli) {
                (0, _) => Gpu::None,
                (1, 1..GPU_MILLI) => Gpu::Share(milli),
                (count, GPU_MILLI) => Gpu::Whole(count),
                _ => return Err(format!("{milli} thousandths of each of {count} GPUs")),
            };
            let spec = row.text("gpu_spec")?;
            let mut models = None;
            for name in spec.split('|').filter(|name| !name.is_empty()) {
                let one = Set::one(trace.model(name)?);
                models = Some(models.unwrap_or(Set::NONE).and(one));
            }
            trace.shapes.push(Shape {
                demand: Demand {
                    cpu_milli: row.number("cpu_milli")?,
                    memory_mib: row.number("memory_mib")?,
                    gpu,
                },
                models,
                ..Shape::default()
            });
            Ok(())
        })?;
        Ok(trace)
    }
    fn model(&mut self, name: &str) -> Result<u8, String> {
        let known = self.models.iter().position(|model| model == name);
        let at = known.unwrap_or_else(|| {
            self.models.push(name.to_owned());
            self.models.len() - 1
        });
        let number = u8::try_from(at).ok().filter(|number| *number < 64);
        number.ok_or_else(|| "more than 64 GPU models".to_owned())
    }
    /// Places all pods in their order; gives the shapes of those that found no place, by number in the
    /// cluster.
    pub fn place(&self, cluster: &mut Cluster) -> Vec<u32> {
        for machine in &self.machines {
            cluster.add(*machine);
        }
        let mut waiting = Vec::new();
        for (pod, shape) in (0u32..).zip(&self.shapes) {
            let number = cluster.shape(shape);
            if cluster.place(pod, number).is_err() {
                waiting.push(number);
            }
        }
        waiting
    }
}

/// A row of a file with a header.
struct Row<'a> {
    header: &'a csv::StringRecord,
    cells: &'a csv::StringRecord,
}

impl Row<'_> {
    fn text(&self, column: &str) -> Result<&str, String> {
        let at = self.header.iter().position(|name| name == column);
        let cell = at.and_then(|at| self.cells.get(at));
        cell.ok_or_else(|| format!("there is no column `{column}`"))
    }
    fn number(&self, column: &str) -> Result<u32, String> {
        let text = self.text(column)?;
        text.parse()
            .map_err(|_| format!("`{text}` in column `{column}` is no whole number"))
    }
    fn small(&self, column: &str) -> Result<u16, String> {
        let number = self.number(column)?;
        u16::try_from(number).map_err(|_| format!("{number} in column `{column}` is too much"))
    }
}

fn each(
    bytes: &[u8],
    file: &str,
    mut read: impl FnMut(&Row<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader
        .headers()
        .map_err(|error| format!("{file}: {error}"))?
        .clone();
    for (number, cells) in reader.records().enumerate() {
        let cells = cells.map_err(|error| format!("{file}: {error}"))?;
        let row = Row {
            header: &header,
            cells: &cells,
        };
        read(&row).map_err(|why| format!("{file}, row {}: {why}", number + 2))?;
    }
    Ok(())
}
