//! European price on a normally distributed forward (Bachelier).
//!
//! With v = sigma sqrt(T), k = |F - K|, h = k/v and M(x) = N(-x)/phi(x):
//!
//!     price = e^(-rT) (max(+-(F - K), 0) + v phi(h) (1 - h M(h)))
//!
//! Forwards and strikes may have any sign. Limits: NaN in, NaN out. Negative sigma or T, 0 times
//! infinity in sigma sqrt(T), F - K of infinities, an infinite rate, a sign other than +-1: NaN and
//! `invalid`. sigma or T zero: discounted intrinsic value. Endless volatility: infinite, but 0 for
//! endless time at a positive rate.

use crate::blocks::Kernel;
use crate::elementary::{
    Ratio, Reduced, fma, mills, power_of_two, reduce, shift_exponent, times_exp, times_power,
    two_to,
};
use crate::lanes::{Inputs, Marks, Outputs, operands, write_lanes};
use crate::legs::{INVALID, MISSING, NOT_A_NUMBER, discount_exponent, sign_state};
use crate::tables::INV_SQRT_2PI;

/// 1 - h M(h), over sqrt(2 pi), as numerator and denominator.
#[inline(always)]
pub fn normal_loss(h: f64) -> Ratio {
    let m = mills(h);
    Ratio { p: fma(-h, m.p, INV_SQRT_2PI * m.q), q: m.q }
}

/// The price, and 1 where this form may not hold.
#[inline(always)]
pub fn ordinary_normal(
    forward: f64,
    strike: f64,
    time: f64,
    rate: f64,
    sigma: f64,
    sign: f64,
) -> (f64, i64) {
    let rt = rate * time;
    let rt_low = fma(rate, time, -rt);
    let r = reduce(-rt, -rt_low);
    let apart = forward - strike;
    let v = sigma * time.sqrt();
    let h = apart.abs() / v;
    let hh = h * h;
    let e = reduce(-0.5 * hh, -0.5 * fma(h, h, -hh));
    let loss = normal_loss(h);
    let factor = shift_exponent(times_exp(loss.p / loss.q, e.r), e.n_magic);
    let intrinsic = sign * apart;
    let intrinsic = if intrinsic > 0.0 { intrinsic } else { 0.0 };
    let price = shift_exponent(times_exp(fma(v, factor, intrinsic), r.r), r.n_magic);
    let holds = (rt.abs() < 50.0)
        & (v > two_to(-64))
        & (v < two_to(200))
        & (h < 34.0)
        & (sign.abs() == 1.0);
    (price, i64::from(!holds))
}

/// What the general forms of this model share: inside > 0 in the money, r the discount exponent -rT.
pub struct Normal {
    pub k: f64,
    pub v: f64,
    pub h: f64,
    pub inside: f64,
    pub r: Reduced,
    pub state: i64,
}

#[inline(always)]
pub fn normal_general(
    forward: f64,
    strike: f64,
    time: f64,
    rate: f64,
    sigma: f64,
    sign: f64,
) -> Normal {
    let x = discount_exponent(rate, time);
    let apart = forward - strike;
    let v = (sigma * time.sqrt()).abs();
    let k = apart.abs();
    let missing =
        forward.is_nan() | strike.is_nan() | time.is_nan() | rate.is_nan() | sigma.is_nan();
    let invalid =
        (time < 0.0) | (sigma < 0.0) | v.is_nan() | apart.is_nan() | (rate.abs() == f64::INFINITY);
    let missing = if missing { MISSING } else { 0 };
    let invalid = if invalid { INVALID } else { 0 };
    Normal {
        k,
        v,
        h: if k == 0.0 { 0.0 } else { k / v },
        inside: sign * apart,
        r: reduce(x.value, x.low),
        state: missing | invalid | sign_state(sign),
    }
}

#[inline(always)]
pub fn general_normal(n: &Normal, time: f64, rate: f64) -> f64 {
    let h = if n.h < 54.0 { n.h } else { 54.0 };
    let hh = h * h;
    let e = reduce(-0.5 * hh, -0.5 * fma(h, h, -hh));
    let loss = normal_loss(h);
    let factor = times_exp(loss.p / loss.q, e.r);
    let settled = (n.v == 0.0) | (n.k == f64::INFINITY);
    let factor = if settled { 0.0 } else { factor };
    let intrinsic = if n.inside > 0.0 { n.inside } else { 0.0 };
    let held = factor * power_of_two(if e.n > -1000.0 { e.n } else { -1000.0 });
    let inside = fma(n.v, held, intrinsic);
    let outside = n.v * factor;
    let value = if intrinsic > 0.0 { inside } else { outside };
    let value = if settled { intrinsic } else { value };
    let exponent = if (intrinsic > 0.0) | settled { n.r.n } else { n.r.n + e.n };
    let price = times_power(times_exp(value, n.r.r), exponent);
    let endless = (n.v == f64::INFINITY) & !settled;
    let gone = (time == f64::INFINITY) & (rate > 0.0);
    let limit = if gone { 0.0 } else { f64::INFINITY };
    // infinity less a part of it is no number
    let price = if value == f64::INFINITY { f64::INFINITY } else { price };
    if endless { limit } else { price }
}

pub struct BachelierPrice;

impl Kernel for BachelierPrice {
    const INPUTS: usize = 6;

    #[inline(always)]
    unsafe fn ordinary(
        inputs: &Inputs,
        outputs: &Outputs,
        special: &mut Marks,
        n: usize,
        _wanted: i64,
    ) {
        // SAFETY: i < n.
        unsafe {
            write_lanes(
                [outputs[0]],
                special,
                n,
                #[inline(always)]
                |i| {
                    let [forward, strike, time, rate, sigma, sign] = operands(inputs, i);
                    let (price, marked) = ordinary_normal(forward, strike, time, rate, sigma, sign);
                    ([price], marked)
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
                    let [forward, strike, time, rate, sigma, sign] = operands(inputs, i);
                    let lane = normal_general(forward, strike, time, rate, sigma, sign);
                    let price = general_normal(&lane, time, rate);
                    let price = if lane.state != 0 { NOT_A_NUMBER } else { price };
                    ([price], i64::from(lane.state == INVALID))
                },
            );
        }
    }
}
