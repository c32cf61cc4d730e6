//! Price and greeks on a normally distributed forward, as many as are wanted.
//!
//! With d = (F - K)/v, the density G = e^(-rT) phi(d) and the chance e^(-rT) N(+-d). Outputs, units
//! and limits are those of greeks.rs; phi, the derivative by a dividend, is 0.

use crate::bachelier_price::{Normal, general_normal, normal_general, ordinary_normal};
use crate::blocks::{Block, Inputs, Kernel, Marks, Outputs, count_of, lanes, operands};
use crate::elementary::{fma, mills, power_of_two, reduce, shift_exponent, times_exp, times_power};
use crate::greeks::{
    CHARM, COLOR, DELTA, DUAL_DELTA, DUAL_GAMMA, GAMMA, PHI, PRICE, RHO, SPEED, THETA, ULTIMA,
    VANNA, VEGA, VETA, VOLGA, ZOMMA, sweep,
};
use crate::legs::INVALID;
use crate::tables::INV_SQRT_2PI;

lanes! {
    /// What the greeks of one option are made of: G, e^(-rT) N(+-d), d, 1/v, 1/sigma, 1/sqrt(T).
    struct NormalParts in BlockNormalParts {
        price, density, chance, d, per_v, per_sigma, per_root,
    }
}

#[inline(always)]
fn ordinary_normal_parts(
    forward: f64,
    strike: f64,
    time: f64,
    rate: f64,
    sigma: f64,
    sign: f64,
) -> (NormalParts, i64) {
    let (price, special) = ordinary_normal(forward, strike, time, rate, sigma, sign);
    let rt = rate * time;
    let rt_low = fma(rate, time, -rt);
    let r = reduce(-rt, -rt_low);
    let root = time.sqrt();
    let v = sigma * root;
    let apart = forward - strike;
    let h = apart.abs() / v;
    let hh = h * h;
    let e = reduce(-0.5 * hh, -0.5 * fma(h, h, -hh));
    let m = mills(h);
    let tail = shift_exponent(times_exp(m.p / m.q, e.r), e.n_magic);
    let chance = if sign * apart > 0.0 { 1.0 - tail } else { tail };
    let density = shift_exponent(times_exp(INV_SQRT_2PI, e.r), e.n_magic);
    let per_v = 1.0 / v;
    let parts = NormalParts {
        price,
        density: shift_exponent(times_exp(density, r.r), r.n_magic),
        chance: shift_exponent(times_exp(chance, r.r), r.n_magic),
        d: apart * per_v,
        per_v,
        per_sigma: root * per_v,
        per_root: sigma * per_v,
    };
    (parts, special)
}

#[inline(always)]
fn general_normal_parts(
    n: &Normal,
    forward: f64,
    strike: f64,
    time: f64,
    rate: f64,
    sigma: f64,
) -> NormalParts {
    let h = if n.h < 54.0 { n.h } else { 54.0 };
    let hh = h * h;
    let e = reduce(-0.5 * hh, -0.5 * fma(h, h, -hh));
    let m = mills(h);
    let beyond = n.h == f64::INFINITY;
    let level = (n.k == 0.0) & (n.v == 0.0);
    let tail = times_exp(m.p / m.q, e.r);
    let rest = 1.0 - tail * power_of_two(if e.n > -1000.0 { e.n } else { -1000.0 });
    let tail = if beyond { 0.0 } else { tail };
    let inside = times_power(times_exp(rest, n.r.r), n.r.n);
    let outside = times_power(times_exp(tail, n.r.r), e.n + n.r.n);
    let density = times_exp(times_exp(INV_SQRT_2PI, e.r), n.r.r);
    let density = times_power(density, e.n + n.r.n);
    let density = if beyond { 0.0 } else { density };
    let root = time.sqrt();
    let per_v = if density == 0.0 { 0.0 } else { 1.0 / n.v };
    let d = (forward - strike) * per_v;
    let moving = sigma > 0.0;
    let at_expiry = if moving { f64::INFINITY } else { 1.0 };
    let level_sigma = if moving { 1.0 / sigma } else { f64::INFINITY };
    let level_root = if time > 0.0 { 1.0 / root } else { at_expiry };
    NormalParts {
        price: general_normal(n, time, rate),
        density,
        chance: if n.inside > 0.0 { inside } else { outside },
        d: if (per_v == 0.0) | level { 0.0 } else { d },
        per_v,
        per_sigma: if level { level_sigma } else { root * per_v },
        per_root: if level { level_root } else { sigma * per_v },
    }
}

/// One lane of what the parts are combined with; r is the rate.
struct Terms {
    time: f64,
    r: f64,
    sigma: f64,
    delta: f64,
    gamma: f64,
    vega: f64,
}

