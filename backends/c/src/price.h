/* European price on a lognormal underlying.
 *
 * With the legs A and B, h and v as in legs.h, t = v/2 and M(x) = N(-x)/phi(x):
 *
 *     price = max(+-(A - B), 0) + min(A, B) phi(h - t) (M(h - t) - M(h + t))
 *
 * where nothing cancels but M - M, and that no worse than the problem's own condition. For h < t
 * M(h - t) grows without bound and the complement is taken, the factor of min(A, B) being
 * 1 - phi(t - h) (M(t - h) + M(t + h)). For t max(h, 2) < 1/64 the difference of M is its Taylor
 * series, from M' = x M - 1.
 *
 * Limits: NaN in, NaN out. Negative spot, strike, time or sigma, both spot and strike infinite,
 * 0 times infinity in sigma sqrt(T), an infinite rate, a sign other than +-1: NaN and `invalid`.
 * sigma or T zero: discounted intrinsic value. Everything else is the formula's limit.
 *
 * Error at most 4 ulp of max(A, B), and (4 + 4 cond) 2^-53 relatively, see docs/numerics.md. */
#ifndef QF_PRICE_H
#define QF_PRICE_H

#include "legs.h"
#include "blocks.h"

typedef struct {
    double price;
    int64_t special;
} OrdinaryPrice;

QF_INLINE OrdinaryPrice ordinary_price(double a, double b, double h, double v, double sign) {
    double t = 0.5 * v, far = h + t, near = h - t, x = __builtin_fabs(near);
    double xx = x * x;
    Reduced e = reduce(-0.5 * xx, -0.5 * fma_(x, x, -xx));
    double least = a < b ? a : b;
    Ratio m = mills(far), m0 = mills(x);
    double difference = fma_(__builtin_copysign(m0.p, near), m.q, -(m.p * m0.q)) / (m.q * m0.q);

    double intrinsic = sign * (a - b);
    intrinsic = intrinsic > 0.0 ? intrinsic : 0.0;
    double factor = shift_exponent(times_exp(difference, e.r), e.n_magic);
    factor = near < 0.0 ? 1.0 + factor : factor;
    double price = fma_(least, factor, intrinsic);

    int holds = (least > 0x1p-64) & (a + b < 0x1p300) & (v > 0x1p-60) & (v < 16.0) & (x < 34.0) &
                (t * (h > 2.0 ? h : 2.0) >= 0x1p-6) & (__builtin_fabs(sign) == 1.0);
    OrdinaryPrice out = {price > 0.0 ? price : 0.0, !holds};
    return out;
}

/* (M(h - t) - M(h + t)) / sqrt(2 pi) for small t: the odd derivatives M', M''', ... at h. */
QF_INLINE double mills_difference_series(double h, double t) {
    Ratio ratio = mills(h);
    double m0 = ratio.p / ratio.q, u = t * t;
    double m1 = fma_(h, m0, -INV_SQRT_2PI);
    double m2 = fma_(h, m1, m0);
    double m3 = fma_(h, m2, 2.0 * m1);
    double m4 = fma_(h, m3, 3.0 * m2);
    double m5 = fma_(h, m4, 4.0 * m3);
    double m6 = fma_(h, m5, 5.0 * m4);
    double m7 = fma_(h, m6, 6.0 * m5);
    double series = fma_(fma_(fma_(m7, u * (1.0 / 42.0), m5), u * (1.0 / 20.0), m3),
                         u * (1.0 / 6.0), m1);
    return -2.0 * t * series;
}

