//! QuantForge's kernels in Rust: addresses of NumPy inner loops, and facts about them.

mod american_boundary;
mod american_double;
mod american_equation;
mod american_greeks;
mod american_implied_volatility;
mod american_perpetual;
mod american_price;
mod attainable_error;
mod bachelier_greeks;
mod bachelier_implied_volatility;
mod bachelier_price;
mod elementary;
mod exercise_boundary;
mod greeks;
mod implied_volatility;
mod legs;
mod loops;
mod normalized_price;
mod price;
mod tables;

use pyo3::prelude::*;

#[pymodule]
mod _native {
    use super::*;

    /// Instruction sets of this processor that there are kernels for, best first.
    #[pyfunction]
    fn supported() -> Vec<&'static str> {
        let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let has_avx512 = has_avx2
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw");
        [(has_avx512, "avx512"), (has_avx2, "avx2"), (true, "baseline")]
            .into_iter()
            .filter_map(|(has, name)| has.then_some(name))
            .collect()
    }

    /// Address of an operation's inner loop; None if there is none.
    #[pyfunction]
    fn address(operation: &str, isa: &str) -> Option<usize> {
        loops::find(operation, isa).map(|found| found.address())
    }

    /// The operation on one option, a function of its inputs as floats that returns the wanted
    /// outputs; None if there is none.
    #[pyfunction]
    fn scalar<'py>(
        py: Python<'py>,
        operation: &str,
        isa: &str,
        wanted: i64,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        loops::find(operation, isa).map(|found| found.scalar(py, wanted)).transpose()
    }

    /// Take the core's table of the American boundary, by its address and length.
    #[pyfunction]
    fn read_boundary(address: usize, length: usize) -> bool {
        loops::read_boundary(address, length)
    }

    /// Whether the compiler optimised.
    #[pyfunction]
    fn build() -> &'static str {
        if cfg!(debug_assertions) { "debug" } else { "release" }
    }
}
