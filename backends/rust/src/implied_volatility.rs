//! Volatility implied by a European price, on a lognormal underlying, in a fixed number of steps.
//!
//! With the legs A and B of legs.rs, k = |ln(A/B)| and the out-of-the-money price over the lesser
//! leg, c = phi(x) (M(x) - M(f)), x = k/s - s/2, f = k/s + s/2, M the Mills ratio, solve for s =
//! sigma sqrt(T).
//!
//! Seed: p = c (c + e^k) / (2c + e^k - 1), d the normal quantile of p, s = d + sqrt(d^2 + 2k)
//! (Choi, Huh and Su 2023), within 36 %. Then three Householder steps of order 4 on ln c, or where
//! x < -1/2 on ln(1 - c); their logarithms are those of M - M, which is s times its slope, or M + M,
//! so that nothing cancels, under- or overflows. Error: a few times what the rounding of the inputs
//! costs, see docs/numerics.md.
//!
//! Codes: see the constants; a lane without a volatility is NaN, at the bounds 0 or infinity.

use std::f64::consts::FRAC_PI_2;

use crate::attainable_error::attainable_error;
use crate::elementary::{at_least, fma, log_ratio, mills, power_of_two, two_to};
use crate::legs::{INVALID, NOT_A_NUMBER, legs_general, sign_state};
use crate::normalized_price::{NormalizedPrice, SQRT_2PI, normalized_price_general};
use crate::tables::{LN2_HI, LN2_LO, MILLS_FROM};

pub const OK: f64 = 0.0;
pub const AT_INTRINSIC: f64 = 1.0;
pub const BELOW_INTRINSIC: f64 = 2.0;
pub const AT_MAXIMUM: f64 = 3.0;
pub const ABOVE_MAXIMUM: f64 = 4.0;
pub const NOT_FINITE: f64 = 5.0;
pub const INVALID_INPUT: f64 = 6.0;
pub const LOW_PRECISION: f64 = 7.0;

/// From the seed to full precision.
pub const STEPS: usize = 3;

/// Seed for s. 4p(1-p) = e^-w, and d^2 is nearly w (pi/2 + ...) / (1 + ...), to 0.2 %.
#[inline(always)]
pub fn seed(to: &NormalizedPrice) -> f64 {
    let c = to.c * power_of_two(at_least(to.shift, -1000.0));
    let ce = c * to.share;
    let both = 2.0 * ce + to.gap;
    let side = (2.0 * c * ce - to.gap * (1.0 - 2.0 * c)) / (both + both); // p - 1/2
    let log = log_ratio(both * both, 4.0 * (to.c * (ce + 1.0)) * (to.rest * (to.gap + ce)));
    let w = fma(log.n - to.shift, LN2_HI, log.r);
    let small = 4.0 * side * side;
    let w = if small < two_to(-18) { small } else { w };
    let dd = w * (FRAC_PI_2 + 0.21616672 * w) / (1.0 + 0.10832933 * w);
    let sum = dd.sqrt() + fma(2.0, to.k.high, dd).sqrt();
    let s = if side < 0.0 { 2.0 * to.k.high / sum } else { sum };
    let least = SQRT_2PI * c;
    at_least(s, least) // c is at most what it is at the money
}

/// Householder's step of order 4 for ln y(s) = ln z, over s: f is the residual, newton that of
/// Newton's step, and u1, u2 are s y''/y' and s^2 y'''/y'.
#[inline(always)]
pub fn householder(f: f64, newton: f64, u1: f64, u2: f64) -> f64 {
    let bent = u1 * newton;
    let square = newton * newton;
    let third = fma(u2, square, f * fma(2.0, f, 3.0 * bent));
    let below = fma(third, 1.0 / 6.0, 1.0 + (bent + f));
    newton * fma(0.5, bent + f, 1.0) / below
}

/// A step for ln c, or for ln(1 - c) where h - t is below the range of the Mills ratio; and at its
/// beginning 1 / (sqrt(2 pi) phi(h - t)), but for the factor by which c, or 1 - c, is off. The last
/// one takes into account what rounding took from h - t.
#[derive(Clone, Copy)]
pub struct Step {
    pub s: f64,
    pub per_density: f64,
}

