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

use crate::blocks::{Block, Inputs, Kernel, Marks, Outputs, count_of, lanes, operands};
use crate::elementary::{
    fma, mills, power_of_two, reduce, shift_exponent, times_exp, times_power, two_to,
};
use crate::legs::{
    BlockLegs, GeneralLegs, INVALID, Legs, NOT_A_NUMBER, legs_general, legs_ordinary, sign_state,
};
use crate::price::{general_price, ordinary_price};
use crate::tables::INV_SQRT_2PI;

// Order of the outputs; bit i of `wanted` asks for output i.
pub const PRICE: i64 = 0;
pub const DELTA: i64 = 1;
pub const GAMMA: i64 = 2;
pub const VEGA: i64 = 3;
pub const THETA: i64 = 4;
pub const RHO: i64 = 5;
pub const PHI: i64 = 6;
pub const VANNA: i64 = 7;
pub const VOLGA: i64 = 8;
pub const CHARM: i64 = 9;
pub const VETA: i64 = 10;
pub const DUAL_DELTA: i64 = 11;
pub const DUAL_GAMMA: i64 = 12;
pub const SPEED: i64 = 13;
pub const COLOR: i64 = 14;
pub const ZOMMA: i64 = 15;
pub const ULTIMA: i64 = 16;

lanes! {
    /// What the greeks of one option are made of: G, A N(+-d1), B N(+-d2), delta but for its sign,
    /// 1/S, 1/sigma, 1/sqrt(T), sqrt(T).
    struct Parts in BlockParts {
        price, density, a_share, b_share, delta, per_spot, per_sigma, per_root, root,
    }
}

lanes! {
    /// What the greeks from vanna on take besides; dual_delta is so but for its sign.
    struct Distances in BlockDistances { d1, d2, d1_v, d2_v, dual_delta, }
}

/// Tails of the normal distribution times the legs, from the Mills ratio: the leg that is less has
/// the near one.
#[inline(always)]
fn ordinary_parts(legs: &Legs, spot: f64, time: f64, sigma: f64, sign: f64) -> (Parts, i64) {
    let Legs { a, b, h, v } = *legs;
    let (price, special) = ordinary_price(legs, sign);
    let t = 0.5 * v;
    let far = h + t;
    let near = h - t;
    let x = near.abs();
    let xx = x * x;
    let e = reduce(-0.5 * xx, -0.5 * fma(x, x, -xx));
    let below = a < b;
    let least = if below { a } else { b };
    let most = if below { b } else { a };
    let inside = if below { -sign } else { sign }; // > 0: in the money
    let m = mills(far);
    let m0 = mills(x);
    let density = shift_exponent(times_exp(least, e.r), e.n_magic);
    let part = density / (m.q * m0.q);
    let far_tail = part * (m.p * m0.q);
    let near_tail = part * (m0.p * m.q);
    let near_inside = inside * 1.0f64.copysign(near);
    let near_share = if near_inside > 0.0 { least - near_tail } else { near_tail };
    let far_share = if inside > 0.0 { most - far_tail } else { far_tail };

    let a_share = if below { near_share } else { far_share };
    let b_share = if below { far_share } else { near_share };
    let root = time.sqrt();
    let per_v = 1.0 / v;
    let per_spot = 1.0 / spot;
    let parts = Parts {
        price,
        density: density * INV_SQRT_2PI,
        a_share,
        b_share,
        delta: a_share * per_spot,
        per_spot,
        per_sigma: root * per_v,
        per_root: sigma * per_v,
        root,
    };
    (parts, special)
}

#[inline(always)]
fn ordinary_distances(legs: &Legs, b_share: f64, strike: f64) -> Distances {
    let Legs { a, b, h, v } = *legs;
    let t = 0.5 * v;
    let far = h + t;
    let near = h - t;
    let per_v = 1.0 / v;
    let d1 = if a < b { -near } else { far };
    let d2 = if a < b { -far } else { near };
    Distances { d1, d2, d1_v: d1 * per_v, d2_v: d2 * per_v, dual_delta: b_share / strike }
}

