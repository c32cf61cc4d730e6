/* The two legs of a European option and how far apart they are: the first half of every kernel on
 * a lognormal underlying.
 *
 *     A = S e^(-qT),  B = K e^(-rT),  v = sigma sqrt(T),  h = |ln(A/B)| / v
 *
 * -rT = n ln 2 + rho, so the integers of both discount factors and of ln(S/K) add up exactly and
 * ln(A/B) loses nothing however large rT and qT are; their rounding errors are carried along.
 *
 * `legs_ordinary` assumes that every number stays normal and says where it may not;
 * `legs_general` keeps exponents apart. Where the first holds both have the same digits. */
#ifndef QF_LEGS_H
#define QF_LEGS_H

#include "elementary.h"

#define INFINITE __builtin_inf()
#define NOT_A_NUMBER from_bits(UINT64_C(0x7ff8000000000000)) /* the one NaN of every result */

/* Bits of a lane's state: NaN came in, or the inputs lie outside the domain. */
enum { MISSING = 1, INVALID = 2 };

QF_INLINE int64_t sign_state(double sign) {
    return (sign != sign ? MISSING : 0) | (__builtin_fabs(sign) == 1.0 ? 0 : INVALID);
}

typedef struct {
    double a, b, y; /* A, B and ln(A/B) */
    double a_low, b_low; /* what rounding took from A and B */
    int64_t special; /* 1 where this form may not hold */
} Sides;

typedef struct {
    double a, b, h, v;
    int64_t special;
} Legs;

typedef struct {
    double a, a_exponent, a_low, b, b_exponent, b_low, y;
    Reduced r, q;  /* the discount exponents -rT and -qT */
    int64_t state; /* MISSING, INVALID */
} GeneralSides;

typedef struct {
    double a, a_exponent, b, b_exponent, h, v;
    Reduced r, q;
    int64_t state;
} GeneralLegs;

QF_INLINE Sides sides_ordinary(double spot, double strike, double time, double rate,
                               double dividend) {
    double rt = rate * time, rt_low = fma_(rate, time, -rt);
    double qt = dividend * time, qt_low = fma_(dividend, time, -qt);
    Reduced r = reduce(-rt, -rt_low), q = reduce(-qt, -qt_low);
    Reduced ratio = log_ratio(spot, strike);
    double n = (ratio.n - r.n) + q.n;
    double growth_a = exp_minus_1(q.r), growth_b = exp_minus_1(r.r);
    double a = fma_(spot, growth_a, spot), b = fma_(strike, growth_b, strike);
    Sides sides;
    sides.y = fma_(n, LN2_HI, fma_(n, LN2_LO, ratio.r + (q.r - r.r)));
    sides.a = shift_exponent(a, q.n_magic);
    sides.b = shift_exponent(b, r.n_magic);
    sides.a_low = fma_(spot, growth_a, spot - a) * power_of_two(q.n);
    sides.b_low = fma_(strike, growth_b, strike - b) * power_of_two(r.n);
    sides.special = !(__builtin_fabs(rt) + __builtin_fabs(qt) < 300.0);
    return sides;
}

QF_INLINE Legs legs_ordinary(double spot, double strike, double time, double rate,
                             double dividend, double sigma) {
    Sides sides = sides_ordinary(spot, strike, time, rate, dividend);
    double v = sigma * __builtin_sqrt(time);
    Legs legs = {sides.a, sides.b, __builtin_fabs(sides.y) / v, v, sides.special};
    return legs;
}

/* -x t with its rounding error, for the exponential: held within +-4000, past which e^-xt is 0 or
 * infinite for every leg; what was cut off is kept for ln(A/B). A zero rate discounts nothing, even
 * for ever. */
typedef struct {
    double value, low, excess;
} Exponent;

QF_INLINE Exponent discount_exponent(double x, double time) {
    double xt = x == 0.0 ? 0.0 : x * time;
    double low = x == 0.0 ? 0.0 : fma_(x, time, -xt);
    int within = __builtin_fabs(xt) < 4000.0;
    double cut = xt < 0.0 ? 4000.0 : -4000.0;
    Exponent out = {within ? -xt : cut, within ? -low : 0.0, within ? 0.0 : xt + cut};
    return out;
}

