//! NumPy's inner loops, which QuantForge finds by their addresses.

mod price;

use std::ffi::{c_int, c_void};

/// The C library's `fenv_t`, which no system makes larger than this.
#[repr(C, align(16))]
struct Environment([u8; 256]);

const FE_INVALID: c_int = 1;

extern "C" {
    /// Keep the floating-point environment, and begin a calm one: no flag set, nothing raised.
    fn feholdexcept(found: *mut Environment) -> c_int;
    fn fesetenv(found: *const Environment) -> c_int;
    fn feraiseexcept(flags: c_int) -> c_int;
}

/// The loop of a function of so many inputs, with any strides; the output may be an input. The
/// floating-point environment is left as it was found, but for *invalid* where an option is
/// outside the domain. NaN that comes in goes out in silence.
///
/// # Safety
/// As NumPy calls it: a pointer and a stride for each input, then for the output.
unsafe fn run<const INPUTS: usize>(
    function: fn([f64; INPUTS]) -> f64,
    args: *const *mut u8,
    dims: *const isize,
    steps: *const isize,
) {
    let mut found = Environment([0; 256]);
    let mut invalid = false;
    feholdexcept(&mut found);
    for i in 0..*dims {
        let at = |j: usize| unsafe { (*args.add(j)).offset(i * *steps.add(j)).cast::<f64>() };
        let inputs: [f64; INPUTS] = std::array::from_fn(|j| unsafe { at(j).read() });
        let value = function(inputs);
        invalid |= value.is_nan() && !inputs.iter().any(|x| x.is_nan());
        at(INPUTS).write(value);
    }
    fesetenv(&found);
    if invalid {
        feraiseexcept(FE_INVALID);
    }
}

/// # Safety
/// As for `run`.
#[no_mangle]
pub unsafe extern "C" fn quantforge_price(
    args: *const *mut u8,
    dims: *const isize,
    steps: *const isize,
    _data: *mut c_void,
) {
    run(price::price, args, dims, steps);
}
