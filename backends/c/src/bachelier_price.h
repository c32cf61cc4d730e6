/* European price on a normally distributed forward (Bachelier).
 *
 * With v = sigma sqrt(T), k = |F - K|, h = k/v and M(x) = N(-x)/phi(x):
 *
 *     price = e^(-rT) (max(+-(F - K), 0) + v phi(h) (1 - h M(h)))
 *
 * Forwards and strikes may have any sign. Limits: NaN in, NaN out. Negative sigma or T, 0 times
 * infinity in sigma sqrt(T), F - K of infinities, an infinite rate, a sign other than +-1: NaN and
 * `invalid`. sigma or T zero: discounted intrinsic value. Endless volatility: infinite, but 0 for
 * endless time at a positive rate. */
#ifndef QF_BACHELIER_PRICE_H
#define QF_BACHELIER_PRICE_H

#include "blocks.h"
#include "legs.h"

/* phi(h) (1 - h M(h)) over the power of two of the exponential, times v. */
QF_INLINE double normal_time_value(Deviation d, Ratio rest, double growth) {
    double share = rest.p / rest.q, value = fma_(d.v, share, d.v_low * share);
    return fma_(value, growth, value);
}

typedef struct {
    double price;
    int32_t special;
} OrdinaryNormal;

QF_INLINE OrdinaryNormal ordinary_normal(double forward, double strike, double time, double rate,
                                         double sigma, double sign) {
    double rt = rate * time, rt_low = fma_(rate, time, -rt);
    Reduced r = reduce(-rt, -rt_low);
    Sum apart = sum(forward, -strike);
    Deviation d = deviation_ordinary(magnitude(apart), time, sigma);
    Reduced e = gauss_exponent(d.h, d.h_low);
    double term = shift_exponent(normal_time_value(d, loss(d.h), exp_minus_1(e.r)), e.n_magic);
    double intrinsic = sign * apart.high;
    double value = intrinsic > 0.0 ? intrinsic + fma_(sign, apart.low, term) : term;
    double price = shift_exponent(times_exp(value, r.r), r.n_magic);
    int holds = (__builtin_fabs(rt) < 50.0) & (d.v > 0x1p-64) & (d.v < 0x1p200) & (d.h < 34.0) &
                (__builtin_fabs(sign) == 1.0);
    OrdinaryNormal out = {price, !holds};
    return out;
}

/* What the general forms of this model share. */
typedef struct {
    Deviation d;      /* h at most PAST */
    Sum inside;       /* > 0: in the money */
    Reduced r, e;     /* the discount exponent -rT, and -h^2/2 */
    double h, growth; /* h itself, and e^e.r - 1 */
    int32_t state;
} Normal;

QF_INLINE Normal normal_general(double forward, double strike, double time, double rate,
                                double sigma, double sign) {
    Exponent x = discount_exponent(rate, time);
    Sum apart = sum(forward, -strike), inside = {sign * apart.high, finite_or_zero(sign * apart.low)};
    Normal out;
    out.d = deviation_general(magnitude(inside), time, sigma);
    out.h = out.d.h;
    int past = !(out.d.h < PAST);
    out.d.h = past ? PAST : out.d.h;
    out.d.h_low = past ? 0.0 : out.d.h_low;
    out.inside = inside;
    out.r = reduce(x.value, x.low);
    out.e = gauss_exponent(out.d.h, out.d.h_low);
    out.growth = exp_minus_1(out.e.r);
    int missing = (forward != forward) | (strike != strike) | (time != time) | (rate != rate) |
                  (sigma != sigma);
    int invalid = (time < 0.0) | (sigma < 0.0) | (out.d.v != out.d.v) | (apart.high != apart.high) |
                  (__builtin_fabs(rate) == INFINITE);
    out.state = (missing ? MISSING : 0) | (invalid ? INVALID : 0) | sign_state(sign);
    return out;
}

QF_INLINE double general_normal(Normal n, double time, double rate) {
    double v = n.d.v, intrinsic = at_least(n.inside.high, 0.0);
    int settled = (v == 0.0) | (intrinsic == INFINITE) | (n.inside.high == -INFINITE);
    double term = settled ? 0.0 : normal_time_value(n.d, loss(n.d.h), n.growth);
    double held = term * power_of_two(at_least(n.e.n, -1000.0));
    double inside = intrinsic + (n.inside.low + held);
    double value = intrinsic > 0.0 ? inside : term;
    double exponent = intrinsic > 0.0 ? n.r.n : n.r.n + n.e.n;
    double price = times_power(times_exp(value, n.r.r), exponent);
    int endless = (v == INFINITE) & !settled;
    double limit = (time == INFINITE) & (rate > 0.0) ? 0.0 : INFINITE;
    price = value == INFINITE ? INFINITE : price; /* infinity less a part of it is no number */
    return endless ? limit : price;
}

static void bachelier_price_general(const double *const *restrict in,
                                    double *const *restrict out, int32_t *restrict outside,
                                    int64_t n, int64_t wanted) {
    (void)wanted;
    double *restrict price = out[0];
    for (int64_t i = 0; i < n; i++) {
        Normal lane = normal_general(in[0][i], in[1][i], in[2][i], in[3][i], in[4][i], in[5][i]);
        double value = general_normal(lane, in[2][i], in[3][i]);
        price[i] = lane.state ? NOT_A_NUMBER : value;
        outside[i] = lane.state == INVALID;
    }
}

QF_INLINE void bachelier_price_ordinary(const double *const *restrict in,
                                        double *const *restrict out, int32_t *restrict special,
                                        int64_t n, int64_t wanted) {
    (void)wanted;
    double *restrict price = out[0];
    for (int64_t i = 0; i < n; i++) {
        OrdinaryNormal lane =
            ordinary_normal(in[0][i], in[1][i], in[2][i], in[3][i], in[4][i], in[5][i]);
        price[i] = lane.price;
        special[i] = lane.special;
    }
}

#endif
