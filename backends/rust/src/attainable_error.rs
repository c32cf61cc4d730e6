//! What the rounding of the inputs costs an implied volatility.

use crate::elementary::{
    at_least, at_most, half_ulp, mills, power_of_two, reduce, times_exp, times_power,
};
use crate::legs::{GeneralLegs, PAST};
use crate::normalized_price::{NormalizedPrice, SQRT_2PI};
use crate::tables::MILLS_FROM;

/// The attainable limit over sigma: what half a unit in the last place of each input costs, and one
/// unit of the result. Everything is in units of the lesser leg.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "the price and all it was solved with")]
pub fn attainable_error(
    legs: &GeneralLegs,
    to: &NormalizedPrice,
    s: f64,
    price: f64,
    spot: f64,
    strike: f64,
    time: f64,
    rate: f64,
    dividend: f64,
    sign: f64,
    in_the_money: bool,
    sigma: f64,
) -> f64 {
    let h = to.k.high / s;
    let t = 0.5 * s;
    let near = at_most(at_least(h - t, -PAST), PAST);
    let far = at_most(h + t, PAST);
    let within = near > MILLS_FROM;
    let e = reduce(0.5 * near * near, 0.0);
    let per_density = times_power(times_exp(SQRT_2PI, e.r), e.n); // 1 / phi(near)
    let m = mills(if within { near } else { -near }, far);
    let far_tail = SQRT_2PI * m.far;
    let near_tail = SQRT_2PI * m.near;
    let near_tail = if within { near_tail } else { per_density - near_tail };
    let most = per_density / to.share; // the greater leg over density
    let least_share = if in_the_money { per_density - near_tail } else { near_tail };
    let most_share = if in_the_money { most - far_tail } else { far_tail };
    let below = legs.y.high < 0.0;
    let a = if below { least_share } else { most_share };
    let b = if below { most_share } else { least_share };
    let c = to.c * power_of_two(at_least(to.shift, -1000.0)) * per_density;
    let c = if within { SQRT_2PI * (s * m.slope) } else { c };
    let value = if in_the_money { c + most * to.gap } else { c };
    let rate_cost = rate * time * b;
    let dividend_cost = dividend * time * a;
    let theta = 0.5 * s + sign * (rate_cost - dividend_cost);
    let cost = half_ulp(price) * value
        + half_ulp(spot) * a
        + half_ulp(strike) * b
        + half_ulp(time) * theta.abs()
        + half_ulp(rate) * rate_cost.abs()
        + half_ulp(dividend) * dividend_cost.abs();
    cost / s + 2.0 * half_ulp(sigma)
}
