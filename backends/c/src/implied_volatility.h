/* Volatility implied by a European price, on a lognormal underlying, in a fixed number of steps.
 *
 * With the legs A and B of legs.h, k = |ln(A/B)| and the out-of-the-money price over the lesser leg,
 * c = phi(x) (M(x) - M(f)), x = k/s - s/2, f = k/s + s/2, M the Mills ratio, solve for s = sigma
 * sqrt(T).
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

#include "attainable.h"
#include "blocks.h"

enum {
    OK, AT_INTRINSIC, BELOW_INTRINSIC, AT_MAXIMUM, ABOVE_MAXIMUM, NOT_FINITE, INVALID_INPUT,
    LOW_PRECISION
};

#define STEPS 3 /* from the seed to full precision */

/* Seed for s. 4p(1-p) = e^-w, and d^2 is nearly w (pi/2 + ...) / (1 + ...), to 0.2 %. */
QF_INLINE double seed(Target to) {
    double c = to.c * power_of_two(at_least(to.shift, -1000.0)), ce = c * to.share;
    double both = 2.0 * ce + to.gap;
    double side = (2.0 * c * ce - to.gap * (1.0 - 2.0 * c)) / (both + both); /* p - 1/2 */
    Reduced log = log_ratio(both * both, 4.0 * (to.c * (ce + 1.0)) * (to.rest * (to.gap + ce)));
    double w = fma_(log.n - to.shift, LN2_HI, log.r), small = 4.0 * side * side;
    w = small < 0x1p-18 ? small : w;
    double dd = w * (1.5707963267948966 + 0.21616672 * w) / (1.0 + 0.10832933 * w);
    double d = __builtin_sqrt(dd), sum = d + __builtin_sqrt(fma_(2.0, to.k, dd));
    double s = side < 0.0 ? 2.0 * to.k / sum : sum, least = SQRT_2PI * c;
    return at_least(s, least); /* c is at most what it is at the money */
}

/* Householder's step of order 4 for ln y(s) = ln z, over s: f is the residual, newton that of
 * Newton's step, and u1, u2 are s y''/y' and s^2 y'''/y'. */
QF_INLINE double householder(double f, double newton, double u1, double u2) {
    double bent = u1 * newton, square = newton * newton;
    double third = fma_(u2, square, f * fma_(2.0, f, 3.0 * bent));
    double below = fma_(third, 1.0 / 6.0, 1.0 + (bent + f));
    return newton * fma_(0.5, bent + f, 1.0) / below;
}

/* A step for ln c, or for ln(1 - c) where h - t is below 0 or near it; and at its
 * beginning 1 / (sqrt(2 pi) phi(h - t)), but for the factor by which c, or 1 - c, is off. The last
 * one takes into account what rounding took from h - t. */
typedef struct {
    double s, per_density;
} Step;

QF_INLINE Step step(Target to, double s, int last) {
    double per_s = 1.0 / s, h = to.k * per_s, t = 0.5 * s, near = h - t, far = h + t;
    double near_low = fma_(per_s, fma_(-h, s, to.k) + to.k_low, (h - near) - t);
    double from = far < 1.0 ? MILLS_FROM : 0.0; /* where c is large what it lacks to 1 tells more */
    int within = near > from;
    Mills m = mills(within ? near : -near, far);
    double rest = -(m.near + m.far), slope = within ? m.slope : rest * per_s;
    double y = within ? s * m.slope : -rest, z = within ? to.c : to.rest;
    Reduced log = log_ratio(y, z);
    double n = log.n - (within ? to.shift : 0.0);
    double gauss = 0.5 * near * near + (last ? near * near_low : 0.0);
    double f = fma_(n, LN2_HI, fma_(n, LN2_LO, log.r) - gauss);
    double u1 = near * far, u2 = fma_(u1, u1, -fma_(3.0 * h, h, t * t));
    double moved = fma_(s, householder(f, -f * SQRT_2PI * slope, u1, u2), s);
    Step out = {moved <= 0.0 ? s : moved, y / z}; /* where the seed is far off */
    return out;
}

/* Whether rounding of the inputs surely costs less than 1e-8 of the volatility: the legs' shares
 * are at most the legs, out of the money at most 2.6 densities; `load` bounds rT and qT. */
QF_INLINE int precise(double s, double per_density, double load, int tail, double legs_share) {
    double cost = 0x1p-24 * (1.0 + load); /* 4 2^-53 / 1e-8 and some */
    double outside = 2.6 * cost, within = SQRT_2PI * per_density * legs_share * cost;
    return (tail ? outside : within) < s;
}

typedef struct {
    double sigma, code; /* a NaN came in: no signal */
} Implied;

QF_INLINE Implied implied_general(double price, double spot, double strike, double time,
                                  double rate, double dividend, double sign) {
    GeneralSides sides = sides_general(spot, strike, time, rate, dividend);
    GeneralTarget lane = target_general(sides, price, sign);
    double s = seed(lane.target);
    for (int turn = 1; turn < STEPS; turn++) s = step(lane.target, s, 0).s;
    s = step(lane.target, s, 1).s;
    double sigma = s / __builtin_sqrt(time);

    int32_t state = sides.state | sign_state(sign) |
                    ((spot == INFINITE) | (strike == INFINITE) | (time == INFINITE) ? INVALID : 0);
    double limit = attainable(sides, lane.target, s, price, spot, strike, time, rate, dividend, sign,
                              lane.inside, sigma);
    double code = limit <= 1e-8 ? OK : LOW_PRECISION;
    int at_maximum = lane.left <= lane.whole_unit;
    int above_maximum = (lane.left < -lane.whole_unit) | (time == 0.0);
    code = at_maximum ? AT_MAXIMUM : code;
    code = above_maximum ? ABOVE_MAXIMUM : code;
    int at_intrinsic = lane.otm <= (lane.inside ? lane.unit : 0.0);
    int below_intrinsic = lane.otm < -lane.unit;
    code = at_intrinsic ? AT_INTRINSIC : code;
    code = below_intrinsic ? BELOW_INTRINSIC : code;
    code = state ? INVALID_INPUT : code;
    code = (price != price) | (__builtin_fabs(price) == INFINITE) ? NOT_FINITE : code;
    Implied out = {sigma, code};
    return out;
}

