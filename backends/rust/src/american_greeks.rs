//! Greeks of an American option: those of the European one, and of the premium for early exercise.
//!
//! In the scaled put of `american_boundary` everything follows from derivatives by ln m, a, b and ln x.
//! Under the integral, with c the distance ln m - ln B, u = s^2 and n+- = m e^(-bu) phi(-d+) and
//! e^(-au) phi(-d-),
//!
//!     f          = a E - b M,  E = e^(-au) N(-d-),  M = m e^(-bu) N(-d+),  k = a n- - b n+
//!     df / dc    = -k / s
//!
//! and the boundary moves with a, b and x: its depth has slopes by a, by b and by the logarithm of the
//! time that is left. All of it is exact for the boundary that the price is made of, but for the slopes
//! of the depth, which have errors of their own: those of the table's derivatives, or of the
//! differentiated equation. No greek is a difference of prices.

use crate::american_boundary::{Put, discounted_tails, exp_of, logarithm};
use crate::american_perpetual::Perpetual;
use crate::american_price::KnownPath;
use crate::elementary::{at_least, at_most, fma, log_ratio, two_to};
use crate::tables::{AMERICAN_REACH, AMERICAN_T};

/// Order of the outputs.
pub const PRICE: usize = 0;
pub const DELTA: usize = 1;
pub const VANNA: usize = 7;
pub const AMERICAN_GREEKS: usize = 11;

/// How the coordinates of the table follow a and b.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Directions {
    pub t_a: f64,
    pub t_b: f64,
    pub share_a: f64,
    pub share_b: f64,
    pub bend_a: f64,
    pub bend_b: f64,
    pub reach_a: f64,
    pub reach_b: f64,
}

#[inline(always)]
pub fn directions_of(p: &Put) -> Directions {
    let second = p.second > 0.0;
    let apart = (p.a - p.b).abs();
    let scale = if second { p.b } else { p.a + apart };
    let per_scale = 1.0 / scale;
    let share = apart * per_scale;
    let (scale_a, scale_b) = (if second { 0.0 } else { 2.0 }, if second { 1.0 } else { -1.0 });
    let turned = if second { -per_scale } else { per_scale };
    let share_a = turned * if second { 1.0 } else { p.b * per_scale };
    let share_b = -turned * (p.a * per_scale);
    let (bend, sum) = (0.5 / p.bend, p.bend + 1.0);
    let per_sum = 1.0 / fma(p.bend, share, 1.0);
    let t = AMERICAN_T / (sum * sum) * bend;
    let by_share = 2.0 * sum * (per_sum * per_sum);
    let by_bend = 2.0 * share * (1.0 - share) * (per_sum * per_sum) * bend;
    let reach = 0.5 * AMERICAN_REACH * p.reach / fma(scale, AMERICAN_REACH, 0.15);
    Directions {
        t_a: t * scale_a,
        t_b: t * scale_b,
        share_a: fma(by_share, share_a, by_bend * scale_a),
        share_b: fma(by_share, share_b, by_bend * scale_b),
        bend_a: bend * scale_a,
        bend_b: bend * scale_b,
        reach_a: reach * scale_a,
        reach_b: reach * scale_b,
    }
}

/// A depth, and its slopes: by a, by b, by the logarithm of the time that is left.
#[derive(Clone, Copy)]
pub struct Slopes {
    pub depth: f64,
    pub by_a: f64,
    pub by_b: f64,
    pub by_time: f64,
}

/// A series at a point, and its slope.
pub struct Sloped {
    pub value: f64,
    pub slope: f64,
}

/// A value of the table: by a, by b, and z times its slope by z.
pub struct Tabulated {
    pub value: f64,
    pub by_a: f64,
    pub by_b: f64,
    pub by_z: f64,
}

/// The third coordinate bent as in `third_coordinate`.
#[inline(always)]
pub fn bent(
    p: &Put,
    to: &Directions,
    z: f64,
    cosine: f64,
    at: Sloped,
    by_a: f64,
    by_b: f64,
) -> Tabulated {
    let per = 1.0 / fma(p.bend, z, 1.0);
    let twice = 2.0 * per * per * at.slope;
    let (by_z, by_bend) = (twice * (p.bend + 1.0), twice * (z * (1.0 - z)));
    Tabulated {
        value: at.value,
        by_a: fma(by_z * cosine, to.reach_a, fma(by_bend, to.bend_a, by_a)),
        by_b: fma(by_z * cosine, to.reach_b, fma(by_bend, to.bend_b, by_b)),
        by_z: by_z * z,
    }
}

/// One that is not bent.
#[inline(always)]
pub fn unbent(to: &Directions, z: f64, cosine: f64, at: Sloped, by_a: f64, by_b: f64) -> Tabulated {
    let by_z = 2.0 * at.slope;
    Tabulated {
        value: at.value,
        by_a: fma(by_z * cosine, to.reach_a, by_a),
        by_b: fma(by_z * cosine, to.reach_b, by_b),
        by_z: by_z * z,
    }
}

