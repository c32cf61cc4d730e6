//! Lane functions over a block of lanes, each in a loop of its own: a short loop lets the processor
//! overlap several vectors of it. What passes from one loop to the next lies on the stack.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

pub const LANES: usize = 8;
pub const BLOCK: usize = 64;
pub const MOST_INPUTS: usize = 8;
pub const MOST_OUTPUTS: usize = 17;
const MOST_COLUMNS: usize = 16;

pub type Inputs = [*const f64; MOST_INPUTS];
pub type Outputs = [*mut f64; MOST_OUTPUTS];
/// Of one lane, 0 or 1; as wide as a number, so that a vector holds as many of both.
pub type Mark = i64;
pub type Marks = Block<Mark>;

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

/// A struct of each lane, one block for each word of it. With #[repr(C)] these are read in the order
/// of its fields, which is as good as that in which a formula needs them.
pub struct Columns<T: Copy> {
    words: [Block; MOST_COLUMNS],
    lane: PhantomData<T>,
}

impl<T: Copy> Columns<T> {
    const WORDS: usize = {
        assert!(size_of::<T>().is_multiple_of(size_of::<f64>()));
        assert!(size_of::<T>() / size_of::<f64>() <= MOST_COLUMNS);
        size_of::<T>() / size_of::<f64>()
    };

    #[inline(always)]
    pub fn new() -> Self {
        Columns { words: [Block::new(); MOST_COLUMNS], lane: PhantomData }
    }

    /// # Safety
    /// Lane `i` < BLOCK has been put.
    #[inline(always)]
    pub unsafe fn get(&self, i: usize) -> T {
        let mut lane = MaybeUninit::<T>::uninit();
        for (j, word) in self.words[..Self::WORDS].iter().enumerate() {
            // SAFETY: a lane has WORDS words, of which the caller promises that they were put.
            unsafe { lane.as_mut_ptr().cast::<f64>().add(j).write_unaligned(word.get(i)) };
        }
        // SAFETY: all its words are there.
        unsafe { lane.assume_init() }
    }

    /// Take these lanes of others, which have been put.
    #[inline(always)]
    pub fn gather(&mut self, from: &Self, lanes: &[usize]) {
        let words = self.words[..Self::WORDS].iter_mut();
        for (to, from) in words.zip(&from.words[..Self::WORDS]) {
            for (i, &lane) in lanes.iter().enumerate() {
                to.0[i] = from.0[lane];
            }
        }
    }

    /// # Safety
    /// `i` < BLOCK.
    #[inline(always)]
    pub unsafe fn put(&mut self, i: usize, lane: T) {
        for (j, word) in self.words[..Self::WORDS].iter_mut().enumerate() {
            // SAFETY: a lane has WORDS words; the caller's promise.
            unsafe { word.put(i, (&raw const lane).cast::<f64>().add(j).read_unaligned()) };
        }
    }
}

/// The lanes of a block: their inputs, where their results go, and a mark for each.
pub struct Lanes<'a> {
    inputs: &'a Inputs,
    outputs: &'a Outputs,
    marks: &'a mut Marks,
    n: usize,
    wanted: i64,
}

impl<'a> Lanes<'a> {
    /// # Safety
    /// `n` is a multiple of LANES and at most BLOCK; each input of the operation points to `n`
    /// numbers, and each wanted output to room for as many, which no input touches.
    #[inline(always)]
    pub unsafe fn new(
        inputs: &'a Inputs,
        outputs: &'a Outputs,
        marks: &'a mut Marks,
        n: usize,
        wanted: i64,
    ) -> Self {
        Lanes { inputs, outputs, marks, n, wanted }
    }

