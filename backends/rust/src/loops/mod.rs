//! From lanes, the formulas of one option, to NumPy's inner loops.

mod american;
mod american_double;
mod american_greeks;
mod american_implied_volatility;
mod boundary;
mod equation;
mod exercise_boundary;
mod instruction_sets;
mod lanes;
mod numpy;
mod operations;
mod scalar;

pub use boundary::read_boundary;
use instruction_sets::{Isa, Loop, inner_loop};
use lanes::Lanes;
use operations::{
    AmericanGreeks, AmericanImpliedVolatility, AmericanPrice, BachelierGreeks,
    BachelierImpliedVolatility, BachelierPrice, ExerciseBoundary, Greeks, ImpliedVolatility, Price,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use scalar::Scalar;

/// An operation has two forms. The ordinary one takes a whole block and marks the lanes that are
/// special: it may not hold for them. The general one knows every limit, and marks the lanes that
/// are outside the domain; a NaN that came in is no signal.
pub trait Operation {
    const INPUTS: usize;
    const OUTPUTS: u32;

    /// The set of outputs that are codes, of int8; there is one at most, and it is the last.
    const CODES: i64 = 0;

    fn ordinary<I: Isa>(lanes: Lanes);
    fn general<I: Isa>(lanes: Lanes);
}

/// An operation's inner loop and what its operands are.
pub struct Registered {
    run: Loop,
    inputs: usize,
    outputs: u32,
    codes: i64,
}

impl Registered {
    fn of<K: Operation>(isa: &str) -> Option<Self> {
        let run = inner_loop::<K>(isa)?;
        Some(Registered { run, inputs: K::INPUTS, outputs: K::OUTPUTS, codes: K::CODES })
    }

    pub fn address(&self) -> usize {
        self.run as usize
    }

    /// A Python function of one option that returns the wanted outputs.
    pub fn scalar<'py>(&self, py: Python<'py>, wanted: i64) -> PyResult<Bound<'py, PyAny>> {
        if wanted <= 0 || wanted >> self.outputs != 0 {
            return Err(PyValueError::new_err(format!("no set of outputs: {wanted:#x}")));
        }
        let ends_in_code = wanted & self.codes != 0;
        Scalar { run: self.run, inputs: self.inputs, wanted, ends_in_code }.into_function(py)
    }
}

macro_rules! register {
    ($($name:literal => $operation:ident,)*) => {
        /// An operation by its name, for an instruction set; None if there is none.
        pub fn find(name: &str, isa: &str) -> Option<Registered> {
            match name {
                $($name => Registered::of::<$operation>(isa),)*
                _ => None,
            }
        }
    };
}

register! {
    "price" => Price,
    "american_price" => AmericanPrice,
    "greeks" => Greeks,
    "american_greeks" => AmericanGreeks,
    "exercise_boundary" => ExerciseBoundary,
    "implied_volatility" => ImpliedVolatility,
    "american_implied_volatility" => AmericanImpliedVolatility,
    "bachelier_price" => BachelierPrice,
    "bachelier_greeks" => BachelierGreeks,
    "bachelier_implied_volatility" => BachelierImpliedVolatility,
}
