//! Price and greeks on a normally distributed forward, as many as are wanted.
//!
//! With d = (F - K)/v, the density G = e^(-rT) phi(d) and the chance e^(-rT) N(+-d). Outputs, units
//! and limits are those of greeks.rs; phi, the derivative by a dividend, is 0.

use crate::bachelier_price::{Normal, general_normal, normal_general, ordinary_normal};
use crate::blocks::Kernel;
use crate::elementary::{
    at_least, exp_minus_1, fma, gauss_exponent, loss, power_of_two, reduce, shift_exponent, sum,
    tail_numerator, times_exp, times_power, two_to, zero_times,
};
use crate::greeks::{
    CHARM, COLOR, DELTA, DUAL_DELTA, DUAL_GAMMA, FIRST, GAMMA, GREEKS, PHI, PRICE, RHO, SECOND,
    SPEED, THETA, ULTIMA, VANNA, VEGA, VETA, VOLGA, ZOMMA, sweep,
};
use crate::lanes::{Block, Inputs, Mark, Marks, Outputs, addresses, operands, write_lanes};
use crate::legs::{INVALID, deviation_ordinary, magnitude};
use crate::tables::INV_SQRT_2PI;

/// The inputs of one lane.
struct NormalOption {
    forward: f64,
    strike: f64,
    time: f64,
    rate: f64,
    sigma: f64,
    sign: f64,
}

/// # Safety
/// Each input points to more than `i` numbers.
#[inline(always)]
unsafe fn normal_option_at(inputs: &Inputs, i: usize) -> NormalOption {
    // SAFETY: the caller's promise.
    let [forward, strike, time, rate, sigma, sign] = unsafe { operands(inputs, i) };
    NormalOption { forward, strike, time, rate, sigma, sign }
}

/// What the greeks of one option are made of: G, e^(-rT) N(+-d), d, 1/v, sqrt(T), 1/sqrt(T),
/// 1/sigma.
struct NormalParts {
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

/// The parts, and 1 where this form may not hold.
#[inline(always)]
fn ordinary_normal_parts(x: &NormalOption) -> (NormalParts, Mark) {
    let (price, special) = ordinary_normal(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign);
    let rt = x.rate * x.time;
    let rt_low = fma(x.rate, x.time, -rt);
    let r = reduce(-rt, -rt_low);
    let apart = sum(x.forward, -x.strike);
    let d = deviation_ordinary(magnitude(apart), x.time, x.sigma);
    let e = gauss_exponent(d.h, d.h_low);
    let growth = exp_minus_1(e.r);
    let m = tail_numerator(d.h) / loss(d.h).q;
    let tail = shift_exponent(fma(m, growth, m), e.n_magic);
    let chance = if x.sign * apart.high > 0.0 { 1.0 - tail } else { tail };
    let density = shift_exponent(fma(INV_SQRT_2PI, growth, INV_SQRT_2PI), e.n_magic);
    let density = shift_exponent(times_exp(density, r.r), r.n_magic);
    let per_root = x.sigma * d.per_v;
    let holds = x.time > two_to(-1000);
    let parts = NormalParts {
        price,
        density,
        chance: shift_exponent(times_exp(chance, r.r), r.n_magic),
        d: apart.high * d.per_v,
        per_v: d.per_v,
        root: d.root,
        per_root,
        per_sigma: d.root * d.per_v,
        theta: x.rate * price - 0.5 * density * (x.sigma * per_root),
    };
    (parts, special | Mark::from(!holds))
}

#[inline(always)]
fn general_normal_parts(n: &Normal, x: &NormalOption) -> NormalParts {
    let m = tail_numerator(n.d.h) / loss(n.d.h).q;
    let beyond = n.h == f64::INFINITY;
    let endless = n.d.v == f64::INFINITY;
    let level = (n.inside.high == 0.0) & (n.d.v < two_to(-1000));
    let tail = fma(m, n.growth, m);
    let rest = 1.0 - tail * power_of_two(at_least(n.e.n, -1000.0));
    let tail = if beyond { 0.0 } else { tail };
    let inside = times_power(times_exp(rest, n.r.r), n.r.n);
    let outside = times_power(times_exp(tail, n.r.r), n.e.n + n.r.n);
    let density = times_exp(fma(INV_SQRT_2PI, n.growth, INV_SQRT_2PI), n.r.r);
    let density = times_power(density, n.e.n + n.r.n);
    let density = if beyond { 0.0 } else { density };
    let price = general_normal(n, x.time, x.rate);
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
    NormalParts {
        price,
        density,
        chance: if n.inside.high > 0.0 { inside } else { outside },
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
fn normal_greeks_of<const N: usize>(x: &NormalOption, p: &NormalParts) -> [f64; N] {
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

pub struct BachelierGreeks;

impl Kernel for BachelierGreeks {
    const INPUTS: usize = 6;

    #[inline(always)]
    unsafe fn ordinary(
        inputs: &Inputs,
        outputs: &Outputs,
        special: &mut Marks,
        n: usize,
        wanted: i64,
    ) {
        let mut spare = Block::new();
        macro_rules! up_to {
            ($order:ident) => {
                // SAFETY: i < n.
                unsafe {
                    write_lanes(
                        addresses::<$order>(outputs, &mut spare, wanted),
                        special,
                        n,
                        #[inline(always)]
                        |i| {
                            let option = normal_option_at(inputs, i);
                            let (parts, marked) = ordinary_normal_parts(&option);
                            (normal_greeks_of(&option, &parts), marked)
                        },
                    )
                }
            };
        }
        if wanted >> SECOND != 0 {
            up_to!(GREEKS);
        } else if wanted >> FIRST != 0 {
            up_to!(SECOND);
        } else {
            up_to!(FIRST);
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
                    let x = normal_option_at(inputs, i);
                    let lane = normal_general(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign);
                    let greeks = normal_greeks_of(&x, &general_normal_parts(&lane, &x));
                    (sweep(greeks, lane.state), Mark::from(lane.state == INVALID))
                },
            );
        }
    }
}
