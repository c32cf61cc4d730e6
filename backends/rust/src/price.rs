//! European price on a lognormal underlying.
//!
//! With the legs A and B, h and v as in legs.rs, t = v/2 and M(x) = N(-x)/phi(x):
//!
//!     price = max(+-(A - B), 0) + min(A, B) phi(h - t) (M(h - t) - M(h + t))
//!
//! where nothing cancels but M - M, and that no worse than the problem's own condition. For h < t
//! M(h - t) grows without bound and the complement is taken, the factor of min(A, B) being
//! 1 - phi(t - h) (M(t - h) + M(t + h)). For t max(h, 2) < 1/64 the difference of M is its Taylor
//! series, from M' = x M - 1.
//!
//! Limits: NaN in, NaN out. Negative spot, strike, time or sigma, both spot and strike infinite,
//! 0 times infinity in sigma sqrt(T), an infinite rate, a sign other than +-1: NaN and `invalid`.
//! sigma or T zero: discounted intrinsic value. Everything else is the formula's limit.
//!
//! Error at most 4 ulp of max(A, B), and (4 + 4 cond) 2^-53 relatively, see docs/numerics.md.

use crate::blocks::Kernel;
use crate::elementary::{
    fma, mills, power_of_two, reduce, shift_exponent, times_exp, times_power, two_to,
};
use crate::lanes::{Block, Inputs, Marks, Outputs, operands, write_lanes};
use crate::legs::{
    BlockLegs, GeneralLegs, INVALID, Legs, NOT_A_NUMBER, legs_general, legs_ordinary, sign_state,
};
use crate::tables::INV_SQRT_2PI;

/// The price, and 1 where this form may not hold.
#[inline(always)]
pub fn ordinary_price(legs: &Legs, sign: f64) -> (f64, i64) {
    let Legs { a, b, h, v } = *legs;
    let t = 0.5 * v;
    let far = h + t;
    let near = h - t;
    let x = near.abs();
    let xx = x * x;
    let e = reduce(-0.5 * xx, -0.5 * fma(x, x, -xx));
    let least = if a < b { a } else { b };
    let m = mills(far);
    let m0 = mills(x);
    let difference = fma(m0.p.copysign(near), m.q, -(m.p * m0.q)) / (m.q * m0.q);

    let intrinsic = sign * (a - b);
    let intrinsic = if intrinsic > 0.0 { intrinsic } else { 0.0 };
    let factor = shift_exponent(times_exp(difference, e.r), e.n_magic);
    let factor = if near < 0.0 { 1.0 + factor } else { factor };
    let price = fma(least, factor, intrinsic);

    let holds = (least > two_to(-64))
        & (a + b < two_to(300))
        & (v > two_to(-60))
        & (v < 16.0)
        & (x < 34.0)
        & (t * (if h > 2.0 { h } else { 2.0 }) >= 0.015625)
        & (sign.abs() == 1.0);
    (if price > 0.0 { price } else { 0.0 }, i64::from(!holds))
}

/// (M(h - t) - M(h + t)) / sqrt(2 pi) for small t: the odd derivatives M', M''', ... at h.
#[inline(always)]
fn mills_difference_series(h: f64, t: f64) -> f64 {
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
    let series = fma(m7, u * (1.0 / 42.0), m5);
    let series = fma(series, u * (1.0 / 20.0), m3);
    let series = fma(series, u * (1.0 / 6.0), m1);
    -2.0 * t * series
}

