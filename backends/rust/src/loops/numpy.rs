//! NumPy's inner loop of an operation, in blocks of contiguous lanes. What the ordinary form marks
//! is gathered in a block of its own and goes through the general one.
//!
//! Operands may have any stride, and an output may be an input: results go to a block on the stack
//! first, but for contiguous outputs that touch no input. Contiguous operands are read in place;
//! others, and the last incomplete block, through blocks of their own, filled up with copies of
//! their first lane. A lane's bits depend on nothing but its own inputs.

use super::Operation;
use super::instruction_sets::Isa;
use super::lanes::{BLOCK, Block, Inputs, LANES, Lanes, MOST_INPUTS, MOST_OUTPUTS, Marks, Outputs};
use std::arch::asm;
use std::ptr;

const STEP: isize = size_of::<f64>() as isize;

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
pub type Special = unsafe fn(&Inputs, &Outputs, &Marks, usize, i64) -> bool;

/// Put the marked lanes through the general form; returns whether one is outside the domain.
///
/// # Safety
/// Each input points to `n` numbers, each wanted output to room for as many, and `n` lanes of the
/// marks have been put.
#[inline(always)]
pub unsafe fn run_special<K: Operation, I: Isa>(
    inputs: &Inputs,
    outputs: &Outputs,
    marks: &Marks,
    n: usize,
    wanted: i64,
) -> bool {
    let mut copies = [Block::new(); MOST_INPUTS];
    let mut results = [Block::new(); MOST_OUTPUTS];
    let mut from = [ptr::null(); MOST_INPUTS];
    let to = results.each_mut().map(Block::start);
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
        K::general::<I>(Lanes::new(&from, &to, &mut outside, padded, wanted));
        for (i, &lane) in lanes[..count].iter().enumerate() {
            seen |= outside.get(i);
            for j in 0..count_of(wanted) {
                *outputs[j].add(lane) = *to[j].add(i);
            }
        }
    }
    seen != 0
}

/// Whether an operand touches the memory of a contiguous output.
#[inline(always)]
fn touches(operand: *const u8, step: isize, output: *const u8, size: usize) -> bool {
    let last = operand.wrapping_offset((size as isize - 1) * step);
    let low = if step < 0 { last } else { operand };
    let high = if step < 0 { operand } else { last };
    (low < output.wrapping_add(size * size_of::<f64>()))
        & (output < high.wrapping_add(size_of::<f64>()))
}

/// Whether results may go straight to where output j lies: not where an input is still to be read.
///
/// # Safety
/// As for `run_blocks`.
#[inline(always)]
unsafe fn direct_output<K: Operation>(
    j: usize,
    args: *const *mut u8,
    size: usize,
    steps: *const isize,
    wanted: i64,
) -> bool {
    // SAFETY: NumPy hands over an address and a step for each input and each wanted output.
    unsafe {
        let output = *args.add(K::INPUTS + j);
        let code = (wanted & K::CODES != 0) && j == count_of(wanted) - 1;
        let mut direct = (*steps.add(K::INPUTS + j) == STEP) & (output.addr() & 7 == 0) & !code;
        for i in 0..K::INPUTS {
            direct = direct && !touches(*args.add(i), *steps.add(i), output, size);
        }
        direct
    }
}

/// Run an operation over NumPy's operands.
///
/// # Safety
/// `args`, `dims` and `steps` are what NumPy hands to an inner loop of the operation;
/// `special` is `run_special` of this operation.
#[inline(always)]
pub unsafe fn run_blocks<K: Operation, I: Isa>(
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
        let on_stack = results.each_mut().map(Block::start);
        let mut outputs = on_stack;
        let mut direct = [false; MOST_OUTPUTS];
        let count = count_of(wanted);
        for (j, direct) in direct[..count].iter_mut().enumerate() {
            *direct = size >= BLOCK && direct_output::<K>(j, args, size, steps, wanted);
        }
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
            for j in 0..count {
                let to = (*args.add(K::INPUTS + j)).cast::<f64>().wrapping_add(start);
                outputs[j] = if direct[j] & (n == padded) { to } else { on_stack[j] };
            }
            K::ordinary::<I>(Lanes::new(&inputs, &outputs, &mut marks, padded, wanted));
            let mut marked = 0;
            for i in 0..padded {
                marked += marks.get(i);
            }
            if marked != 0 {
                invalid |= special(&inputs, &outputs, &marks, n, wanted);
            }
            for j in 0..count {
                let from = on_stack[j];
                if outputs[j] != from {
                    continue;
                }
                let step = *steps.add(K::INPUTS + j);
                let to = (*args.add(K::INPUTS + j)).offset(start as isize * step);
                if (wanted & K::CODES != 0) && j == count - 1 {
                    scatter_codes(to, step, from, n);
                } else {
                    scatter(to, step, from, n);
                }
            }
            start += BLOCK;
        }
        leave_environment(saved, invalid);
    }
}
