//! Price and greeks of a European option on a lognormal underlying, as many as are wanted.
//!
//! With the legs A and B, v, d1 and d2 = d1 - v, the density G = A phi(d1) = B phi(d2), and the
//! shares A N(+-d1) and B N(+-d2) of the legs, every greek is a short product. All units are per
//! 1.0: theta, charm, veta and color are per year and minus the derivative by T. Factors are kept
//! that stay finite at the money when sigma or T vanish: d1/v and d2/v, not d1/sigma.
//!
//! Limits: those of the price. At expiry and without volatility delta is 0 or +-1 (discounted), at
//! the money half of that; gamma and what is made of it is infinite there and 0 elsewhere. No valid
//! lane is NaN: a product of 0 and infinity counts as 0. See docs/numerics.md for the errors.

use crate::elementary::{
    at_least, at_most, fma, shift_exponent, times_exp, times_power, two_to, zero_times,
};
use crate::legs::{
    GeneralLegs, Legs, NOT_A_NUMBER, Separation, State, deviation_ordinary, magnitude,
    on_common_scale, scaled, separation_general, tails_ordinary,
};
use crate::price::{price_general, price_ordinary};
use crate::tables::INV_SQRT_2PI;

// Order of the outputs; bit i of `wanted` asks for output i.
pub const PRICE: usize = 0;
pub const DELTA: usize = 1;
pub const GAMMA: usize = 2;
pub const VEGA: usize = 3;
pub const THETA: usize = 4;
pub const RHO: usize = 5;
pub const PHI: usize = 6;
pub const VANNA: usize = 7;
pub const VOLGA: usize = 8;
pub const CHARM: usize = 9;
pub const VETA: usize = 10;
pub const DUAL_DELTA: usize = 11;
pub const DUAL_GAMMA: usize = 12;
pub const SPEED: usize = 13;
pub const COLOR: usize = 14;
pub const ZOMMA: usize = 15;
pub const ULTIMA: usize = 16;

// How many outputs there are up to the first, the second and the third order.
pub const FIRST: usize = VANNA;
pub const SECOND: usize = SPEED;
pub const GREEKS: usize = 17;

/// The inputs of one lane.
pub struct LognormalOption {
    pub spot: f64,
    pub strike: f64,
    pub time: f64,
    pub rate: f64,
    pub dividend: f64,
    pub sigma: f64,
    pub sign: f64,
}

/// What the greeks of one option are made of: G, A N(+-d1), B N(+-d2), delta and dual_delta but for
/// their sign, d1, d2, d1/v, d2/v, sqrt(T), 1/sqrt(T), 1/sigma; sigma is 0 where nothing depends on
/// it.
pub struct Parts {
    price: f64,
    density: f64,
    a_share: f64,
    b_share: f64,
    delta: f64,
    dual_delta: f64,
    d1: f64,
    d2: f64,
    d1_v: f64,
    d2_v: f64,
    root: f64,
    per_root: f64,
    per_sigma: f64,
    per_spot: f64,
    per_strike: f64,
    theta: f64,
    sigma: f64,
}

/// What interest and dividends add to theta, q A N(+-d1) - r B N(+-d2) for a call: by the price and
/// the lesser share, so that nearly equal rates do not cancel.
#[inline(always)]
fn carried_theta(x: &LognormalOption, price: f64, a_share: f64, b_share: f64) -> f64 {
    let own = if x.sign > 0.0 { x.dividend } else { x.rate };
    let other = if x.sign > 0.0 { x.rate } else { x.dividend };
    let share = if x.sign > 0.0 { b_share } else { a_share };
    zero_times(own, price) + zero_times(own - other, share)
}

/// Tails of the normal distribution times the legs, from the Mills ratios: the leg that is less has
/// the near one. Also whether the lane is special: this form may not hold.
#[inline(always)]
pub fn parts_ordinary(legs: &Legs, option: &LognormalOption) -> (Parts, bool) {
    let d = deviation_ordinary(magnitude(legs.y), option.time, option.sigma);
    let at = tails_ordinary(&d);
    let (price, special) = price_ordinary(legs, &d, &at, option.sign);
    let below = legs.y.high < 0.0;
    let least = if below { legs.a } else { legs.b };
    let most = if below { legs.b } else { legs.a };
    let moneyness = if below { -option.sign } else { option.sign }; // > 0: in the money
    let near_moneyness = if at.within { moneyness } else { -moneyness };
    let density = shift_exponent(fma(least, at.growth, least), at.e.n_magic);
    let turned = if at.within { -at.near_low } else { at.near_low };
    let near_tail = density * fma(at.near_loss, turned, at.m.near);
    let far_tail = density * fma(-at.far_loss, at.far_low, at.m.far);
    let near_share = if near_moneyness > 0.0 { least - near_tail } else { near_tail };
    let far_share = if moneyness > 0.0 { most - far_tail } else { far_tail };

    let density = density * INV_SQRT_2PI;
    let a_share = if below { near_share } else { far_share };
    let b_share = if below { far_share } else { near_share };
    let near = at.near + at.near_low; // a greek may be 0 where it is
    let d1 = if below { -near } else { at.far };
    let d2 = if below { -at.far } else { near };
    let per_root = option.sigma * d.per_v;
    let per_spot = 1.0 / option.spot;
    let holds = option.time > two_to(-1000);
    let parts = Parts {
        price,
        density,
        a_share,
        b_share,
        delta: a_share * per_spot,
        dual_delta: b_share / option.strike,
        d1,
        d2,
        d1_v: d1 * d.per_v,
        d2_v: d2 * d.per_v,
        root: d.root,
        per_root,
        per_sigma: d.root * d.per_v,
        per_spot,
        per_strike: 1.0 / option.strike,
        theta: carried_theta(option, price, a_share, b_share)
            - 0.5 * density * (option.sigma * per_root),
        sigma: option.sigma,
    };
    (parts, special | !holds)
}