/* x = mantissa 2^exponent, mantissa in [1, 2); zero and infinity, the ends, have an exponent beyond
 * all others. */
typedef struct {
    double x, mantissa, exponent;
    int end;
} Scaled;

QF_INLINE Scaled scaled(double x) {
    int subnormal = x < 0x1p-1022, infinite = x == INFINITE;
    uint64_t bits = to_bits(subnormal ? x * 0x1p54 : x);
    double exponent = from_bits((bits >> 52) | UINT64_C(0x4330000000000000)) - 0x1.00000000003ffp+52;
    exponent = subnormal ? exponent - 54.0 : exponent;
    Scaled out;
    out.x = x;
    out.mantissa = from_bits((bits & ((UINT64_C(1) << 52) - 1)) | to_bits(1.0));
    out.end = (x == 0.0) | infinite;
    out.exponent = out.end ? (infinite ? 20000.0 : -20000.0) : exponent;
    return out;
}

/* The mantissa of x e^r and what rounding took from it; zero and infinity stay what they are. */
typedef struct {
    double value, low;
} Discounted;

QF_INLINE Discounted discounted(Scaled s, double r) {
    double growth = exp_minus_1(r), value = fma_(s.mantissa, growth, s.mantissa);
    double low = fma_(s.mantissa, growth, s.mantissa - value);
    Discounted out = {s.end ? s.x : value, s.end ? 0.0 : low};
    return out;
}

QF_INLINE GeneralSides sides_general(double spot, double strike, double time, double rate,
                                     double dividend) {
    Exponent rx = discount_exponent(rate, time), qx = discount_exponent(dividend, time);
    Reduced r = reduce(rx.value, rx.low), q = reduce(qx.value, qx.low);
    Scaled s = scaled(spot), k = scaled(strike);
    Reduced ratio = log_ratio(s.mantissa, k.mantissa);
    double n = ((ratio.n + (s.exponent - k.exponent)) - r.n) + q.n;
    double y = fma_(n, LN2_HI, fma_(n, LN2_LO, ratio.r + (q.r - r.r))) + (rx.excess - qx.excess);
    int missing = (spot != spot) | (strike != strike) | (time != time) | (rate != rate) |
                  (dividend != dividend);
    int invalid = (spot < 0.0) | (strike < 0.0) | (time < 0.0) |
                  ((spot == INFINITE) & (strike == INFINITE)) |
                  (__builtin_fabs(rate) == INFINITE) | (__builtin_fabs(dividend) == INFINITE);
    Discounted a = discounted(s, q.r), b = discounted(k, r.r);
    GeneralSides sides;
    sides.a = a.value, sides.a_low = a.low;
    sides.a_exponent = s.exponent + q.n;
    sides.b = b.value, sides.b_low = b.low;
    sides.b_exponent = k.exponent + r.n;
    sides.y = y == y ? y : 0.0; /* both legs are 0 or infinite */
    sides.r = r, sides.q = q;
    sides.state = (missing ? MISSING : 0) | (invalid ? INVALID : 0);
    return sides;
}

QF_INLINE GeneralLegs legs_general(double spot, double strike, double time, double rate,
                                   double dividend, double sigma) {
    GeneralSides sides = sides_general(spot, strike, time, rate, dividend);
    double v = __builtin_fabs(sigma * __builtin_sqrt(time)); /* -0 is 0 */
    GeneralLegs legs;
    legs.a = sides.a, legs.a_exponent = sides.a_exponent;
    legs.b = sides.b, legs.b_exponent = sides.b_exponent;
    legs.h = (v == INFINITE) | (sides.y == 0.0) ? 0.0 : __builtin_fabs(sides.y) / v;
    legs.v = v;
    legs.r = sides.r, legs.q = sides.q;
    legs.state = sides.state | (sigma != sigma ? MISSING : 0) |
                 ((sigma < 0.0) | (v != v) ? INVALID : 0);
    return legs;
}

#endif
