//! Stacks of guests, kept from one call of a process to the next. RATIONALE, "Why stacks outlive their calls".
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::Range;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap_anonymous, mprotect, munmap};
use wasmtime::{Result, StackCreator, StackMemory};

/// Default size of a call's guest stack: CPython needs this much.
pub const STACK_BYTES: usize = 512 << 10;
/// Host functions run on the same fiber, above the guest's share of it.
pub const HOST_STACK_BYTES: usize = 256 << 10;

/// A multiple of every page size there is on the CPUs that Edge runs on.
const GUARD_BYTES: usize = 64 << 10;
/// Bytes of each kept stack that stay mapped, from its top down; a call of the Rust example uses less.
const RESIDENT_BYTES: usize = 8 << 10;

/// Stacks of the interpreter for guest code: a store has one, and a call in it another.
static INTERPRETED: Stacks<2> = Stacks::new(STACK_BYTES, 0);
/// Stacks for the library and native code.
static FIBERS: Stacks<1> = Stacks::new(STACK_BYTES + HOST_STACK_BYTES, GUARD_BYTES);

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Mappings of one size, each with a guard below it; up to `KEPT` of them are kept while nobody uses them.
///
/// A kept one is empty: what calls left on it was overwritten or given back to the system.
struct Stacks<const KEPT: usize> {
    bytes: usize,
    guard: usize,
    /// Where each kept stack begins.
    free: [AtomicPtr<u8>; KEPT],
}

impl<const KEPT: usize> Stacks<KEPT> {
    const fn new(bytes: usize, guard: usize) -> Self {
        Stacks { bytes, guard, free: [const { AtomicPtr::new(null_mut()) }; KEPT] }
    }

    /// The beginning of a stack that is all zeros.
    fn take(&self) -> rustix::io::Result<NonNull<u8>> {
        match self.free.iter().find_map(|place| NonNull::new(place.swap(null_mut(), Ordering::Acquire))) {
            Some(kept) => Ok(kept),
            None => self.map(),
        }
    }

    fn map(&self) -> rustix::io::Result<NonNull<u8>> {
        let accessible = ProtFlags::READ | ProtFlags::WRITE;
        let protection = if self.guard == 0 { accessible } else { ProtFlags::empty() };
        let length = self.guard + self.bytes;
        // SAFETY: the kernel chooses an unused address.
        let mapped = unsafe { mmap_anonymous(null_mut(), length, protection, MapFlags::PRIVATE) }?;
        // SAFETY: within the mapping.
        let begin = unsafe { mapped.cast::<u8>().add(self.guard) };
        if self.guard > 0 {
            // SAFETY: what was mapped just now, without its guard.
            if let Err(error) =
                unsafe { mprotect(begin.cast(), self.bytes, MprotectFlags::READ | MprotectFlags::WRITE) }
            {
                // SAFETY: nobody else has it yet.
                let _ = unsafe { munmap(mapped, length) };
                return Err(error);
            }
        }
        NonNull::new(begin).ok_or(rustix::io::Errno::NOMEM)
    }

    /// # Safety
    /// `begin` came from `take`, and nobody uses that stack any more.
    unsafe fn give(&self, begin: NonNull<u8>) {
        // SAFETY: the same.
        let is_kept = unsafe { self.clear(begin) }
            && self.free.iter().any(|place| {
                place.compare_exchange(null_mut(), begin.as_ptr(), Ordering::Release, Ordering::Relaxed).is_ok()
            });
        if !is_kept {
            // SAFETY: the mapping that `map` made, which nobody uses. It stays where the kernel refuses.
            let _ = unsafe { munmap(begin.as_ptr().sub(self.guard).cast(), self.guard + self.bytes) };
        }
    }

    /// Zeros every byte; false where the kernel refuses.
    ///
    /// # Safety
    /// As for `give`.
    unsafe fn clear(&self, begin: NonNull<u8>) -> bool {
        let unused = self.bytes - RESIDENT_BYTES;
        // SAFETY: both ranges are within the stack. Pages of an anonymous mapping come back empty.
        unsafe {
            begin.add(unused).write_bytes(0, RESIDENT_BYTES);
            madvise(begin.as_ptr().cast(), unused, Advice::LinuxDontNeed).is_ok()
        }
    }
}

/// The system's allocator, but for the interpreter's stacks, which Wasmtime allocates like anything else.
struct Allocator;

impl Allocator {
    /// Recognises such a stack by its size and by Pulley's alignment. Other blocks of that layout do no harm.
    const fn is_stack(layout: Layout) -> bool {
        layout.size() == STACK_BYTES && layout.align() == 16
    }
}

// SAFETY: blocks of one layout come from and go to one place, be it the system's allocator or `INTERPRETED`, whose
// mappings have that layout's size and more than its alignment. What may change a layout copies.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if Self::is_stack(layout) {
            return INTERPRETED.take().map_or(null_mut(), NonNull::as_ptr);
        }
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if Self::is_stack(layout) {
            return INTERPRETED.take().map_or(null_mut(), NonNull::as_ptr);
        }
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match NonNull::new(block) {
            // SAFETY: as the caller promises, it came from `take` and nobody uses it.
            Some(begin) if Self::is_stack(layout) => unsafe { INTERPRETED.give(begin) },
            // SAFETY: as the caller promises.
            _ => unsafe { System.dealloc(block, layout) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises, the size does not overflow when it is rounded up to the alignment.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if !Self::is_stack(layout) && !Self::is_stack(wanted) {
            // SAFETY: as the caller promises.
            return unsafe { System.realloc(block, layout, size) };
        }
        // SAFETY: the new block is another one, and both have as many bytes as the smaller size.
        unsafe {
            let moved = self.alloc(wanted);
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

/// Gives Wasmtime its fibers' stacks.
pub struct Fibers;

// SAFETY: stacks are page-aligned, empty, and have a guard.
unsafe impl StackCreator for Fibers {
    fn new_stack(&self, bytes: usize, _: bool) -> Result<Box<dyn StackMemory>> {
        debug_assert_eq!(bytes, FIBERS.bytes);
        Ok(Box::new(Fiber { begin: FIBERS.take()? }))
    }
}

struct Fiber {
    begin: NonNull<u8>,
}

// SAFETY: a mapping that is this value's alone; what is shared of it is numbers.
unsafe impl Send for Fiber {}
// SAFETY: the same.
unsafe impl Sync for Fiber {}

impl Fiber {
    fn bounds(&self) -> Range<*mut u8> {
        let begin = self.begin.as_ptr();
        begin..begin.wrapping_add(FIBERS.bytes)
    }
}

// SAFETY: what it says is what `Stacks` mapped; it stays mapped until it is dropped.
unsafe impl StackMemory for Fiber {
    fn top(&self) -> *mut u8 {
        self.bounds().end
    }

    fn range(&self) -> Range<usize> {
        self.bounds().start.addr()..self.bounds().end.addr()
    }

    fn guard_range(&self) -> Range<*mut u8> {
        let begin = self.begin.as_ptr();
        begin.wrapping_sub(GUARD_BYTES)..begin
    }
}

impl Drop for Fiber {
    fn drop(&mut self) {
        // SAFETY: it came from `take`, and with this value the last use of it ends.
        unsafe { FIBERS.give(self.begin) };
    }
}