/// The ratios' limits at the money with v = 0; with both sigma and T zero sigma goes first. At
/// expiry d1/v is (r - q)/sigma^2 + 1/2.
#[inline(always)]
fn parts_at_the_money(parts: Parts, option: &LognormalOption, level: bool) -> Parts {
    let sigma = option.sigma;
    let moved = option.time > 0.0;
    let drift = (option.rate - option.dividend) / sigma / sigma;
    let drift = if moved | (sigma == 0.0) { 0.0 } else { drift };
    let per_sigma = if sigma > 0.0 { 1.0 / sigma } else { f64::INFINITY };
    let per_root = if moved { 1.0 / parts.root } else { f64::INFINITY };
    Parts {
        d1: if level { 0.0 } else { parts.d1 },
        d2: if level { 0.0 } else { parts.d2 },
        d1_v: if level { drift + 0.5 } else { parts.d1_v },
        d2_v: if level { drift - 0.5 } else { parts.d2_v },
        per_sigma: if level { per_sigma } else { parts.per_sigma },
        per_root: if level { per_root } else { parts.per_root },
        ..parts
    }
}

/// Spot and strike in units of 2^unit: where both are very small or very large, what the greeks are
/// made of would under- or overflow sooner than they do. `ends`: one of them is 0 or infinite.
pub struct Amounts {
    pub spot: f64,
    pub strike: f64,
    pub unit: f64,
    pub ends: bool,
}

#[inline(always)]
pub fn amounts_in_unit(spot: f64, strike: f64) -> Amounts {
    let s = scaled(spot);
    let k = scaled(strike);
    let low = at_most(s.exponent, k.exponent);
    let high = at_least(s.exponent, k.exponent);
    let unit = if high < -500.0 { high } else { 0.0 };
    let unit = if low > 500.0 { low } else { unit };
    let ends = s.end | k.end;
    let spot_held = times_power(s.mantissa, s.exponent - unit);
    let strike_held = times_power(k.mantissa, k.exponent - unit);
    Amounts {
        spot: if ends { spot } else { spot_held },
        strike: if ends { strike } else { strike_held },
        unit: if ends { 0.0 } else { unit },
        ends,
    }
}

#[inline(always)]
pub fn parts_general(legs: &GeneralLegs, option: &LognormalOption, amounts: &Amounts) -> Parts {
    let sign = option.sign;
    let Amounts { spot, strike, unit, ends } = *amounts;
    let separation = separation_general(legs, option.time, option.sigma);
    let price = price_general(legs, &separation, sign);
    let Separation { y, d, at } = separation;
    let a = times_power(legs.a, legs.a_exponent - unit);
    let b = times_power(legs.b, legs.b_exponent - unit);
    let common = on_common_scale(legs);
    let level = ((common.a == common.b) | (y.high == 0.0)) & (d.v < two_to(-1000));
    let below = (y.high < 0.0) & !level;
    let moneyness = if below { -sign } else { sign }; // > 0: in the money
    let exponent = (if below { legs.a_exponent } else { legs.b_exponent }) - unit + at.e.n;
    let least = if below { legs.a } else { legs.b };
    let density = fma(least, at.growth, least);
    let density = if level { least } else { density };
    let exponent = if level { legs.b_exponent - unit } else { exponent };
    let turned = if at.within { -at.near_low } else { at.near_low };
    let near_mills = fma(at.near_loss, turned, at.m.near);
    let far_mills = fma(-at.far_loss, at.far_low, at.m.far);
    let near_tail = times_power(density * if level { 0.5 } else { near_mills }, exponent);
    let far_tail = times_power(density * if level { 0.5 } else { far_mills }, exponent);
    let settled = ends | (d.v == f64::INFINITY);
    let near_tail = if settled { 0.0 } else { near_tail };
    let far_tail = if settled { 0.0 } else { far_tail };
    let near_moneyness = if at.within | ends { moneyness } else { -moneyness };
    let near_leg = if below { a } else { b };
    let far_leg = if below { b } else { a };
    let near_share = if near_moneyness > 0.0 { near_leg - near_tail } else { near_tail };
    let far_share = if moneyness > 0.0 { far_leg - far_tail } else { far_tail };

    let density = times_power(density, exponent) * INV_SQRT_2PI;
    let density = if settled { 0.0 } else { density };
    let a_share = if below { near_share } else { far_share };
    let b_share = if below { far_share } else { near_share };
    let nowhere = density == 0.0; // nothing depends on what is so far off
    let per_v = if nowhere { 0.0 } else { d.per_v };
    let near = at.near + at.near_low;
    let d1 = if below { -near } else { at.far };
    let d2 = if below { -at.far } else { near };
    let d1 = if per_v == 0.0 { 0.0 } else { d1 };
    let d2 = if per_v == 0.0 { 0.0 } else { d2 };
    let discount_a = times_power(times_exp(1.0, legs.q.r), legs.q.n);
    let discount_b = times_power(times_exp(1.0, legs.r.r), legs.r.n);
    let delta_end = if moneyness > 0.0 { discount_a } else { 0.0 };
    let dual_delta_end = if moneyness > 0.0 { discount_b } else { 0.0 };
    // 1/S of a subnormal S is infinite
    let raised = if spot < f64::MIN_POSITIVE { two_to(54) } else { 1.0 };
    let delta = a_share * raised * (1.0 / (spot * raised));
    let parts = Parts {
        price: times_power(price.value, price.exponent),
        density,
        a_share,
        b_share,
        delta: if ends { delta_end } else { delta },
        dual_delta: if ends { dual_delta_end } else { b_share / strike },
        d1,
        d2,
        d1_v: d1 * per_v,
        d2_v: d2 * per_v,
        root: d.root,
        per_root: option.sigma * per_v,
        per_sigma: zero_times(per_v, d.root), // T may be infinite
        per_spot: if nowhere { 0.0 } else { 1.0 / spot },
        per_strike: 1.0 / strike,
        theta: 0.0,
        sigma: if nowhere { 0.0 } else { option.sigma }, // it may be infinite
    };
    let parts = parts_at_the_money(parts, option, level);
    let price_in_unit = times_power(price.value, price.exponent - unit);
    let decay = 0.5 * density * zero_times(parts.sigma, parts.per_root);
    Parts { theta: carried_theta(option, price_in_unit, a_share, b_share) - decay, ..parts }
}

