//! Volatility implied by a European price, on a lognormal underlying, in a fixed number of steps.
//!
//! With the legs A and B of legs.rs, k = |ln(A/B)| and the out-of-the-money price over the lesser
//! leg, c = phi(x) (M(x) - M(f)), x = k/s - s/2, f = k/s + s/2, M the Mills ratio, solve for s =
//! sigma sqrt(T).
//!
//! Seed: p = c (c + e^k) / (2c + e^k - 1), d the normal quantile of p, s = d + sqrt(d^2 + 2k)
//! (Choi, Huh and Su 2023), within 36 %. Then three Householder steps of order 4 on ln c, or where
//! x < 0 on ln(1 - c); their logarithms are those of M - M or M + M, so that nothing under- or
//! overflows. In the last step M - M is its Taylor series for small s/2. Error: a few times what
//! the rounding of the inputs costs, see docs/numerics.md.
//!
//! Codes: see the constants; a lane without a volatility is NaN, at the bounds 0 or infinity.

use std::f64::consts::FRAC_PI_2;

use crate::attainable::attainable;
use crate::blocks::Kernel;
use crate::elementary::{fma, log_ratio, mills, power_of_two, two_to};
use crate::lanes::{Block, Inputs, Marks, Outputs, addresses, operands, write_lanes};
use crate::legs::{INVALID, NOT_A_NUMBER, sides_general, sides_ordinary, sign_state};
use crate::tables::{INV_SQRT_2PI, LN2_HI, LN2_LO};
use crate::target::{BlockTarget, SQRT_2PI, Target, target_general, target_ordinary};

pub const OK: f64 = 0.0;
pub const AT_INTRINSIC: f64 = 1.0;
pub const BELOW_INTRINSIC: f64 = 2.0;
const AT_MAXIMUM: f64 = 3.0;
pub const ABOVE_MAXIMUM: f64 = 4.0;
pub const NOT_FINITE: f64 = 5.0;
pub const INVALID_INPUT: f64 = 6.0;
pub const LOW_PRECISION: f64 = 7.0;

/// What `wanted` asks for besides 1, the volatility.
pub const CODE: i64 = 2;

/// Seed for s. 4p(1-p) = e^-w, and d^2 is nearly w (pi/2 + ...) / (1 + ...), to 0.2 %.
#[inline(always)]
fn seed(to: &Target) -> f64 {
    let shift = if to.shift > -1000.0 { to.shift } else { -1000.0 };
    let c = to.c * power_of_two(shift);
    let ce = c * to.share;
    let both = 2.0 * ce + to.gap;
    let side = (2.0 * c * ce - to.gap * (1.0 - 2.0 * c)) / (both + both); // p - 1/2
    let log = log_ratio(both * both, 4.0 * (to.c * (ce + 1.0)) * (to.rest * (to.gap + ce)));
    let w = fma(log.n - to.shift, LN2_HI, log.r);
    let small = 4.0 * side * side;
    let w = if small < two_to(-18) { small } else { w };
    let dd = w * (FRAC_PI_2 + 0.21616672 * w) / (1.0 + 0.10832933 * w);
    let sum = dd.sqrt() + fma(2.0, to.k, dd).sqrt();
    let s = if side < 0.0 { 2.0 * to.k / sum } else { sum };
    let least = SQRT_2PI * c;
    if s > least { s } else { least } // c is at most what it is at the money
}

/// M(x) - M(f), for x < 0 -(M(-x) + M(f)), over sqrt(2 pi), as numerator and denominator.
struct Difference {
    p: f64,
    q: f64,
    near: f64,
}

#[inline(always)]
fn mills_difference(h: f64, t: f64) -> Difference {
    let near = h - t;
    let m = mills(h + t);
    let m0 = mills(near.abs());
    Difference { p: fma(m0.p.copysign(near), m.q, -(m.p * m0.q)), q: m.q * m0.q, near }
}

/// Householder's step of order 4 for ln(p/q) - x^2/2 = ln(z 2^shift); f is its residual.
#[inline(always)]
fn householder(f: f64, d: &Difference, h: f64, per_s: f64, s: f64) -> f64 {
    let per = 1.0 / (d.p * d.q);
    let newton = -f * SQRT_2PI * (d.p * d.p * per);
    let g = INV_SQRT_2PI * (d.q * d.q * per);
    let hs = h * per_s;
    let u1 = fma(h, hs, -0.25 * s);
    let u2 = fma(u1, u1, fma(-3.0 * hs, hs, -0.25));
    let a = u1 - g;
    let b = fma(g, fma(2.0, g, -3.0 * u1), u2);
    let below = fma(newton, fma(b * (1.0 / 6.0), newton, a), 1.0);
    fma(newton, fma(0.5, a * newton, 1.0) / below, s)
}