/// The greeks that are wanted, from the parts.
///
/// # Safety
/// Each input points to `n` numbers, and `n` lanes of the parts have been put.
#[inline(always)]
unsafe fn combine_normal(
    parts: &BlockNormalParts,
    inputs: &Inputs,
    outputs: &mut Outputs,
    n: usize,
    wanted: i64,
) {
    let mut delta = Block::new();
    let mut gamma = Block::new();
    let mut vega = Block::new();
    // SAFETY: i < n, and what is read has been put.
    unsafe {
        for i in 0..n {
            let [_, _, time, _, _, sign] = operands(inputs, i);
            let x = parts.get(i);
            delta.put(i, sign * x.chance);
            gamma.put(i, x.density * x.per_v);
            vega.put(i, x.density * time.sqrt());
        }
    }
    let mut outputs = outputs.iter_mut();
    macro_rules! wanted {
        ($greek:ident, |$x:ident, $o:ident| $value:expr) => {
            if wanted >> $greek & 1 != 0
                && let Some(to) = outputs.next()
            {
                for i in 0..n {
                    // SAFETY: i < n, and what is read has been put.
                    unsafe {
                        let [_, _, time, r, sigma, _] = operands(inputs, i);
                        let $x = parts.get(i);
                        let $o = Terms {
                            time,
                            r,
                            sigma,
                            delta: delta.get(i),
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
    wanted!(DELTA, |_x, o| o.delta);
    wanted!(GAMMA, |_x, o| o.gamma);
    wanted!(VEGA, |_x, o| o.vega);
    wanted!(THETA, |x, o| o.r * x.price - 0.5 * x.density * (o.sigma * x.per_root));
    wanted!(RHO, |x, o| -o.time * x.price);
    wanted!(PHI, |_x, _o| 0.0);
    wanted!(VANNA, |x, _o| -x.density * (x.d * x.per_sigma));
    wanted!(VOLGA, |x, o| o.vega * (x.d * x.d) * x.per_sigma);
    wanted!(CHARM, |x, o| {
        let decay = x.per_root * x.per_root;
        o.r * o.delta + 0.5 * x.density * x.d * decay
    });
    wanted!(VETA, |x, o| {
        let decay = x.per_root * x.per_root;
        o.vega * (o.r - 0.5 * fma(x.d, x.d, 1.0) * decay)
    });
    wanted!(DUAL_DELTA, |_x, o| -o.delta);
    wanted!(DUAL_GAMMA, |_x, o| o.gamma);
    wanted!(SPEED, |x, o| -o.gamma * x.d * x.per_v);
    wanted!(COLOR, |x, o| {
        let decay = x.per_root * x.per_root;
        o.gamma * (o.r + 0.5 * fma(-x.d, x.d, 1.0) * decay)
    });
    wanted!(ZOMMA, |x, o| o.gamma * x.per_sigma * fma(x.d, x.d, -1.0));
    wanted!(ULTIMA, |x, o| {
        let dd = x.d * x.d;
        o.vega * (x.per_sigma * x.per_sigma) * (dd * (dd - 3.0))
    });
}

pub struct BachelierGreeks;

impl Kernel for BachelierGreeks {
    const INPUTS: usize = 6;

    #[inline(always)]
    unsafe fn ordinary(
        inputs: &Inputs,
        outputs: &mut Outputs,
        special: &mut Marks,
        n: usize,
        wanted: i64,
    ) {
        let mut parts = BlockNormalParts::new();
        // SAFETY: i < n, and what is read has been put.
        unsafe {
            for i in 0..n {
                let [forward, strike, time, rate, sigma, sign] = operands(inputs, i);
                let (lane, marked) =
                    ordinary_normal_parts(forward, strike, time, rate, sigma, sign);
                parts.put(i, &lane);
                special.put(i, marked);
            }
            combine_normal(&parts, inputs, outputs, n, wanted);
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
        let mut parts = BlockNormalParts::new();
        let mut states: Marks = Block::new();
        // SAFETY: i < n, and what is read has been put.
        unsafe {
            for i in 0..n {
                let [forward, strike, time, rate, sigma, sign] = operands(inputs, i);
                let lane = normal_general(forward, strike, time, rate, sigma, sign);
                parts.put(i, &general_normal_parts(&lane, forward, strike, time, rate, sigma));
                states.put(i, lane.state);
                outside.put(i, i64::from(lane.state == INVALID));
            }
            combine_normal(&parts, inputs, outputs, n, wanted);
            sweep(&mut outputs[..count_of(wanted)], &states, n);
        }
    }
}
