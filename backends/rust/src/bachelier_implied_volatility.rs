//! Volatility implied by a European price on a normally distributed forward, in a fixed number of
//! steps.
//!
//! With k = |F - K| and the undiscounted out-of-the-money price c = s phi(h) (1 - h M(h)), h = k/s,
//! solve for s = sigma sqrt(T). Seed: with nu = k/(k + 2c) and eta = nu / artanh(nu), s = sqrt(pi/2
//! eta) (k + 2c) g(eta), g rational, within 0.3 %; then two Householder steps of order 4 on ln c.
//! Codes are those of implied_volatility.rs; there is no maximum but at T = 0.

use crate::elementary::{
    at_least, at_most, fma, half_ulp, log_ratio, loss, reduce, shift_exponent, tail_numerator,
    times_exp, times_power, two_to, two_ulp,
};
use crate::implied_volatility::{
    ABOVE_MAXIMUM, AT_INTRINSIC, BELOW_INTRINSIC, INVALID_INPUT, Implied, LOW_PRECISION,
    NOT_FINITE, OK, Step, householder,
};
use crate::legs::{discount_exponent, scaled, sign_state, state_of};
use crate::normalized_price::SQRT_2PI;
use crate::tables::{LN2_HI, LN2_LO};

#[inline(always)]
pub fn bachelier_seed(c: f64, k: f64) -> f64 {
    const SQRT_HALF_PI: f64 = 1.2533141373155003;
    let sum = k + 2.0 * c;
    let nu = k / sum;
    let log = log_ratio(k + c, c); // 2 artanh(nu)
    let eta = 2.0 * nu / fma(log.n, LN2_HI, log.r);
    let eta = if nu < two_to(-10) { 1.0 } else { eta };
    let g = (0.4018 + 0.8933 * eta) / (1.0 + 0.2924 * eta);
    SQRT_HALF_PI * sum * (eta.sqrt() * g)
}

/// A step, and e^(h^2/2) = s (1 - h M) / c at its beginning.
#[inline(always)]
pub fn bachelier_step(c: f64, k: f64, s: f64) -> Step {
    let h = k * (1.0 / s);
    let hh = h * h;
    let rest = loss(h);
    let log = log_ratio(rest.p * s, rest.q * c);
    let f = fma(log.n, LN2_HI, fma(log.n, LN2_LO, log.r) - 0.5 * h * h);
    let newton = -f * SQRT_2PI * (rest.p / rest.q);
    let change = householder(f, newton, hh, fma(hh, hh, -3.0 * hh));
    Step { s: fma(s, change, s), per_density: rest.p * s / (rest.q * c) }
}

/// |x| 2^-unit
#[inline(always)]
fn in_unit(x: f64, unit: f64) -> f64 {
    let s = scaled(x.abs());
    let held = times_power(s.mantissa, s.exponent - unit);
    if s.end { s.x } else { held }
}

#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "the price and all it was solved with")]
fn bachelier_attainable_error(
    c: f64,
    k: f64,
    s: f64,
    price: f64,
    forward: f64,
    strike: f64,
    time: f64,
    rate: f64,
    in_the_money: bool,
    sigma: f64,
) -> f64 {
    let h = at_most(k / s, 38.0);
    let e = reduce(0.5 * h * h, 0.0);
    let grown = times_exp(SQRT_2PI, e.r);
    let per_density = times_power(grown, e.n); // 1 / phi(h)
    let tail = SQRT_2PI * (tail_numerator(h) / loss(h).q);
    let chance = if in_the_money { per_density - tail } else { tail };
    let value = times_power((if in_the_money { c + k } else { c }) * grown, e.n); // c may vanish
    let rt = rate * time;
    let theta = (rt * value - 0.5 * s).abs();
    let cost = half_ulp(price) * value
        + half_ulp(forward) * forward * chance
        + half_ulp(strike) * strike * chance
        + half_ulp(time) * theta
        + half_ulp(rate) * rt.abs() * value;
    cost / s + 2.0 * half_ulp(sigma)
}

/// The inputs of one lane.
pub struct BachelierQuote {
    pub price: f64,
    pub forward: f64,
    pub strike: f64,
    pub time: f64,
    pub rate: f64,
    pub sign: f64,
}

