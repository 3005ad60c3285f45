//! Waiting for one's turn inside a process: for a connection, for a fill that somebody else does.

use core::cell::{Cell, RefCell};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::rc::Rc;

/// A place in a line. Whoever has the other end gives it a value, once.
#[derive(Debug)]
pub(crate) struct Turn<T>(Rc<Place<T>>);

#[derive(Debug)]
struct Place<T> {
    given: RefCell<Option<T>>,
    gone: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// Gives a value to who waits.
#[derive(Debug)]
pub(crate) struct Giver<T>(Rc<Place<T>>);

/// Two ends of one place.
pub(crate) fn turn<T>() -> (Giver<T>, Turn<T>) {
    let place = Rc::new(Place {
        given: RefCell::new(None),
        gone: Cell::new(false),
        waker: RefCell::new(None),
    });
    (Giver(Rc::clone(&place)), Turn(place))
}

impl<T> Giver<T> {
    /// Gives the value; back again if nobody waits any more.
    pub(crate) fn give(self, value: T) -> Result<(), T> {
        if self.0.gone.get() {
            return Err(value);
        }
        *self.0.given.borrow_mut() = Some(value);
        if let Some(waker) = self.0.waker.borrow_mut().take() {
            waker.wake();
        }
        Ok(())
    }
}

impl<T> Turn<T> {
    /// Leaves the line; the value, if it was given in the meantime.
    pub(crate) fn leave(self) -> Option<T> {
        self.0.given.borrow_mut().take()
    }
}

impl<T> Future for Turn<T> {
    type Output = T;
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let given = self.0.given.borrow_mut().take();
        match given {
            Some(value) => Poll::Ready(value),
            None => {
                *self.0.waker.borrow_mut() = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Turn<T> {
    fn drop(&mut self) {
        self.0.gone.set(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reaches_who_waits_and_comes_back_from_who_left() {
        let mut context = Context::from_waker(Waker::noop());
        let (giver, mut waits) = turn();
        assert_eq!(Pin::new(&mut waits).poll(&mut context), Poll::Pending);
        assert_eq!(giver.give(7), Ok(()));
        assert_eq!(Pin::new(&mut waits).poll(&mut context), Poll::Ready(7));
        let (giver, waits) = turn();
        assert_eq!(giver.give(8), Ok(()));
        assert_eq!(waits.leave(), Some(8));
        let (giver, waits) = turn();
        drop(waits);
        assert_eq!(giver.give(9), Err(9));
    }
}
