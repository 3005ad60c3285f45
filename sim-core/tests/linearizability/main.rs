//! The checker against histories whose verdict is known, and against histories made so that it is.

mod parse;
mod random;
mod recorded;
mod small;