/// At the money with v = 0 the ratios have these limits; both sigma and T zero count as T > 0.
#[inline(always)]
fn parts_at_the_money(parts: &mut Parts, distances: &mut Distances, time: f64, sigma: f64) {
    distances.d1 = 0.0;
    distances.d2 = 0.0;
    distances.d1_v = 0.5;
    distances.d2_v = -0.5;
    let moving = sigma > 0.0;
    parts.per_sigma = if moving { 1.0 / sigma } else { f64::INFINITY };
    let at_expiry = if moving { f64::INFINITY } else { 1.0 };
    parts.per_root = if time > 0.0 { 1.0 / time.sqrt() } else { at_expiry };
}

#[inline(always)]
fn general_parts(
    legs: &GeneralLegs,
    spot: f64,
    strike: f64,
    time: f64,
    sigma: f64,
    sign: f64,
) -> (Parts, Distances) {
    let a = times_power(legs.a, legs.a_exponent);
    let b = times_power(legs.b, legs.b_exponent);
    let top = if legs.a_exponent > legs.b_exponent { legs.a_exponent } else { legs.b_exponent };
    let a_apart = legs.a_exponent - top;
    let b_apart = legs.b_exponent - top;
    let a_scaled = legs.a * power_of_two(if a_apart > -1000.0 { a_apart } else { -1000.0 });
    let b_scaled = legs.b * power_of_two(if b_apart > -1000.0 { b_apart } else { -1000.0 });
    let below = a_scaled < b_scaled;
    let inside = if below { -sign } else { sign }; // > 0: in the money
    let level = (a_scaled == b_scaled) & (legs.v == 0.0);
    let h = if level { 0.0 } else { legs.h };
    let v = legs.v;
    let t = 0.5 * v;
    let far = h + t;
    let near = h - t;
    let x = near.abs();
    let far_held = if far < two_to(50) { far } else { two_to(50) };
    let x_held = if x < 54.0 { x } else { 54.0 };
    let xx = x_held * x_held;
    let e = reduce(-0.5 * xx, -0.5 * fma(x_held, x_held, -xx));
    let least = if below { legs.a } else { legs.b };
    let least_exponent = if below { legs.a_exponent } else { legs.b_exponent };
    let exponent = least_exponent + e.n;
    let m = mills(far_held);
    let m0 = mills(x_held);
    let density = times_exp(least, e.r);
    let part = density / (m.q * m0.q);
    let far_tail = times_power(part * (m.p * m0.q), exponent);
    let near_tail = times_power(part * (m0.p * m.q), exponent);
    let ends =
        (spot == 0.0) | (strike == 0.0) | (spot == f64::INFINITY) | (strike == f64::INFINITY);
    let far_tail = if ends { 0.0 } else { far_tail };
    let near_tail = if ends { 0.0 } else { near_tail };
    let near_inside = if ends { inside } else { inside * 1.0f64.copysign(near) };
    let near_leg = if below { a } else { b };
    let far_leg = if below { b } else { a };
    let near_share = if near_inside > 0.0 { near_leg - near_tail } else { near_tail };
    let far_share = if inside > 0.0 { far_leg - far_tail } else { far_tail };

    let density = times_power(density, exponent) * INV_SQRT_2PI;
    let density = if ends { 0.0 } else { density };
    let a_share = if below { near_share } else { far_share };
    let b_share = if below { far_share } else { near_share };
    let nowhere = density == 0.0; // nothing depends on what is so far off
    let per_v = if nowhere { 0.0 } else { 1.0 / v };
    let d1 = if below { -near } else { far };
    let d2 = if below { -far } else { near };
    let d1 = if per_v == 0.0 { 0.0 } else { d1 };
    let d2 = if per_v == 0.0 { 0.0 } else { d2 };
    let discount_a = times_power(times_exp(1.0, legs.q.r), legs.q.n);
    let discount_b = times_power(times_exp(1.0, legs.r.r), legs.r.n);
    let held = if inside > 0.0 { discount_a } else { 0.0 };
    let dual_held = if inside > 0.0 { discount_b } else { 0.0 };
    // 1/S of a subnormal S is infinite
    let raised = if spot < f64::MIN_POSITIVE { two_to(54) } else { 1.0 };
    let delta = a_share * raised * (1.0 / (spot * raised));
    let root = time.sqrt();
    let mut parts = Parts {
        price: general_price(legs, sign),
        density,
        a_share,
        b_share,
        delta: if ends { held } else { delta },
        per_spot: 1.0 / spot,
        per_sigma: root * per_v,
        per_root: sigma * per_v,
        root,
    };
    let mut distances = Distances {
        d1,
        d2,
        d1_v: d1 * per_v,
        d2_v: d2 * per_v,
        dual_delta: if ends { dual_held } else { b_share / strike },
    };
    if level {
        parts_at_the_money(&mut parts, &mut distances, time, sigma);
    }
    (parts, distances)
}

