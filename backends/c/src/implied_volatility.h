/* Volatility implied by a European price, on a lognormal underlying, in a fixed number of steps.
 *
 * With the legs A and B of legs.h, k = |ln(A/B)| and the out-of-the-money price over the lesser
 * leg, c = phi(x) (M(x) - M(f)), x = k/s - s/2, f = k/s + s/2, M the Mills ratio, solve for s =
 * sigma sqrt(T).
 *
 * Seed: p = c (c + e^k) / (2c + e^k - 1), d the normal quantile of p, s = d + sqrt(d^2 + 2k) (Choi,
 * Huh and Su 2023), within 36 %. Then three Householder steps of order 4 on ln c, or where x < -1/2
 * on ln(1 - c); their logarithms are those of M - M, which is s times its slope, or M + M, so that
 * nothing cancels, under- or overflows. Error: a few times what the rounding of the inputs costs,
 * see docs/numerics.md.
 *
 * Codes: see the enumeration; a lane without a volatility is NaN, at the bounds 0 or infinity. */
#ifndef QF_IMPLIED_VOLATILITY_H
#define QF_IMPLIED_VOLATILITY_H

#include "attainable_error.h"

enum {
    OK,
    AT_INTRINSIC,
    BELOW_INTRINSIC,
    AT_MAXIMUM,
    ABOVE_MAXIMUM,
    NOT_FINITE,
    INVALID_INPUT,
    LOW_PRECISION
};

#define STEPS 3 /* from the seed to full precision */

/* Seed for s. 4p(1-p) = e^-w, and d^2 is nearly w (pi/2 + ...) / (1 + ...), to 0.2 %. */
QF_INLINE double seed(NormalizedPrice to) {
    double c = to.c * power_of_two(at_least(to.shift, -1000.0)), ce = c * to.share;
    double both = 2.0 * ce + to.gap;
    double side = (2.0 * c * ce - to.gap * (1.0 - 2.0 * c)) / (both + both); /* p - 1/2 */
    Reduced log = log_ratio(both * both, 4.0 * (to.c * (ce + 1.0)) * (to.rest * (to.gap + ce)));
    double w = fma(log.n - to.shift, LN2_HI, log.r), small = 4.0 * side * side;
    w = small < 0x1p-18 ? small : w;
    double dd = w * (1.5707963267948966 + 0.21616672 * w) / (1.0 + 0.10832933 * w);
    double d = sqrt(dd), sum = d + sqrt(fma(2.0, to.k, dd));
    double s = side < 0.0 ? 2.0 * to.k / sum : sum;
    return at_least(s, SQRT_2PI * c); /* c is at most what it is at the money */
}

/* Householder's step of order 4 for ln y(s) = ln z, over s: f is the residual, newton that of
 * Newton's step, and u1, u2 are s y''/y' and s^2 y'''/y'. */
QF_INLINE double householder(double f, double newton, double u1, double u2) {
    double bent = u1 * newton, square = newton * newton;
    double third = fma(u2, square, f * fma(2.0, f, 3.0 * bent));
    double below = fma(third, 1.0 / 6.0, 1.0 + (bent + f));
    return newton * fma(0.5, bent + f, 1.0) / below;
}

/* A step for ln c, or for ln(1 - c) where h - t is below 0 or near it; and at its
 * beginning 1 / (sqrt(2 pi) phi(h - t)), but for the factor by which c, or 1 - c, is off. The last
 * one takes into account what rounding took from h - t. */
typedef struct {
    double s, per_density;
} Step;

QF_INLINE Step step(NormalizedPrice to, double s, int last) {
    double per_s = 1.0 / s, h = to.k * per_s, t = 0.5 * s, near = h - t, far = h + t;
    double near_low = fma(per_s, fma(-h, s, to.k) + to.k_low, (h - near) - t);
    double from = far < 1.0 ? MILLS_FROM : 0.0; /* where c is large what it lacks to 1 tells more */
    int within = near > from;
    Mills m = mills(within ? near : -near, far);
    double rest = -(m.near + m.far), slope = within ? m.slope : rest * per_s;
    double y = within ? s * m.slope : -rest, z = within ? to.c : to.rest;
    Reduced log = log_ratio(y, z);
    double n = log.n - (within ? to.shift : 0.0);
    double gauss = 0.5 * near * near + (last ? near * near_low : 0.0);
    double f = fma(n, LN2_HI, fma(n, LN2_LO, log.r) - gauss);
    double u1 = near * far, u2 = fma(u1, u1, -fma(3.0 * h, h, t * t));
    double moved = fma(s, householder(f, -f * SQRT_2PI * slope, u1, u2), s);
    Step out = {moved <= 0.0 ? s : moved, y / z}; /* where the seed is far off */
    return out;
}

