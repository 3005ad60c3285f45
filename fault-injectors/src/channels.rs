//! The channels that a fault names: a sensor or an actuator, or all of a workload.

use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, suggest};
use crate::topology::{ChannelInfo, ChannelKind};
use squall_core::ChannelId;

impl<'t> Lowering<'t> {
    /// The channels named at `key`: one (`loop.sensor-0`, `loop.sensor[0]`), or all of a group
    /// (`loop.sensor`).
    pub(crate) fn channels(
        &self,
        args: &Args,
        key: &'static str,
        kind: ChannelKind,
    ) -> Result<Vec<(ChannelId, &'t ChannelInfo)>, Refusal> {
        let written = args.text(key);
        let name = match written.strip_suffix(']').and_then(|w| w.split_once('[')) {
            Some((group, index)) => format!("{group}-{index}"),
            None => written.to_owned(),
        };
        let all = self.topology.channels();
        let found = all.iter().enumerate();
        let found = found.filter(|(_, c)| c.name == name || c.group == name);
        let found: Vec<_> = found.map(|(i, c)| (ChannelId::from_index(i), c)).collect();
        let word = match kind {
            ChannelKind::Sensor => "sensor",
            ChannelKind::Actuator => "actuator",
        };
        let range = 0..written.len();
        if found.is_empty() {
            let fits = all.iter().filter(|c| c.kind == kind);
            let names = fits.flat_map(|c| [c.group.as_str(), c.name.as_str()]);
            let issue = Issue::new(format!("unknown {word} `{written}`"), range);
            let issue = match all.iter().any(|c| c.kind == kind) {
                true => issue.maybe_help(suggest(&name, names)),
                false => issue.help(format!("only the workload `edge` has {word}s")),
            };
            return Err(Refusal::arg(key, issue));
        }
        if found.iter().any(|(_, c)| c.kind != kind) {
            let other = match kind {
                ChannelKind::Sensor => "an actuator",
                ChannelKind::Actuator => "a sensor",
            };
            let issue = Issue::new(format!("`{written}` is {other}, not a {word}"), range);
            let fits = all.iter().filter(|c| c.kind == kind);
            let names = fits.map(|c| c.group.as_str());
            return Err(Refusal::arg(key, issue.maybe_help(suggest(&name, names))));
        }
        Ok(found)
    }

    /// The channels of the workload named at `key`, of one kind.
    pub(crate) fn channels_of(
        &self,
        args: &Args,
        key: &'static str,
        kind: ChannelKind,
    ) -> Result<Vec<(ChannelId, &'t ChannelInfo)>, Refusal> {
        let name = args.text(key);
        let of = |c: &ChannelInfo| c.group.rsplit_once('.').map_or("", |(w, _)| w) == name;
        let all = self.topology.channels().iter().enumerate();
        let found = all.filter(|(_, c)| of(c) && c.kind == kind);
        let found: Vec<_> = found.map(|(i, c)| (ChannelId::from_index(i), c)).collect();
        if found.is_empty() {
            let loops = self.topology.channels().iter();
            let loops = loops.filter_map(|c| c.group.rsplit_once('.').map(|(w, _)| w));
            let issue = Issue::new(format!("`{name}` is no control loop"), 0..name.len());
            return Err(Refusal::arg(key, issue.maybe_help(suggest(name, loops))));
        }
        Ok(found)
    }
}
