//! The exercise boundary of American options by its equation, B of Andersen, Lake and Offengenden (2016),
//! in samples of its depth.

use crate::american_boundary::{DiscountedTails, Put, discounted_tails, logarithm};
use crate::elementary::{at_least, fma, log_ratio, two_to};

/// The equation of the boundary is solved for samples of its depth: over sqrt(u) where that starts
/// smoothly, the strike being far from where the boundary starts; else squared.
const LEAST_DEPTH: f64 = two_to(-46);
pub const LEAST_SAMPLE: f64 = two_to(-92);

#[inline(always)]
pub fn is_smooth(p: &Put) -> bool {
    (p.second > 0.0) & (-p.log_start > 0.4 * p.root)
}

#[inline(always)]
pub fn sample_of(depth: f64, smooth: bool, s: f64) -> f64 {
    if smooth { depth / s } else { depth * depth }
}

#[inline(always)]
pub fn depth_of(sample: f64, smooth: bool, s: f64) -> f64 {
    if smooth { sample * s } else { at_least(sample, LEAST_SAMPLE).sqrt() }
}

/// How the depth follows its sample.
#[inline(always)]
pub fn depth_slope(depth: f64, smooth: bool, s: f64) -> f64 {
    if smooth { s } else { 0.5 / depth }
}

/// What is gained by waiting for the time of the node, on either side of the equation: at the
/// boundary of depth `here` after root^2, it having had depth `before` after (root cosine)^2.
#[inline(always)]
pub fn boundary_density(
    p: &Put,
    here: f64,
    before: f64,
    root: f64,
    sine: f64,
    cosine: f64,
) -> DiscountedTails {
    let (s, since) = (root * sine, root * cosine);
    let (u, v) = (s * s, since * since);
    let plus = fma(fma(p.a - p.b, u, before - here), 1.0 / s, 0.5 * s);
    discounted_tails(s - plus, -plus, p.a * v, p.b * v)
}

/// Both sides of the equation, the next depth, and phi(d - root) and phi(d).
pub struct Turn {
    pub depth: f64,
    pub above: f64,
    pub below: f64,
    pub minus_density: f64,
    pub plus_density: f64,
}

/// Both sides of the equation at x = root^2, from their integrals, and the next depth:
/// B = X e^-depth solves B e^((a - b) x) = (N(d - root) + a integral) / (N(d) + b integral).
#[inline(always)]
pub fn turn_of(p: &Put, here: f64, root: f64, minus: f64, plus: f64) -> Turn {
    let x = root * root;
    let drift = (p.a - p.b) * x;
    let d = fma((p.log_start - here) + drift, 1.0 / root, 0.5 * root);
    let tails = discounted_tails(root - d, -d, 0.0, 0.0);
    let (above, below) = (fma(p.a * x, minus, tails.minus), fma(p.b * x, plus, tails.plus));
    let holds = (above > two_to(-900)) & (below > two_to(-900));
    let (above, below) = (if holds { above } else { 1.0 }, if holds { below } else { 1.0 });
    let next = at_least(p.log_start - (logarithm(log_ratio(above, below)) - drift), LEAST_DEPTH);
    Turn {
        depth: if holds { next } else { here },
        above,
        below,
        minus_density: tails.minus_density,
        plus_density: tails.plus_density,
    }
}
