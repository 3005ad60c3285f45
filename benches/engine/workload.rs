//! What is measured: a named round of work, and what is known about it elsewhere.

/// One workload, ready to run again and again; its golden value has been checked.
pub(crate) struct Workload {
    /// Which one, for instance `W2 phold 1000 x 1`.
    pub(crate) name: String,
    /// Operations in a round.
    pub(crate) operations: u64,
    /// CPU nanoseconds an operation that we want to stay under.
    pub(crate) target: Option<f64>,
    /// The best other engine and its CPU nanoseconds an operation, measured on such a machine.
    pub(crate) peer: Option<(&'static str, f64)>,
    /// Runs a round.
    pub(crate) round: Box<dyn FnMut()>,
}

impl Workload {
    /// A workload without a target.
    pub(crate) fn new(
        name: impl Into<String>,
        operations: u64,
        round: impl FnMut() + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            operations,
            target: None,
            peer: None,
            round: Box::new(round),
        }
    }
    /// With a target, and the peer that set it.
    pub(crate) fn target(self, target: f64, peer: (&'static str, f64)) -> Self {
        Self {
            target: Some(target),
            peer: Some(peer),
            ..self
        }
    }
}
