//! From a kernel over blocks of contiguous lanes to NumPy's inner loop.
//!
//! A kernel has two forms. The ordinary one takes a whole block and marks the lanes for which it
//! may not hold; these, gathered in a block of their own, go through the general one, which knows
//! every limit and says which lanes lie outside the domain.
//!
//! Operands may have any stride, and an output may be an input: results go to a block on the stack
//! first. Contiguous operands are read in place; others, and the last incomplete block, through
//! blocks of their own, filled up with copies of their first lane. A lane's bits depend on nothing
//! but its own inputs.

use std::arch::asm;
use std::mem::MaybeUninit;
use std::ptr;

pub const LANES: usize = 8;
pub const BLOCK: usize = 64;
pub const MOST_INPUTS: usize = 7;
pub const MOST_OUTPUTS: usize = 17;

const STEP: isize = size_of::<f64>() as isize;

/// One operand's lanes on the stack, not cleared: that would cost more than a small batch.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub struct Block<T: Copy = f64>([MaybeUninit<T>; BLOCK]);

impl<T: Copy> Block<T> {
    #[inline(always)]
    pub fn new() -> Self {
        Block([MaybeUninit::uninit(); BLOCK])
    }

    /// # Safety
    /// Lane `i` < BLOCK has been put.
    #[inline(always)]
    pub unsafe fn get(&self, i: usize) -> T {
        // SAFETY: the caller's promise.
        unsafe { self.0.get_unchecked(i).assume_init() }
    }

    /// # Safety
    /// `i` < BLOCK.
    #[inline(always)]
    pub unsafe fn put(&mut self, i: usize, x: T) {
        // SAFETY: the caller's promise.
        unsafe { self.0.get_unchecked_mut(i).write(x) };
    }

    fn start(&mut self) -> *mut T {
        self.0.as_mut_ptr().cast()
    }
}

/// Numbers of one lane by name, and the same of a block, as one array each.
macro_rules! lanes {
    ($(#[$about:meta])* $see:vis struct $lane:ident in $block:ident { $($field:ident,)* }) => {
        $(#[$about])*
        $see struct $lane {
            $($see $field: f64,)*
        }

        $see struct $block {
            $($see $field: Block,)*
        }

        impl $block {
            #[inline(always)]
            $see fn new() -> Self {
                $block { $($field: Block::new(),)* }
            }

            /// # Safety
            /// Lane `i` < BLOCK has been put.
            #[inline(always)]
            $see unsafe fn get(&self, i: usize) -> $lane {
                // SAFETY: the caller's promise.
                unsafe { $lane { $($field: self.$field.get(i),)* } }
            }

            /// # Safety
            /// `i` < BLOCK.
            #[inline(always)]
            $see unsafe fn put(&mut self, i: usize, lane: &$lane) {
                // SAFETY: the caller's promise.
                unsafe { $(self.$field.put(i, lane.$field);)* }
            }
        }
    };
}
pub(crate) use lanes;

pub type Inputs = [*const f64; MOST_INPUTS];
pub type Outputs = [Block; MOST_OUTPUTS];
pub type Marks = Block<i64>;

/// What the inputs hold for one lane.
///
/// # Safety
/// Each of the first N inputs points to more than `i` numbers.
#[inline(always)]
pub unsafe fn operands<const N: usize>(inputs: &Inputs, i: usize) -> [f64; N] {
    let mut lane = [0.0; N];
    for (x, input) in lane.iter_mut().zip(inputs) {
        // SAFETY: the caller's promise.
        *x = unsafe { *input.add(i) };
    }
    lane
}

/// A kernel over `n` lanes, a multiple of LANES and at most BLOCK. Both forms put `n` lanes of each
/// output and `n` marks: 1 where the ordinary form may not hold, or outside the domain.
pub trait Kernel {
    const INPUTS: usize;

    /// Whether the last of the outputs is one of int8.
    #[inline(always)]
    fn codes(_wanted: i64) -> bool {
        false
    }

    /// # Safety
    /// Each of the INPUTS points to `n` numbers.
    unsafe fn ordinary(
        inputs: &Inputs,
        outputs: &mut Outputs,
        special: &mut Marks,
        n: usize,
        wanted: i64,
    );

    /// # Safety
    /// As for `ordinary`.
    unsafe fn general(
        inputs: &Inputs,
        outputs: &mut Outputs,
        outside: &mut Marks,
        n: usize,
        wanted: i64,
    );
}

/// How many outputs are wanted.
#[inline(always)]
pub fn count_of(wanted: i64) -> usize {
    wanted.count_ones() as usize
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
///
/// # Safety
/// `from` points to `n` > 0 numbers, `stride` bytes apart, and `to` to a block.
#[inline(always)]
unsafe fn gather(to: *mut f64, from: *const u8, stride: isize, n: usize, padded: usize) {
    // SAFETY: the caller's promise, and n <= padded <= BLOCK.
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
                *to.add(i) = from.offset(i as isize * stride).cast::<f64>().read_unaligned();
            }
        }
        for i in n..padded {
            *to.add(i) = first;
        }
    }
}

