//! From the plant to the controller: what the sensors measure, what their channels make of it, and
//! where it goes.

use super::control::Control;
use super::sampled::{Loop, Signal};
use squall_core::{Cx, Key, PortId, Sample};
use std::cell::RefCell;
use std::rc::Rc;

/// How sensors measure.
#[derive(Clone, Debug)]
pub(super) struct Measurement {
    /// Standard deviation of their noise.
    pub(super) noise: f64,
    /// One key for each sensor: the noise of sample k is number k.
    pub(super) keys: Vec<Key>,
}

/// Where samples go.
pub(super) struct Reporter {
    shared: Rc<Loop>,
    /// The controller in this process.
    control: Option<Rc<Control>>,
    /// Controllers on other nodes.
    ports: Vec<PortId>,
    /// What came of a sample that several sensors measure, and its number; `None` once it is passed on.
    votes: RefCell<Option<(u64, Vec<f64>)>>,
}

impl Reporter {
    pub(super) fn new(
        shared: Rc<Loop>,
        control: Option<Rc<Control>>,
        ports: Vec<PortId>,
    ) -> Rc<Self> {
        Rc::new(Self {
            shared,
            control,
            ports,
            votes: RefCell::default(),
        })
    }
    /// All sensors measure; `sample` holds the truth.
    pub(super) fn measure(self: &Rc<Self>, cx: &Cx, sample: Signal) {
        let channels = &self.shared.sensors;
        if let [channel] = channels[..] {
            let me = Rc::clone(self);
            let value = self.reading(cx, 0, &sample);
            cx.through(channel, value, move |cx, value| {
                me.pass_on(cx, Signal { value, ..sample });
            });
            return;
        }
        *self.votes.borrow_mut() = Some((sample.k, Vec::with_capacity(channels.len())));
        for (at, channel) in channels.iter().enumerate() {
            let me = Rc::clone(self);
            let value = self.reading(cx, at, &sample);
            cx.through(*channel, value, move |_, value| me.vote(sample.k, value));
        }
        // What comes later than the others has no vote.
        let votes = self.votes.borrow_mut().take();
        if let Some(value) = votes.and_then(|(_, votes)| median(votes)) {
            self.pass_on(cx, Signal { value, ..sample });
        }
    }
    /// What one sensor makes of the truth, before its channel: noise, units, resolution.
    fn reading(&self, cx: &Cx, sensor: usize, sample: &Signal) -> f64 {
        let Measurement { noise, keys } = &self.shared.measurement;
        let knobs = &self.shared.knobs;
        let mut value = sample.value;
        if *noise > 0.0 {
            value += noise * keys[sensor].at(sample.k).normal();
        }
        value *= cx.knob(knobs.sensor_scale);
        let step = cx.knob(knobs.sensor_step);
        if step > 0.0 {
            value = libm::round(value / step) * step;
        }
        value
    }
    fn vote(&self, k: u64, value: f64) {
        if let Some((of, votes)) = &mut *self.votes.borrow_mut()
            && *of == k
        {
            votes.push(value);
        }
    }
    fn pass_on(&self, cx: &Cx, sample: Signal) {
        if let Some(control) = &self.control {
            control.sampled(sample);
        }
        for port in &self.ports {
            cx.send(*port, sample.body());
        }
    }
}

/// The value in the middle, the lower one of two; what is no number stands at an end.
fn median(mut votes: Vec<f64>) -> Option<f64> {
    votes.sort_by(f64::total_cmp);
    let middle = votes.len().checked_sub(1)? / 2;
    Some(votes[middle])
}
