//! The kernels, once for each instruction set: the same source, compiled for wider registers.

use crate::blocks::run_blocks;
use crate::price::price_block;

/// NumPy's inner loop.
pub type Loop =
    unsafe extern "C" fn(*const *mut u8, *const isize, *const isize, *mut core::ffi::c_void);

macro_rules! kernels {
    ($isa:ident $(, $features:literal)?) => {
        pub mod $isa {
            use super::*;

            /// # Safety
            /// The processor has the instruction set, and NumPy calls it as an inner loop.
            $(#[target_feature(enable = $features)])?
            pub unsafe extern "C" fn price(
                args: *const *mut u8,
                dims: *const isize,
                steps: *const isize,
                _data: *mut core::ffi::c_void,
            ) {
                unsafe { run_blocks(|i, o, n| price_block(i, o, n), args, dims, steps) };
            }
        }
    };
}

kernels!(avx512, "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma");
kernels!(avx2, "avx2,fma");
kernels!(baseline);
