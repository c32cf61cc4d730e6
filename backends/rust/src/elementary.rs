//! Elementary functions of the numerical specification: + - * / sqrt fma, comparisons and bit
//! operations in a fixed order, so that every machine and every vector width gives the same bits.
//! The names and the order are those of elementary.h, elementary.py and the specification.

use crate::tables::{
    ATANH, ATANH_HIGH, ATANH_LOW, ATANH_NEXT, ATANH_REST, EXP, LN2_HI, LN2_LO, LOG2E, LOSS_P,
    LOSS_Q, MILLS, MILLS_SHIFT, MILLS_SPAN, MILLS_ZERO, ROUND_MAGIC, TAIL_P,
};

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

/// The greater of two numbers, the bound where x is NaN.
#[inline(always)]
pub fn at_least(x: f64, bound: f64) -> f64 {
    if x > bound { x } else { bound }
}

/// The lesser of two numbers, the bound where x is NaN.
#[inline(always)]
pub fn at_most(x: f64, bound: f64) -> f64 {
    if x < bound { x } else { bound }
}

/// x, but 0 where it is NaN or infinite.
#[inline(always)]
pub fn finite_or_zero(x: f64) -> f64 {
    if x.is_finite() { x } else { 0.0 }
}

/// x 2^n for any integer n, in three steps; where it is subnormal it is rounded once.
#[inline(always)]
pub fn times_power(x: f64, n: f64) -> f64 {
    let n = at_most(at_least(n, -3060.0), 3060.0);
    let third = (n * (1.0 / 3.0) + ROUND_MAGIC) - ROUND_MAGIC;
    let power = power_of_two(third);
    x * power * power * power_of_two(n - 2.0 * third)
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

/// A polynomial with ascending coefficients, even and odd powers side by side.
#[inline(always)]
fn polynomial<const N: usize>(c: &[f64; N], x: f64) -> f64 {
    let u = x * x;
    let mut high = c[N - 1];
    let mut low = c[N - 2];
    let mut i = N - 2;
    while i > 1 {
        high = fma(high, u, c[i - 1]);
        low = fma(low, u, c[i - 2]);
        i -= 2;
    }
    if N.is_multiple_of(2) { fma(high, x, low) } else { fma(low, x, fma(high, u, c[0])) }
}

/// e^r - 1 for |r| <= ln 2 / 2, as r + r^2 g(r).
#[inline(always)]
pub fn exp_minus_1(r: f64) -> f64 {
    fma(polynomial(&EXP, r), r * r, r)
}

/// x e^r, rounded once but for the error of e^r - 1.
#[inline(always)]
pub fn times_exp(x: f64, r: f64) -> f64 {
    fma(x, exp_minus_1(r), x)
}

/// An unevaluated sum; low is at most a rounding error of high.
#[derive(Clone, Copy)]
pub struct Sum {
    pub high: f64,
    pub low: f64,
}

/// y times the power of two that brings it next to x, so that x - y is exact; x / y = (x / that) 2^n
/// for normal positive x and y.
#[derive(Clone, Copy)]
pub struct Aligned {
    pub y: f64,
    pub n: f64,
}

#[inline(always)]
pub fn aligned(x: f64, y: f64) -> Aligned {
    const HALF: u64 = 1 << 51;
    const SIGN: u64 = 1 << 63;
    const EXPONENT: u64 = !((1 << 52) - 1);
    let steps = x.to_bits().wrapping_sub(y.to_bits()).wrapping_add(HALF + SIGN);
    let n = f64::from_bits((steps >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_372_544.0;
    let near = y.to_bits().wrapping_add(steps & EXPONENT).wrapping_add(SIGN);
    Aligned { y: f64::from_bits(near), n }
}

/// ln(x / y) = n ln 2 + r for normal positive x and y.
#[inline(always)]
pub fn log_ratio(x: f64, y: f64) -> Reduced {
    let near = aligned(x, y);
    let s = (x - near.y) / (x + near.y);
    let u = s * s;
    Reduced { n: near.n, n_magic: near.n, r: fma(s * u, polynomial(&ATANH, u), s + s) }
}

/// x + y without loss.
#[inline(always)]
pub fn two_sum(x: f64, y: f64) -> Sum {
    let high = x + y;
    let part = high - x;
    Sum { high, low: (x - (high - part)) + (y - part) }
}

/// x y to twice the precision.
#[inline(always)]
fn product(x: Sum, y: Sum) -> Sum {
    let high = x.high * y.high;
    let low = fma(x.high, y.high, -high) + fma(x.high, y.low, x.low * y.high);
    Sum { high: high + low, low: low - ((high + low) - high) }
}

/// s = (x - y) / (x + y), with the remainders of the division and of its divisor; `near` is y next
/// to x.
#[inline(always)]
pub fn log_argument(x: f64, near: Aligned) -> Sum {
    let up = x - near.y;
    let down = x + near.y;
    let per = 1.0 / down;
    let s = up * per;
    let down_low = ((x + x) - down) - up;
    Sum { high: s, low: fma(-s, down_low, fma(-s, down, up)) * per }
}

/// ln(x / y) for normal positive x and y by s of `log_argument`. The first term of p is carried to
/// twice the precision: the error is that of s^5 q(s^2).
#[inline(always)]
pub fn log_ratio_sum(s: Sum, n: f64) -> Sum {
    let u = s.high * s.high;
    let w = s.high * u;
    let first = w * ATANH_HIGH[0];
    let w_low = fma(s.high, fma(s.high, s.high, -u), fma(s.high, u, -w));
    let w_low = fma(3.0 * u, s.low, w_low);
    let first_low = fma(w_low, ATANH_HIGH[0], fma(w, ATANH_HIGH[0], -first));
    let rest = fma(w * u, polynomial(&ATANH_NEXT, u), fma(w, ATANH_LOW[0], first_low));
    let whole = n * LN2_HI;
    let two = s.high + s.high;
    let total = whole + two;
    let high = total + first;
    let low = ((whole - total) + two) + ((total - high) + first);
    Sum { high, low: low + fma(n, LN2_LO, rest + (s.low + s.low)) }
}

/// The same to twice the precision.
#[inline(always)]
pub fn log_ratio_fine(s: Sum, n: f64) -> Sum {
    let u = product(s, s);
    let mut p = Sum { high: polynomial(&ATANH_REST, u.high), low: 0.0 };
    let mut i = ATANH_HIGH.len();
    while i > 0 {
        i -= 1;
        let next = product(p, u);
        let whole = two_sum(ATANH_HIGH[i], next.high);
        p = Sum { high: whole.high, low: whole.low + (next.low + ATANH_LOW[i]) };
    }
    let tail = product(product(s, u), p);
    let whole = two_sum(n * LN2_HI, s.high + s.high);
    let both = two_sum(whole.high, tail.high);
    let low = both.low + (whole.low + (tail.low + fma(n, LN2_LO, s.low + s.low)));
    Sum { high: both.high + low, low: low - ((both.high + low) - both.high) }
}

/// -x^2 / 2 for the exponential, x being a number and its rounding error.
#[inline(always)]
pub fn gauss_exponent(x: f64, low: f64) -> Reduced {
    let half = -0.5 * x;
    let square = half * x;
    reduce(square, fma(-x, low, fma(half, x, -square)))
}

/// The Mills ratio M(x) = N(-x) / (sqrt(2 pi) phi(x)) at two points from MILLS_FROM on, and minus
/// its slope between them, (M(near) - M(far)) / (far - near): with P the polynomial and d its
/// divided difference, both terms of P(y_far) - MILLS_SPAN d / (near + MILLS_SHIFT) are positive,
/// however close the points. Horner's scheme at `far` carries the divided difference along; even
/// and odd powers go side by side.
#[derive(Clone, Copy)]
pub struct Mills {
    pub near: f64,
    pub far: f64,
    pub slope: f64,
}

#[inline(always)]
pub fn mills(near: f64, far: f64) -> Mills {
    let per_near = 1.0 / (near + MILLS_SHIFT);
    let per_far = 1.0 / (far + MILLS_SHIFT);
    let y_near = (near - MILLS_ZERO) * per_near;
    let y_far = (far - MILLS_ZERO) * per_far;
    let u_near = y_near * y_near;
    let u_far = y_far * y_far;
    let mut even = MILLS[24];
    let mut even_d = even;
    let mut odd = MILLS[25];
    let mut odd_d = odd;
    even = fma(even, u_far, MILLS[22]);
    odd = fma(odd, u_far, MILLS[23]);
    let mut i = 22;
    while i > 0 {
        i -= 2;
        even_d = fma(even_d, u_near, even);
        odd_d = fma(odd_d, u_near, odd);
        even = fma(even, u_far, MILLS[i]);
        odd = fma(odd, u_far, MILLS[i + 1]);
    }
    let p = fma(odd, y_far, even);
    let d = fma(y_near + y_far, fma(odd_d, y_near, even_d), odd);
    Mills {
        near: fma(d, y_near - y_far, p) * per_near,
        far: p * per_far,
        slope: fma(-MILLS_SPAN * d, per_near, p) * (per_near * per_far),
    }
}

/// -M'(x) = 1/sqrt(2 pi) - x M(x) as numerator and denominator, which is that of M too; x >= 0.
#[derive(Clone, Copy)]
pub struct Ratio {
    pub p: f64,
    pub q: f64,
}

#[inline(always)]
pub fn loss(x: f64) -> Ratio {
    Ratio { p: polynomial(&LOSS_P, x), q: polynomial(&LOSS_Q, x) }
}

#[inline(always)]
pub fn tail_numerator(x: f64) -> f64 {
    polynomial(&TAIL_P, x)
}

/// The power of two that x has for exponent; 0 for a subnormal x.
#[inline(always)]
fn binade(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & (0x7ff << 52))
}

/// Half a unit in the last place of x, relative to x.
#[inline(always)]
pub fn half_ulp(x: f64) -> f64 {
    let unit = at_least(binade(x), f64::MIN_POSITIVE);
    if x == 0.0 { 0.0 } else { two_to(-53) * (unit / x.abs()) }
}

/// Two units in the last place of x >= 0.
#[inline(always)]
pub fn two_ulp(x: f64) -> f64 {
    two_to(-51) * binade(x)
}
