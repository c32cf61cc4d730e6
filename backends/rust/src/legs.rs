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

use crate::elementary::{
    Reduced, exp_minus_1, fma, log_ratio, power_of_two, reduce, shift_exponent,
};
use crate::lanes::{Block, lanes};
use crate::tables::{LN2_HI, LN2_LO};

/// The one NaN of every result.
pub const NOT_A_NUMBER: f64 = f64::from_bits(0x7ff8_0000_0000_0000);

/// Bits of a lane's state: NaN came in, or the inputs lie outside the domain.
pub const MISSING: i64 = 1;
pub const INVALID: i64 = 2;

#[inline(always)]
pub fn sign_state(sign: f64) -> i64 {
    let missing = if sign.is_nan() { MISSING } else { 0 };
    let invalid = if sign.abs() == 1.0 { 0 } else { INVALID };
    missing | invalid
}

/// A, B, y = ln(A/B), and what rounding took from A and B; `special` is 1 where this form may not
/// hold.
pub struct Sides {
    pub a: f64,
    pub b: f64,
    pub y: f64,
    pub a_low: f64,
    pub b_low: f64,
    pub special: i64,
}

lanes! {
    pub struct Legs in BlockLegs { a, b, h, v, }
}

/// r and q are the discount exponents -rT and -qT.
pub struct GeneralSides {
    pub a: f64,
    pub a_exponent: f64,
    pub a_low: f64,
    pub b: f64,
    pub b_exponent: f64,
    pub b_low: f64,
    pub y: f64,
    pub r: Reduced,
    pub q: Reduced,
    pub state: i64,
}

pub struct GeneralLegs {
    pub a: f64,
    pub a_exponent: f64,
    pub b: f64,
    pub b_exponent: f64,
    pub h: f64,
    pub v: f64,
    pub r: Reduced,
    pub q: Reduced,
    pub state: i64,
}

#[inline(always)]
pub fn sides_ordinary(spot: f64, strike: f64, time: f64, rate: f64, dividend: f64) -> Sides {
    let rt = rate * time;
    let rt_low = fma(rate, time, -rt);
    let qt = dividend * time;
    let qt_low = fma(dividend, time, -qt);
    let r = reduce(-rt, -rt_low);
    let q = reduce(-qt, -qt_low);
    let ratio = log_ratio(spot, strike);
    let n = (ratio.n - r.n) + q.n;
    let growth_a = exp_minus_1(q.r);
    let growth_b = exp_minus_1(r.r);
    let a = fma(spot, growth_a, spot);
    let b = fma(strike, growth_b, strike);
    let holds = rt.abs() + qt.abs() < 300.0;
    Sides {
        a: shift_exponent(a, q.n_magic),
        b: shift_exponent(b, r.n_magic),
        y: fma(n, LN2_HI, fma(n, LN2_LO, ratio.r + (q.r - r.r))),
        a_low: fma(spot, growth_a, spot - a) * power_of_two(q.n),
        b_low: fma(strike, growth_b, strike - b) * power_of_two(r.n),
        special: i64::from(!holds),
    }
}

#[inline(always)]
pub fn legs_ordinary(
    spot: f64,
    strike: f64,
    time: f64,
    rate: f64,
    dividend: f64,
    sigma: f64,
) -> (Legs, i64) {
    let sides = sides_ordinary(spot, strike, time, rate, dividend);
    let v = sigma * time.sqrt();
    let legs = Legs { a: sides.a, b: sides.b, h: sides.y.abs() / v, v };
    (legs, sides.special)
}

/// -x t with its rounding error, for the exponential: held within +-4000, past which e^-xt is 0 or
/// infinite for every leg; what was cut off is kept for ln(A/B). A zero rate discounts nothing,
/// even for ever.
pub struct Exponent {
    pub value: f64,
    pub low: f64,
    pub excess: f64,
}

