//! The critical price of the underlying: where an American option is exercised now.
//!
//! Of the scaled put of `american_boundary` it is B = X e^-depth, and for a call 1 / B by symmetry,
//! times the strike. The depth comes from the table, or for the highest accuracy from the equation. For
//! rates so small that the table does not tell them from none it comes from the equation too. Where
//! they are smaller still, f of the table is in proportion to them: it is that of greater ones, scaled.
//!
//! Limits: just before expiry and without volatility K X, K / X for a call. 0 for a put and infinity
//! for a call that exercise before expiry never pays for.

use crate::american_boundary::{
    LEAST_SCALE, LEAST_X, MOST_SCALE, MOST_X, Put, exp_of, grows_little, logarithm, put_of,
};
use crate::american_perpetual::perpetual_of;
use crate::american_price::{EUROPEAN, FAST, HIGH, STANDARD};
use crate::elementary::{at_least, at_most, fma, log_ratio, two_to};
use crate::legs::{State, state_of};

/// By region: below the first amount the table is not believed, below the second nothing is, and
/// below the third nothing where the boundary starts near the strike.
const SLIGHT_FIRST: f64 = two_to(-16);
const SLIGHT_SECOND: f64 = two_to(-11);
const FAINT_FIRST: f64 = two_to(-21);
const FAINT_SECOND: f64 = two_to(-18);
const FAINT_NEAR: f64 = two_to(-12);
const RAISED: f64 = two_to(-18);
const LEAST_RAISED: f64 = two_to(-36);
pub const LEAST_AMOUNT: f64 = two_to(-600);

/// The greatest of what the rates are over the variance.
#[inline(always)]
pub fn scale_of(p: &Put) -> f64 {
    if p.second > 0.0 { p.b } else { p.a + (p.a - p.b).abs() }
}

/// What is gained by exercise over a deviation: f is in proportion to it where it is small.
#[inline(always)]
pub fn amount_of(p: &Put) -> f64 {
    (if p.second > 0.0 { p.a } else { scale_of(p) }) * p.root
}

/// Whether rates are too small for the table; not where the kink at the strike is far away.
#[inline(always)]
pub fn is_slight(p: &Put, log_start: f64) -> bool {
    let least = if p.second > 0.0 { SLIGHT_SECOND } else { SLIGHT_FIRST };
    (-log_start < 8.0 * p.root) & (amount_of(p) < least)
}

/// The put of strike 1 that has the boundary, and ln of how far its rates are raised; where none is
/// looked for there is a limit or nothing.
pub struct PutNow {
    pub put: Put,
    pub fade: f64,
    pub looked_for: bool,
}

#[inline(always)]
pub fn put_now([time, rate, dividend, sigma, sign]: [f64; 5]) -> PutNow {
    let (r, q) = if sign > 0.0 { (dividend, rate) } else { (rate, dividend) };
    let p = put_of([1.0, 1.0, time, r, q, sigma, -1.0]);
    let (scale, amount) = (scale_of(&p), amount_of(&p));
    let (second, single) = (p.second > 0.0, !((r < 0.0) & (q < r)));
    let looked_for = (p.early > 0.0)
        & single
        & (p.x > LEAST_X)
        & (p.x < MOST_X)
        & (scale < MOST_SCALE)
        & grows_little(p.b, p.x)
        & (amount > LEAST_AMOUNT)
        & !perpetual_of(&p).reached;
    if !looked_for {
        return PutNow { put: p, fade: 0.0, looked_for };
    }
    let log_start = if second { logarithm(log_ratio(p.a, p.b)) } else { 0.0 };
    let slight = is_slight(&p, log_start);
    let deviations = at_least(-2.0 * logarithm(log_ratio(amount, 1.0)), 0.0).sqrt();
    let deep = !second | (deviations * p.root > fma(1.8, p.root, -log_start));
    let near = if -log_start < 0.5 * p.root { FAINT_NEAR } else { FAINT_SECOND };
    let faint = slight & deep & (amount < if second { near } else { FAINT_FIRST });
    let raised = at_least(if faint { RAISED / amount } else { LEAST_RAISED / scale }, 1.0);
    let mut put = p;
    if faint | (scale <= LEAST_SCALE) {
        let other = if faint & second { r } else { q };
        put = put_of([1.0, 1.0, time, r * raised, other * raised, sigma, -1.0]);
    }
    if slight & !faint {
        put.tabulated = 0.0;
    }
    let fade = if faint { logarithm(log_ratio(raised, 1.0)) } else { 0.0 };
    PutNow { put, fade, looked_for }
}

/// The depth where f = e^-h is less by e^-fade, h = sqrt(w^4 / 4 + w^2).
#[inline(always)]
pub fn faded(depth: f64, fade: f64, root: f64) -> f64 {
    let w = depth / root;
    let square = w * w;
    let h = fma(0.25 * square, square, square).sqrt() + fade;
    (h * (2.0 / (1.0 + fma(h, h, 1.0).sqrt())).sqrt()) * root
}

/// The boundary of the option from its put's depth.
#[inline(always)]
pub fn boundary_of(p: &Put, depth: f64, strike: f64, sign: f64) -> f64 {
    let fallen = p.log_start - depth;
    strike * exp_of(if sign > 0.0 { -fallen } else { fallen })
}

/// The boundary where exercise before expiry never pays.
#[inline(always)]
pub fn never_exercised(sign: f64) -> f64 {
    if sign > 0.0 { f64::INFINITY } else { 0.0 }
}

/// The boundary just before expiry, and without volatility, if exercise then may pay.
#[inline(always)]
pub fn start_of(strike: f64, rate: f64, dividend: f64, sign: f64) -> f64 {
    let call = sign > 0.0;
    let (r, q) = if call { (dividend, rate) } else { (rate, dividend) };
    let start = at_most(at_least(if call { q / r } else { r / q }, two_to(-1000)), two_to(1000));
    strike * if q > r { start } else { 1.0 }
}

/// The state of a lane by its inputs.
#[inline(always)]
pub fn boundary_state(inputs: [f64; 7]) -> State {
    let [strike, time, rate, dividend, sigma, sign, style] = inputs;
    let v = sigma * time.sqrt();
    let invalid = (strike < 0.0)
        | (time < 0.0)
        | rate.is_infinite()
        | dividend.is_infinite()
        | (sigma < 0.0)
        | v.is_nan()
        | (sign.abs() != 1.0)
        | ![EUROPEAN, FAST, STANDARD, HIGH].contains(&style);
    state_of(inputs.iter().any(|x| x.is_nan()), invalid)
}
