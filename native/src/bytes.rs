//! The bytes of numbers in memory.
#![allow(unsafe_code)]

/// Numbers without padding, for which any bytes are valid.
pub trait Number {}

impl Number for u16 {}
impl Number for u64 {}

/// The bytes of numbers, in this machine's order.
pub fn bytes_of<T: Number>(numbers: &mut [T]) -> &mut [u8] {
    let len = size_of_val(numbers);
    // SAFETY: the same memory, borrowed for as long; numbers have no padding, and any bytes are valid.
    unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), len) }
}
