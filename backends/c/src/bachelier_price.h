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

#include "legs.h"

/* phi(h) (1 - h M(h)) over the power of two of the exponential, times v. */
QF_INLINE double bachelier_time_value(Deviation d, Ratio rest, double growth) {
    double share = rest.p / rest.q, value = fma(d.v, share, d.v_low * share);
    return fma(value, growth, value);
}

typedef struct {
    double price;
    int32_t special;
} OrdinaryBachelierPrice;

QF_INLINE OrdinaryBachelierPrice bachelier_price_ordinary(double forward, double strike,
                                                          double time, double rate, double sigma,
                                                          double sign) {
    double rt = rate * time, rt_low = fma(rate, time, -rt);
    Reduced r = reduce(-rt, -rt_low);
    Sum distance = two_sum(forward, -strike);
    Deviation d = deviation_ordinary(magnitude(distance), time, sigma);
    Reduced e = gauss_exponent(d.h, d.h_low);
    double term = shift_exponent(bachelier_time_value(d, loss(d.h), exp_minus_1(e.r)), e.n_magic);
    double intrinsic = sign * distance.high;
    double value = intrinsic > 0.0 ? intrinsic + fma(sign, distance.low, term) : term;
    double price = shift_exponent(times_exp(value, r.r), r.n_magic);
    int holds =
        (fabs(rt) < 50.0) & (d.v > 0x1p-64) & (d.v < 0x1p200) & (d.h < 34.0) & (fabs(sign) == 1.0);
    OrdinaryBachelierPrice out = {price, !holds};
    return out;
}

/* What the general forms of this model share. */
typedef struct {
    Deviation d;      /* h at most PAST */
    Sum moneyness;    /* > 0: in the money */
    Reduced r, e;     /* the discount exponent -rT, and -h^2/2 */
    double h, growth; /* h itself, and e^e.r - 1 */
    int32_t state;
} BachelierTerms;

QF_INLINE BachelierTerms bachelier_terms_general(double forward, double strike, double time,
                                                 double rate, double sigma, double sign) {
    Exponent x = discount_exponent(rate, time);
    Sum distance = two_sum(forward, -strike);
    Sum moneyness = {sign * distance.high, finite_or_zero(sign * distance.low)};
    BachelierTerms out;
    out.d = deviation_general(magnitude(moneyness), time, sigma);
    out.h = out.d.h;
    int past = !(out.d.h < PAST);
    out.d.h = past ? PAST : out.d.h;
    out.d.h_low = past ? 0.0 : out.d.h_low;
    out.moneyness = moneyness;
    out.r = reduce(x.value, x.low);
    out.e = gauss_exponent(out.d.h, out.d.h_low);
    out.growth = exp_minus_1(out.e.r);
    int missing = (forward != forward) | (strike != strike) | (time != time) | (rate != rate) |
                  (sigma != sigma);
    int invalid = (time < 0.0) | (sigma < 0.0) | (out.d.v != out.d.v) |
                  (distance.high != distance.high) | (fabs(rate) == INFINITY);
    out.state = state_of(missing, invalid) | sign_state(sign);
    return out;
}

QF_INLINE double bachelier_price_general(BachelierTerms n, double time, double rate) {
    double v = n.d.v, intrinsic = at_least(n.moneyness.high, 0.0);
    int settled = (v == 0.0) | (intrinsic == INFINITY) | (n.moneyness.high == -INFINITY);
    double term = settled ? 0.0 : bachelier_time_value(n.d, loss(n.d.h), n.growth);
    double held = term * power_of_two(at_least(n.e.n, -1000.0));
    double itm = intrinsic + (n.moneyness.low + held);
    double value = intrinsic > 0.0 ? itm : term;
    double exponent = intrinsic > 0.0 ? n.r.n : n.r.n + n.e.n;
    double price = times_power(times_exp(value, n.r.r), exponent);
    int endless = (v == INFINITY) & !settled;
    double limit = (time == INFINITY) & (rate > 0.0) ? 0.0 : INFINITY;
    price = value == INFINITY ? INFINITY : price; /* infinity less a part of it is no number */
    return endless ? limit : price;
}

#endif
