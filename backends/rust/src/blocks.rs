//! From a kernel over blocks of contiguous lanes to NumPy's inner loop.
//!
//! Operands may have any stride, and an output may be an input: results go to a block on the stack
//! first. Contiguous operands are read in place; others, and the last incomplete block, through
//! blocks of their own, filled up with copies of their first lane. A lane's bits depend on nothing
//! but its own inputs.

use std::arch::asm;
use std::mem::MaybeUninit;
use std::ptr;

pub const LANES: usize = 8;
pub const BLOCK: usize = 128;

const STEP: isize = size_of::<f64>() as isize;

/// One operand's lanes on the stack, not cleared: that would cost more than a small batch.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub struct Block([MaybeUninit<f64>; BLOCK]);

impl Block {
    #[inline(always)]
    pub fn new() -> Self {
        Block([MaybeUninit::uninit(); BLOCK])
    }

    /// # Safety
    /// Lane `i` < BLOCK has been put.
    #[inline(always)]
    pub unsafe fn get(&self, i: usize) -> f64 {
        unsafe { self.0.get_unchecked(i).assume_init() }
    }

    /// # Safety
    /// `i` < BLOCK.
    #[inline(always)]
    pub unsafe fn put(&mut self, i: usize, x: f64) {
        unsafe { self.0.get_unchecked_mut(i).write(x) };
    }

    fn start(&mut self) -> *mut f64 {
        self.0.as_mut_ptr().cast()
    }
}

/// Round to nearest, gradual underflow, no traps, whatever the caller's thread has set.
#[inline(always)]
fn enter_environment() -> u32 {
    let mut saved = 0u32;
    // SAFETY: reads and writes the control register alone.
    unsafe {
        asm!("stmxcsr [{}]", in(reg) &raw mut saved, options(nostack, preserves_flags));
        if saved & 0xffc0 != 0x1f80 {
            asm!("ldmxcsr [{}]", in(reg) &raw const DEFAULT, options(nostack, preserves_flags));
        }
    }
    saved
}

static DEFAULT: u32 = 0x1f80;

/// Discarded lanes leave signals behind: restore the caller's, and add *invalid* if it is true.
#[inline(always)]
fn leave_environment(saved: u32, invalid: bool) {
    let restored = saved | u32::from(invalid);
    // SAFETY: writes the control register alone.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const restored, options(nostack, preserves_flags)) };
}

/// Copy n lanes and fill up to `padded` with the first. A single lane is common enough, and small
/// enough, to do without a call of memcpy.
#[inline(always)]
unsafe fn gather(to: *mut f64, from: *const u8, stride: isize, n: usize, padded: usize) {
    unsafe {
        let first = from.cast::<f64>().read_unaligned();
        if n == 1 {
            for i in 0..LANES {
                *to.add(i) = first;
            }
            return;
        }
        if stride == STEP {
            ptr::copy_nonoverlapping(from, to.cast(), n * size_of::<f64>());
        } else {
            for i in 0..n {
                *to.add(i) = from
                    .offset(i as isize * stride)
                    .cast::<f64>()
                    .read_unaligned();
            }
        }
        for i in n..padded {
            *to.add(i) = first;
        }
    }
}

#[inline(always)]
unsafe fn scatter(to: *mut u8, stride: isize, from: *const f64, n: usize) {
    unsafe {
        if stride == STEP && n > 1 {
            ptr::copy_nonoverlapping(from.cast(), to, n * size_of::<f64>());
        } else {
            for i in 0..n {
                to.offset(i as isize * stride)
                    .cast::<f64>()
                    .write_unaligned(*from.add(i));
            }
        }
    }
}

/// Run `kernel(inputs, outputs, lanes) -> invalid seen` over NumPy's operands.
///
/// # Safety
/// `args`, `dims` and `steps` are what NumPy hands to an inner loop of IN inputs and OUT outputs.
#[inline(always)]
pub unsafe fn run_blocks<const IN: usize, const OUT: usize>(
    kernel: impl Fn(&[*const f64; IN], &mut [Block; OUT], usize) -> i64,
    args: *const *mut u8,
    dims: *const isize,
    steps: *const isize,
) {
    unsafe {
        let size = *dims as usize;
        let mut copies = [Block::new(); IN];
        let mut results = [Block::new(); OUT];
        let mut inputs = [ptr::null(); IN];
        let saved = enter_environment();
        let mut invalid = 0;
        let mut start = 0;
        while start < size {
            let n = BLOCK.min(size - start);
            let padded = (n + LANES - 1) & !(LANES - 1);
            for j in 0..IN {
                let step = *steps.add(j);
                let from = (*args.add(j)).offset(start as isize * step);
                if (step == STEP) & (n == padded) & (from.addr() & 7 == 0) {
                    inputs[j] = from.cast::<f64>().cast_const();
                    continue;
                }
                let to = copies[j].start();
                inputs[j] = to;
                if step == 0 && start > 0 {
                    continue; // filled by the first block
                }
                gather(to, from, step, n, padded);
            }
            invalid |= kernel(&inputs, &mut results, padded);
            for (j, result) in results.iter_mut().enumerate() {
                let step = *steps.add(IN + j);
                let to = (*args.add(IN + j)).offset(start as isize * step);
                scatter(to, step, result.start(), n);
            }
            start += BLOCK;
        }
        leave_environment(saved, invalid != 0);
    }
}
