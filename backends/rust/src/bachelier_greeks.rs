//! Price and greeks on a normally distributed forward, as many as are wanted.
//!
//! With d = (F - K)/v, the density G = e^(-rT) phi(d) and the chance e^(-rT) N(+-d). Outputs, units
//! and limits are those of greeks.rs; phi, the derivative by a dividend, is 0.

use crate::bachelier_price::{BachelierTerms, bachelier_price_general, bachelier_price_ordinary};
use crate::elementary::{
    at_least, exp_minus_1, fma, gauss_exponent, loss, power_of_two, reduce, shift_exponent,
    tail_numerator, times_exp, times_power, two_sum, two_to, zero_times,
};
use crate::greeks::{
    CHARM, COLOR, DELTA, DUAL_DELTA, DUAL_GAMMA, FIRST, GAMMA, PHI, PRICE, RHO, SECOND, SPEED,
    THETA, ULTIMA, VANNA, VEGA, VETA, VOLGA, ZOMMA,
};
use crate::legs::{deviation_ordinary, magnitude};
use crate::tables::INV_SQRT_2PI;

/// The inputs of one lane.
pub struct BachelierOption {
    pub forward: f64,
    pub strike: f64,
    pub time: f64,
    pub rate: f64,
    pub sigma: f64,
    pub sign: f64,
}

/// What the greeks of one option are made of: G, e^(-rT) N(+-d), d, 1/v, sqrt(T), 1/sqrt(T),
/// 1/sigma.
pub struct BachelierParts {
    price: f64,
    density: f64,
    chance: f64,
    d: f64,
    per_v: f64,
    root: f64,
    per_root: f64,
    per_sigma: f64,
    theta: f64,
}

/// The parts, and whether the lane is special: this form may not hold.
#[inline(always)]
pub fn bachelier_parts_ordinary(x: &BachelierOption) -> (BachelierParts, bool) {
    let (price, special) =
        bachelier_price_ordinary(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign);
    let rt = x.rate * x.time;
    let rt_low = fma(x.rate, x.time, -rt);
    let r = reduce(-rt, -rt_low);
    let distance = two_sum(x.forward, -x.strike);
    let d = deviation_ordinary(magnitude(distance), x.time, x.sigma);
    let e = gauss_exponent(d.h, d.h_low);
    let growth = exp_minus_1(e.r);
    let m = tail_numerator(d.h) / loss(d.h).q;
    let tail = shift_exponent(fma(m, growth, m), e.n_magic);
    let chance = if x.sign * distance.high > 0.0 { 1.0 - tail } else { tail };
    let density = shift_exponent(fma(INV_SQRT_2PI, growth, INV_SQRT_2PI), e.n_magic);
    let density = shift_exponent(times_exp(density, r.r), r.n_magic);
    let per_root = x.sigma * d.per_v;
    let holds = x.time > two_to(-1000);
    let parts = BachelierParts {
        price,
        density,
        chance: shift_exponent(times_exp(chance, r.r), r.n_magic),
        d: distance.high * d.per_v,
        per_v: d.per_v,
        root: d.root,
        per_root,
        per_sigma: d.root * d.per_v,
        theta: x.rate * price - 0.5 * density * (x.sigma * per_root),
    };
    (parts, special | !holds)
}

#[inline(always)]
pub fn bachelier_parts_general(n: &BachelierTerms, x: &BachelierOption) -> BachelierParts {
    let m = tail_numerator(n.d.h) / loss(n.d.h).q;
    let beyond = n.h == f64::INFINITY;
    let endless = n.d.v == f64::INFINITY;
    let level = (n.moneyness.high == 0.0) & (n.d.v < two_to(-1000));
    let tail = fma(m, n.growth, m);
    let rest = 1.0 - tail * power_of_two(at_least(n.e.n, -1000.0));
    let tail = if beyond { 0.0 } else { tail };
    let itm_chance = times_power(times_exp(rest, n.r.r), n.r.n);
    let otm_chance = times_power(times_exp(tail, n.r.r), n.e.n + n.r.n);
    let density = times_exp(fma(INV_SQRT_2PI, n.growth, INV_SQRT_2PI), n.r.r);
    let density = times_power(density, n.e.n + n.r.n);
    let density = if beyond { 0.0 } else { density };
    let price = bachelier_price_general(n, x.time, x.rate);
    let root = n.d.root;
    let per_v = if density == 0.0 { 0.0 } else { n.d.per_v };
    let d = (x.forward - x.strike) * per_v;
    let per_root = if endless { 1.0 / root } else { x.sigma * per_v };
    let level_root = if x.time > 0.0 { 1.0 / root } else { f64::INFINITY };
    let level_sigma = if x.sigma > 0.0 { 1.0 / x.sigma } else { f64::INFINITY };
    let per_root = if level { level_root } else { per_root };
    // Endless volatility makes both terms of theta endless; their sum is a multiple of it.
    let theta = x.rate * price - 0.5 * density * zero_times(x.sigma, per_root);
    let drift = zero_times(x.rate, root) - 0.5 * per_root;
    BachelierParts {
        price,
        density,
        chance: if n.moneyness.high > 0.0 { itm_chance } else { otm_chance },
        d: if (per_v == 0.0) | level { 0.0 } else { d },
        per_v,
        root,
        per_root,
        per_sigma: if level { level_sigma } else { root * per_v },
        theta: if endless { density * (x.sigma * drift) } else { theta },
    }
}

/// The first N outputs of one lane, N being FIRST, SECOND or GREEKS.
#[inline(always)]
pub fn bachelier_greeks_of<const N: usize>(x: &BachelierOption, p: &BachelierParts) -> [f64; N] {
    let delta = x.sign * p.chance;
    let gamma = p.density * p.per_v;
    let vega = p.density * p.root;
    let mut to = [0.0; N];
    to[PRICE] = p.price;
    to[DELTA] = delta;
    to[GAMMA] = gamma;
    to[VEGA] = vega;
    to[THETA] = p.theta;
    to[RHO] = -x.time * p.price;
    to[PHI] = 0.0;
    if N == FIRST {
        return to;
    }
    let per_time = p.per_root * p.per_root;
    to[VANNA] = -p.density * (p.d * p.per_sigma);
    to[VOLGA] = vega * (p.d * p.d) * p.per_sigma;
    to[CHARM] = x.rate * delta + zero_times(p.d, 0.5 * p.density * per_time);
    to[VETA] = p.density * (p.root * x.rate - 0.5 * p.per_root * fma(p.d, p.d, 1.0));
    to[DUAL_DELTA] = -delta;
    to[DUAL_GAMMA] = gamma;
    if N == SECOND {
        return to;
    }
    let dd = p.d * p.d;
    to[SPEED] = -gamma * p.d * p.per_v;
    to[COLOR] = gamma * (x.rate + 0.5 * fma(-p.d, p.d, 1.0) * per_time);
    to[ZOMMA] = gamma * p.per_sigma * fma(p.d, p.d, -1.0);
    to[ULTIMA] = vega * (p.per_sigma * p.per_sigma * (dd * (dd - 3.0)));
    to
}
