//! An allocator that counts what is alive and, on request, hands out other addresses and filled memory.
#![expect(
    unsafe_code,
    reason = "the trait of allocators is unsafe; nothing of it is in the library"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// The allocator of this test program.
struct Heap;

#[global_allocator]
static HEAP: Heap = Heap;

/// Bytes alive, as they were asked for.
static LIVE: AtomicUsize = AtomicUsize::new(0);
/// 0: as the system does it. Else a pattern: how blocks are shifted and what they are filled with.
static PATTERN: AtomicU64 = AtomicU64::new(0);
/// Blocks handed out, so that equal requests get different shifts.
static SERIAL: AtomicU64 = AtomicU64::new(0);

/// Room for the shift, which is noted right before a block.
const NOTE: usize = size_of::<usize>();
/// Blocks are shifted by less than so many times their alignment.
const SHIFTS: usize = 16;

/// Bytes that are alive in this process.
pub(crate) fn live() -> usize {
    LIVE.load(Relaxed)
}

/// Runs `work` under a pattern.
pub(crate) fn under<T>(pattern: u64, work: impl FnOnce() -> T) -> T {
    PATTERN.store(pattern, Relaxed);
    let result = work();
    PATTERN.store(0, Relaxed);
    result
}

/// Where a block of `layout` begins in the memory asked of the system, and the layout to ask for.
fn placed(layout: Layout) -> (usize, Layout) {
    let align = layout.align().max(NOTE);
    let pattern = PATTERN.load(Relaxed);
    let turn = match pattern {
        0 => 0,
        _ => SERIAL.fetch_add(1, Relaxed).wrapping_add(pattern),
    };
    // The top bits of a multiplication by an odd constant: as good as random.
    let mixed = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60;
    let shift = align * (1 + usize::try_from(mixed).unwrap_or(0) % SHIFTS);
    (shift, outer(layout, shift))
}

fn outer(layout: Layout, shift: usize) -> Layout {
    let align = layout.align().max(NOTE);
    Layout::from_size_align(layout.size() + shift, align)
        .expect("no test asks for half of all memory")
}

// SAFETY: every block lies inside memory of the system allocator, behind a note of its distance from the
// beginning of that memory; the distance is a multiple of the block's alignment.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (shift, outer) = placed(layout);
        // SAFETY: `outer` is larger than `layout`, which is not empty.
        let base = unsafe { System.alloc(outer) };
        if base.is_null() {
            return base;
        }
        LIVE.fetch_add(layout.size(), Relaxed);
        // SAFETY: `shift` is at least NOTE and at most the size of `outer`; both writes stay inside.
        unsafe {
            let block = base.add(shift);
            block.sub(NOTE).cast::<usize>().write(shift);
            if PATTERN.load(Relaxed) != 0 {
                block.write_bytes(0xa5, layout.size());
            }
            block
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: `block` came from `alloc`, with its note before it. Its memory is filled, so that who
        // reads what is freed reads something else each time.
        unsafe {
            if PATTERN.load(Relaxed) != 0 {
                block.write_bytes(0x5a, layout.size());
            }
            let shift = block.sub(NOTE).cast::<usize>().read();
            System.dealloc(block.sub(shift), outer(layout, shift));
        }
    }
}
