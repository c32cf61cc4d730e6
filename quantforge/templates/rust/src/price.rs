//! European options on a lognormal underlying.
//!
//! Of a call and a put, one is out of the money. It is worth
//!
//! ```text
//! L phi(near) (M(near) - M(far)),   near = d - v / 2,   far = d + v / 2,
//! ```
//!
//! and the other one as much and the difference of the legs. L is the lesser leg of S exp(-q T) and
//! K exp(-r T), v = sigma sqrt(T), d = |ln(S / K) + (r - q) T| / v, phi the normal density, and
//! M(x) = N(-x) / phi(x) Mills' ratio. That is Black and Scholes' formula without the difference of
//! two numbers that are nearly equal, but for ln(S / K) + (r - q) T itself, whose error is divided
//! by v: it is kept below 1e-18.

use std::f64::consts::FRAC_1_SQRT_2;

const SQRT_HALF_PI: f64 = 1.253_314_137_315_500_3;
const INV_SQRT_2PI: f64 = 0.398_942_280_401_432_7;
/// Deviations, beyond which phi times any amount is less than the least double.
const PAST: f64 = 54.0;
/// v / 2, below which M(near) - M(far) is a series.
const SHORT: f64 = 1e-3;

mod c {
    extern "C" {
        /// The C library's, since Rust's has none.
        pub fn erfc(x: f64) -> f64;
    }
}

fn erfc(x: f64) -> f64 {
    // SAFETY: a function of a number.
    unsafe { c::erfc(x) }
}

/// Mills' ratio for x >= 0. From 5 on by its continued fraction, Abramowitz and Stegun 26.2.14.
fn mills(x: f64) -> f64 {
    if x < 5.0 {
        return SQRT_HALF_PI * (0.5 * x * x).exp() * erfc(FRAC_1_SQRT_2 * x);
    }
    1.0 / (1..=30).rev().fold(x, |fraction, n| x + f64::from(n) / fraction)
}

/// M(d - t) - M(d + t) for a small t: by M' = d M - 1 and its derivatives.
fn drop(d: f64, t: f64) -> f64 {
    let m = mills(d);
    let m1 = d * m - 1.0;
    let m2 = m + d * m1;
    let m3 = 2.0 * m1 + d * m2;
    -2.0 * t * (m1 + t * t / 6.0 * m3)
}

/// The price of the option that is out of the money.
fn time_value(lesser: f64, d: f64, v: f64) -> f64 {
    let t = 0.5 * v;
    let (near, far) = (d - t, d + t);
    if near > PAST {
        return 0.0;
    }
    let root = (-0.25 * near * near).exp(); // of the density, which alone may underflow
    if t < SHORT {
        return lesser * root * drop(d, t) * root * INV_SQRT_2PI;
    }
    if near > 0.0 {
        return lesser * root * (mills(near) - mills(far)) * root * INV_SQRT_2PI;
    }
    lesser * (0.5 * erfc(FRAC_1_SQRT_2 * near) - INV_SQRT_2PI * root * root * mills(far))
}

/// What rounding takes from a + b, by Knuth.
fn sum_error(a: f64, b: f64) -> f64 {
    let sum = a + b;
    let part = sum - a;
    (a - (sum - part)) + (b - part)
}

/// ln(S / K) + (r - q) T. Two numbers may cancel here. Where S and K are near each other, what
/// rounding takes from them is added last; the logarithm is 2 atanh(s) = 2 s + 2 s^3 / 3 + ...
fn log_moneyness(spot: f64, strike: f64, time: f64, rate: f64, dividend: f64) -> f64 {
    let (grown, paid) = (rate * time, dividend * time);
    let carry = grown - paid;
    let (gap, sum) = (spot - strike, spot + strike);
    let s = gap / sum;
    if gap.abs() >= 0.4 * strike || sum.is_infinite() {
        return 2.0 * (spot.sqrt() / strike.sqrt()).ln() + carry; // spot / strike may overflow
    }
    let mut lost = rate.mul_add(time, -grown) - dividend.mul_add(time, -paid);
    lost += sum_error(grown, -paid);
    lost += 2.0 * ((-s).mul_add(sum, gap) - s * sum_error(spot, strike)) / sum;
    let series = (1..15).rev().fold(0.0, |tail, n| tail * s * s + 1.0 / f64::from(2 * n + 1));
    let tail = 2.0 * s * s * s * series;
    2.0 * s + carry + (sum_error(2.0 * s, carry) + lost + tail)
}

/// amount exp(-rate time). A rate of 0 discounts nothing, however long the time.
fn discounted(amount: f64, rate: f64, time: f64) -> f64 {
    if amount == 0.0 || amount.is_infinite() || rate == 0.0 {
        return amount;
    }
    let root = (-0.5 * rate * time).exp(); // exp itself may overflow
    amount * root * root
}

/// NaN outside the domain, and where both legs are more than a double holds.
pub fn price([spot, strike, time, rate, dividend, sigma, sign]: [f64; 7]) -> f64 {
    let v = sigma * time.sqrt();
    let inside = spot >= 0.0 && strike >= 0.0 && time >= 0.0 && sigma >= 0.0 && !v.is_nan();
    if !inside
        || !rate.is_finite()
        || !dividend.is_finite()
        || sign.abs() != 1.0
        || spot.is_infinite() && strike.is_infinite()
    {
        return f64::NAN;
    }
    let (asset, cash) = (discounted(spot, dividend, time), discounted(strike, rate, time));
    let worthless = asset == 0.0 || cash == 0.0;
    if v.is_infinite() && !worthless && asset.is_infinite() == cash.is_infinite() {
        return if sign > 0.0 { asset } else { cash };
    }
    if asset.is_infinite() && cash.is_infinite() {
        return f64::NAN;
    }
    let gain = sign * (asset - cash);
    let intrinsic = if gain > 0.0 { gain } else { 0.0 };
    if v == 0.0 || worthless || asset.is_infinite() || cash.is_infinite() {
        return intrinsic;
    }
    let y = log_moneyness(spot, strike, time, rate, dividend);
    intrinsic + time_value(asset.min(cash), y.abs() / v, v)
}