/// The first N outputs of one lane, N being FIRST, SECOND or GREEKS.
#[inline(always)]
pub fn greeks_of<const N: usize>(x: &LognormalOption, p: &Parts) -> [f64; N] {
    let gamma = p.density * p.per_spot * (p.per_spot * (p.per_root * p.per_sigma));
    let vega = p.density * p.root;
    let mut to = [0.0; N];
    to[PRICE] = p.price;
    to[DELTA] = x.sign * p.delta;
    to[GAMMA] = gamma;
    to[VEGA] = vega;
    to[THETA] = p.theta;
    to[RHO] = x.sign * x.time * p.b_share;
    to[PHI] = -x.sign * x.time * p.a_share;
    if N == FIRST {
        return to;
    }
    let carry = x.rate - x.dividend;
    let drift = x.dividend + carry * p.d1_v;
    let decay = fma(-0.5 * p.d2_v, p.sigma, zero_times(carry, p.per_sigma));
    let moved = p.density * p.per_spot * zero_times(decay, p.per_root);
    to[VANNA] = -(vega * p.per_spot) * p.d2_v;
    to[VOLGA] = vega * (p.root * (p.d1 * p.d2_v));
    to[CHARM] = x.sign * x.dividend * p.delta - moved;
    to[VETA] = p.density * (p.root * drift - 0.5 * p.per_root * fma(p.d1, p.d2, 1.0));
    to[DUAL_DELTA] = -x.sign * p.dual_delta;
    to[DUAL_GAMMA] = p.density * p.per_strike * (p.per_strike * (p.per_root * p.per_sigma));
    if N == SECOND {
        return to;
    }
    let squares = p.d1_v * p.d1_v + p.d2_v * p.d2_v;
    let decayed = 0.5 * (p.per_root * p.per_root) * fma(-p.d1, p.d2, 1.0);
    to[SPEED] = -gamma * p.per_spot * (p.d1_v + 1.0);
    to[COLOR] = gamma * (drift + decayed);
    to[ZOMMA] = gamma * p.per_sigma * fma(p.d1, p.d2, -1.0);
    to[ULTIMA] = -vega * (x.time * (p.d1_v * p.d2_v * (1.0 - p.d1 * p.d2) + squares));
    to
}

/// By which power of the unit of all amounts each greek changes; the price is not in that unit.
const DEGREES: [i8; GREEKS] = [0, 0, -1, 1, 1, 1, 1, 0, 1, 0, 1, 0, -1, -2, -1, -1, 1];

/// A greek brought back from units of 2^unit.
#[inline(always)]
pub fn rescaled(greek: usize, x: f64, unit: f64) -> f64 {
    let degree = DEGREES[greek];
    if degree == 0 { x } else { times_power(x, f64::from(degree) * unit) }
}

/// A lane outside the domain gets the one NaN, and no other lane has any.
#[inline(always)]
pub fn swept(x: f64, state: State) -> f64 {
    let valid = if x.is_nan() { 0.0 } else { x };
    if state != 0 { NOT_A_NUMBER } else { valid }
}
