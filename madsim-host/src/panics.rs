//! Where a panic came from: node, message, place.
//!
//! madsim lets a panic of any task end the run, and by then nobody knows whose task it was. A hook of
//! the process, installed once and silent on threads without a hosted run, notes it at the source.

use std::cell::RefCell;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

thread_local! {
    /// `None`: no hosted run on this thread.
    static LAST: RefCell<Option<Option<Note>>> = const { RefCell::new(None) };
}

/// A panic.
#[derive(Clone, Debug, Default)]
pub(crate) struct Note {
    /// madsim's number of the node; 0 is the supervisor.
    pub(crate) node: u32,
    /// Message and place.
    pub(crate) text: String,
}

/// Notes the panics of this thread while it lives.
#[derive(Debug)]
pub(crate) struct Watch(());

impl Watch {
    pub(crate) fn begin() -> Self {
        static INSTALL: Once = Once::new();
        INSTALL.call_once(|| {
            let previous = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                // First, so that the message is out whatever comes after it.
                previous(info);
                note(info);
            }));
        });
        LAST.set(Some(None));
        Self(())
    }
    /// The last panic, if there was one.
    pub(crate) fn end(self) -> Option<Note> {
        LAST.take().flatten()
    }
}

fn note(info: &PanicHookInfo<'_>) {
    LAST.with_borrow_mut(|last| {
        let Some(last) = last else { return };
        let payload = info.payload();
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("panicked");
        let place = info
            .location()
            .map_or_else(String::new, |l| format!(" ({}:{})", l.file(), l.line()));
        // Prints as a number; the type hides it.
        let node = madsim::plugin::node().to_string().parse().unwrap_or(0);
        *last = Some(Note {
            node,
            text: format!("{message}{place}"),
        });
    });
}
