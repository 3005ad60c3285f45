//! Planted bugs of workloads: each a switch by name, off unless a scenario asks for it.

/// Declares the mutants once: identifier, and what is wrong.
macro_rules! mutants {
    ($($name:ident: $doc:literal,)*) => {
        /// A planted bug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutant {
            $(#[doc = $doc] $name,)*
        }

        impl Mutant {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];
            /// Their identifiers, in the same order.
            pub const NAMES: &[&str] = &[$(stringify!($name)),*];
            /// The mutant of this name.
            pub fn find(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|mutant| mutant.name() == name)
            }
            /// Its identifier.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
            /// What is wrong with it.
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$name => $doc,)* }
            }
        }
    };
}

pub(super) use mutants;