#[inline(always)]
pub fn discount_exponent(x: f64, time: f64) -> Exponent {
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
/// all others.
pub struct Scaled {
    pub x: f64,
    pub mantissa: f64,
    pub exponent: f64,
    pub end: bool,
}

#[inline(always)]
pub fn scaled(x: f64) -> Scaled {
    const FRACTION: u64 = (1 << 52) - 1;
    const TWO_TO_54: f64 = 18_014_398_509_481_984.0;
    let subnormal = x < f64::MIN_POSITIVE;
    let bits = (if subnormal { x * TWO_TO_54 } else { x }).to_bits();
    let exponent = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_371_519.0;
    let exponent = if subnormal { exponent - 54.0 } else { exponent };
    let infinite = x == f64::INFINITY;
    let end = (x == 0.0) | infinite;
    let beyond = if infinite { 20000.0 } else { -20000.0 };
    Scaled {
        x,
        mantissa: f64::from_bits((bits & FRACTION) | 1.0f64.to_bits()),
        exponent: if end { beyond } else { exponent },
        end,
    }
}

/// The mantissa of x e^r and what rounding took from it; zero and infinity stay what they are.
struct Discounted {
    value: f64,
    low: f64,
}

#[inline(always)]
fn discounted(s: &Scaled, r: f64) -> Discounted {
    let growth = exp_minus_1(r);
    let value = fma(s.mantissa, growth, s.mantissa);
    let low = fma(s.mantissa, growth, s.mantissa - value);
    Discounted { value: if s.end { s.x } else { value }, low: if s.end { 0.0 } else { low } }
}

#[inline(always)]
pub fn sides_general(spot: f64, strike: f64, time: f64, rate: f64, dividend: f64) -> GeneralSides {
    let rx = discount_exponent(rate, time);
    let qx = discount_exponent(dividend, time);
    let r = reduce(rx.value, rx.low);
    let q = reduce(qx.value, qx.low);
    let s = scaled(spot);
    let k = scaled(strike);
    let ratio = log_ratio(s.mantissa, k.mantissa);
    let n = ((ratio.n + (s.exponent - k.exponent)) - r.n) + q.n;
    let y = fma(n, LN2_HI, fma(n, LN2_LO, ratio.r + (q.r - r.r))) + (rx.excess - qx.excess);
    let missing =
        spot.is_nan() | strike.is_nan() | time.is_nan() | rate.is_nan() | dividend.is_nan();
    let invalid = (spot < 0.0)
        | (strike < 0.0)
        | (time < 0.0)
        | ((spot == f64::INFINITY) & (strike == f64::INFINITY))
        | (rate.abs() == f64::INFINITY)
        | (dividend.abs() == f64::INFINITY);
    let a = discounted(&s, q.r);
    let b = discounted(&k, r.r);
    GeneralSides {
        a: a.value,
        a_exponent: s.exponent + q.n,
        a_low: a.low,
        b: b.value,
        b_exponent: k.exponent + r.n,
        b_low: b.low,
        y: if y.is_nan() { 0.0 } else { y }, // both legs are 0 or infinite
        r,
        q,
        state: if missing { MISSING } else { 0 } | if invalid { INVALID } else { 0 },
    }
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
    let sides = sides_general(spot, strike, time, rate, dividend);
    let v = (sigma * time.sqrt()).abs(); // -0 is 0
    let missing = if sigma.is_nan() { MISSING } else { 0 };
    let invalid = if (sigma < 0.0) | v.is_nan() { INVALID } else { 0 };
    GeneralLegs {
        a: sides.a,
        a_exponent: sides.a_exponent,
        b: sides.b,
        b_exponent: sides.b_exponent,
        h: if (v == f64::INFINITY) | (sides.y == 0.0) { 0.0 } else { sides.y.abs() / v },
        v,
        r: sides.r,
        q: sides.q,
        state: sides.state | missing | invalid,
    }
}
