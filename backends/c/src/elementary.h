/* Elementary functions of the numerical specification: + - * / sqrt fma, comparisons and bit
 * operations in a fixed order, so that every machine and every vector width gives the same bits.
 * The names and the order are those of elementary.rs, elementary.py and the specification. */
#ifndef QF_ELEMENTARY_H
#define QF_ELEMENTARY_H

#include <stdint.h>
#include <string.h>

#include "tables.h"

#define QF_INLINE static inline __attribute__((always_inline))

QF_INLINE uint64_t to_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

QF_INLINE double from_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

QF_INLINE double fma_(double a, double b, double c) { return __builtin_fma(a, b, c); }

/* x 2^n for the integer n held by n_magic = n + ROUND_MAGIC; x and the result are normal. */
QF_INLINE double shift_exponent(double x, double n_magic) {
    return from_bits(to_bits(x) + (to_bits(n_magic) << 52));
}

/* 2^n for -1022 <= n <= 1023, n an integer. */
QF_INLINE double power_of_two(double n) { return shift_exponent(1.0, n + ROUND_MAGIC); }

/* x 2^n for any integer n, in two steps; where it is subnormal it is rounded once. */
QF_INLINE double times_power(double x, double n) {
    n = n > -2040.0 ? n : -2040.0;
    n = n < 2040.0 ? n : 2040.0;
    double half = (0.5 * n + ROUND_MAGIC) - ROUND_MAGIC;
    return x * power_of_two(half) * power_of_two(n - half);
}

/* x y, but 0 where x is 0, even if y is infinite. */
QF_INLINE double zero_times(double x, double y) { return x == 0.0 ? 0.0 : x * y; }

/* x + lo = n ln 2 + r with |r| <= ln 2 / 2; n_magic = n + ROUND_MAGIC holds n as an integer. */
typedef struct {
    double n, n_magic, r;
} Reduced;

QF_INLINE Reduced reduce(double x, double lo) {
    Reduced out;
    out.n_magic = fma_(x, LOG2E, ROUND_MAGIC);
    out.n = out.n_magic - ROUND_MAGIC;
    out.r = fma_(out.n, -LN2_LO, fma_(out.n, -LN2_HI, x)) + lo;
    return out;
}

/* e^r - 1 for |r| <= ln 2 / 2, as r + r^2 g(r), g in even and odd powers side by side. */
QF_INLINE double exp_minus_1(double r) {
    double u = r * r;
    double even = fma_(fma_(fma_(fma_(EXP[8], u, EXP[6]), u, EXP[4]), u, EXP[2]), u, EXP[0]);
    double odd = fma_(fma_(fma_(fma_(EXP[9], u, EXP[7]), u, EXP[5]), u, EXP[3]), u, EXP[1]);
    return fma_(fma_(odd, r, even), u, r);
}

/* x e^r, rounded once but for the error of e^r - 1. */
QF_INLINE double times_exp(double x, double r) { return fma_(x, exp_minus_1(r), x); }

/* ln(x / y) = n ln 2 + r for normal positive x and y: y is brought to x by a power of two, so
 * that the difference in the numerator is exact. */
QF_INLINE Reduced log_ratio(double x, double y) {
    const uint64_t half = UINT64_C(1) << 51, sign = UINT64_C(1) << 63;
    const uint64_t exponent = ~((UINT64_C(1) << 52) - 1);
    uint64_t apart = to_bits(x) - to_bits(y) + half + sign;
    double near = from_bits(to_bits(y) + (apart & exponent) + sign);
    double s = (x - near) / (x + near), u = s * s, w = u * u;
    double even = fma_(fma_(fma_(ATANH[6], w, ATANH[4]), w, ATANH[2]), w, ATANH[0]);
    double odd = fma_(fma_(fma_(ATANH[7], w, ATANH[5]), w, ATANH[3]), w, ATANH[1]);
    Reduced out;
    out.n = from_bits((apart >> 52) | UINT64_C(0x4330000000000000)) - 0x1.00000000008p+52;
    out.n_magic = out.n;
    out.r = fma_(s * u, fma_(odd, u, even), s + s);
    return out;
}

/* Numerator and denominator of the Mills ratio N(-x) / (sqrt(2 pi) phi(x)), 0 <= x <= 54. */
typedef struct {
    double p, q;
} Ratio;

QF_INLINE Ratio mills(double x) {
    double u = x * x;
    double pe = fma_(fma_(fma_(fma_(MILLS_P[8], u, MILLS_P[6]), u, MILLS_P[4]), u, MILLS_P[2]), u,
                     MILLS_P[0]);
    double po = fma_(fma_(fma_(fma_(MILLS_P[9], u, MILLS_P[7]), u, MILLS_P[5]), u, MILLS_P[3]), u,
                     MILLS_P[1]);
    double qe = fma_(fma_(fma_(fma_(fma_(MILLS_Q[10], u, MILLS_Q[8]), u, MILLS_Q[6]), u,
                               MILLS_Q[4]), u, MILLS_Q[2]), u, MILLS_Q[0]);
    double qo = fma_(fma_(fma_(fma_(MILLS_Q[9], u, MILLS_Q[7]), u, MILLS_Q[5]), u, MILLS_Q[3]), u,
                     MILLS_Q[1]);
    Ratio out = {fma_(po, x, pe), fma_(qo, x, qe)};
    return out;
}

/* Half a unit in the last place of x, relative to x. */
QF_INLINE double half_ulp(double x) {
    double unit = from_bits(to_bits(x) & UINT64_C(0x7ff) << 52);
    unit = unit > 0x1p-1022 ? unit : 0x1p-1022;
    return x == 0.0 ? 0.0 : 0x1p-53 * (unit / __builtin_fabs(x));
}

/* Two units in the last place of x >= 0. */
QF_INLINE double two_ulp(double x) {
    return 0x1p-51 * from_bits(to_bits(x) & UINT64_C(0x7ff) << 52);
}

#endif
