//! The exercise boundary of American options: the put that an option is by symmetry and scaling, and its
//! boundary from the table that all backends share.
//!
//! A call exchanges spot and strike, rate and dividend. The boundary B of a put of strike 1 depends on
//! a = r / sigma^2, b = q / sigma^2 and x = sigma^2 T alone. It starts at X = min(1, a / b), and is kept as
//! its depth -ln(B / X) = w sqrt(u). The table is our own, see docs/american.md.

use crate::elementary::{
    Reduced, at_least, at_most, fma, log_ratio, mills, reduce, shift_exponent, times_exp, two_to,
};
use crate::tables::{AMERICAN_REACH, AMERICAN_T, INV_SQRT_2PI, LN2_HI, LN2_LO};

/// Beyond this the table of the boundary is not believed, and past the others nothing is.
const TABLE_SCALE: f64 = 110.0;
pub const MOST_SCALE: f64 = two_to(17);
pub const LEAST_SCALE: f64 = two_to(-40);
pub const MOST_X: f64 = 1024.0;
pub const LEAST_X: f64 = two_to(-40);
const MOST_X_TWOFOLD: f64 = 128.0;
/// Nor where a negative dividend comes to more than this in the option's time.
const MOST_GROWTH: f64 = 16.0;
/// 1 - X, below which two boundaries meet before they count.
pub const LEAST_APART: f64 = two_to(-16);
const MOST_RATIO: f64 = two_to(300);
const LEAST_RATIO: f64 = two_to(-300);

/// ln x of what `log_ratio` has taken apart.
#[inline(always)]
pub fn logarithm(l: Reduced) -> f64 {
    fma(l.n, LN2_HI, fma(l.n, LN2_LO, l.r))
}

/// e^x, x held within +-700.
#[inline(always)]
pub fn exp_of(x: f64) -> f64 {
    let e = reduce(at_most(at_least(x, -700.0), 700.0), 0.0);
    shift_exponent(times_exp(1.0, e.r), e.n_magic)
}

#[inline(always)]
fn flag(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

/// A put of strike 1 on an underlying of volatility 1, and where the table has its boundary: `t` and
/// `share` are the first two coordinates, from -1 to 1; with z = reach sqrt(u / x) the third is
/// z (1 + bend) / (1 + bend z). The last five are flags: whether a < b, so that X < 1 and the kink at
/// the strike is felt late; whether exercise before expiry ever pays; whether the table holds the
/// boundary; whether it is exercised between two boundaries, b < a < 0; whether its boundaries are found
/// at all, these being ordinary numbers.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Put {
    pub strike: f64,
    pub log_m: f64,
    pub a: f64,
    pub b: f64,
    pub x: f64,
    pub root: f64,
    pub log_start: f64,
    pub t: f64,
    pub share: f64,
    pub bend: f64,
    pub reach: f64,
    pub second: f64,
    pub early: f64,
    pub tabulated: f64,
    pub twofold: f64,
    pub covered: f64,
}

/// Whether an amount is ordinary.
#[inline(always)]
pub fn is_near(amount: f64) -> bool {
    (amount > LEAST_RATIO) & (amount < MOST_RATIO)
}

/// Whether the equation of one boundary is believed.
#[inline(always)]
pub fn grows_little(b: f64, x: f64) -> bool {
    -(b * x) < MOST_GROWTH
}