/// The greeks that are wanted, from the parts.
///
/// # Safety
/// Each input points to `n` numbers; `n` lanes of the parts have been put, and of the distances if
/// anything from vanna on is wanted.
#[inline(always)]
unsafe fn combine(
    parts: &BlockParts,
    distances: &BlockDistances,
    inputs: &Inputs,
    outputs: &mut Outputs,
    n: usize,
    wanted: i64,
) {
    let mut gamma = Block::new();
    let mut vega = Block::new();
    // SAFETY: i < n, and what is read has been put.
    unsafe {
        for i in 0..n {
            let x = parts.get(i);
            let curvature = x.per_spot * (x.per_root * x.per_sigma);
            gamma.put(i, x.density * x.per_spot * curvature);
            vega.put(i, x.density * x.root);
        }
    }
    let mut outputs = outputs.iter_mut();
    macro_rules! wanted {
        ($greek:ident, |$x:ident, $o:ident $(, $d:ident)?| $value:expr) => {
            if wanted >> $greek & 1 != 0
                && let Some(to) = outputs.next()
            {
                for i in 0..n {
                    // SAFETY: i < n, and what is read has been put.
                    unsafe {
                        let [_, strike, time, r, q, sigma, sign] = operands(inputs, i);
                        let $x = parts.get(i);
                        $(let $d = distances.get(i);)?
                        let $o = Terms {
                            strike,
                            time,
                            r,
                            q,
                            sigma,
                            sign,
                            gamma: gamma.get(i),
                            vega: vega.get(i),
                        };
                        to.put(i, $value);
                    }
                }
            }
        };
    }
    wanted!(PRICE, |x, _o| x.price);
    wanted!(DELTA, |x, o| o.sign * x.delta);
    wanted!(GAMMA, |_x, o| o.gamma);
    wanted!(VEGA, |_x, o| o.vega);
    wanted!(THETA, |x, o| {
        let carried = o.sign * (o.q * x.a_share - o.r * x.b_share);
        carried - 0.5 * x.density * (o.sigma * x.per_root)
    });
    wanted!(RHO, |x, o| o.sign * o.time * x.b_share);
    wanted!(PHI, |x, o| -o.sign * o.time * x.a_share);
    wanted!(VANNA, |x, o, d| -(o.vega * x.per_spot) * d.d2_v);
    wanted!(VOLGA, |x, o, d| o.vega * x.root * (d.d1 * d.d2_v));
    wanted!(CHARM, |x, o, d| {
        let moved = x.per_root * ((o.r - o.q) * x.per_sigma - 0.5 * d.d2_v * o.sigma);
        o.sign * o.q * x.delta - x.density * x.per_spot * moved
    });
    wanted!(VETA, |x, o, d| {
        let carried = o.q + (o.r - o.q) * d.d1_v;
        let decayed = x.per_root * x.per_root + d.d1_v * d.d2_v * (o.sigma * o.sigma);
        o.vega * (carried - 0.5 * decayed)
    });
    wanted!(DUAL_DELTA, |_x, o, d| -o.sign * d.dual_delta);
    wanted!(DUAL_GAMMA, |x, o| {
        let per_strike = 1.0 / o.strike;
        x.density * per_strike * (per_strike * (x.per_root * x.per_sigma))
    });
    wanted!(SPEED, |x, o, d| -o.gamma * x.per_spot * (d.d1_v + 1.0));
    wanted!(COLOR, |x, o, d| {
        let carried = o.q + (o.r - o.q) * d.d1_v;
        let decayed = x.per_root * x.per_root - d.d1_v * d.d2_v * (o.sigma * o.sigma);
        o.gamma * (carried + 0.5 * decayed)
    });
    wanted!(ZOMMA, |x, o, d| o.gamma * x.per_sigma * (d.d1 * d.d2 - 1.0));
    wanted!(ULTIMA, |_x, o, d| {
        let product = d.d1 * d.d2;
        let squares = d.d1_v * d.d1_v + d.d2_v * d.d2_v;
        -o.vega * o.time * (d.d1_v * d.d2_v * (1.0 - product) + squares)
    });
}

