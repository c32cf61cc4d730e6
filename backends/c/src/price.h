/* European price on a lognormal underlying.
 *
 * With the legs A and B, h and v as in legs.h, t = v/2 and M(x) = N(-x)/phi(x):
 *
 *     price = max(+-(A - B), 0) + min(A, B) phi(h - t) (M(h - t) - M(h + t))
 *
 * where nothing cancels: the difference of M is its slope, a sum of positive terms, times v. For
 * h - t < -1/2, where M(h - t) grows without bound, the complement is taken, the factor of
 * min(A, B) being 1 - phi(t - h) (M(t - h) + M(t + h)).
 *
 * Limits: NaN in, NaN out. Negative spot, strike, time or sigma, both spot and strike infinite,
 * 0 times infinity in sigma sqrt(T), an infinite rate, a sign other than +-1: NaN and `invalid`.
 * sigma or T zero: discounted intrinsic value. Everything else is the formula's limit.
 *
 * Error out of the money at most 11 ulp, in it 4 ulp of max(A, B), see docs/numerics.md. */
#ifndef QF_PRICE_H
#define QF_PRICE_H

#include "legs.h"

/* phi(near) (M(near) - M(far)) over the power of two of the exponential: the out-of-the-money price
 * over the lesser leg, or less what that lacks to 1. What rounding took from near and far counts by
 * the slopes of M, and near's in the exponential too. */
QF_INLINE double time_value(Deviation d, Tails at) {
    double low = fma(at.far_loss, at.far_low, -(at.near_loss * at.near_low));
    double within = fma(d.v, at.m.slope, fma(at.width, at.m.slope, low));
    double factor = at.within ? within : low - (at.m.near + at.m.far);
    return fma(factor, at.growth, factor);
}

typedef struct {
    double price;
    int32_t special;
} OrdinaryPrice;

QF_INLINE OrdinaryPrice price_ordinary(Legs legs, Deviation d, Tails at, double sign) {
    int below = legs.y.high < 0.0;
    double least = below ? legs.a : legs.b, most = below ? legs.b : legs.a;
    double least_low = below ? legs.a_low : legs.b_low;
    double most_low = below ? legs.b_low : legs.a_low;
    double moneyness = below ? -sign : sign; /* > 0: in the money */
    double factor = shift_exponent(time_value(d, at), at.e.n_magic);
    factor = at.within ? factor : 1.0 + factor;
    double low = least_low * factor, otm = fma(least, factor, low), gap = most - least;
    low += ((most - gap) - least) + (most_low - least_low);
    double itm = gap + fma(least, factor, low);
    double price = moneyness > 0.0 ? itm : otm;
    int holds = (legs.load < 300.0) & (least > 0x1p-64) & (most > 0x1p-64) & (most < 0x1p300) &
                (d.v > 0x1p-60) & (at.x < 34.0) & is_straight(legs.bend, at.x, d.v) &
                (fabs(sign) == 1.0);
    OrdinaryPrice out = {at_least(price, 0.0), !holds};
    return out;
}

/* price = value 2^exponent */
typedef struct {
    double value, exponent;
} GeneralPrice;

QF_INLINE GeneralPrice price_general(GeneralLegs legs, Separation separation, double sign) {
    Deviation d = separation.d;
    Tails at = separation.at;
    int below = separation.y.high < 0.0;
    CommonScale common = on_common_scale(legs);
    double least = below ? legs.a : legs.b;
    double least_exponent = below ? legs.a_exponent : legs.b_exponent;
    double least_common = below ? common.a : common.b, most_common = below ? common.b : common.a;
    double least_low = below ? legs.a_low : legs.b_low;
    double a_low = legs.a_low * common.a_scale, b_low = legs.b_low * common.b_scale;
    double gap_low = below ? b_low - a_low : a_low - b_low;

    /* At expiry, without volatility or with a leg of 0 or infinity only the intrinsic value is. */
    int settled = (d.v == 0.0) | (common.a == 0.0) | (common.b == 0.0) | (common.a == INFINITY) |
                  (common.b == INFINITY);
    double factor = time_value(d, at);
    double all_but = 1.0 + factor * power_of_two(at_least(at.e.n, -1000.0));
    factor = at.within ? factor : all_but;
    factor = settled ? 0.0 : factor;
    double exponent = at.within ? least_exponent + at.e.n : least_exponent;
    double low = least_low * factor, otm = fma(least, factor, low);
    double scale = power_of_two(at_most(at_least(exponent - common.top, -1000.0), 1000.0));
    double gap = most_common - least_common;
    low = low * scale + (((most_common - gap) - least_common) + gap_low);
    double itm = gap + fma(least * scale, factor, low);
    itm = most_common == INFINITY ? INFINITY : itm;
    int in_the_money = (below ? -sign : sign) > 0.0;
    double price = at_least(in_the_money ? itm : otm, 0.0);
    exponent = in_the_money ? common.top : exponent;

    /* Endless volatility leaves all of one leg, and not a rounding error of the other. */
    int endless = (d.v == INFINITY) & !settled;
    double whole = sign > 0.0 ? legs.a : legs.b;
    double whole_exponent = sign > 0.0 ? legs.a_exponent : legs.b_exponent;
    GeneralPrice out = {endless ? whole : price, endless ? whole_exponent : exponent};
    return out;
}

#endif
