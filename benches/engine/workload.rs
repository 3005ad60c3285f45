//! What is measured: a named round of work, and what is known about it elsewhere.

/// A round of work, which can be repeated.
pub(crate) type Round = Box<dyn FnMut()>;

/// One workload, made when it is to be run, so that the memory of the others is not around it.
pub(crate) struct Workload {
    /// Which one, for instance `W2 phold 1000 x 1`.
    pub(crate) name: String,
    /// Operations in a round.
    pub(crate) operations: u64,
    /// CPU nanoseconds an operation that we want to stay under.
    pub(crate) target: Option<f64>,
    /// The best other engine and its CPU nanoseconds an operation, measured on such a machine.
    pub(crate) peer: Option<(&'static str, f64)>,
    make: Box<dyn Fn() -> Round>,
}

impl Workload {
    /// A workload without a target. `make` sets it up and checks its golden value.
    pub(crate) fn new<R: FnMut() + 'static>(
        name: impl Into<String>,
        operations: u64,
        make: impl Fn() -> R + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            operations,
            target: None,
            peer: None,
            make: Box::new(move || Box::new(make())),
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
    /// Ready to run again and again; its golden value has been checked, which has warmed it up.
    pub(crate) fn make(&self) -> Round {
        (self.make)()
    }
}
