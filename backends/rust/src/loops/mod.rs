//! From lanes, the formulas of one option, to NumPy's inner loops.

mod instruction_sets;
mod lanes;
mod numpy;
mod operations;

use instruction_sets::{Loop, inner_loop};
use operations::{
    BachelierGreeks, BachelierImpliedVolatility, BachelierPrice, Greeks, ImpliedVolatility, Price,
};

macro_rules! register {
    ($($name:literal => $operation:ident,)*) => {
        /// The inner loop of an operation for an instruction set; None if there is none.
        pub fn find(name: &str, isa: &str) -> Option<Loop> {
            match name {
                $($name => inner_loop::<$operation>(isa),)*
                _ => None,
            }
        }
    };
}

register! {
    "price" => Price,
    "greeks" => Greeks,
    "implied_volatility" => ImpliedVolatility,
    "bachelier_price" => BachelierPrice,
    "bachelier_greeks" => BachelierGreeks,
    "bachelier_implied_volatility" => BachelierImpliedVolatility,
}
