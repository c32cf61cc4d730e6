//! American price on a lognormal underlying: the European price and the premium for exercise before
//! expiry. For the scaled put of `american_boundary`
//!
//!     premium / K = integral over u from 0 to x of a e^(-a u) N(s - d) - b m e^(-b u) N(-d),
//!     m = S / K,  s = sqrt(u),  d = (ln(m / B(x - u)) + (a - b) u) / s + s / 2.
//!
//! With u = x sin^2(theta) Gauss-Legendre nodes in theta serve, and no root is left at either end.
//! Source: Kim (1990).

use crate::american_boundary::{Put, discounted_tails, exp_of, logarithm};
use crate::elementary::{at_least, fma, log_ratio, two_to};

/// What an option asks for: how it may be exercised, and how closely that is to be valued.
pub const EUROPEAN: f64 = 0.0;
pub const FAST: f64 = 1.0;
pub const STANDARD: f64 = 2.0;
pub const HIGH: f64 = 3.0;

/// The premium's integrand at u = x sine^2, the boundary at x - u having this depth.
#[inline(always)]
pub fn premium_density(p: &Put, depth: f64, sine: f64) -> f64 {
    let s = p.root * sine;
    let u = s * s;
    let distance = (p.log_m - p.log_start) + depth;
    let plus = fma(fma(p.a - p.b, u, distance), 1.0 / s, 0.5 * s);
    let tails = discounted_tails(plus - s, plus, -(p.a * u), fma(-p.b, u, p.log_m));
    fma(p.a, tails.minus, -(p.b * tails.plus))
}

/// Exercise where the underlying's path is known: K e^(-r t) - S e^(-q t) now, and at the time t before
/// expiry where it is level; 0 if there is none. At expiry it is the European price.
pub struct KnownPath {
    pub strike: f64,
    pub spot: f64,
    pub rate: f64,
    pub dividend: f64,
    pub t: f64,
    pub now: f64,
    pub then: f64,
}

#[inline(always)]
pub fn known_path([spot, strike, time, rate, dividend, _, sign]: [f64; 7]) -> KnownPath {
    let call = sign > 0.0;
    let (s, k) = if call { (strike, spot) } else { (spot, strike) };
    let (r, q) = if call { (dividend, rate) } else { (rate, dividend) };
    let per = (q * s) / (r * k);
    let level = (per > two_to(-1000)) & (per < two_to(1000)) & (q != r);
    let t =
        logarithm(log_ratio(if level { per } else { 1.0 }, 1.0)) / if level { q - r } else { 1.0 };
    let t = if level & (t > 0.0) & (t < time) { t } else { 0.0 };
    let then = fma(k, exp_of(-(r * t)), -(s * exp_of(-(q * t))));
    KnownPath { strike: k, spot: s, rate: r, dividend: q, t, now: at_least(k - s, 0.0), then }
}

/// The value at the best of these times.
#[inline(always)]
pub fn value_without_volatility(p: &KnownPath, european: f64) -> f64 {
    at_least(at_least(p.then, european), p.now)
}