#[inline(always)]
pub fn general_price(legs: &GeneralLegs, sign: f64) -> f64 {
    let h = legs.h;
    let t = 0.5 * legs.v;
    let far = h + t;
    let near = h - t;
    let x = near.abs();
    let h_held = if h < 54.0 { h } else { 54.0 }; // past 54 phi M is less than the least double
    let far = if far < two_to(50) { far } else { two_to(50) }; // M itself is right to infinity
    let x = if x < 54.0 { x } else { 54.0 };
    let top = if legs.a_exponent > legs.b_exponent { legs.a_exponent } else { legs.b_exponent };
    let a_apart = legs.a_exponent - top;
    let b_apart = legs.b_exponent - top;
    let a = legs.a * power_of_two(if a_apart > -1000.0 { a_apart } else { -1000.0 });
    let b = legs.b * power_of_two(if b_apart > -1000.0 { b_apart } else { -1000.0 });

    let xx = x * x;
    let e = reduce(-0.5 * xx, -0.5 * fma(x, x, -xx));
    let least = if a < b { legs.a } else { legs.b };
    let least_exponent = if a < b { legs.a_exponent } else { legs.b_exponent };
    let m = mills(far);
    let m0 = mills(x);
    let difference = fma(m0.p.copysign(near), m.q, -(m.p * m0.q)) / (m.q * m0.q);
    let close = t * (if h_held > 2.0 { h_held } else { 2.0 }) < 0.015625;
    let difference = if close { mills_difference_series(h_held, t) } else { difference };

    // At expiry, without volatility or with a leg of 0 or infinity only the intrinsic value is.
    let settled =
        (legs.v == 0.0) | (a == 0.0) | (b == 0.0) | (a == f64::INFINITY) | (b == f64::INFINITY);
    let complement = (near < 0.0) & !close;
    let held = power_of_two(if e.n > -1000.0 { e.n } else { -1000.0 });
    let factor = times_exp(difference, e.r);
    let all_but = 1.0 + factor * held;
    let factor = if complement { all_but } else { factor };
    let factor = if settled { 0.0 } else { factor };
    let term_exponent = if complement { least_exponent } else { least_exponent + e.n };
    let intrinsic = sign * (a - b);
    let intrinsic = if intrinsic > 0.0 { intrinsic } else { 0.0 };
    let exponent = if intrinsic > 0.0 { top } else { term_exponent };
    let apart = term_exponent - exponent;
    let apart = if apart > -1000.0 { apart } else { -1000.0 };
    let apart = if apart < 1000.0 { apart } else { 1000.0 };
    let price = fma(least * power_of_two(apart), factor, intrinsic);
    let price = if price > 0.0 { price } else { 0.0 };

    // Endless volatility leaves all of one leg, and not a rounding error of the other.
    let endless = (legs.v == f64::INFINITY) & !settled;
    let whole = if sign > 0.0 { legs.a } else { legs.b };
    let whole_exponent = if sign > 0.0 { legs.a_exponent } else { legs.b_exponent };
    let price = if endless { whole } else { price };
    let exponent = if endless { whole_exponent } else { exponent };
    times_power(price, exponent)
}

pub struct Price;

impl Kernel for Price {
    const INPUTS: usize = 7;

    /// The two halves run one after the other over the block: each is short enough for the
    /// processor to overlap several vectors of it.
    #[inline(always)]
    unsafe fn ordinary(
        inputs: &Inputs,
        outputs: &Outputs,
        special: &mut Marks,
        n: usize,
        _wanted: i64,
    ) {
        let mut legs = BlockLegs::new();
        let mut marks: Marks = Block::new();
        // SAFETY: i < n, and the second loop reads what the first has put.
        unsafe {
            for i in 0..n {
                let [spot, strike, time, rate, dividend, sigma, _] = operands(inputs, i);
                let (lane, marked) = legs_ordinary(spot, strike, time, rate, dividend, sigma);
                legs.put(i, &lane);
                marks.put(i, marked);
            }
            write_lanes(
                [outputs[0]],
                special,
                n,
                #[inline(always)]
                |i| {
                    let [_, _, _, _, _, _, sign] = operands(inputs, i);
                    let (price, marked) = ordinary_price(&legs.get(i), sign);
                    ([price], marks.get(i) + marked)
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
        _wanted: i64,
    ) {
        // SAFETY: i < n.
        unsafe {
            write_lanes(
                [outputs[0]],
                outside,
                n,
                #[inline(always)]
                |i| {
                    let [spot, strike, time, rate, dividend, sigma, sign] = operands(inputs, i);
                    let legs = legs_general(spot, strike, time, rate, dividend, sigma);
                    let state = legs.state | sign_state(sign);
                    let price = general_price(&legs, sign);
                    let price = if state != 0 { NOT_A_NUMBER } else { price };
                    ([price], i64::from(state == INVALID)) // a NaN that came in is no signal
                },
            );
        }
    }
}
