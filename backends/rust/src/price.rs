//! European price on a lognormal underlying.
//!
//! With the legs A and B, h and v as in legs.rs, t = v/2 and M(x) = N(-x)/phi(x):
//!
//!     price = max(+-(A - B), 0) + min(A, B) phi(h - t) (M(h - t) - M(h + t))
//!
//! where nothing cancels: the difference of M is its slope, a sum of positive terms, times v. For
//! h - t < -1/2, where M(h - t) grows without bound, the complement is taken, the factor of
//! min(A, B) being 1 - phi(t - h) (M(t - h) + M(t + h)).
//!
//! Limits: NaN in, NaN out. Negative spot, strike, time or sigma, both spot and strike infinite,
//! 0 times infinity in sigma sqrt(T), an infinite rate, a sign other than +-1: NaN and `invalid`.
//! sigma or T zero: discounted intrinsic value. Everything else is the formula's limit.
//!
//! Error out of the money at most 11 ulp, in it 4 ulp of max(A, B), see docs/numerics.md.

use crate::elementary::{at_least, at_most, fma, power_of_two, shift_exponent, two_to};
use crate::legs::{Deviation, GeneralLegs, Legs, Separation, Tails, is_straight, on_common_scale};

/// phi(near) (M(near) - M(far)) over the power of two of the exponential: the out-of-the-money price
/// over the lesser leg, or less what that lacks to 1. What rounding took from near and far counts by
/// the slopes of M, and near's in the exponential too.
#[inline(always)]
fn time_value(d: &Deviation, at: &Tails) -> f64 {
    let low = fma(at.far_loss, at.far_low, -(at.near_loss * at.near_low));
    let within = fma(d.v, at.m.slope, fma(at.width, at.m.slope, low));
    let factor = if at.within { within } else { low - (at.m.near + at.m.far) };
    fma(factor, at.growth, factor)
}

/// The price, and whether it is special: this form may not hold.
#[inline(always)]
pub fn price_ordinary(legs: &Legs, d: &Deviation, at: &Tails, sign: f64) -> (f64, bool) {
    let below = legs.y.high < 0.0;
    let least = if below { legs.a } else { legs.b };
    let most = if below { legs.b } else { legs.a };
    let least_low = if below { legs.a_low } else { legs.b_low };
    let most_low = if below { legs.b_low } else { legs.a_low };
    let moneyness = if below { -sign } else { sign }; // > 0: in the money
    let factor = shift_exponent(time_value(d, at), at.e.n_magic);
    let factor = if at.within { factor } else { 1.0 + factor };
    let low = least_low * factor;
    let otm_price = fma(least, factor, low);
    let gap = most - least;
    let low = low + (((most - gap) - least) + (most_low - least_low));
    let itm_price = gap + fma(least, factor, low);
    let price = if moneyness > 0.0 { itm_price } else { otm_price };
    let holds = (legs.load < 300.0)
        & is_straight(legs.bend, at.x, d.v)
        & (least > two_to(-64))
        & (most > two_to(-64))
        & (most < two_to(300))
        & (d.v > two_to(-60))
        & (at.x < 34.0)
        & (sign.abs() == 1.0);
    (at_least(price, 0.0), !holds)
}

/// price = value 2^exponent
pub struct GeneralPrice {
    pub value: f64,
    pub exponent: f64,
}

#[inline(always)]
pub fn price_general(legs: &GeneralLegs, separation: &Separation, sign: f64) -> GeneralPrice {
    let Separation { y, d, at } = separation;
    let below = y.high < 0.0;
    let common = on_common_scale(legs);
    let least = if below { legs.a } else { legs.b };
    let least_exponent = if below { legs.a_exponent } else { legs.b_exponent };
    let least_beside = if below { common.a } else { common.b };
    let most_beside = if below { common.b } else { common.a };
    let least_low = if below { legs.a_low } else { legs.b_low };
    let a_low = legs.a_low * common.a_scale;
    let b_low = legs.b_low * common.b_scale;
    let gap_low = if below { b_low - a_low } else { a_low - b_low };

    // At expiry, without volatility or with a leg of 0 or infinity only the intrinsic value is.
    let settled = (d.v == 0.0)
        | (common.a == 0.0)
        | (common.b == 0.0)
        | (common.a == f64::INFINITY)
        | (common.b == f64::INFINITY);
    let factor = time_value(d, at);
    let all_but = 1.0 + factor * power_of_two(at_least(at.e.n, -1000.0));
    let factor = if at.within { factor } else { all_but };
    let factor = if settled { 0.0 } else { factor };
    let exponent = if at.within { least_exponent + at.e.n } else { least_exponent };
    let low = least_low * factor;
    let otm_price = fma(least, factor, low);
    let scale = power_of_two(at_most(at_least(exponent - common.top, -1000.0), 1000.0));
    let gap = most_beside - least_beside;
    let low = low * scale + (((most_beside - gap) - least_beside) + gap_low);
    let itm_price = gap + fma(least * scale, factor, low);
    let itm_price = if most_beside == f64::INFINITY { f64::INFINITY } else { itm_price };
    let in_the_money = (if below { -sign } else { sign }) > 0.0;
    let price = at_least(if in_the_money { itm_price } else { otm_price }, 0.0);
    let exponent = if in_the_money { common.top } else { exponent };

    // Endless volatility leaves all of one leg, and not a rounding error of the other.
    let endless = (d.v == f64::INFINITY) & !settled;
    let whole = if sign > 0.0 { legs.a } else { legs.b };
    let whole_exponent = if sign > 0.0 { legs.a_exponent } else { legs.b_exponent };
    GeneralPrice {
        value: if endless { whole } else { price },
        exponent: if endless { whole_exponent } else { exponent },
    }
}
