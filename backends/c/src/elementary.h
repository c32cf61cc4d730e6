/* Elementary functions of the numerical specification: + - * / sqrt fma, comparisons and bit
 * operations in a fixed order, so that every machine and every vector width gives the same bits.
 * The names and the order are those of elementary.rs, elementary.py and the specification. */
#ifndef QF_ELEMENTARY_H
#define QF_ELEMENTARY_H

#include "machine.h"
#include "tables.h"

/* x 2^n for the integer n held by n_magic = n + ROUND_MAGIC; x and the result are normal. */
QF_INLINE double shift_exponent(double x, double n_magic) {
    return from_bits(to_bits(x) + (to_bits(n_magic) << 52));
}

/* 2^n for -1022 <= n <= 1023, n an integer. */
QF_INLINE double power_of_two(double n) { return shift_exponent(1.0, n + ROUND_MAGIC); }

/* The greater and the lesser of two numbers, the bound where x is NaN. */
QF_INLINE double at_least(double x, double bound) { return x > bound ? x : bound; }

QF_INLINE double at_most(double x, double bound) { return x < bound ? x : bound; }

/* x, but 0 where it is NaN or infinite. */
QF_INLINE double finite_or_zero(double x) { return x - x == 0.0 ? x : 0.0; }

/* x 2^n for any integer n, in three steps; where it is subnormal it is rounded once. */
QF_INLINE double times_power(double x, double n) {
    n = at_most(at_least(n, -3060.0), 3060.0);
    double third = (n * (1.0 / 3.0) + ROUND_MAGIC) - ROUND_MAGIC, power = power_of_two(third);
    return x * power * power * power_of_two(n - 2.0 * third);
}

/* x y, but 0 where x is 0, even if y is infinite. */
QF_INLINE double zero_times(double x, double y) { return x == 0.0 ? 0.0 : x * y; }

/* x + lo = n ln 2 + r with |r| <= ln 2 / 2; n_magic = n + ROUND_MAGIC holds n as an integer. */
typedef struct {
    double n, n_magic, r;
} Reduced;

QF_INLINE Reduced reduce(double x, double lo) {
    Reduced out;
    out.n_magic = fma(x, LOG2E, ROUND_MAGIC);
    out.n = out.n_magic - ROUND_MAGIC;
    out.r = fma(out.n, -LN2_LO, fma(out.n, -LN2_HI, x)) + lo;
    return out;
}

/* A polynomial with ascending coefficients, even and odd powers side by side. */
QF_INLINE double polynomial(const double *c, int degree, double x) {
    double u = x * x, high = c[degree], low = c[degree - 1];
    UNROLLED
    for (int i = degree - 2; i > 0; i -= 2) {
        high = fma(high, u, c[i]);
        low = fma(low, u, c[i - 1]);
    }
    return degree % 2 ? fma(high, x, low) : fma(low, x, fma(high, u, c[0]));
}

/* e^r - 1 for |r| <= ln 2 / 2, as r + r^2 g(r). */
QF_INLINE double exp_minus_1(double r) { return fma(polynomial(EXP, 9, r), r * r, r); }

/* x e^r, rounded once but for the error of e^r - 1. */
QF_INLINE double times_exp(double x, double r) { return fma(x, exp_minus_1(r), x); }

/* An unevaluated sum; low is at most a rounding error of high. */
typedef struct {
    double high, low;
} Sum;

/* y times the power of two that brings it next to x, so that x - y is exact; x / y = (x / that) 2^n
 * for normal positive x and y. */
typedef struct {
    double y, n;
} Aligned;

QF_INLINE Aligned aligned(double x, double y) {
    const uint64_t half = UINT64_C(1) << 51, sign = UINT64_C(1) << 63;
    const uint64_t exponent = ~((UINT64_C(1) << 52) - 1);
    uint64_t apart = to_bits(x) - to_bits(y) + half + sign;
    double n = from_bits((apart >> 52) | UINT64_C(0x4330000000000000)) - 0x1.00000000008p+52;
    Aligned out = {from_bits(to_bits(y) + (apart & exponent) + sign), n};
    return out;
}

/* ln(x / y) = n ln 2 + r for normal positive x and y. */
QF_INLINE Reduced log_ratio(double x, double y) {
    Aligned near = aligned(x, y);
    double s = (x - near.y) / (x + near.y), u = s * s;
    Reduced out = {near.n, near.n, fma(s * u, polynomial(ATANH, 7, u), s + s)};
    return out;
}

/* x + y without loss. */
QF_INLINE Sum two_sum(double x, double y) {
    double high = x + y, part = high - x;
    Sum out = {high, (x - (high - part)) + (y - part)};
    return out;
}

/* x y to twice the precision. */
QF_INLINE Sum product(Sum x, Sum y) {
    double high = x.high * y.high;
    double low = fma(x.high, y.high, -high) + fma(x.high, y.low, x.low * y.high);
    Sum out = {high + low, low - ((high + low) - high)};
    return out;
}

/* s = (x - y) / (x + y), with the remainders of the division and of its divisor; `near` is y next
 * to x. */