#[inline(always)]
fn step(to: &Target, s: f64) -> f64 {
    let per_s = 1.0 / s;
    let h = to.k * per_s;
    let d = mills_difference(h, 0.5 * s);
    let above = d.near < 0.0;
    let z = if above { to.rest } else { to.c };
    let log = log_ratio(d.p.abs(), d.q * z);
    let n = log.n - if above { 0.0 } else { to.shift };
    let f = fma(n, LN2_HI, log.r) - 0.5 * d.near * d.near;
    householder(f, &d, h, per_s, s)
}

/// (M(h - t) - M(h + t)) / sqrt(2 pi) for t max(h, 2) < 1/2.
#[inline(always)]
fn long_series(h: f64, t: f64) -> f64 {
    let ratio = mills(h);
    let m0 = ratio.p / ratio.q;
    let u = t * t;
    let m1 = fma(h, m0, -INV_SQRT_2PI);
    let m2 = fma(h, m1, m0);
    let m3 = fma(h, m2, 2.0 * m1);
    let m4 = fma(h, m3, 3.0 * m2);
    let m5 = fma(h, m4, 4.0 * m3);
    let m6 = fma(h, m5, 5.0 * m4);
    let m7 = fma(h, m6, 6.0 * m5);
    let m8 = fma(h, m7, 7.0 * m6);
    let m9 = fma(h, m8, 8.0 * m7);
    let m10 = fma(h, m9, 9.0 * m8);
    let m11 = fma(h, m10, 10.0 * m9);
    let m12 = fma(h, m11, 11.0 * m10);
    let m13 = fma(h, m12, 12.0 * m11);
    let m14 = fma(h, m13, 13.0 * m12);
    let m15 = fma(h, m14, 14.0 * m13);
    let sum = fma(m15, u * (1.0 / 210.0), m13);
    let sum = fma(sum, u * (1.0 / 156.0), m11);
    let sum = fma(sum, u * (1.0 / 110.0), m9);
    let sum = fma(sum, u * (1.0 / 72.0), m7);
    let sum = fma(sum, u * (1.0 / 42.0), m5);
    let sum = fma(sum, u * (1.0 / 20.0), m3);
    let sum = fma(sum, u * (1.0 / 6.0), m1);
    -2.0 * t * sum
}

/// The last step, to full precision; also 1 / (sqrt(2 pi) phi(x)) times c or 1 - c.
pub struct Solution {
    pub s: f64,
    pub per_density: f64,
}

#[inline(always)]
fn last_step(to: &Target, s: f64) -> Solution {
    let per_s = 1.0 / s;
    let h = to.k * per_s;
    let t = 0.5 * s;
    let mut d = mills_difference(h, t);
    let close = t * (if h > 2.0 { h } else { 2.0 }) < 0.5;
    let above = (d.near < 0.0) & !close;
    let series = long_series(h, t);
    d.p = if close { series } else { d.p };
    d.q = if close { 1.0 } else { d.q };
    let z = if above { to.rest } else { to.c };
    let log = log_ratio(d.p.abs(), d.q * z);
    let n = log.n - if above { 0.0 } else { to.shift };
    let f = fma(n, LN2_HI, fma(n, LN2_LO, log.r) - 0.5 * d.near * d.near);
    Solution { s: householder(f, &d, h, per_s, s), per_density: d.p.abs() / (d.q * z) }
}

/// Whether rounding of the inputs surely costs less than 1e-8 of the volatility: the legs' shares
/// are at most the legs, out of the money at most 2.6 densities; `load` bounds rT and qT.
#[inline(always)]
fn precise(s: f64, per_density: f64, load: f64, tail: bool, legs_share: f64) -> bool {
    let cost = two_to(-24) * (1.0 + load); // 4 2^-53 / 1e-8 and some
    let outside = 2.6 * cost;
    let within = SQRT_2PI * per_density * legs_share * cost;
    (if tail { outside } else { within }) < s
}

pub struct Implied {
    pub sigma: f64,
    pub code: f64,
}

/// Three steps from the seed. For tiny s the difference of M is nothing but rounding, and only its
/// series tells. Where a step overflows the seed is as good as any.
#[inline(always)]
fn solved(to: &Target) -> f64 {
    let first = seed(to);
    let second = step(to, step(to, first));
    let fine = last_step(to, first).s;
    let steps = first > two_to(-450);
    let fine = if steps & (fine > 0.0) { fine } else { first };
    let s = last_step(to, if first < two_to(-44) { fine } else { second }).s;
    if steps & (s > 0.0) { s } else { fine }
}