/* The code of a lane that came out as NaN: with no other reason its inputs are beyond all range. */
QF_INLINE double unsolved(double code) {
    return (code == OK) | (code == LOW_PRECISION) ? INVALID_INPUT : code;
}

/* The value that goes with a code other than OK and LOW_PRECISION. */
QF_INLINE double value_of(double sigma, double code) {
    sigma = code == AT_INTRINSIC ? 0.0 : sigma;
    sigma = code == AT_MAXIMUM ? INFINITE : sigma;
    int none = (code == BELOW_INTRINSIC) | (code == ABOVE_MAXIMUM) | (code == NOT_FINITE) |
               (code == INVALID_INPUT);
    return none ? NOT_A_NUMBER : sigma;
}

/* The outputs that are wanted: bit 0 for the volatility, bit 1 for the code. */
QF_INLINE void write_implied(double *const *restrict out, const double *restrict sigma,
                             const double *restrict code, int64_t n, int64_t wanted) {
    size_t bytes = (size_t)n * sizeof(double);
    if (wanted & 1) memcpy(*out++, sigma, bytes);
    if (wanted & 2) memcpy(*out, code, bytes);
}

/* Replace the values that codes stand for, and say which lanes lie outside the domain. */
QF_INLINE void finish_codes(const double *const *restrict in, int inputs, double *restrict sigma,
                            double *restrict code, int32_t *restrict outside, int64_t n) {
    for (int64_t i = 0; i < n; i++) code[i] = sigma[i] == sigma[i] ? code[i] : unsolved(code[i]);
    for (int64_t i = 0; i < n; i++) sigma[i] = value_of(sigma[i], code[i]);
    for (int64_t i = 0; i < n; i++) outside[i] = sigma[i] != sigma[i];
    for (int j = 0; j < inputs; j++) { /* a NaN that came in is no signal */
        for (int64_t i = 0; i < n; i++) outside[i] &= in[j][i] == in[j][i];
    }
}

static void implied_volatility_general(const double *const *restrict in,
                                       double *const *restrict out, int32_t *restrict outside,
                                       int64_t n, int64_t wanted) {
    double sigma[BLOCK], code[BLOCK];
    for (int64_t i = 0; i < n; i++) {
        double price = in[0][i], spot = in[1][i], strike = in[2][i], time = in[3][i];
        double rate = in[4][i], dividend = in[5][i], sign = in[6][i];
        Implied lane = implied_general(price, spot, strike, time, rate, dividend, sign);
        sigma[i] = lane.sigma;
        code[i] = lane.code;
    }
    finish_codes(in, 7, sigma, code, outside, n);
    write_implied(out, sigma, code, n, wanted);
}

/* Six loops over the block, each short enough for several vectors of it to overlap. */
QF_INLINE void implied_volatility_ordinary(const double *const *restrict in,
                                           double *const *restrict out, int32_t *restrict special,
                                           int64_t n, int64_t wanted) {
    double c[BLOCK], rest[BLOCK], k[BLOCK], k_low[BLOCK], share[BLOCK], gap[BLOCK], s[BLOCK];
    double per_density[BLOCK], sigma[BLOCK], code[BLOCK];
    int32_t tail[BLOCK];
    const double *price = in[0], *spot = in[1], *strike = in[2], *time = in[3], *rate = in[4],
                 *dividend = in[5], *sign = in[6];
    for (int64_t i = 0; i < n; i++) {
        Sides sides = sides_ordinary(spot[i], strike[i], time[i], rate[i], dividend[i]);
        OrdinaryTarget lane = target_ordinary(sides, price[i], sign[i]);
        c[i] = lane.target.c, rest[i] = lane.target.rest;
        k[i] = lane.target.k, k_low[i] = lane.target.k_low;
        share[i] = lane.target.share, gap[i] = lane.target.gap;
        tail[i] = !lane.inside;
        special[i] = lane.special;
    }
    for (int64_t i = 0; i < n; i++) {
        Target to = {c[i], 0.0, rest[i], k[i], k_low[i], share[i], gap[i]};
        s[i] = seed(to);
    }
    for (int turn = 1; turn < STEPS; turn++) {
        for (int64_t i = 0; i < n; i++) {
            Target to = {c[i], 0.0, rest[i], k[i], k_low[i], share[i], gap[i]};
            s[i] = step(to, s[i], 0).s;
        }
    }
    for (int64_t i = 0; i < n; i++) {
        Target to = {c[i], 0.0, rest[i], k[i], k_low[i], share[i], gap[i]};
        Step last = step(to, s[i], 1);
        s[i] = last.s;
        per_density[i] = last.per_density;
    }
    for (int64_t i = 0; i < n; i++) {
        double load = (__builtin_fabs(rate[i]) + __builtin_fabs(dividend[i])) * time[i];
        int outside = (tail[i] != 0) & (k[i] >= 0.5 * s[i] * s[i]);
        int holds = precise(s[i], per_density[i], load, outside, 1.0 / share[i]) &
                    (time[i] > 0x1p-1000);
        special[i] += !holds;
        sigma[i] = s[i] / __builtin_sqrt(time[i]);
        code[i] = OK;
    }
    write_implied(out, sigma, code, n, wanted);
}

#endif
