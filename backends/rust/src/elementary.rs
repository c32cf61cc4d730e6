//! Elementary functions of the numerical specification: + - * / sqrt fma, comparisons and bit
//! operations in a fixed order, so that every machine and every vector width gives the same bits.
//! The names and the order are those of elementary.h, elementary.py and the specification.

use crate::tables::{ATANH, EXP, LN2_HI, LN2_LO, LOG2E, MILLS_P, MILLS_Q, ROUND_MAGIC};

#[inline(always)]
pub fn fma(a: f64, b: f64, c: f64) -> f64 {
    a.mul_add(b, c)
}

/// A constant 2^n, -1022 <= n <= 1023.
#[inline(always)]
pub const fn two_to(n: i64) -> f64 {
    f64::from_bits(((n + 1023) as u64) << 52)
}

/// x 2^n for the integer n held by n_magic = n + ROUND_MAGIC; x and the result are normal.
#[inline(always)]
pub fn shift_exponent(x: f64, n_magic: f64) -> f64 {
    f64::from_bits(x.to_bits().wrapping_add(n_magic.to_bits() << 52))
}

/// 2^n for -1022 <= n <= 1023, n an integer.
#[inline(always)]
pub fn power_of_two(n: f64) -> f64 {
    shift_exponent(1.0, n + ROUND_MAGIC)
}

/// x 2^n for any integer n, in two steps; where it is subnormal it is rounded once.
#[inline(always)]
pub fn times_power(x: f64, n: f64) -> f64 {
    let n = if n > -2040.0 { n } else { -2040.0 };
    let n = if n < 2040.0 { n } else { 2040.0 };
    let half = (0.5 * n + ROUND_MAGIC) - ROUND_MAGIC;
    x * power_of_two(half) * power_of_two(n - half)
}

/// x y, but 0 where x is 0, even if y is infinite.
#[inline(always)]
pub fn zero_times(x: f64, y: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x * y }
}

/// A number as n ln 2 + r; n_magic = n + ROUND_MAGIC holds n as an integer.
#[derive(Clone, Copy)]
pub struct Reduced {
    pub n: f64,
    pub n_magic: f64,
    pub r: f64,
}

/// x + low = n ln 2 + r with |r| <= ln 2 / 2.
#[inline(always)]
pub fn reduce(x: f64, low: f64) -> Reduced {
    let n_magic = fma(x, LOG2E, ROUND_MAGIC);
    let n = n_magic - ROUND_MAGIC;
    let r = fma(n, -LN2_LO, fma(n, -LN2_HI, x)) + low;
    Reduced { n, n_magic, r }
}

/// e^r - 1 for |r| <= ln 2 / 2, as r + r^2 g(r), g in even and odd powers side by side.
#[inline(always)]
pub fn exp_minus_1(r: f64) -> f64 {
    let u = r * r;
    let even = fma(fma(fma(fma(EXP[8], u, EXP[6]), u, EXP[4]), u, EXP[2]), u, EXP[0]);
    let odd = fma(fma(fma(fma(EXP[9], u, EXP[7]), u, EXP[5]), u, EXP[3]), u, EXP[1]);
    fma(fma(odd, r, even), u, r)
}

/// x e^r, rounded once but for the error of e^r - 1.
#[inline(always)]
pub fn times_exp(x: f64, r: f64) -> f64 {
    fma(x, exp_minus_1(r), x)
}

/// ln(x / y) = n ln 2 + r for normal positive x and y: y is brought to x by a power of two, so
/// that the difference in the numerator is exact.
#[inline(always)]
pub fn log_ratio(x: f64, y: f64) -> Reduced {
    const HALF: u64 = 1 << 51;
    const SIGN: u64 = 1 << 63;
    const EXPONENT: u64 = !((1 << 52) - 1);
    let apart = x.to_bits().wrapping_sub(y.to_bits()).wrapping_add(HALF ^ SIGN);
    let near = f64::from_bits(y.to_bits().wrapping_add((apart & EXPONENT).wrapping_add(SIGN)));
    let s = (x - near) / (x + near);
    let u = s * s;
    let w = u * u;
    let even = fma(fma(fma(ATANH[6], w, ATANH[4]), w, ATANH[2]), w, ATANH[0]);
    let odd = fma(fma(fma(ATANH[7], w, ATANH[5]), w, ATANH[3]), w, ATANH[1]);
    let n = f64::from_bits((apart >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_372_544.0;
    Reduced { n, n_magic: n, r: fma(s * u, fma(odd, u, even), s + s) }
}

/// Numerator and denominator.
#[derive(Clone, Copy)]
pub struct Ratio {
    pub p: f64,
    pub q: f64,
}

/// The Mills ratio N(-x) / (sqrt(2 pi) phi(x)) for 0 <= x <= 54.
#[inline(always)]
pub fn mills(x: f64) -> Ratio {
    const P: [f64; 10] = MILLS_P;
    const Q: [f64; 11] = MILLS_Q;
    let u = x * x;
    let pe = fma(fma(fma(fma(P[8], u, P[6]), u, P[4]), u, P[2]), u, P[0]);
    let po = fma(fma(fma(fma(P[9], u, P[7]), u, P[5]), u, P[3]), u, P[1]);
    let qe = fma(fma(fma(fma(fma(Q[10], u, Q[8]), u, Q[6]), u, Q[4]), u, Q[2]), u, Q[0]);
    let qo = fma(fma(fma(fma(Q[9], u, Q[7]), u, Q[5]), u, Q[3]), u, Q[1]);
    Ratio { p: fma(po, x, pe), q: fma(qo, x, qe) }
}

/// The power of two that x has for exponent; 0 for a subnormal x.
#[inline(always)]
fn binade(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & (0x7ff << 52))
}

/// Half a unit in the last place of x, relative to x.
#[inline(always)]
pub fn half_ulp(x: f64) -> f64 {
    let unit = binade(x);
    let unit = if unit > f64::MIN_POSITIVE { unit } else { f64::MIN_POSITIVE };
    if x == 0.0 { 0.0 } else { two_to(-53) * (unit / x.abs()) }
}

/// Two units in the last place of x >= 0.
#[inline(always)]
pub fn two_ulp(x: f64) -> f64 {
    two_to(-51) * binade(x)
}