/// Lanes outside the domain get the one NaN, and no other lane has any.
///
/// # Safety
/// `n` lanes of the outputs and the states have been put.
#[inline(always)]
pub unsafe fn sweep(outputs: &mut [Block], states: &Marks, n: usize) {
    for x in outputs {
        for i in 0..n {
            // SAFETY: i < n.
            unsafe {
                let valid = if x.get(i).is_nan() { 0.0 } else { x.get(i) };
                x.put(i, if states.get(i) != 0 { NOT_A_NUMBER } else { valid });
            }
        }
    }
}

/// One lane of what the parts are combined with; r and q are the rate and the dividend.
struct Terms {
    strike: f64,
    time: f64,
    r: f64,
    q: f64,
    sigma: f64,
    sign: f64,
    gamma: f64,
    vega: f64,
}

pub struct Greeks;

impl Kernel for Greeks {
    const INPUTS: usize = 7;

    #[inline(always)]
    unsafe fn ordinary(
        inputs: &Inputs,
        outputs: &mut Outputs,
        special: &mut Marks,
        n: usize,
        wanted: i64,
    ) {
        let mut legs = BlockLegs::new();
        let mut parts = BlockParts::new();
        let mut distances = BlockDistances::new();
        // SAFETY: i < n, and what is read has been put.
        unsafe {
            for i in 0..n {
                let [spot, strike, time, rate, dividend, sigma, _] = operands(inputs, i);
                let (lane, marked) = legs_ordinary(spot, strike, time, rate, dividend, sigma);
                legs.put(i, &lane);
                special.put(i, marked);
            }
            for i in 0..n {
                let [spot, _, time, _, _, sigma, sign] = operands(inputs, i);
                let (lane, marked) = ordinary_parts(&legs.get(i), spot, time, sigma, sign);
                parts.put(i, &lane);
                special.put(i, special.get(i) + marked);
            }
            if wanted >> VANNA != 0 {
                for i in 0..n {
                    let [_, strike, _, _, _, _, _] = operands(inputs, i);
                    let b_share = parts.get(i).b_share;
                    distances.put(i, &ordinary_distances(&legs.get(i), b_share, strike));
                }
            }
            combine(&parts, &distances, inputs, outputs, n, wanted);
        }
    }

    #[inline(always)]
    unsafe fn general(
        inputs: &Inputs,
        outputs: &mut Outputs,
        outside: &mut Marks,
        n: usize,
        wanted: i64,
    ) {
        let mut parts = BlockParts::new();
        let mut distances = BlockDistances::new();
        let mut states: Marks = Block::new();
        // SAFETY: i < n, and what is read has been put.
        unsafe {
            for i in 0..n {
                let [spot, strike, time, rate, dividend, sigma, sign] = operands(inputs, i);
                let legs = legs_general(spot, strike, time, rate, dividend, sigma);
                let lane = general_parts(&legs, spot, strike, time, sigma, sign);
                parts.put(i, &lane.0);
                distances.put(i, &lane.1);
                let state = legs.state | sign_state(sign);
                states.put(i, state);
                outside.put(i, i64::from(state == INVALID));
            }
            combine(&parts, &distances, inputs, outputs, n, wanted);
            sweep(&mut outputs[..count_of(wanted)], &states, n);
        }
    }
}