QF_INLINE Sum log_argument(double x, Aligned near) {
    double up = x - near.y, down = x + near.y, per = 1.0 / down, s = up * per;
    double down_low = ((x + x) - down) - up;
    Sum out = {s, fma(-s, down_low, fma(-s, down, up)) * per};
    return out;
}

/* ln(x / y) for normal positive x and y by s of `log_argument`. The first term of p is carried to
 * twice the precision: the error is that of s^5 q(s^2). */
QF_INLINE Sum log_ratio_sum(Sum s, double n) {
    double u = s.high * s.high, w = s.high * u, first = w * ATANH_HIGH[0];
    double w_low = fma(s.high, fma(s.high, s.high, -u), fma(s.high, u, -w));
    w_low = fma(3.0 * u, s.low, w_low);
    double first_low = fma(w_low, ATANH_HIGH[0], fma(w, ATANH_HIGH[0], -first));
    double rest = fma(w * u, polynomial(ATANH_NEXT, 7, u), fma(w, ATANH_LOW[0], first_low));
    double whole = n * LN2_HI, two = s.high + s.high, total = whole + two;
    double high = total + first;
    double low = ((whole - total) + two) + ((total - high) + first);
    Sum out = {high, low + fma(n, LN2_LO, rest + (s.low + s.low))};
    return out;
}

/* The same to twice the precision. */
QF_INLINE Sum log_ratio_fine(Sum s, double n) {
    Sum u = product(s, s), p = {polynomial(ATANH_REST, 13, u.high), 0.0};
    UNROLLED
    for (int i = 4; i >= 0; i--) {
        Sum next = product(p, u), whole = two_sum(ATANH_HIGH[i], next.high);
        p.high = whole.high;
        p.low = whole.low + (next.low + ATANH_LOW[i]);
    }
    Sum tail = product(product(s, u), p), whole = two_sum(n * LN2_HI, s.high + s.high);
    Sum both = two_sum(whole.high, tail.high);
    double low = both.low + (whole.low + (tail.low + fma(n, LN2_LO, s.low + s.low)));
    Sum out = {both.high + low, low - ((both.high + low) - both.high)};
    return out;
}

/* -x^2 / 2 for the exponential, x being a number and its rounding error. */
QF_INLINE Reduced gauss_exponent(double x, double low) {
    double half = -0.5 * x, square = half * x;
    return reduce(square, fma(-x, low, fma(half, x, -square)));
}

/* The Mills ratio M(x) = N(-x) / (sqrt(2 pi) phi(x)) at two points from MILLS_FROM on, and minus
 * its slope between them, (M(near) - M(far)) / (far - near): with P the polynomial and d its
 * divided difference, both terms of P(y_far) - MILLS_SPAN d / (near + MILLS_SHIFT) are positive,
 * however close the points. Horner's scheme at `far` carries the divided difference along; even and
 * odd powers go side by side. */
typedef struct {
    double near, far, slope;
} Mills;

QF_INLINE Mills mills(double near, double far) {
    double per_near = 1.0 / (near + MILLS_SHIFT), per_far = 1.0 / (far + MILLS_SHIFT);
    double y_near = (near - MILLS_ZERO) * per_near, y_far = (far - MILLS_ZERO) * per_far;
    double u_near = y_near * y_near, u_far = y_far * y_far;
    double even = MILLS[24], even_d = even, odd = MILLS[25], odd_d = odd;
    even = fma(even, u_far, MILLS[22]);
    odd = fma(odd, u_far, MILLS[23]);
    UNROLLED
    for (int i = 20; i >= 0; i -= 2) {
        even_d = fma(even_d, u_near, even);
        odd_d = fma(odd_d, u_near, odd);
        even = fma(even, u_far, MILLS[i]);
        odd = fma(odd, u_far, MILLS[i + 1]);
    }
    double p = fma(odd, y_far, even);
    double d = fma(y_near + y_far, fma(odd_d, y_near, even_d), odd);
    Mills out;
    out.near = fma(d, y_near - y_far, p) * per_near;
    out.far = p * per_far;
    out.slope = fma(-MILLS_SPAN * d, per_near, p) * (per_near * per_far);
    return out;
}

/* -M'(x) = 1/sqrt(2 pi) - x M(x) as numerator and denominator, which is that of M too; x >= 0. */
typedef struct {
    double p, q;
} Ratio;

QF_INLINE Ratio loss(double x) {
    Ratio out = {polynomial(LOSS_P, 11, x), polynomial(LOSS_Q, 13, x)};
    return out;
}

QF_INLINE double tail_numerator(double x) { return polynomial(TAIL_P, 12, x); }

/* Half a unit in the last place of x, relative to x. */
QF_INLINE double half_ulp(double x) {
    double unit = at_least(from_bits(to_bits(x) & UINT64_C(0x7ff) << 52), 0x1p-1022);
    return x == 0.0 ? 0.0 : 0x1p-53 * (unit / fabs(x));
}

/* Two units in the last place of x >= 0. */
QF_INLINE double two_ulp(double x) {
    return 0x1p-51 * from_bits(to_bits(x) & UINT64_C(0x7ff) << 52);
}

#endif
