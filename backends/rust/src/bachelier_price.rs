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
    Ratio, Reduced, Sum, at_least, exp_minus_1, finite_or_zero, fma, gauss_exponent, loss,
    power_of_two, reduce, shift_exponent, sum, times_exp, times_power, two_to,
};
use crate::lanes::{Inputs, Mark, Marks, Outputs, operands, write_lanes};
use crate::legs::{
    Deviation, INVALID, NOT_A_NUMBER, PAST, deviation_general, deviation_ordinary,
    discount_exponent, magnitude, sign_state, state,
};

/// phi(h) (1 - h M(h)) over the power of two of the exponential, times v.
#[inline(always)]
fn normal_time_value(d: &Deviation, rest: Ratio, growth: f64) -> f64 {
    let share = rest.p / rest.q;
    let value = fma(d.v, share, d.v_low * share);
    fma(value, growth, value)
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
) -> (f64, Mark) {
    let rt = rate * time;
    let rt_low = fma(rate, time, -rt);
    let r = reduce(-rt, -rt_low);
    let apart = sum(forward, -strike);
    let d = deviation_ordinary(magnitude(apart), time, sigma);
    let e = gauss_exponent(d.h, d.h_low);
    let term = shift_exponent(normal_time_value(&d, loss(d.h), exp_minus_1(e.r)), e.n_magic);
    let intrinsic = sign * apart.high;
    let value = if intrinsic > 0.0 { intrinsic + fma(sign, apart.low, term) } else { term };
    let price = shift_exponent(times_exp(value, r.r), r.n_magic);
    let holds = (rt.abs() < 50.0)
        & (d.v > two_to(-64))
        & (d.v < two_to(200))
        & (d.h < 34.0)
        & (sign.abs() == 1.0);
    (price, Mark::from(!holds))
}

/// What the general forms of this model share: h of `d` is at most PAST and `h` itself is not,
/// inside > 0 in the money, r and e are the exponents -rT and -h^2/2, and growth is e^e.r - 1.
pub struct Normal {
    pub d: Deviation,
    pub inside: Sum,
    pub r: Reduced,
    pub e: Reduced,
    pub h: f64,
    pub growth: f64,
    pub state: Mark,
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
    let apart = sum(forward, -strike);
    let inside = Sum { high: sign * apart.high, low: finite_or_zero(sign * apart.low) };
    let d = deviation_general(magnitude(inside), time, sigma);
    let h = d.h;
    let within = h < PAST;
    let d = Deviation {
        h: if within { h } else { PAST },
        h_low: if within { d.h_low } else { 0.0 },
        ..d
    };
    let e = gauss_exponent(d.h, d.h_low);
    let missing =
        forward.is_nan() | strike.is_nan() | time.is_nan() | rate.is_nan() | sigma.is_nan();
    let invalid = (time < 0.0)
        | (sigma < 0.0)
        | d.v.is_nan()
        | apart.high.is_nan()
        | (rate.abs() == f64::INFINITY);
    Normal {
        d,
        inside,
        r: reduce(x.value, x.low),
        e,
        h,
        growth: exp_minus_1(e.r),
        state: state(missing, invalid) | sign_state(sign),
    }
}

#[inline(always)]
pub fn general_normal(n: &Normal, time: f64, rate: f64) -> f64 {
    let v = n.d.v;
    let intrinsic = at_least(n.inside.high, 0.0);
    let settled = (v == 0.0) | (intrinsic == f64::INFINITY) | (n.inside.high == f64::NEG_INFINITY);
    let term = normal_time_value(&n.d, loss(n.d.h), n.growth);
    let term = if settled { 0.0 } else { term };
    let held = term * power_of_two(at_least(n.e.n, -1000.0));
    let inside = intrinsic + (n.inside.low + held);
    let value = if intrinsic > 0.0 { inside } else { term };
    let exponent = if intrinsic > 0.0 { n.r.n } else { n.r.n + n.e.n };
    let price = times_power(times_exp(value, n.r.r), exponent);
    let endless = (v == f64::INFINITY) & !settled;
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
                    ([price], Mark::from(lane.state == INVALID))
                },
            );
        }
    }
}
