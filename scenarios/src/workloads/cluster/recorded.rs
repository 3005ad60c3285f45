//! What a workload records, declared once: a line an event or metric, from which come the tables that scenarios are
//! checked against, and the numbers that records have instead of names.

/// Declares events, operations and metrics of a workload, in groups that are there or not as a whole.
///
/// ```text
/// Events {
///     events {
///         bound "bound": "a pod got a place (a: pod, b: worker)",
///     }
///     metrics {
///         place_time "place-time" "s": "time from the submission of a pod to its place",
///     }
/// }
/// ```
///
/// The group becomes a struct `Events` with a number each, `Events::new` gives them out in the order of the lines, and
/// the tables `WORDS` and `METRICS` have them in that order too. Names that a run does not need must not have numbers
/// in it, since these are in its records: such names stand in a group of their own.
macro_rules! recorded {
    ($(
        $(#[$about:meta])*
        $group:ident {
            $(events { $($event:ident $event_name:literal: $event_doc:literal,)* })?
            $(operations { $($operation:ident $operation_name:literal,)* })?
            $(metrics { $($metric:ident $metric_name:literal $unit:literal: $metric_doc:literal,)* })?
        }
    )*) => {
        /// The events, for the kind's table.
        pub(super) const WORDS: &[$crate::workloads::Word] =
            &[$($($($crate::workloads::word($event_name, $event_doc),)*)?)*];

        /// The metrics, for the kind's table.
        pub(super) const METRICS: &[$crate::workloads::Metric] =
            &[$($($($crate::workloads::metric($metric_name, $unit, $metric_doc),)*)?)*];

        $(
            $(#[$about])*
            #[derive(Clone, Copy, Debug)]
            pub(super) struct $group {
                $($(pub(super) $event: squall_core::NameId,)*)?
                $($(pub(super) $operation: squall_core::NameId,)*)?
                $($(pub(super) $metric: squall_core::NameId,)*)?
            }

            impl $group {
                /// The names, from whoever gives numbers to them.
                pub(super) fn new(mut name: impl FnMut(&'static str) -> squall_core::NameId) -> Self {
                    Self {
                        $($($event: name($event_name),)*)?
                        $($($operation: name($operation_name),)*)?
                        $($($metric: name($metric_name),)*)?
                    }
                }
            }
        )*
    };
}

pub(super) use recorded;
