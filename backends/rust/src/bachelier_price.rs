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

use crate::elementary::{
    Ratio, Reduced, Sum, at_least, exp_minus_1, finite_or_zero, fma, gauss_exponent, loss,
    power_of_two, reduce, shift_exponent, times_exp, times_power, two_sum, two_to,
};
use crate::legs::{
    Deviation, PAST, State, deviation_general, deviation_ordinary, discount_exponent, magnitude,
    sign_state, state_of,
};

/// phi(h) (1 - h M(h)) over the power of two of the exponential, times v.
#[inline(always)]
fn bachelier_time_value(d: &Deviation, rest: Ratio, growth: f64) -> f64 {
    let share = rest.p / rest.q;
    let value = fma(d.v, share, d.v_low * share);
    fma(value, growth, value)
}

/// The price, and whether the lane is special: this form may not hold.
#[inline(always)]
pub fn bachelier_price_ordinary(
    forward: f64,
    strike: f64,
    time: f64,
    rate: f64,
    sigma: f64,
    sign: f64,
) -> (f64, bool) {
    let rt = rate * time;
    let rt_low = fma(rate, time, -rt);
    let r = reduce(-rt, -rt_low);
    let distance = two_sum(forward, -strike);
    let d = deviation_ordinary(magnitude(distance), time, sigma);
    let e = gauss_exponent(d.h, d.h_low);
    let term = shift_exponent(bachelier_time_value(&d, loss(d.h), exp_minus_1(e.r)), e.n_magic);
    let intrinsic = sign * distance.high;
    let value = if intrinsic > 0.0 { intrinsic + fma(sign, distance.low, term) } else { term };
    let price = shift_exponent(times_exp(value, r.r), r.n_magic);
    let holds = (rt.abs() < 50.0)
        & (d.v > two_to(-64))
        & (d.v < two_to(200))
        & (d.h < 34.0)
        & (sign.abs() == 1.0);
    (price, !holds)
}

/// What the general forms of this model share: h of `d` is at most PAST and `h` itself is not,
/// moneyness > 0 in the money, r and e are the exponents -rT and -h^2/2, and growth is e^e.r - 1.
pub struct BachelierTerms {
    pub d: Deviation,
    pub moneyness: Sum,
    pub r: Reduced,
    pub e: Reduced,
    pub h: f64,
    pub growth: f64,
    pub state: State,
}

#[inline(always)]
pub fn bachelier_terms_general(
    forward: f64,
    strike: f64,
    time: f64,
    rate: f64,
    sigma: f64,
    sign: f64,
) -> BachelierTerms {
    let x = discount_exponent(rate, time);
    let distance = two_sum(forward, -strike);
    let moneyness = Sum { high: sign * distance.high, low: finite_or_zero(sign * distance.low) };
    let d = deviation_general(magnitude(moneyness), time, sigma);
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
        | distance.high.is_nan()
        | (rate.abs() == f64::INFINITY);
    BachelierTerms {
        d,
        moneyness,
        r: reduce(x.value, x.low),
        e,
        h,
        growth: exp_minus_1(e.r),
        state: state_of(missing, invalid) | sign_state(sign),
    }
}

#[inline(always)]
pub fn bachelier_price_general(n: &BachelierTerms, time: f64, rate: f64) -> f64 {
    let v = n.d.v;
    let intrinsic = at_least(n.moneyness.high, 0.0);
    let settled =
        (v == 0.0) | (intrinsic == f64::INFINITY) | (n.moneyness.high == f64::NEG_INFINITY);
    let term = bachelier_time_value(&n.d, loss(n.d.h), n.growth);
    let term = if settled { 0.0 } else { term };
    let held = term * power_of_two(at_least(n.e.n, -1000.0));
    let itm_value = intrinsic + (n.moneyness.low + held);
    let value = if intrinsic > 0.0 { itm_value } else { term };
    let exponent = if intrinsic > 0.0 { n.r.n } else { n.r.n + n.e.n };
    let price = times_power(times_exp(value, n.r.r), exponent);
    let endless = (v == f64::INFINITY) & !settled;
    let gone = (time == f64::INFINITY) & (rate > 0.0);
    let limit = if gone { 0.0 } else { f64::INFINITY };
    // infinity less a part of it is no number
    let price = if value == f64::INFINITY { f64::INFINITY } else { price };
    if endless { limit } else { price }
}
