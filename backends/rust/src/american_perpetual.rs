//! American options whose time hardly ends: those of endless time.
//!
//! Of the scaled put of `american_boundary`, with a > 0, the boundary stands still at B = g / (1 + g),
//! and the value is (m / B)^-g / (1 + g), g being the positive root of g^2 + 2 h g = 2 a with
//! h = 1/2 - a + b. What the option's own time x takes of it is less than N(-z) of the value:
//!
//!     z = sqrt(h^2 + 2 a) sqrt(x) - D / sqrt(x),  D = ln m - ln B.
//!
//! Source: Merton (1973).

use crate::american_boundary::{Put, exp_of, logarithm};
use crate::elementary::{at_least, at_most, fma, log_ratio, two_to};

/// The z from which on nothing is left that a double could hold.
const CERTAIN: f64 = 8.5;
/// And the g D from which on early exercise adds nothing.
const WORTHLESS: f64 = 45.0;
const MOST_POWER: f64 = two_to(900);

/// The put of endless time: g, sqrt(h^2 + 2 a) and D; whether this is the value at the option's own
/// time, and whether it is next to nothing, and so is what early exercise adds.
#[derive(Clone, Copy)]
pub struct Perpetual {
    pub power: f64,
    pub root: f64,
    pub distance: f64,
    pub reached: bool,
    pub worthless: bool,
}

impl Perpetual {
    /// Whether no boundary is looked for.
    #[inline(always)]
    pub fn ends(&self) -> bool {
        self.reached | self.worthless
    }
}

/// It takes the place of what the table does not hold.
#[inline(always)]
pub fn perpetual_of(p: &Put) -> Perpetual {
    let h = (0.5 - p.a) + p.b;
    let root = fma(h, h, 2.0 * p.a).sqrt();
    let power = if h > 0.0 { 2.0 * p.a / (h + root) } else { root - h };
    let there = (p.a > 0.0)
        & (power > 1.0 / MOST_POWER)
        & (power < MOST_POWER)
        & !((p.tabulated > 0.0) & (p.covered > 0.0));
    let boundary =
        log_ratio(if there { power } else { 1.0 }, if there { 1.0 + power } else { 1.0 });
    let distance = if there { p.log_m - logarithm(boundary) } else { 0.0 };
    Perpetual {
        power,
        root,
        distance,
        reached: there & (fma(root, p.x, -distance) >= CERTAIN * p.root),
        worthless: there & (power * distance >= WORTHLESS),
    }
}

/// Its price.
#[inline(always)]
pub fn perpetual_price(p: &Put, e: &Perpetual, now: f64, european: f64) -> f64 {
    let value = p.strike * exp_of(-(e.power * e.distance)) / (1.0 + e.power);
    let value = if e.distance > 0.0 { value } else { now };
    at_most(at_least(at_least(value, european), now), p.strike)
}
