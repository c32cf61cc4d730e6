//! Lanes of a block: on the stack, of a kernel's inputs, and to its outputs.

use std::mem::MaybeUninit;

pub const LANES: usize = 8;
pub const BLOCK: usize = 64;
pub const MOST_INPUTS: usize = 7;
pub const MOST_OUTPUTS: usize = 17;

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

    pub fn start(&mut self) -> *mut T {
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
pub type Outputs = [*mut f64; MOST_OUTPUTS];
pub type Mark = i64;
pub type Marks = Block<Mark>;

/// Write the N results and the mark of each of `n` lanes. Those of LANES lanes are all computed
/// before any is written: so they may be computed at once wherever the outputs lie.
///
/// # Safety
/// `n` is a multiple of LANES and at most BLOCK; each output has room for `n` numbers.
#[inline(always)]
pub unsafe fn write_lanes<const N: usize>(
    outputs: [*mut f64; N],
    marks: &mut Marks,
    n: usize,
    lane: impl Fn(usize) -> ([f64; N], Mark),
) {
    for start in (0..n).step_by(LANES) {
        let mut rows = [[MaybeUninit::uninit(); LANES]; N];
        let mut marked = [0; LANES];
        for i in 0..LANES {
            let (results, mark) = lane(start + i);
            for (row, x) in rows.iter_mut().zip(results) {
                row[i].write(x);
            }
            marked[i] = mark;
        }
        // SAFETY: the caller's promise.
        unsafe {
            for (output, row) in outputs.iter().zip(rows) {
                output.add(start).cast::<[MaybeUninit<f64>; LANES]>().write(row);
            }
            for (i, mark) in marked.into_iter().enumerate() {
                marks.put(start + i, mark);
            }
        }
    }
}

/// Where each of the N results of an operation goes: somewhere even if it is not wanted.
#[inline(always)]
pub fn addresses<const N: usize>(
    outputs: &Outputs,
    spare: &mut Block,
    wanted: i64,
) -> [*mut f64; N] {
    let mut to = [spare.start(); N];
    let mut outputs = outputs.iter();
    for (i, to) in to.iter_mut().enumerate() {
        if wanted >> i & 1 != 0
            && let Some(output) = outputs.next()
        {
            *to = *output;
        }
    }
    to
}

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