/* Whether rounding of the inputs surely costs less than 1e-8 of the volatility: the legs' shares
 * are at most the legs, out of the money at most 2.6 densities; `load` bounds rT and qT. */
QF_INLINE int is_precise(double s, double per_density, double load, int tail, double legs_share) {
    double cost = 0x1p-24 * (1.0 + load); /* 4 2^-53 / 1e-8 and some */
    double otm = 2.6 * cost, itm = SQRT_2PI * per_density * legs_share * cost;
    return (tail ? otm : itm) < s;
}

typedef struct {
    double sigma;
    int32_t special;
} OrdinaryImplied;

/* The volatility by the last step: `tail` says that the option is out of the money, where the tail
 * of the normal distribution bounds what rounding costs. */
QF_INLINE OrdinaryImplied implied_volatility_ordinary(NormalizedPrice to, Step last, int otm,
                                                      double time, double rate, double dividend) {
    double load = (fabs(rate) + fabs(dividend)) * time;
    int tail = otm & (to.k >= 0.5 * last.s * last.s);
    int holds =
        is_precise(last.s, last.per_density, load, tail, 1.0 / to.share) & (time > 0x1p-1000);
    OrdinaryImplied out = {last.s / sqrt(time), !holds};
    return out;
}

typedef struct {
    double sigma, code;
} Implied;

QF_INLINE Implied implied_volatility_general(double price, double spot, double strike, double time,
                                             double rate, double dividend, double sign) {
    GeneralLegs legs = legs_general(spot, strike, time, rate, dividend);
    GeneralNormalizedPrice lane = normalized_price_general(legs, price, sign);
    double s = seed(lane.to);
    for (int turn = 1; turn < STEPS; turn++) s = step(lane.to, s, 0).s;
    s = step(lane.to, s, 1).s;
    double sigma = s / sqrt(time);

    int32_t state = legs.state | sign_state(sign) |
                    ((spot == INFINITY) | (strike == INFINITY) | (time == INFINITY) ? INVALID : 0);
    double limit = attainable_error(legs, lane.to, s, price, spot, strike, time, rate, dividend,
                                    sign, lane.in_the_money, sigma);
    double code = limit <= 1e-8 ? OK : LOW_PRECISION;
    int at_maximum = lane.left <= lane.whole_unit;
    int above_maximum = (lane.left < -lane.whole_unit) | (time == 0.0);
    code = at_maximum ? AT_MAXIMUM : code;
    code = above_maximum ? ABOVE_MAXIMUM : code;
    int at_intrinsic = lane.otm <= (lane.in_the_money ? lane.unit : 0.0);
    int below_intrinsic = lane.otm < -lane.unit;
    code = at_intrinsic ? AT_INTRINSIC : code;
    code = below_intrinsic ? BELOW_INTRINSIC : code;
    code = state ? INVALID_INPUT : code;
    code = (price != price) | (fabs(price) == INFINITY) ? NOT_FINITE : code;
    Implied out = {sigma, code};
    return out;
}

/* The code of a lane that came out as NaN: with no other reason its inputs are beyond all range. */
QF_INLINE double code_of_nan(double code) {
    return (code == OK) | (code == LOW_PRECISION) ? INVALID_INPUT : code;
}

/* The value that goes with a code other than OK and LOW_PRECISION. */
QF_INLINE double volatility_of(double sigma, double code) {
    sigma = code == AT_INTRINSIC ? 0.0 : sigma;
    sigma = code == AT_MAXIMUM ? INFINITY : sigma;
    int none = (code == BELOW_INTRINSIC) | (code == ABOVE_MAXIMUM) | (code == NOT_FINITE) |
               (code == INVALID_INPUT);
    return none ? NOT_A_NUMBER : sigma;
}

#endif
