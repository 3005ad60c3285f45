//! Names of a file that are known by numbers.

use crate::workloads::cluster::scheduler::placement::Set;
use squall_faults::Issue;
use squall_faults::param::{Arg, Value};

/// Names that are known by numbers below 64.
#[derive(Debug)]
pub(super) struct Names {
    what: &'static str,
    pub(super) names: Vec<String>,
}

impl Names {
    pub(super) const fn of(what: &'static str) -> Self {
        let names = Vec::new();
        Self { what, names }
    }
    pub(super) fn number(&mut self, name: &str) -> Result<u8, Issue> {
        let known = self.names.iter().position(|other| other == name);
        let at = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        let number = u8::try_from(at).ok().filter(|number| *number < 64);
        number.ok_or_else(|| {
            let issue = Issue::new(format!("more than 64 {}", self.what), 0..name.len());
            issue.help("take fewer names")
        })
    }
    /// The set of the names in a list.
    pub(super) fn set(&mut self, list: &[Arg], issues: &mut Vec<Issue>) -> Set {
        let mut set = Set::NONE;
        for arg in list {
            if let Value::Text(text) = &arg.value {
                match self.number(text) {
                    Ok(number) => set = set.and(Set::one(number)),
                    Err(issue) => issues.push(arg.place.locate(issue)),
                }
            }
        }
        set
    }
}
