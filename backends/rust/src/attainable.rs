//! How precisely a volatility can be known from inputs that are doubles.

use crate::elementary::{half_ulp, mills, power_of_two, reduce, times_exp, times_power};
use crate::legs::GeneralSides;
use crate::target::{SQRT_2PI, Target};

/// The attainable limit over sigma: what half a unit in the last place of each input costs, and one
/// unit of the result. Everything is in units of the lesser leg.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "the price and all it was solved with")]
pub fn attainable(
    sides: &GeneralSides,
    to: &Target,
    s: f64,
    price: f64,
    spot: f64,
    strike: f64,
    time: f64,
    rate: f64,
    dividend: f64,
    inside: bool,
    sigma: f64,
) -> f64 {
    let h = to.k / s;
    let t = 0.5 * s;
    let near = h - t;
    let x = near.abs();
    let x = if x < 54.0 { x } else { 54.0 };
    let far = h + t;
    let far = if far < 54.0 { far } else { 54.0 };
    let e = reduce(0.5 * x * x, 0.0);
    let per_density = times_power(times_exp(SQRT_2PI, e.r), e.n); // 1 / phi(x)
    let m = mills(far);
    let m0 = mills(x);
    let far_tail = SQRT_2PI * (m.p / m.q);
    let near_tail = SQRT_2PI * (m0.p / m0.q);
    let near_tail = if near < 0.0 { per_density - near_tail } else { near_tail };
    let most = per_density / to.share; // the greater leg over density
    let least_share = if inside { per_density - near_tail } else { near_tail };
    let most_share = if inside { most - far_tail } else { far_tail };
    let below = sides.y < 0.0;
    let a = if below { least_share } else { most_share };
    let b = if below { most_share } else { least_share };
    let shift = if to.shift > -1000.0 { to.shift } else { -1000.0 };
    let c = to.c * power_of_two(shift) * per_density;
    let c = if near < 0.0 { c } else { near_tail - far_tail };
    let value = if inside { c + most * to.gap } else { c };
    let rt = rate.abs() * time;
    let qt = dividend.abs() * time;
    let theta = 0.5 * s + (qt * a - rt * b).abs();
    let cost = half_ulp(price) * value
        + half_ulp(spot) * a
        + half_ulp(strike) * b
        + half_ulp(time) * theta
        + half_ulp(rate) * rt * b
        + half_ulp(dividend) * qt * a;
    cost / s + 2.0 * half_ulp(sigma)
}