/// # Safety
/// `from` points to `n` numbers, and `to` to room for as many, `stride` bytes apart.
#[inline(always)]
unsafe fn scatter(to: *mut u8, stride: isize, from: *const f64, n: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if stride == STEP && n > 1 {
            ptr::copy_nonoverlapping(from.cast(), to, n * size_of::<f64>());
        } else {
            for i in 0..n {
                to.offset(i as isize * stride).cast::<f64>().write_unaligned(*from.add(i));
            }
        }
    }
}

/// # Safety
/// As for `scatter`, each of the numbers a code.
#[inline(always)]
unsafe fn scatter_codes(to: *mut u8, stride: isize, from: *const f64, n: usize) {
    for i in 0..n {
        // SAFETY: the caller's promise.
        unsafe { *to.offset(i as isize * stride) = *from.add(i) as u8 };
    }
}

/// `run_special` compiled for an instruction set, out of line: few blocks come to it.
pub type Special = unsafe fn(&Inputs, &mut Outputs, &Marks, usize, i64) -> bool;

/// Put the marked lanes through the general form; returns whether one is outside the domain.
///
/// # Safety
/// Each input points to `n` numbers, and `n` lanes of the outputs and of the marks have been put.
#[inline(always)]
pub unsafe fn run_special<K: Kernel>(
    inputs: &Inputs,
    outputs: &mut Outputs,
    marks: &Marks,
    n: usize,
    wanted: i64,
) -> bool {
    let mut copies = [Block::new(); MOST_INPUTS];
    let mut results = [Block::new(); MOST_OUTPUTS];
    let mut from = [ptr::null(); MOST_INPUTS];
    let mut outside = Block::new();
    let mut lanes = [0; BLOCK];
    let mut count = 0;
    let mut seen = 0;
    // SAFETY: lanes[i] < n for i < padded <= BLOCK, and `general` puts what is read.
    unsafe {
        for i in 0..n {
            lanes[count] = i;
            count += usize::from(marks.get(i) != 0);
        }
        let padded = (count + LANES - 1) & !(LANES - 1);
        for i in count..padded {
            lanes[i] = lanes[0];
        }
        for j in 0..K::INPUTS {
            for (i, &lane) in lanes[..padded].iter().enumerate() {
                copies[j].put(i, *inputs[j].add(lane));
            }
            from[j] = copies[j].start().cast_const();
        }
        K::general(&from, &mut results, &mut outside, padded, wanted);
        for (i, &lane) in lanes[..count].iter().enumerate() {
            seen |= outside.get(i);
            for j in 0..count_of(wanted) {
                outputs[j].put(lane, results[j].get(i));
            }
        }
    }
    seen != 0
}

/// Run a kernel over NumPy's operands.
///
/// # Safety
/// `args`, `dims` and `steps` are what NumPy hands to an inner loop of the kernel's operands;
/// `special` is `run_special` of this kernel.
#[inline(always)]
pub unsafe fn run_blocks<K: Kernel>(
    special: Special,
    args: *const *mut u8,
    dims: *const isize,
    steps: *const isize,
    wanted: i64,
) {
    // SAFETY: NumPy's operands have `size` elements each; a block is put before it is read.
    unsafe {
        let size = *dims as usize;
        let mut copies = [Block::new(); MOST_INPUTS];
        let mut results = [Block::new(); MOST_OUTPUTS];
        let mut inputs = [ptr::null(); MOST_INPUTS];
        let mut marks = Block::new();
        let saved = enter_environment();
        let mut invalid = false;
        let mut start = 0;
        while start < size {
            let n = BLOCK.min(size - start);
            let padded = (n + LANES - 1) & !(LANES - 1);
            for j in 0..K::INPUTS {
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
            K::ordinary(&inputs, &mut results, &mut marks, padded, wanted);
            let mut marked = 0;
            for i in 0..padded {
                marked += marks.get(i);
            }
            if marked != 0 {
                invalid |= special(&inputs, &mut results, &marks, n, wanted);
            }
            let outputs = count_of(wanted);
            for (j, result) in results[..outputs].iter_mut().enumerate() {
                let step = *steps.add(K::INPUTS + j);
                let to = (*args.add(K::INPUTS + j)).offset(start as isize * step);
                if K::codes(wanted) && j == outputs - 1 {
                    scatter_codes(to, step, result.start(), n);
                } else {
                    scatter(to, step, result.start(), n);
                }
            }
            start += BLOCK;
        }
        leave_environment(saved, invalid);
    }
}
