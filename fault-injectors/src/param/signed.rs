//! Values that may be below zero: a sign before a law, `-2ms`, `±loguniform 11ms 288s`.

use super::{Issue, Unit, law, law_text};
use squall_core::{Law, Sample};

/// The sign before a law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `+`, or nothing.
    Plus,
    /// `-`.
    Minus,
    /// `±` or `+-`: drawn, one as likely as the other.
    Either,
}

/// A law with a sign before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Signed {
    /// The sign.
    pub sign: Sign,
    /// The law of what stands behind it: nanoseconds or plain numbers.
    pub law: Law,
}

impl Signed {
    /// The constant `x`.
    pub fn constant(x: f64) -> Self {
        let sign = if x < 0.0 { Sign::Minus } else { Sign::Plus };
        Self {
            sign,
            law: Law::Constant(x.abs()),
        }
    }
    /// The value, if nothing of it is drawn.
    pub fn constant_value(&self) -> Option<f64> {
        match (self.sign, &self.law) {
            (Sign::Plus, Law::Constant(x)) => Some(*x),
            (Sign::Minus, Law::Constant(x)) => Some(-x),
            _ => None,
        }
    }
    /// A value: of the law, then of the sign where that is drawn.
    pub fn sample(&self, source: &mut impl Sample) -> f64 {
        let value = self.law.sample(source);
        let minus = match self.sign {
            Sign::Plus => false,
            Sign::Minus => true,
            Sign::Either => source.chance(0.5),
        };
        if minus { -value } else { value }
    }
}

/// Reads a law with a sign before it.
pub fn signed(text: &str, unit: Unit) -> Result<Signed, Issue> {
    let signs = [
        ("±", Sign::Either),
        ("+-", Sign::Either),
        ("+", Sign::Plus),
        ("-", Sign::Minus),
        ("", Sign::Plus),
    ];
    let found = signs
        .into_iter()
        .find_map(|(sign, meaning)| Some((meaning, text.strip_prefix(sign)?)));
    let (sign, rest) = found.expect("every text begins with nothing");
    let law = law(rest, unit).map_err(|issue| issue.shifted(text.len() - rest.len()))?;
    Ok(Signed { sign, law })
}

/// Prints it so that [`signed`] reads it back.
pub fn signed_text(value: &Signed, unit: Unit) -> String {
    let sign = match value.sign {
        Sign::Plus => "",
        Sign::Minus => "-",
        Sign::Either => "±",
    };
    format!("{sign}{}", law_text(&value.law, unit))
}
