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

/* 1 - h M(h), over sqrt(2 pi), as numerator and denominator. */
QF_INLINE Ratio normal_loss(double h) {
    Ratio m = mills(h);
    Ratio out = {fma_(-h, m.p, INV_SQRT_2PI * m.q), m.q};
    return out;
}

typedef struct {
    double price;
    int64_t special;
} OrdinaryNormal;

QF_INLINE OrdinaryNormal ordinary_normal(double forward, double strike, double time, double rate,
                                         double sigma, double sign) {
    double rt = rate * time, rt_low = fma_(rate, time, -rt);
    Reduced r = reduce(-rt, -rt_low);
    double apart = forward - strike, v = sigma * __builtin_sqrt(time);
    double h = __builtin_fabs(apart) / v, hh = h * h;
    Reduced e = reduce(-0.5 * hh, -0.5 * fma_(h, h, -hh));
    Ratio loss = normal_loss(h);
    double factor = shift_exponent(times_exp(loss.p / loss.q, e.r), e.n_magic);
    double intrinsic = sign * apart;
    intrinsic = intrinsic > 0.0 ? intrinsic : 0.0;
    double price = shift_exponent(times_exp(fma_(v, factor, intrinsic), r.r), r.n_magic);
    int holds = (__builtin_fabs(rt) < 50.0) & (v > 0x1p-64) & (v < 0x1p200) & (h < 34.0) &
                (__builtin_fabs(sign) == 1.0);
    OrdinaryNormal out = {price, !holds};
    return out;
}

/* What the general forms of this model share. */
typedef struct {
    double k, v, h, inside; /* inside > 0: in the money */
    Reduced r;              /* the discount exponent -rT */
    int64_t state;
} Normal;

QF_INLINE Normal normal_general(double forward, double strike, double time, double rate,
                                double sigma, double sign) {
    Exponent x = discount_exponent(rate, time);
    double apart = forward - strike, v = __builtin_fabs(sigma * __builtin_sqrt(time));
    Normal out;
    out.k = __builtin_fabs(apart);
    out.v = v;
    out.h = out.k == 0.0 ? 0.0 : out.k / v;
    out.inside = sign * apart;
    out.r = reduce(x.value, x.low);
    int missing = (forward != forward) | (strike != strike) | (time != time) | (rate != rate) |
                  (sigma != sigma);
    int invalid = (time < 0.0) | (sigma < 0.0) | (v != v) | (apart != apart) |
                  (__builtin_fabs(rate) == INFINITE);
    out.state = (missing ? MISSING : 0) | (invalid ? INVALID : 0) | sign_state(sign);
    return out;
}

QF_INLINE double general_normal(Normal n, double time, double rate) {
    double h = n.h < 54.0 ? n.h : 54.0, hh = h * h;
    Reduced e = reduce(-0.5 * hh, -0.5 * fma_(h, h, -hh));
    Ratio loss = normal_loss(h);
    double factor = times_exp(loss.p / loss.q, e.r);
    int settled = (n.v == 0.0) | (n.k == INFINITE);
    factor = settled ? 0.0 : factor;
    double intrinsic = n.inside > 0.0 ? n.inside : 0.0;
    double held = factor * power_of_two(e.n > -1000.0 ? e.n : -1000.0);
    double inside = fma_(n.v, held, intrinsic), outside = n.v * factor;
    double value = intrinsic > 0.0 ? inside : outside;
    value = settled ? intrinsic : value;
    double exponent = (intrinsic > 0.0) | settled ? n.r.n : n.r.n + e.n;
    double price = times_power(times_exp(value, n.r.r), exponent);
    int endless = (n.v == INFINITE) & !settled;
    double limit = (time == INFINITE) & (rate > 0.0) ? 0.0 : INFINITE;
    price = value == INFINITE ? INFINITE : price; /* infinity less a part of it is no number */
    return endless ? limit : price;
}

static void bachelier_price_general(const double *const *restrict in,
                                    double *const *restrict out, int64_t *restrict outside,
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
                                        double *const *restrict out, int64_t *restrict special,
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