/// From w and its slopes.
#[inline(always)]
fn slopes_of(w: Tabulated, s: f64) -> Slopes {
    Slopes {
        depth: w.value * s,
        by_a: w.by_a * s,
        by_b: w.by_b * s,
        by_time: 0.5 * s * (w.by_z + w.value),
    }
}

/// The depth from f in the first region.
#[inline(always)]
pub fn first_slopes(f: Tabulated, s: f64) -> Slopes {
    let held = at_most(at_least(f.value, two_to(-996)), 1.0);
    let h = at_least(-logarithm(log_ratio(held, 1.0)), 0.0);
    let root = fma(h, h, 1.0).sqrt();
    let slope = -(0.5 * (1.0 + root)).sqrt() / (root * held);
    let by_f = if f.value == held { slope } else { 0.0 };
    let w = Tabulated {
        value: h * (2.0 / (1.0 + root)).sqrt(),
        by_a: by_f * f.by_a,
        by_b: by_f * f.by_b,
        by_z: by_f * f.by_z,
    };
    slopes_of(w, s)
}

/// The depth from w0 and g in the second.
#[inline(always)]
pub fn second_slopes(p: &Put, w0: Tabulated, g: Tabulated, s: f64) -> Slopes {
    let per_u = 1.0 / (s * s);
    let (exponent, start) = (g.value * per_u, p.log_start);
    let late = exp_of(at_most(exponent, 2.0));
    let bell = exp_of((-0.5 * start) * start * per_u);
    let per_b = 1.0 / p.b;
    let (felt, tail) = (bell * (2.0 + per_u / p.b), bell * per_u * per_b);
    let moved = if exponent < 2.0 { late * per_u } else { 0.0 };
    let pulled = felt * start * per_u;
    let held = felt < late;
    let kink_b = fma(pulled, per_b, -(tail * per_b));
    let kink_z = fma(pulled, start, -2.0 * tail);
    let w = Tabulated {
        value: w0.value + at_most(late, felt),
        by_a: w0.by_a + if held { -pulled / p.a } else { moved * g.by_a },
        by_b: w0.by_b + if held { kink_b } else { moved * g.by_b },
        by_z: w0.by_z + if held { kink_z } else { moved * fma(-2.0, g.value, g.by_z) },
    };
    slopes_of(w, s)
}

/// The premium over the strike, and its derivatives: by ln m, twice by ln m, by ln x, a and b, and
/// those three by ln m.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct PremiumSlopes {
    pub value: f64,
    pub by_m: f64,
    pub by_mm: f64,
    pub by_x: f64,
    pub by_a: f64,
    pub by_b: f64,
    pub by_mx: f64,
    pub by_ma: f64,
    pub by_mb: f64,
}

/// What the integrand at u = x sine^2 adds to it at a weight.
#[inline(always)]
pub fn premium_slopes<const SECOND_ORDER: bool>(
    p: &Put,
    sum: PremiumSlopes,
    at: Slopes,
    sine: f64,
    weight: f64,
) -> PremiumSlopes {
    let s = p.root * sine;
    let (u, per_s, drift) = (s * s, 1.0 / s, (p.a - p.b) * s);
    let second = p.second > 0.0;
    let depth_a = at.by_a - if second { 1.0 / p.a } else { 0.0 };
    let depth_b = at.by_b + if second { 1.0 / p.b } else { 0.0 };
    let distance = (p.log_m - p.log_start) + at.depth;
    let plus = fma(fma(p.a - p.b, u, distance), per_s, 0.5 * s);
    let minus = plus - s;
    let tails = discounted_tails(minus, plus, -(p.a * u), fma(-p.b, u, p.log_m));
    let (e, m) = (tails.minus, tails.plus);
    let (own, other) = (p.a * tails.minus_density, p.b * tails.plus_density);
    let (k, both) = (own - other, own + other);
    let k_s = k * per_s;
    let (move_a, move_b) = (fma(depth_a, per_s, s), fma(-depth_b, per_s, s));
    let (left_a, left_b) = (fma(-p.a, u, 1.0), fma(-p.b, u, 1.0));
    let apart = fma(-distance, per_s, drift);
    let grown = u * fma(p.b * p.b, m, -(p.a * p.a * e));
    let by_x = fma(-0.5 * k, apart, fma(0.25 * s, both, grown));
    let mut out = PremiumSlopes {
        value: fma(weight, fma(p.a, e, -(p.b * m)), sum.value),
        by_m: fma(weight, -fma(p.b, m, k_s), sum.by_m),
        by_mm: fma(weight, fma(plus, k_s, other) * per_s, sum.by_mm),
        by_x: fma(weight, fma(-k_s, at.by_time, by_x), sum.by_x),
        by_a: fma(weight, fma(left_a, e, -(k * move_a)), sum.by_a),
        by_b: fma(weight, fma(k, move_b, -(left_b * m)), sum.by_b),
        ..sum
    };
    if SECOND_ORDER {
        let slope = minus * k_s; // minus that of k by ln m
        let mut by_mx = fma(0.5, fma(slope, apart, k_s), -0.25 * minus * both);
        by_mx += fma(u * p.b * p.b, m, s * (p.a * own - p.b * other));
        out.by_mx = fma(weight, fma(slope * per_s, at.by_time, by_mx), sum.by_mx);
        let gone_a = left_a * (tails.minus_density * per_s);
        out.by_ma = fma(weight, fma(slope, move_a, -gone_a), sum.by_ma);
        let gone_b = fma(-tails.plus_density, per_s, m);
        out.by_mb = fma(weight, -fma(slope, move_b, left_b * gone_b), sum.by_mb);
    }
    out
}