#[inline(always)]
pub fn put_of([spot, strike, time, rate, dividend, sigma, sign]: [f64; 7]) -> Put {
    let call = sign > 0.0;
    let (s, k) = (if call { strike } else { spot }, if call { spot } else { strike });
    let (r, q) = (if call { dividend } else { rate }, if call { rate } else { dividend });
    let variance = sigma * sigma;
    let per_variance = 1.0 / variance;
    let (a, b) = (r * per_variance, q * per_variance);
    let apart = (a - b).abs();
    let second = q > r;
    let early = (r > 0.0) | (q < r);
    let twofold = (q < r) & (r < 0.0);
    let single = if second { b } else { a + apart };
    let scale = if twofold { -b } else { single };
    let fitting = (scale > LEAST_SCALE) & (scale < MOST_SCALE);
    let near = is_near(s) & is_near(k);
    let opened = !twofold | (apart > LEAST_APART * scale);
    let starts = second & early & fitting & (a > two_to(-900));
    let scale = if fitting { scale } else { 1.0 };
    let bend = at_most(scale, TABLE_SCALE).sqrt();
    let share = at_most(apart / scale, 1.0);
    let (x, root) = (variance * time, sigma * time.sqrt());
    let m = log_ratio(if near { s } else { 1.0 }, if near { k } else { 1.0 });
    let start = log_ratio(if starts { a } else { 1.0 }, if starts { b } else { 1.0 });
    let reach = (x * fma(scale, AMERICAN_REACH, 0.15)).sqrt();
    let calm = if twofold { x < MOST_X_TWOFOLD } else { grows_little(b, x) };
    let fitted = (x <= 3.3) & (a * x <= 0.65) & (apart * x <= 0.75);
    Put {
        strike: k,
        log_m: logarithm(m),
        a,
        b,
        x,
        root,
        log_start: logarithm(start),
        t: fma(AMERICAN_T, bend / (bend + 1.0), -1.0),
        share: fma(2.0, (share * (1.0 + bend)) / fma(bend, share, 1.0), -1.0),
        bend,
        reach,
        second: flag(second),
        early: flag(early),
        tabulated: flag((scale <= TABLE_SCALE) & (reach <= 1.0) & (fitted | !second)),
        twofold: flag(twofold),
        covered: flag(near & opened & fitting & (x > LEAST_X) & (x < MOST_X) & calm),
    }
}

/// The third coordinate of the table, from -1 to 1.
#[inline(always)]
pub fn third_coordinate(p: &Put, z: f64) -> f64 {
    fma(2.0, (z * (1.0 + p.bend)) / fma(p.bend, z, 1.0), -1.0)
}

/// In the first region the table holds f = e^-h, h = sqrt(w^4 / 4 + w^2): w from f.
#[inline(always)]
pub fn first_w(f: f64) -> f64 {
    let f = at_most(at_least(f, two_to(-996)), 1.0);
    let h = at_least(-logarithm(log_ratio(f, 1.0)), 0.0);
    h * (2.0 / (1.0 + fma(h, h, 1.0).sqrt())).sqrt()
}

/// In the second it holds w0, of the payoff without a kink, and g: the kink is felt by e^(g / u), and
/// no more than its distance lets it be.
#[inline(always)]
pub fn second_w(p: &Put, w0: f64, g: f64, per_u: f64) -> f64 {
    let felt = exp_of((-0.5 * p.log_start) * p.log_start * per_u) * (2.0 + per_u / p.b);
    w0 + at_most(exp_of(at_most(g * per_u, 2.0)), felt)
}

/// e^low N(-minus) and e^high N(-plus), and e^low phi(minus) and e^high phi(plus).
pub struct DiscountedTails {
    pub minus: f64,
    pub plus: f64,
    pub minus_density: f64,
    pub plus_density: f64,
}

#[inline(always)]
pub fn discounted_tails(minus: f64, plus: f64, low: f64, high: f64) -> DiscountedTails {
    let m = mills(at_most(minus.abs(), 40.0), at_most(plus.abs(), 40.0));
    let bell_minus = exp_of(fma(-0.5 * minus, minus, low));
    let bell_plus = exp_of(fma(-0.5 * plus, plus, high));
    let (tail_minus, tail_plus) = (bell_minus * m.near, bell_plus * m.far);
    let (whole_minus, whole_plus) = (exp_of(low), exp_of(high));
    DiscountedTails {
        minus: if minus < 0.0 { whole_minus - tail_minus } else { tail_minus },
        plus: if plus < 0.0 { whole_plus - tail_plus } else { tail_plus },
        minus_density: bell_minus * INV_SQRT_2PI,
        plus_density: bell_plus * INV_SQRT_2PI,
    }
}
