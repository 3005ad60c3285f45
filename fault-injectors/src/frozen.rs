//! Frozen plans as text: every primitive in units that people read and edit, and back, bit by bit.
//!
//! ```text
//! Primitive --write--> (form, keys and values) --file--> Args --build--> the same Primitive
//! ```
//!
//! Everything derives from the fields of the primitives; see `fields`.

mod exact;
mod read;
mod write;

pub use read::{build, node};
pub use write::write;

use crate::fields::{Field, Name, fields, form, templates};
use crate::param::{Kind, Need, Param, Variant};
use crate::topology::Topology;
use squall_core::plan::{Plan, Primitive};
use squall_core::{ChannelId, NodeId};
use std::sync::LazyLock;

/// A value as it stands in a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// A string.
    Text(String),
    /// A number.
    Number(f64),
    /// A whole number.
    Integer(u64),
    /// True or false.
    Flag(bool),
    /// A list of strings.
    List(Vec<String>),
}

/// A primitive as it stands in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Frozen {
    /// Which primitive, with everything that decides its keys: `delay-add`.
    pub form: &'static str,
    /// Its keys and values, those left out that are at their default.
    pub fields: Vec<(&'static str, Written)>,
}

/// The forms of primitives as the choices of `do`.
pub fn forms() -> Vec<Variant> {
    static FORMS: LazyLock<Vec<Variant>> = LazyLock::new(|| {
        let variant = |mut template: Primitive| {
            let name = form(&template);
            let mut params = Vec::new();
            fields(&mut template, &mut |name, field| {
                params.push(param(name, &field))
            });
            Variant {
                name,
                doc: "a primitive of a frozen plan",
                // A table that lives as long as the program, made once.
                params: Vec::leak(params),
            }
        };
        templates().into_iter().map(variant).collect()
    });
    FORMS.clone()
}

fn param(Name { key, doc, group }: Name, field: &Field<'_>) -> Param {
    const TEXTS: Kind = Kind::List(&Kind::Text);
    let integer = |(min, max): (u64, u64)| Kind::Integer {
        min: i64::try_from(min).unwrap_or(i64::MAX),
        max: i64::try_from(max).unwrap_or(i64::MAX),
    };
    let (kind, need) = match field {
        Field::Node(_)
        | Field::Link(_)
        | Field::Service(_)
        | Field::Channel(_)
        | Field::Knob(_) => (Kind::Text, Need::Required),
        Field::NodeOpt(_) | Field::ServiceOpt(_) | Field::Path(_) => (Kind::Text, Need::Optional),
        Field::KnobValue(_) => (Kind::Scalar, Need::Required),
        Field::Word(words, _) => (Kind::Choice(words), Need::Optional),
        Field::Flag(_) => (Kind::Flag, Need::Optional),
        Field::Number(_, (min, max), _) => {
            let (min, max) = (*min, *max);
            (Kind::Number { min, max }, Need::Required)
        }
        Field::NumberOpt(_, (min, max), _) => {
            let (min, max) = (*min, *max);
            (Kind::Number { min, max }, Need::Optional)
        }
        Field::Count(_, bounds, _) => (integer(*bounds), Need::Required),
        Field::CountOpt(_, bounds) => (integer(*bounds), Need::Optional),
        Field::Size(..) => (Kind::Size, Need::Required),
        Field::SizeOpt(_) => (Kind::Size, Need::Optional),
        Field::RateOpt(..) => (Kind::Bandwidth, Need::Optional),
        Field::Length(..) => (Kind::Duration, Need::Required),
        Field::LengthOpt(_) => (Kind::Duration, Need::Optional),
        Field::Offset(_) | Field::Law(..) => (Kind::Text, Need::Required),
        Field::HoldBack(_) => (Kind::HoldBack, Need::Required),
        Field::Device(_) => (Kind::Device, Need::Required),
        Field::Series(..) => (TEXTS, Need::Required),
    };
    Param {
        key,
        kind,
        need,
        group,
        doc,
        sample: "",
    }
}

/// The same plan for another topology: everything that it names, by name.
///
/// # Errors
/// The name of something that is not there.
///
/// # Panics
/// If the plan has triggers: what they name is known only when they have fired.
pub fn moved(plan: &Plan, from: &Topology, to: &Topology) -> Result<Plan, String> {
    let mut missing = None;
    let mut entries = plan.entries().to_vec();
    for entry in &mut entries {
        let primitive = &mut entry.primitive;
        fields(primitive, &mut |_, field| {
            if let Err(name) = moved_field(field, from, to) {
                missing.get_or_insert(name);
            }
        });
    }
    let mut clocks = plan.clocks().to_vec();
    for node in &mut clocks {
        if let Err(name) = moved_field(Field::Node(node), from, to) {
            missing.get_or_insert(name);
        }
    }
    match missing {
        Some(name) => Err(name),
        None => Ok(plan.with_entries(entries).with_clocks(clocks)),
    }
}

fn moved_field(field: Field<'_>, from: &Topology, to: &Topology) -> Result<(), String> {
    let node = |id: &mut NodeId| -> Result<(), String> {
        let name = &from.node(*id).name;
        // Most often nothing before it has gone.
        if to.nodes().get(id.index()).is_some_and(|n| n.name == *name) {
            return Ok(());
        }
        let found = to.nodes().iter().position(|node| node.name == *name);
        *id = NodeId::from_index(found.ok_or_else(|| name.clone())?);
        Ok(())
    };
    match field {
        Field::Node(id) | Field::NodeOpt(Some(id)) => node(id)?,
        Field::Link(link) => {
            node(&mut link.from)?;
            node(&mut link.to)?;
        }
        Field::Service(id) | Field::ServiceOpt(Some(id)) => {
            let name = &from.services()[id.index()];
            *id = to.service(name).ok_or_else(|| name.clone())?;
        }
        Field::Channel(id) => {
            let name = &from.channels()[id.index()].name;
            let found = to.channels().iter().position(|c| c.name == *name);
            *id = ChannelId::from_index(found.ok_or_else(|| name.clone())?);
        }
        Field::Knob(id) => {
            let name = &from.knobs()[id.index()].name;
            *id = to.knob(name).ok_or_else(|| name.clone())?.0;
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests;