/// The premium over the strike, and its greeks, from derivatives in the scaled put.
#[inline(always)]
pub fn premium_greeks(
    p: &Put,
    by: PremiumSlopes,
    [spot, strike, time, _, _, sigma, sign]: [f64; 7],
) -> [f64; AMERICAN_GREEKS] {
    let call = sign > 0.0;
    let (k, s) = (p.strike, if call { strike } else { spot });
    let (per_m, per_sigma) = (k / s, 1.0 / sigma);
    let (value, first, second) = (p.x * by.value, p.x * by.by_m, p.x * by.by_mm);
    let (x, mx) = (fma(p.x, by.by_x, value), fma(p.x, by.by_mx, first));
    let (a, b, ma, mb) = (p.x * by.by_a, p.x * by.by_b, p.x * by.by_ma, p.x * by.by_mb);
    let vega = 2.0 * (x - fma(p.a, a, p.b * b)) * per_sigma;
    let vanna = 2.0 * (mx - fma(p.a, ma, p.b * mb)) * per_sigma;
    let (own, other, per_time) = (first * per_m, value - first, 1.0 / time);
    let (own_twice, other_twice) = (second * per_m / s, second / k);
    let rate = k * a * per_sigma * per_sigma;
    let dividend = k * b * per_sigma * per_sigma;
    [
        value,
        if call { other } else { own },
        if call { other_twice } else { own_twice },
        k * vega,
        -(k * x * per_time),
        if call { dividend } else { rate },
        if call { rate } else { dividend },
        if call { vega - vanna } else { vanna * per_m },
        -(if call { x - mx } else { mx * per_m } * per_time),
        if call { own } else { other },
        if call { own_twice } else { other_twice },
    ]
}

/// The greeks of an option whose time hardly ends: by g, the value changes as -value (ln m - ln B).
pub fn greeks_of_endless_time(
    e: &Perpetual,
    value: f64,
    [spot, strike, _, _, _, sigma, sign, _]: [f64; 8],
) -> [f64; AMERICAN_GREEKS] {
    let call = sign > 0.0;
    let (s, k) = if call { (strike, spot) } else { (spot, strike) };
    let (more, square) = (1.0 + e.power, sigma * sigma);
    let (curved, per_root) = (e.power * more, value / e.root);
    let (pull, turn) = (per_root * e.distance, curved * per_root / sigma);
    let (by_spot, by_strike) = (-(e.power * value) / s, more * value / k);
    let (twice, other) = (curved * value / s / s, curved * value / k / k);
    let (by_rate, by_dividend) = (-(more * pull) / square, e.power * pull / square);
    let vanna = turn * fma(-e.power, e.distance, 1.0) / s;
    let dual_vanna = turn * fma(more, e.distance, -1.0) / k;
    [
        value,
        if call { by_strike } else { by_spot },
        if call { other } else { twice },
        curved * pull / sigma,
        0.0,
        if call { by_dividend } else { by_rate },
        if call { by_rate } else { by_dividend },
        if call { dual_vanna } else { vanna },
        0.0,
        if call { by_spot } else { by_strike },
        if call { twice } else { other },
    ]
}

/// The greeks of an option that is exercised: nothing changes but what exercise brings.
#[inline(always)]
pub fn greeks_of_exercise(now: f64, sign: f64) -> [f64; AMERICAN_GREEKS] {
    [now, sign, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -sign, 0.0]
}

/// Those of an option without volatility that is best exercised at a time between now and expiry.
pub fn greeks_without_volatility(p: &KnownPath, sign: f64) -> [f64; AMERICAN_GREEKS] {
    let call = sign > 0.0;
    let (by_strike, by_spot) = (exp_of(-(p.rate * p.t)), -exp_of(-(p.dividend * p.t)));
    let twice = p.dividend * by_spot / (p.spot * (p.rate - p.dividend));
    let ratio = p.spot / p.strike;
    let other = twice * ratio * ratio;
    let rate = -(p.t * p.strike * by_strike);
    let dividend = -(p.t * p.spot * by_spot);
    [
        p.then,
        if call { by_strike } else { by_spot },
        if call { other } else { twice },
        0.0,
        0.0,
        if call { dividend } else { rate },
        if call { rate } else { dividend },
        0.0,
        0.0,
        if call { by_spot } else { by_strike },
        if call { twice } else { other },
    ]
}
