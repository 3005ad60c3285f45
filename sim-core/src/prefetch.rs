//! Asking the processor to fetch what is needed soon. A hint: it changes no value and no order.
//!
//! With a hundred thousand tasks every wake-up touches memory that has long left the cache, and the
//! wait for it is most of what an event costs. The queue knows what comes next.
#![expect(unsafe_code, reason = "the instruction has no safe name")]

/// Lines of a cache that are fetched at most for one value.
const LINES_MAX: usize = 4;
/// Bytes of a line on the processors this is for.
const LINE_BYTES: usize = 64;

/// Fetches `value` into the cache, up to 256 bytes of it.
#[inline]
pub(crate) fn prefetch<T: ?Sized>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = core::ptr::from_ref(value).cast::<i8>();
        let lines = size_of_val(value).div_ceil(LINE_BYTES).min(LINES_MAX);
        for line in 0..lines {
            // SAFETY: a prefetch reads and writes nothing that a program can see and faults on no
            // address; SSE, which it needs, is part of x86_64. The address is within `value`.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(line * LINE_BYTES)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

#[cfg(test)]
mod tests {
    use super::prefetch;

    /// Run under Miri as well: whatever the size, nothing is read and nothing changes.
    #[test]
    fn values_of_all_sizes_stay_what_they_are() {
        let long = [7u64; 100];
        prefetch(&());
        prefetch(&1u8);
        prefetch(&long);
        prefetch(&long[3..5]);
        prefetch::<dyn core::fmt::Debug>(&long);
        assert_eq!(long, [7; 100]);
    }
}