QF_INLINE double general_price(GeneralLegs legs, double sign) {
    double h = legs.h, t = 0.5 * legs.v, far = h + t, near = h - t, x = __builtin_fabs(near);
    double h_held = h < 54.0 ? h : 54.0; /* past 54 phi M is less than the least double */
    far = far < 0x1p50 ? far : 0x1p50;   /* M itself is right to infinity */
    x = x < 54.0 ? x : 54.0;
    double top = legs.a_exponent > legs.b_exponent ? legs.a_exponent : legs.b_exponent;
    double a_apart = legs.a_exponent - top, b_apart = legs.b_exponent - top;
    double a = legs.a * power_of_two(a_apart > -1000.0 ? a_apart : -1000.0);
    double b = legs.b * power_of_two(b_apart > -1000.0 ? b_apart : -1000.0);

    double xx = x * x;
    Reduced e = reduce(-0.5 * xx, -0.5 * fma_(x, x, -xx));
    double least = a < b ? legs.a : legs.b;
    double least_exponent = a < b ? legs.a_exponent : legs.b_exponent;
    Ratio m = mills(far), m0 = mills(x);
    double difference = fma_(__builtin_copysign(m0.p, near), m.q, -(m.p * m0.q)) / (m.q * m0.q);
    int close = t * (h_held > 2.0 ? h_held : 2.0) < 0x1p-6;
    difference = close ? mills_difference_series(h_held, t) : difference;

    /* At expiry, without volatility or with a leg of 0 or infinity only the intrinsic value is. */
    int settled = (legs.v == 0.0) | (a == 0.0) | (b == 0.0) | (a == INFINITE) | (b == INFINITE);
    int complement = (near < 0.0) & !close;
    double factor = times_exp(difference, e.r);
    double all_but = 1.0 + factor * power_of_two(e.n > -1000.0 ? e.n : -1000.0);
    factor = complement ? all_but : factor;
    factor = settled ? 0.0 : factor;
    double term_exponent = complement ? least_exponent : least_exponent + e.n;
    double intrinsic = sign * (a - b);
    intrinsic = intrinsic > 0.0 ? intrinsic : 0.0;
    double exponent = intrinsic > 0.0 ? top : term_exponent;
    double apart = term_exponent - exponent;
    apart = apart > -1000.0 ? apart : -1000.0;
    apart = apart < 1000.0 ? apart : 1000.0;
    double price = fma_(least * power_of_two(apart), factor, intrinsic);
    price = price > 0.0 ? price : 0.0;

    /* Endless volatility leaves all of one leg, and not a rounding error of the other. */
    int endless = (legs.v == INFINITE) & !settled;
    double whole = sign > 0.0 ? legs.a : legs.b;
    double whole_exponent = sign > 0.0 ? legs.a_exponent : legs.b_exponent;
    price = endless ? whole : price;
    exponent = endless ? whole_exponent : exponent;
    return times_power(price, exponent);
}

static void price_general(const double *const *restrict in, double *const *restrict out,
                          int64_t *restrict outside, int64_t n, int64_t wanted) {
    (void)wanted;
    double *restrict price = out[0];
    for (int64_t i = 0; i < n; i++) {
        double sign = in[6][i];
        GeneralLegs legs = legs_general(in[0][i], in[1][i], in[2][i], in[3][i], in[4][i], in[5][i]);
        int64_t state = legs.state | sign_state(sign);
        double value = general_price(legs, sign);
        price[i] = state ? NOT_A_NUMBER : value;
        outside[i] = state == INVALID; /* a NaN that came in is no signal */
    }
}

/* The two halves run one after the other over the block: each is short enough for the processor to
 * overlap several vectors of it. */
QF_INLINE void price_ordinary(const double *const *restrict in, double *const *restrict out,
                              int64_t *restrict special, int64_t n, int64_t wanted) {
    (void)wanted;
    double a[BLOCK], b[BLOCK], h[BLOCK], v[BLOCK], *restrict price = out[0];
    const double *spot = in[0], *strike = in[1], *time = in[2], *rate = in[3], *dividend = in[4],
                 *sigma = in[5], *sign = in[6];
    for (int64_t i = 0; i < n; i++) {
        Legs legs = legs_ordinary(spot[i], strike[i], time[i], rate[i], dividend[i], sigma[i]);
        a[i] = legs.a, b[i] = legs.b, h[i] = legs.h, v[i] = legs.v;
        special[i] = legs.special;
    }
    for (int64_t i = 0; i < n; i++) {
        OrdinaryPrice lane = ordinary_price(a[i], b[i], h[i], v[i], sign[i]);
        price[i] = lane.price;
        special[i] += lane.special;
    }
}

#endif
