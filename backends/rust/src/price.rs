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

use crate::blocks::Kernel;
use crate::elementary::{
    Sum, at_least, at_most, fma, power_of_two, shift_exponent, times_power, two_to,
};
use crate::lanes::{Inputs, Mark, Marks, Outputs, operands, write_lanes};
use crate::legs::{
    Apart, BlockSides, Deviation, GeneralSides, INVALID, NOT_A_NUMBER, Sides, Tails, apart_general,
    beside, deviation_ordinary, is_straight, magnitude, sides_general, sides_ordinary, sigma_state,
    sign_state, tails_ordinary,
};

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

/// The price, and 1 where this form may not hold.
#[inline(always)]
pub fn ordinary_price(sides: &Sides, d: &Deviation, at: &Tails, sign: f64) -> (f64, Mark) {
    let below = sides.y < 0.0;
    let least = if below { sides.a } else { sides.b };
    let most = if below { sides.b } else { sides.a };
    let least_low = if below { sides.a_low } else { sides.b_low };
    let most_low = if below { sides.b_low } else { sides.a_low };
    let moneyness = if below { -sign } else { sign }; // > 0: in the money
    let factor = shift_exponent(time_value(d, at), at.e.n_magic);
    let factor = if at.within { factor } else { 1.0 + factor };
    let low = least_low * factor;
    let outside = fma(least, factor, low);
    let gap = most - least;
    let low = low + (((most - gap) - least) + (most_low - least_low));
    let inside = gap + fma(least, factor, low);
    let price = if moneyness > 0.0 { inside } else { outside };
    let holds = (sides.load < 300.0)
        & is_straight(sides.bend, at.x, d.v)
        & (least > two_to(-64))
        & (most > two_to(-64))
        & (most < two_to(300))
        & (d.v > two_to(-60))
        & (at.x < 34.0)
        & (sign.abs() == 1.0);
    (at_least(price, 0.0), Mark::from(!holds))
}

/// price = value 2^exponent
pub struct GeneralPrice {
    pub value: f64,
    pub exponent: f64,
}

#[inline(always)]
pub fn general_price(sides: &GeneralSides, apart: &Apart, sign: f64) -> GeneralPrice {
    let Apart { y, d, at } = apart;
    let below = y.high < 0.0;
    let legs = beside(sides.a, sides.a_exponent, sides.b, sides.b_exponent);
    let least = if below { sides.a } else { sides.b };
    let least_exponent = if below { sides.a_exponent } else { sides.b_exponent };
    let least_beside = if below { legs.a } else { legs.b };
    let most_beside = if below { legs.b } else { legs.a };
    let least_low = if below { sides.a_low } else { sides.b_low };
    let a_low = sides.a_low * legs.a_scale;
    let b_low = sides.b_low * legs.b_scale;
    let gap_low = if below { b_low - a_low } else { a_low - b_low };

    // At expiry, without volatility or with a leg of 0 or infinity only the intrinsic value is.
    let settled = (d.v == 0.0)
        | (legs.a == 0.0)
        | (legs.b == 0.0)
        | (legs.a == f64::INFINITY)
        | (legs.b == f64::INFINITY);
    let factor = time_value(d, at);
    let all_but = 1.0 + factor * power_of_two(at_least(at.e.n, -1000.0));
    let factor = if at.within { factor } else { all_but };
    let factor = if settled { 0.0 } else { factor };
    let exponent = if at.within { least_exponent + at.e.n } else { least_exponent };
    let low = least_low * factor;
    let outside = fma(least, factor, low);
    let scale = power_of_two(at_most(at_least(exponent - legs.top, -1000.0), 1000.0));
    let gap = most_beside - least_beside;
    let low = low * scale + (((most_beside - gap) - least_beside) + gap_low);
    let inside = gap + fma(least * scale, factor, low);
    let inside = if most_beside == f64::INFINITY { f64::INFINITY } else { inside };
    let in_the_money = (if below { -sign } else { sign }) > 0.0;
    let price = at_least(if in_the_money { inside } else { outside }, 0.0);
    let exponent = if in_the_money { legs.top } else { exponent };

    // Endless volatility leaves all of one leg, and not a rounding error of the other.
    let endless = (d.v == f64::INFINITY) & !settled;
    let whole = if sign > 0.0 { sides.a } else { sides.b };
    let whole_exponent = if sign > 0.0 { sides.a_exponent } else { sides.b_exponent };
    GeneralPrice {
        value: if endless { whole } else { price },
        exponent: if endless { whole_exponent } else { exponent },
    }
}

/// # Safety
/// Each of the inputs points to `n` <= BLOCK numbers.
#[inline(always)]
pub unsafe fn put_sides(sides: &mut BlockSides, inputs: &Inputs, n: usize) {
    for i in 0..n {
        // SAFETY: i < n.
        unsafe {
            let [spot, strike, time, rate, dividend] = operands(inputs, i);
            sides.put(i, &sides_ordinary(spot, strike, time, rate, dividend));
        }
    }
}

pub struct Price;

impl Kernel for Price {
    const INPUTS: usize = 7;

    /// The two halves run one after the other over the block: each is short enough for the
    /// processor to overlap several vectors of it.
    #[inline(always)]
    unsafe fn ordinary(
        inputs: &Inputs,
        outputs: &Outputs,
        special: &mut Marks,
        n: usize,
        _wanted: i64,
    ) {
        let mut block = BlockSides::new();
        // SAFETY: i < n, and the second loop reads what the first has put.
        unsafe {
            put_sides(&mut block, inputs, n);
            write_lanes(
                [outputs[0]],
                special,
                n,
                #[inline(always)]
                |i| {
                    let [_, _, time, _, _, sigma, sign] = operands(inputs, i);
                    let sides = block.get(i);
                    let y = Sum { high: sides.y, low: sides.y_low };
                    let d = deviation_ordinary(magnitude(y), time, sigma);
                    let (price, marked) = ordinary_price(&sides, &d, &tails_ordinary(&d), sign);
                    ([price], marked)
                },
            );
        }
    }

    #[inline(always)]
    unsafe fn general(
        inputs: &Inputs,
        outputs: &Outputs,
        outside: &mut Marks,
        n: usize,
        _wanted: i64,
    ) {
        // SAFETY: i < n.
        unsafe {
            write_lanes(
                [outputs[0]],
                outside,
                n,
                #[inline(always)]
                |i| {
                    let [spot, strike, time, rate, dividend, sigma, sign] = operands(inputs, i);
                    let sides = sides_general(spot, strike, time, rate, dividend);
                    let apart = apart_general(&sides, time, sigma);
                    let state = sides.state | sigma_state(sigma, apart.d.v) | sign_state(sign);
                    let lane = general_price(&sides, &apart, sign);
                    let value = times_power(lane.value, lane.exponent);
                    let price = if state != 0 { NOT_A_NUMBER } else { value };
                    ([price], Mark::from(state == INVALID)) // a NaN that came in is no signal
                },
            );
        }
    }
}