/// What is solved: k, the out-of-the-money price c, and the price before that, both undiscounted.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Undiscounted {
    pub c: f64,
    pub k: f64,
    paid: f64,
}

#[inline(always)]
pub fn undiscounted_ordinary(x: &BachelierQuote) -> Undiscounted {
    let rt = x.rate * x.time;
    let rt_low = fma(x.rate, x.time, -rt);
    let r = reduce(rt, rt_low);
    let paid = shift_exponent(times_exp(x.price, r.r), r.n_magic);
    let distance = x.forward - x.strike;
    let k = distance.abs();
    let in_the_money = x.sign * distance > 0.0;
    Undiscounted { c: if in_the_money { paid - k } else { paid }, k, paid }
}

/// The volatility of the last step, and whether the lane is special: its code may not be OK.
#[inline(always)]
pub fn bachelier_implied_volatility_ordinary(
    x: &BachelierQuote,
    to: &Undiscounted,
    last: &Step,
) -> (f64, bool) {
    let rt = x.rate * x.time;
    let Undiscounted { c, paid, .. } = *to;
    let in_the_money = x.sign * (x.forward - x.strike) > 0.0;
    let legs = x.forward.abs() + x.strike.abs();
    // Rounding of the inputs surely costs less than 1e-8: the chance over density is at most 1.3
    // out of the money and 1 / density in it.
    let cost = two_to(-24) * (legs + paid) * (1.0 + rt.abs());
    let within = SQRT_2PI * last.per_density * cost;
    let beyond = 1.3 * cost;
    let holds = (rt.abs() < 50.0)
        & (x.price > two_to(-900))
        & (paid < two_to(200))
        & (legs < two_to(200))
        & (c > two_to(-900))
        & (!in_the_money | (c > two_to(-50) * legs))
        & ((if in_the_money { within } else { beyond }) < last.s)
        & (x.sign.abs() == 1.0)
        & (x.time > two_to(-1000));
    (last.s / x.time.sqrt(), !holds)
}

#[inline(always)]
pub fn bachelier_implied_volatility_general(
    price: f64,
    forward: f64,
    strike: f64,
    time: f64,
    rate: f64,
    sign: f64,
) -> Implied {
    let x = discount_exponent(rate, time);
    let r = reduce(-x.value, -x.low);
    let distance = forward - strike;
    let in_the_money = sign * distance > 0.0;
    // In units of 2^unit both c and k are normal numbers, for c is not below e^-730 k.
    let p = scaled(price.abs());
    let gap = scaled(distance.abs());
    let paid_exponent = p.exponent + r.n;
    let unit = at_least(paid_exponent, gap.exponent) - 300.0;
    let paid = times_power(times_exp(p.mantissa, r.r), paid_exponent - unit); // undiscounted
    let paid = if p.end { p.x } else { paid };
    let paid = if price < 0.0 { -paid } else { paid };
    let k = in_unit(distance, unit);
    let c = if in_the_money { paid - k } else { paid };
    let f = in_unit(forward, unit);
    let g = in_unit(strike, unit);
    let two = two_ulp(at_least(f, g));
    let s = bachelier_seed(c, k);
    let s = bachelier_step(c, k, s).s;
    let s = bachelier_step(c, k, s).s;
    let sigma = times_power(s / time.sqrt(), unit);

    let missing = forward.is_nan() | strike.is_nan() | time.is_nan() | rate.is_nan();
    let invalid = (time < 0.0)
        | (time == f64::INFINITY)
        | (rate.abs() == f64::INFINITY)
        | (distance.abs() == f64::INFINITY)
        | distance.is_nan();
    let state = state_of(missing, invalid) | sign_state(sign);
    let limit = bachelier_attainable_error(c, k, s, price, f, g, time, rate, in_the_money, sigma);
    let code = if limit <= 1e-8 { OK } else { LOW_PRECISION };
    let code = if time == 0.0 { ABOVE_MAXIMUM } else { code };
    let at_intrinsic = c <= (if in_the_money { two } else { 0.0 });
    let code = if at_intrinsic { AT_INTRINSIC } else { code };
    let code = if c < -two { BELOW_INTRINSIC } else { code };
    let code = if state != 0 { INVALID_INPUT } else { code };
    let not_finite = price.is_nan() | (price.abs() == f64::INFINITY);
    let code = if not_finite { NOT_FINITE } else { code };
    Implied { sigma, code }
}