#[inline(always)]
pub fn step(to: &NormalizedPrice, s: f64, last: bool) -> Step {
    let per_s = 1.0 / s;
    let h = to.k.high * per_s;
    let t = 0.5 * s;
    let near = h - t;
    let far = h + t;
    let near_low = fma(per_s, fma(-h, s, to.k.high) + to.k.low, (h - near) - t);
    let from = if far < 1.0 { MILLS_FROM } else { 0.0 }; // where c is large what it lacks to 1 tells more
    let within = near > from;
    let m = mills(if within { near } else { -near }, far);
    let rest = -(m.near + m.far);
    let slope = if within { m.slope } else { rest * per_s };
    let y = if within { s * m.slope } else { -rest };
    let z = if within { to.c } else { to.rest };
    let log = log_ratio(y, z);
    let n = log.n - if within { to.shift } else { 0.0 };
    let gauss = 0.5 * near * near + if last { near * near_low } else { 0.0 };
    let f = fma(n, LN2_HI, fma(n, LN2_LO, log.r) - gauss);
    let u1 = near * far;
    let u2 = fma(u1, u1, -fma(3.0 * h, h, t * t));
    let moved = fma(s, householder(f, -f * SQRT_2PI * slope, u1, u2), s);
    let s = if moved <= 0.0 { s } else { moved }; // where the seed is far off
    Step { s, per_density: y / z }
}

/// Whether rounding of the inputs surely costs less than 1e-8 of the volatility: the legs' shares
/// are at most the legs, out of the money at most 2.6 densities; `load` bounds rT and qT.
#[inline(always)]
fn is_precise(s: f64, per_density: f64, load: f64, tail: bool, legs_share: f64) -> bool {
    let cost = two_to(-24) * (1.0 + load); // 4 2^-53 / 1e-8 and some
    let beyond = 2.6 * cost;
    let within = SQRT_2PI * per_density * legs_share * cost;
    (if tail { beyond } else { within }) < s
}

/// The volatility of the last step, and whether the lane is special: its code may not be OK.
#[inline(always)]
pub fn implied_volatility_ordinary(
    to: &NormalizedPrice,
    last: &Step,
    in_the_money: bool,
    time: f64,
    rate: f64,
    dividend: f64,
) -> (f64, bool) {
    let s = last.s;
    let load = (rate.abs() + dividend.abs()) * time;
    let tail = !in_the_money & (to.k.high >= 0.5 * s * s);
    let holds =
        is_precise(s, last.per_density, load, tail, 1.0 / to.share) & (time > two_to(-1000));
    (s / time.sqrt(), !holds)
}

/// A volatility by its code: sigma is right where that is OK or LOW_PRECISION.
pub struct Implied {
    pub sigma: f64,
    pub code: f64,
}

#[inline(always)]
pub fn implied_volatility_general(
    price: f64,
    spot: f64,
    strike: f64,
    time: f64,
    rate: f64,
    dividend: f64,
    sign: f64,
) -> Implied {
    let legs = legs_general(spot, strike, time, rate, dividend);
    let lane = normalized_price_general(&legs, price, sign);
    let to = &lane.normalized;
    let mut s = seed(to);
    for _ in 1..STEPS {
        s = step(to, s, false).s;
    }
    s = step(to, s, true).s;
    let sigma = s / time.sqrt();

    let endless = (spot == f64::INFINITY) | (strike == f64::INFINITY) | (time == f64::INFINITY);
    let state = legs.state | sign_state(sign) | if endless { INVALID } else { 0 };
    let limit = attainable_error(
        &legs,
        to,
        s,
        price,
        spot,
        strike,
        time,
        rate,
        dividend,
        sign,
        lane.in_the_money,
        sigma,
    );
    let code = if limit <= 1e-8 { OK } else { LOW_PRECISION };
    let at_maximum = lane.left <= lane.whole_unit;
    let above_maximum = (lane.left < -lane.whole_unit) | (time == 0.0);
    let code = if at_maximum { AT_MAXIMUM } else { code };
    let code = if above_maximum { ABOVE_MAXIMUM } else { code };
    let at_intrinsic = lane.otm <= (if lane.in_the_money { lane.unit } else { 0.0 });
    let below_intrinsic = lane.otm < -lane.unit;
    let code = if at_intrinsic { AT_INTRINSIC } else { code };
    let code = if below_intrinsic { BELOW_INTRINSIC } else { code };
    let code = if state != 0 { INVALID_INPUT } else { code };
    let not_finite = price.is_nan() | (price.abs() == f64::INFINITY);
    let code = if not_finite { NOT_FINITE } else { code };
    Implied { sigma, code }
}

/// The code of a lane that came out as NaN: with no other reason its inputs are beyond all range.
#[inline(always)]
pub fn code_of_nan(code: f64) -> f64 {
    if (code == OK) | (code == LOW_PRECISION) { INVALID_INPUT } else { code }
}

/// The value that goes with a code other than OK and LOW_PRECISION.
#[inline(always)]
pub fn volatility_of(sigma: f64, code: f64) -> f64 {
    let sigma = if code == AT_INTRINSIC { 0.0 } else { sigma };
    let sigma = if code == AT_MAXIMUM { f64::INFINITY } else { sigma };
    let none = (code == BELOW_INTRINSIC)
        | (code == ABOVE_MAXIMUM)
        | (code == NOT_FINITE)
        | (code == INVALID_INPUT);
    if none { NOT_A_NUMBER } else { sigma }
}
