//! What a replica does with its requests, as a fluid: as many as its cores and its threads can serve.

/// A service, as one replica sees it.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Cores of a replica.
    pub cores: f64,
    /// Requests that it serves at once.
    pub threads: f64,
    /// Seconds of processor time of a request.
    pub cpu: f64,
    /// Seconds for which it blocks a thread beyond that.
    pub blocked: f64,
    /// A request that would wait longer, in seconds, is given up.
    pub timeout: f64,
}

impl Service {
    /// Requests a second that a replica can serve.
    pub fn capacity(&self) -> f64 {
        let by_cores = self.cores / self.cpu;
        by_cores.min(self.threads / (self.cpu + self.blocked))
    }
}

/// What happened in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Served {
    /// Requests that were served.
    pub served: f64,
    /// Requests that were given up.
    pub dropped: f64,
    /// Requests that wait now.
    pub waiting: f64,
    /// Requests in the replica: served at once, on the average, and waiting.
    pub inside: f64,
    /// Seconds that the last of those who wait will wait.
    pub delay: f64,
    /// Share of its cores in use.
    pub cpu: f64,
}

/// The requests of one replica.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Replica {
    /// Requests that wait.
    pub waiting: f64,
}

impl Replica {
    /// `seconds` pass, in which so many requests come.
    pub fn step(&mut self, service: &Service, requests: f64, seconds: f64) -> Served {
        let capacity = service.capacity();
        let there = self.waiting + requests;
        let served = there.min(capacity * seconds);
        let waits = there - served;
        let kept = waits.min(service.timeout * capacity);
        self.waiting = kept;
        Served {
            served,
            dropped: waits - kept,
            waiting: kept,
            inside: kept + served / seconds * (service.cpu + service.blocked),
            delay: kept / capacity,
            cpu: served * service.cpu / (seconds * service.cores),
        }
    }
}