#[inline(always)]
fn implied_general(
    price: f64,
    spot: f64,
    strike: f64,
    time: f64,
    rate: f64,
    dividend: f64,
    sign: f64,
) -> Implied {
    let sides = sides_general(spot, strike, time, rate, dividend);
    let lane = target_general(&sides, price, sign);
    let to = &lane.target;
    let s = solved(to);
    let sigma = s / time.sqrt();

    let endless = (spot == f64::INFINITY) | (strike == f64::INFINITY) | (time == f64::INFINITY);
    let state = sides.state | sign_state(sign) | if endless { INVALID } else { 0 };
    let limit =
        attainable(&sides, to, s, price, spot, strike, time, rate, dividend, lane.inside, sigma);
    let code = if limit <= 1e-8 { OK } else { LOW_PRECISION };
    let at_maximum = lane.left <= lane.whole_unit;
    let above_maximum = (lane.left < -lane.whole_unit) | (time == 0.0);
    let code = if at_maximum { AT_MAXIMUM } else { code };
    let code = if above_maximum { ABOVE_MAXIMUM } else { code };
    let at_intrinsic = lane.otm <= (if lane.inside { lane.unit } else { 0.0 });
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
fn unsolved(code: f64) -> f64 {
    if (code == OK) | (code == LOW_PRECISION) { INVALID_INPUT } else { code }
}

/// The value that goes with a code other than OK and LOW_PRECISION.
#[inline(always)]
fn value_of(sigma: f64, code: f64) -> f64 {
    let sigma = if code == AT_INTRINSIC { 0.0 } else { sigma };
    let sigma = if code == AT_MAXIMUM { f64::INFINITY } else { sigma };
    let none = (code == BELOW_INTRINSIC)
        | (code == ABOVE_MAXIMUM)
        | (code == NOT_FINITE)
        | (code == INVALID_INPUT);
    if none { NOT_A_NUMBER } else { sigma }
}

/// Replace the value that the code stands for; also 1 for a lane outside the domain, but a NaN that
/// came in is no signal.
#[inline(always)]
pub fn finish_codes<const N: usize>(lane: &Implied, inputs: [f64; N]) -> ([f64; 2], i64) {
    let code = if lane.sigma.is_nan() { unsolved(lane.code) } else { lane.code };
    let sigma = value_of(lane.sigma, code);
    let mut outside = sigma.is_nan();
    for x in inputs {
        outside &= !x.is_nan();
    }
    ([sigma, code], i64::from(outside))
}

pub struct ImpliedVolatility;

impl Kernel for ImpliedVolatility {
    const INPUTS: usize = 7;

    #[inline(always)]
    fn codes(wanted: i64) -> bool {
        wanted & CODE != 0
    }

    /// Five loops over the block, each short enough for several vectors of it to overlap.
    #[inline(always)]
    unsafe fn ordinary(
        inputs: &Inputs,
        outputs: &Outputs,
        special: &mut Marks,
        n: usize,
        wanted: i64,
    ) {
        let mut targets = BlockTarget::new();
        let mut s = Block::new();
        let mut per_density = Block::new();
        let mut inside: Marks = Block::new();
        let mut marks: Marks = Block::new();
        let mut spare = Block::new();
        // SAFETY: i < n, and what is read has been put.
        unsafe {
            for i in 0..n {
                let [price, spot, strike, time, rate, dividend, sign] = operands(inputs, i);
                let sides = sides_ordinary(spot, strike, time, rate, dividend);
                let lane = target_ordinary(&sides, price, sign);
                targets.put(i, &lane.target);
                inside.put(i, lane.inside);
                marks.put(i, lane.special);
            }
            for i in 0..n {
                s.put(i, seed(&Target { shift: 0.0, ..targets.get(i) }));
            }
            for _ in 0..2 {
                for i in 0..n {
                    s.put(i, step(&Target { shift: 0.0, ..targets.get(i) }, s.get(i)));
                }
            }
            for i in 0..n {
                let solution = last_step(&Target { shift: 0.0, ..targets.get(i) }, s.get(i));
                s.put(i, solution.s);
                per_density.put(i, solution.per_density);
            }
            write_lanes(
                addresses(outputs, &mut spare, wanted),
                special,
                n,
                #[inline(always)]
                |i| {
                    let [_, _, _, time, rate, dividend, _] = operands(inputs, i);
                    let target = targets.get(i);
                    let s = s.get(i);
                    let load = (rate.abs() + dividend.abs()) * time;
                    let tail = (inside.get(i) == 0) & (target.k >= 0.5 * s * s);
                    let holds = precise(s, per_density.get(i), load, tail, 1.0 / target.share)
                        & (time > two_to(-1000));
                    ([s / time.sqrt(), OK], marks.get(i) + i64::from(!holds))
                },
            );
        }
    }

    #[inline(always)]
    unsafe fn general(
        inputs: &Inputs,
        outputs: &Outputs,
        outside: &mut Marks,
        n: usize,
        wanted: i64,
    ) {
        let mut spare = Block::new();
        // SAFETY: i < n.
        unsafe {
            write_lanes(
                addresses(outputs, &mut spare, wanted),
                outside,
                n,
                #[inline(always)]
                |i| {
                    let given = operands(inputs, i);
                    let [price, spot, strike, time, rate, dividend, sign] = given;
                    let lane = implied_general(price, spot, strike, time, rate, dividend, sign);
                    finish_codes(&lane, given)
                },
            );
        }
    }
}
