//! The two legs of a European option and how far apart they are: the first half of every kernel on
//! a lognormal underlying.
//!
//!     A = S e^(-qT),  B = K e^(-rT),  v = sigma sqrt(T),  h = |ln(A/B)| / v
//!
//! -rT = n ln 2 + rho, so the integers of both discount factors and of ln(S/K) add up exactly and
//! ln(A/B) loses nothing however large rT and qT are; their rounding errors are carried along.
//!
//! `legs_ordinary` assumes that every number stays normal and says where it may not;
//! `legs_general` keeps exponents apart. Where the first holds both have the same digits.

use crate::elementary::{fma, log_ratio, reduce, shift_exponent, times_exp};
use crate::tables::{LN2_HI, LN2_LO};

/// The one NaN of every result.
pub const NOT_A_NUMBER: f64 = f64::from_bits(0x7ff8_0000_0000_0000);

/// Bits of a lane's state: NaN came in, or the inputs lie outside the domain.
pub const MISSING: i64 = 1;
pub const INVALID: i64 = 2;

/// `special` is 1 where this form may not hold.
#[derive(Clone, Copy)]
pub struct Legs {
    pub a: f64,
    pub b: f64,
    pub h: f64,
    pub v: f64,
    pub special: i64,
}

#[derive(Clone, Copy)]
pub struct GeneralLegs {
    pub a: f64,
    pub a_exponent: f64,
    pub b: f64,
    pub b_exponent: f64,
    pub h: f64,
    pub v: f64,
    pub state: i64,
}

#[inline(always)]
pub fn legs_ordinary(
    spot: f64,
    strike: f64,
    time: f64,
    rate: f64,
    dividend: f64,
    sigma: f64,
) -> Legs {
    let rt = rate * time;
    let rt_low = fma(rate, time, -rt);
    let qt = dividend * time;
    let qt_low = fma(dividend, time, -qt);
    let r = reduce(-rt, -rt_low);
    let q = reduce(-qt, -qt_low);
    let ratio = log_ratio(spot, strike);
    let n = (ratio.n - r.n) + q.n;
    let y = fma(n, LN2_HI, fma(n, LN2_LO, ratio.r + (q.r - r.r)));
    let v = sigma * time.sqrt();
    let holds = rt.abs() + qt.abs() < 300.0;
    Legs {
        a: shift_exponent(times_exp(spot, q.r), q.n_magic),
        b: shift_exponent(times_exp(strike, r.r), r.n_magic),
        h: y.abs() / v,
        v,
        special: i64::from(!holds),
    }
}

/// -x t with its rounding error, for the exponential: held within +-4000, past which e^-xt is 0 or
/// infinite for every leg; what was cut off is kept for ln(A/B).
struct Exponent {
    value: f64,
    low: f64,
    excess: f64,
}

/// A zero rate discounts nothing, even for ever.
#[inline(always)]
fn discount_exponent(x: f64, time: f64) -> Exponent {
    let xt = if x == 0.0 { 0.0 } else { x * time };
    let low = if x == 0.0 { 0.0 } else { fma(x, time, -xt) };
    let within = xt.abs() < 4000.0;
    let cut = if xt < 0.0 { 4000.0 } else { -4000.0 };
    Exponent {
        value: if within { -xt } else { cut },
        low: if within { -low } else { 0.0 },
        excess: if within { 0.0 } else { xt + cut },
    }
}

/// x = mantissa 2^exponent, mantissa in [1, 2); zero and infinity, the ends, have an exponent beyond
/// all others. `normal` = x 2^-shift is what log_ratio takes.
struct Scaled {
    x: f64,
    mantissa: f64,
    exponent: f64,
    normal: f64,
    shift: f64,
    end: bool,
}

#[inline(always)]
fn scaled(x: f64) -> Scaled {
    const FRACTION: u64 = (1 << 52) - 1;
    const TWO_TO_54: f64 = 18_014_398_509_481_984.0;
    let subnormal = x < f64::MIN_POSITIVE;
    let normal = if subnormal { x * TWO_TO_54 } else { x };
    let shift = if subnormal { -54.0 } else { 0.0 };
    let bits = normal.to_bits();
    let mantissa = f64::from_bits((bits & FRACTION) | 1.0f64.to_bits());
    let exponent = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_371_519.0;
    let infinite = x == f64::INFINITY;
    let end = (x == 0.0) | infinite;
    let beyond = if infinite { 20000.0 } else { -20000.0 };
    Scaled {
        x,
        mantissa,
        exponent: if end { beyond } else { exponent + shift },
        normal,
        shift,
        end,
    }
}

/// The mantissa of x e^r; zero and infinity stay what they are.
#[inline(always)]
fn discounted(s: &Scaled, r: f64) -> f64 {
    let leg = times_exp(s.mantissa, r);
    if s.end { s.x } else { leg }
}

#[inline(always)]
pub fn legs_general(
    spot: f64,
    strike: f64,
    time: f64,
    rate: f64,
    dividend: f64,
    sigma: f64,
) -> GeneralLegs {
    let rx = discount_exponent(rate, time);
    let qx = discount_exponent(dividend, time);
    let r = reduce(rx.value, rx.low);
    let q = reduce(qx.value, qx.low);
    let s = scaled(spot);
    let k = scaled(strike);
    let ratio = log_ratio(s.normal, k.normal);
    let n = ((ratio.n + (s.shift - k.shift)) - r.n) + q.n;
    let y = fma(n, LN2_HI, fma(n, LN2_LO, ratio.r + (q.r - r.r))) + (rx.excess - qx.excess);
    let y = if y.is_nan() { 0.0 } else { y }; // both legs are 0 or infinite
    let v = (sigma * time.sqrt()).abs(); // -0 is 0
    let missing = spot.is_nan()
        | strike.is_nan()
        | time.is_nan()
        | rate.is_nan()
        | dividend.is_nan()
        | sigma.is_nan();
    let invalid = (spot < 0.0)
        | (strike < 0.0)
        | (time < 0.0)
        | (sigma < 0.0)
        | ((spot == f64::INFINITY) & (strike == f64::INFINITY))
        | v.is_nan()
        | (rate.abs() == f64::INFINITY)
        | (dividend.abs() == f64::INFINITY);
    GeneralLegs {
        a: discounted(&s, q.r),
        a_exponent: s.exponent + q.n,
        b: discounted(&k, r.r),
        b_exponent: k.exponent + r.n,
        h: if v == f64::INFINITY { 0.0 } else { y.abs() / v },
        v,
        state: if missing { MISSING } else { 0 } | if invalid { INVALID } else { 0 },
    }
}