    /// The same lanes, for one form to go on with what another has left.
    #[inline(always)]
    pub fn again(&mut self) -> Lanes<'_> {
        let Lanes { inputs, outputs, marks, n, wanted } = self;
        Lanes { inputs, outputs, marks, n: *n, wanted: *wanted }
    }

    #[inline(always)]
    pub fn count(&self) -> usize {
        self.n.min(BLOCK)
    }

    /// The only result of lane `i` < n, which another form has put.
    #[inline(always)]
    pub fn result(&self, i: usize) -> f64 {
        // SAFETY: as promised to `new`.
        unsafe { *self.outputs[0].add(i) }
    }

    #[inline(always)]
    pub fn set_result(&mut self, i: usize, x: f64) {
        // SAFETY: as promised to `new`.
        unsafe { *self.outputs[0].add(i) = x };
    }

    /// Result `j` of lane `i` < n, which another form has put; all before it are wanted too.
    #[inline(always)]
    pub fn result_of(&self, j: usize, i: usize) -> f64 {
        // SAFETY: as promised to `new`.
        unsafe { *self.outputs[j].add(i) }
    }

    #[inline(always)]
    pub fn set_result_of(&mut self, j: usize, i: usize, x: f64) {
        // SAFETY: as promised to `new`.
        unsafe { *self.outputs[j].add(i) = x };
    }

    /// The same lanes with results of their own.
    #[inline(always)]
    pub fn with_results<'b>(&'b mut self, outputs: &'b Outputs, wanted: i64) -> Lanes<'b> {
        Lanes { inputs: self.inputs, outputs, marks: self.marks, n: self.n, wanted }
    }

    /// Put wanted results, result j being row `of[j]` of these.
    #[inline(always)]
    pub fn put_results(&mut self, rows: &[Block; MOST_OUTPUTS], of: &[usize]) {
        let mut outputs = self.outputs.iter();
        for (j, &row) in of.iter().enumerate() {
            if self.wanted >> j & 1 != 0
                && let Some(output) = outputs.next()
            {
                for i in 0..self.n {
                    // SAFETY: as promised to `new`; another form has put the rows.
                    unsafe { *output.add(i) = rows[row].get(i) };
                }
            }
        }
    }

    /// Mark lane `i` < n if `holds`, and leave it as it is if not.
    #[inline(always)]
    pub fn mark(&mut self, i: usize, holds: bool) {
        // SAFETY: i < n, and another form has put the marks.
        unsafe { self.marks.put(i, self.marks.get(i) | Mark::from(holds)) };
    }

    pub fn unmark(&mut self, i: usize) {
        // SAFETY: i < n <= BLOCK.
        unsafe { self.marks.put(i, 0) };
    }

    #[inline(always)]
    pub fn wanted(&self) -> i64 {
        self.wanted
    }

    /// What the first N inputs, no more than the operation has, hold for lane `i` < n.
    #[inline(always)]
    pub fn operands<const N: usize>(&self, i: usize) -> [f64; N] {
        let mut lane = [0.0; N];
        for (x, input) in lane.iter_mut().zip(self.inputs) {
            // SAFETY: as promised to `new`.
            *x = unsafe { *input.add(i) };
        }
        lane
    }

    /// The first loop: a lane by its inputs.
    #[inline(always)]
    pub fn begin<const N: usize, T: Copy>(
        &self,
        columns: &mut Columns<T>,
        lane: impl Fn([f64; N]) -> T,
    ) {
        for i in 0..self.n {
            // SAFETY: i < n <= BLOCK.
            unsafe { columns.put(i, lane(self.operands(i))) };
        }
    }

    /// A loop between: a lane by what the loop before has put.
    #[inline(always)]
    pub fn go_on<T: Copy>(&self, columns: &mut Columns<T>, lane: impl Fn(T) -> T) {
        for i in 0..self.n {
            // SAFETY: i < n <= BLOCK, and `begin` has put n lanes.
            unsafe { columns.put(i, lane(columns.get(i))) };
        }
    }

    /// The last loop: the results of a lane and whether it is marked, by its inputs and by what the
    /// loop before has put.
    #[inline(always)]
    pub fn finish<const N: usize, const M: usize, T: Copy>(
        self,
        columns: &Columns<T>,
        lane: impl Fn([f64; N], T) -> ([f64; M], bool),
    ) {
        let mut spare = Block::new();
        let outputs = self.addresses::<M>(&mut spare);
        for start in (0..self.n).step_by(LANES) {
            // All lanes of a vector are computed before any is written: so they may be computed at
            // once wherever the outputs lie.
            let mut rows = [[MaybeUninit::uninit(); LANES]; M];
            let mut marked = [0; LANES];
            for i in 0..LANES {
                let inputs = self.operands(start + i);
                // SAFETY: start + i < n, and `begin` has put n lanes.
                let (results, mark) = lane(inputs, unsafe { columns.get(start + i) });
                for (row, x) in rows.iter_mut().zip(results) {
                    row[i].write(x);
                }
                marked[i] = Mark::from(mark);
            }
            // SAFETY: as promised to `new`.
            unsafe {
                for (output, row) in outputs.iter().zip(rows) {
                    output.add(start).cast::<[MaybeUninit<f64>; LANES]>().write(row);
                }
                for (i, mark) in marked.into_iter().enumerate() {
                    self.marks.put(start + i, mark);
                }
            }
        }
    }

    /// The only loop.
    #[inline(always)]
    pub fn run<const N: usize, const M: usize>(self, lane: impl Fn([f64; N]) -> ([f64; M], bool)) {
        let nothing = Columns::<()>::new();
        self.finish(
            &nothing,
            #[inline(always)]
            |inputs, ()| lane(inputs),
        );
    }

    /// Where each of the M results goes: somewhere even if it is not wanted.
    #[inline(always)]
    fn addresses<const M: usize>(&self, spare: &mut Block) -> [*mut f64; M] {
        let mut to = [spare.start(); M];
        let mut outputs = self.outputs.iter();
        for (i, to) in to.iter_mut().enumerate() {
            if self.wanted >> i & 1 != 0
                && let Some(output) = outputs.next()
            {
                *to = *output;
            }
        }
        to
    }
}
