//! QuantForge's kernels in Rust: addresses of NumPy inner loops, and facts about them.

mod attainable;
mod bachelier_greeks;
mod bachelier_implied_volatility;
mod bachelier_price;
mod blocks;
mod elementary;
mod greeks;
mod implied_volatility;
mod kernels;
mod lanes;
mod legs;
mod price;
mod tables;
mod target;

use bachelier_greeks::BachelierGreeks;
use bachelier_implied_volatility::BachelierImpliedVolatility;
use bachelier_price::BachelierPrice;
use blocks::Kernel;
use greeks::Greeks;
use implied_volatility::ImpliedVolatility;
use kernels::{Loop, avx2, avx512, baseline};
use price::Price;
use pyo3::prelude::*;

fn inner_loop<K: Kernel>(isa: &str) -> Option<Loop> {
    match isa {
        "avx512" => Some(avx512::run::<K>),
        "avx2" => Some(avx2::run::<K>),
        "baseline" => Some(baseline::run::<K>),
        _ => None,
    }
}

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
        let kernel = match operation {
            "price" => inner_loop::<Price>(isa),
            "greeks" => inner_loop::<Greeks>(isa),
            "implied_volatility" => inner_loop::<ImpliedVolatility>(isa),
            "bachelier_price" => inner_loop::<BachelierPrice>(isa),
            "bachelier_greeks" => inner_loop::<BachelierGreeks>(isa),
            "bachelier_implied_volatility" => inner_loop::<BachelierImpliedVolatility>(isa),
            _ => None,
        };
        kernel.map(|kernel| kernel as usize)
    }

    /// Whether the compiler optimised.
    #[pyfunction]
    fn build() -> &'static str {
        if cfg!(debug_assertions) { "debug" } else { "release" }
    }
}
