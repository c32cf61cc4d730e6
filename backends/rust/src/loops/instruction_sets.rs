//! The kernels, once for each instruction set: the same source, compiled for wider registers.

use super::Operation;
use super::lanes::{Inputs, Marks, Outputs};
use super::numpy::{run_blocks, run_special};
use core::ffi::c_void;

/// NumPy's inner loop; the last pointer is to the set of wanted outputs, or null for the first.
pub type Loop = unsafe extern "C" fn(*const *mut u8, *const isize, *const isize, *mut c_void);

/// An instruction set.
pub trait Isa {
    /// Run a part out of line, compiled once for all that run it on this set. A part that an operation
    /// inlines is compiled anew for each, and in a long function not as well.
    fn apart(part: impl FnOnce());
}

macro_rules! kernels {
    ($isa:ident $(, $features:literal)?) => {
        pub mod $isa {
            use super::*;

            pub struct Set;

            impl Isa for Set {
                #[inline(always)]
                fn apart(part: impl FnOnce()) {
                    // SAFETY: what asks for it runs on the set itself.
                    unsafe { apart(part) }
                }
            }

            $(#[target_feature(enable = $features)])?
            #[inline(never)]
            unsafe fn apart(part: impl FnOnce()) {
                part();
            }

            /// # Safety
            /// The processor has the instruction set, and NumPy calls it as an inner loop of the
            /// operation.
            $(#[target_feature(enable = $features)])?
            pub unsafe extern "C" fn run<K: Operation>(
                args: *const *mut u8,
                dims: *const isize,
                steps: *const isize,
                data: *mut c_void,
            ) {
                // SAFETY: the caller's promise.
                unsafe {
                    let wanted = if data.is_null() { 1 } else { *data.cast::<i64>() };
                    run_blocks::<K, Set>(special::<K>, args, dims, steps, wanted);
                }
            }

            $(#[target_feature(enable = $features)])?
            #[inline(never)]
            unsafe fn special<K: Operation>(
                inputs: &Inputs,
                outputs: &Outputs,
                marks: &Marks,
                n: usize,
                wanted: i64,
            ) -> bool {
                // SAFETY: `run_blocks` has put what `run_special` reads.
                unsafe { run_special::<K, Set>(inputs, outputs, marks, n, wanted) }
            }
        }
    };
}

kernels!(avx512, "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma");
kernels!(avx2, "avx2,fma");
kernels!(baseline);

/// The inner loop of an operation for an instruction set; None if there is none.
pub fn inner_loop<K: Operation>(isa: &str) -> Option<Loop> {
    match isa {
        "avx512" => Some(avx512::run::<K>),
        "avx2" => Some(avx2::run::<K>),
        "baseline" => Some(baseline::run::<K>),
        _ => None,
    }
}
