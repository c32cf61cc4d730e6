//! Two exercise boundaries: of a scaled put where b < a < 0, exercised between them.
//!
//! Who comes from above meets the upper one first, who comes from below the lower one: neither knows of
//! the other. The upper boundary is that of an option with one. The lower one is X = a / b at expiry and
//! X e^(w sqrt(u)) before: 1 over the boundary of the payoff without a kink, rates exchanged. Where they
//! meet exercise before expiry begins: for longer times the premium is the integral over the shorter ones,
//!
//!     premium / K = integral over v from 0 to y of f(x - v, B(v)) - f(x - v, Y(v)),
//!
//! f being the integrand of `american_price`. The boundaries and the time y when they meet, or x, are found
//! together. Source: Andersen and Lake (2021), Fast American option pricing: the double-boundary case.

use crate::american_boundary::{Put, logarithm};
use crate::american_equation::LEAST_SAMPLE;
use crate::elementary::{at_least, at_most, fma, log_ratio, two_to};
use crate::tables::{AMERICAN_W_START, INV_SQRT_2PI};

/// The square root of `LEAST_X`, and how much the last step may change.
const LEAST_ROOT: f64 = two_to(-20);
const SETTLED: f64 = two_to(-10);

/// -ln X: how far apart the boundaries are at expiry.
#[inline(always)]
pub fn apart_of(p: &Put) -> f64 {
    logarithm(log_ratio(-p.b, at_least(-p.a, two_to(-900))))
}

/// The same put with root^2 left.
#[inline(always)]
pub fn up_to(p: &Put, root: f64) -> Put {
    Put { x: root * root, root, ..*p }
}

/// The put to whose boundary the lower one is the inverse, but for the kink.
#[inline(always)]
pub fn below_of(p: &Put) -> Put {
    Put { a: p.b, b: p.a, ..*p }
}

/// W of the upper boundary where sqrt(u) = s is small: w^2 = -ln(8 pi ((a - b) s)^2).
#[inline(always)]
pub fn early_w(p: &Put, s: f64) -> f64 {
    let reach = at_least((p.a - p.b) * s, two_to(-100));
    at_least(2.0 * logarithm(log_ratio(0.5 * INV_SQRT_2PI, reach)), 0.4).sqrt()
}

/// Sqrt(y), the sum of both w being this one.
#[inline(always)]
pub fn meeting(p: &Put, apart: f64, w: f64) -> f64 {
    at_most(at_least(apart / w, LEAST_ROOT), p.root)
}

/// A first guess of sqrt(y).
#[inline(always)]
pub fn first_meeting(p: &Put, apart: f64) -> f64 {
    meeting(p, apart, early_w(p, at_most(0.25 * apart, p.root)) + AMERICAN_W_START)
}

/// Sqrt(y) from the boundaries at root^2: the squared depth of the upper, w of the lower.
#[inline(always)]
pub fn next_meeting(p: &Put, apart: f64, sample: f64, w: f64, root: f64) -> f64 {
    meeting(p, apart, at_least(sample, LEAST_SAMPLE).sqrt() / root + w)
}

/// The next w of the lower boundary from the integrals of its equation.
#[inline(always)]
pub fn turn_below(below: &Put, w: f64, root: f64, minus: f64, plus: f64) -> f64 {
    let holds = (minus > two_to(-900)) & (plus > two_to(-900));
    let ratio =
        logarithm(log_ratio(if holds { minus } else { 1.0 }, if holds { plus } else { 1.0 }));
    let drift = (below.a - below.b) * root * root;
    if holds { (drift - ratio) / root } else { w }
}

/// Whether the last step has changed little.
#[inline(always)]
pub fn is_settled(before: f64, after: f64, unit: f64) -> bool {
    (after - before).abs() <= SETTLED * unit
}

/// Of a node before the boundaries meet: sqrt(u / x) for u = x - (until cosine)^2.
#[inline(always)]
pub fn sine_until(root: f64, until: f64, cosine: f64) -> f64 {
    let share = until / root * cosine;
    ((1.0 - share) * (1.0 + share)).sqrt()
}

/// The same put for the premium's integrand below the lower boundary, whose depth is -w s.
#[inline(always)]
pub fn outside_below(p: &Put, apart: f64) -> Put {
    Put { log_start: -apart, ..*p }
}

/// What is known of a put with two boundaries: how far they are apart at expiry, the square root of the
/// time until they meet, their depths now, the integrals over what lies below each.
pub struct Between {
    pub apart: f64,
    pub until: f64,
    pub now_above: f64,
    pub now_below: f64,
    pub upper: f64,
    pub lower: f64,
}

/// The value, from what exercise brings now and the European price.
#[inline(always)]
pub fn double_value(p: &Put, x: &Between, now: f64, european: f64) -> f64 {
    let alive = x.until < p.root;
    let lower = if alive { x.lower } else { 0.0 };
    let above = fma(p.strike, at_least(x.upper - lower, 0.0), european);
    let below = fma(p.strike, at_least(-x.lower, 0.0), now);
    let between = if p.log_m < -x.apart - x.now_below { below } else { now };
    let value = if alive | (p.log_m > -x.now_above) { above } else { between };
    at_least(at_least(value, now), european)
}
