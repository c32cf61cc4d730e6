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

typedef struct {
    double a, b, h, v;
    int64_t special; /* 1 where this form may not hold */
} Legs;

typedef struct {
    double a, a_exponent, b, b_exponent, h, v;
    int64_t state; /* MISSING, INVALID */
} GeneralLegs;

QF_INLINE Legs legs_ordinary(double spot, double strike, double time, double rate,
                             double dividend, double sigma) {
    double rt = rate * time, rt_low = fma_(rate, time, -rt);
    double qt = dividend * time, qt_low = fma_(dividend, time, -qt);
    Reduced r = reduce(-rt, -rt_low), q = reduce(-qt, -qt_low);
    Reduced ratio = log_ratio(spot, strike);
    double n = (ratio.n - r.n) + q.n;
    double y = fma_(n, LN2_HI, fma_(n, LN2_LO, ratio.r + (q.r - r.r)));
    double v = sigma * __builtin_sqrt(time);
    Legs legs;
    legs.a = shift_exponent(times_exp(spot, q.r), q.n_magic);
    legs.b = shift_exponent(times_exp(strike, r.r), r.n_magic);
    legs.h = __builtin_fabs(y) / v;
    legs.v = v;
    legs.special = !(__builtin_fabs(rt) + __builtin_fabs(qt) < 300.0);
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
 * all others. `normal` = x 2^-shift is what log_ratio takes. */
typedef struct {
    double x, mantissa, exponent, normal, shift;
    int end;
} Scaled;

QF_INLINE Scaled scaled(double x) {
    int subnormal = x < 0x1p-1022;
    Scaled out;
    out.x = x;
    out.normal = subnormal ? x * 0x1p54 : x;
    out.shift = subnormal ? -54.0 : 0.0;
    uint64_t bits = to_bits(out.normal);
    out.mantissa = from_bits((bits & ((UINT64_C(1) << 52) - 1)) | to_bits(1.0));
    double exponent = from_bits((bits >> 52) | UINT64_C(0x4330000000000000)) - 0x1.00000000003ffp+52;
    int infinite = x == INFINITE;
    out.end = (x == 0.0) | infinite;
    out.exponent = out.end ? (infinite ? 20000.0 : -20000.0) : exponent + out.shift;
    return out;
}

/* The mantissa of x e^r; zero and infinity stay what they are. */
QF_INLINE double discounted(Scaled s, double r) {
    double leg = times_exp(s.mantissa, r);
    return s.end ? s.x : leg;
}

QF_INLINE GeneralLegs legs_general(double spot, double strike, double time, double rate,
                                   double dividend, double sigma) {
    Exponent rx = discount_exponent(rate, time), qx = discount_exponent(dividend, time);
    Reduced r = reduce(rx.value, rx.low), q = reduce(qx.value, qx.low);
    Scaled s = scaled(spot), k = scaled(strike);
    Reduced ratio = log_ratio(s.normal, k.normal);
    double n = ((ratio.n + (s.shift - k.shift)) - r.n) + q.n;
    double y = fma_(n, LN2_HI, fma_(n, LN2_LO, ratio.r + (q.r - r.r))) + (rx.excess - qx.excess);
    y = y == y ? y : 0.0; /* both legs are 0 or infinite */
    double v = __builtin_fabs(sigma * __builtin_sqrt(time)); /* -0 is 0 */
    int missing = (spot != spot) | (strike != strike) | (time != time) | (rate != rate) |
                  (dividend != dividend) | (sigma != sigma);
    int invalid = (spot < 0.0) | (strike < 0.0) | (time < 0.0) | (sigma < 0.0) |
                  ((spot == INFINITE) & (strike == INFINITE)) | (v != v) |
                  (__builtin_fabs(rate) == INFINITE) | (__builtin_fabs(dividend) == INFINITE);
    GeneralLegs legs;
    legs.a = discounted(s, q.r);
    legs.a_exponent = s.exponent + q.n;
    legs.b = discounted(k, r.r);
    legs.b_exponent = k.exponent + r.n;
    legs.h = v == INFINITE ? 0.0 : __builtin_fabs(y) / v;
    legs.v = v;
    legs.state = (missing ? MISSING : 0) | (invalid ? INVALID : 0);
    return legs;
}

#endif
