/* Volatility implied by a European price, on a lognormal underlying, in a fixed number of steps.
 *
 * With the legs A and B of legs.h, k = |ln(A/B)| and the out-of-the-money price over the lesser leg,
 * c = phi(x) (M(x) - M(f)), x = k/s - s/2, f = k/s + s/2, M the Mills ratio, solve for s = sigma
 * sqrt(T).
 *
 * Seed: p = c (c + e^k) / (2c + e^k - 1), d the normal quantile of p, s = d + sqrt(d^2 + 2k) (Choi,
 * Huh and Su 2023), within 36 %. Then three Householder steps of order 4 on ln c, or where x < 0 on
 * ln(1 - c); their logarithms are those of M - M or M + M, so that nothing under- or overflows. In
 * the last step M - M is its Taylor series for small s/2. Error: a few times what the rounding of
 * the inputs costs, see docs/numerics.md.
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

/* Seed for s. 4p(1-p) = e^-w, and d^2 is nearly w (pi/2 + ...) / (1 + ...), to 0.2 %. */
QF_INLINE double seed(Target to) {
    double c = to.c * power_of_two(to.shift > -1000.0 ? to.shift : -1000.0), ce = c * to.share;
    double both = 2.0 * ce + to.gap;
    double side = (2.0 * c * ce - to.gap * (1.0 - 2.0 * c)) / (both + both); /* p - 1/2 */
    Reduced log = log_ratio(both * both, 4.0 * (to.c * (ce + 1.0)) * (to.rest * (to.gap + ce)));
    double w = fma_(log.n - to.shift, LN2_HI, log.r), small = 4.0 * side * side;
    w = small < 0x1p-18 ? small : w;
    double dd = w * (1.5707963267948966 + 0.21616672 * w) / (1.0 + 0.10832933 * w);
    double d = __builtin_sqrt(dd), sum = d + __builtin_sqrt(fma_(2.0, to.k, dd));
    double s = side < 0.0 ? 2.0 * to.k / sum : sum, least = SQRT_2PI * c;
    return s > least ? s : least; /* c is at most what it is at the money */
}

/* M(x) - M(f), for x < 0 -(M(-x) + M(f)), over sqrt(2 pi), as numerator and denominator. */
typedef struct {
    double p, q, near;
} Difference;

QF_INLINE Difference mills_difference(double h, double t) {
    double near = h - t;
    Ratio m = mills(h + t), m0 = mills(__builtin_fabs(near));
    Difference out = {fma_(__builtin_copysign(m0.p, near), m.q, -(m.p * m0.q)), m.q * m0.q, near};
    return out;
}

/* Householder's step of order 4 for ln(p/q) - x^2/2 = ln(z 2^shift); f is its residual. */
QF_INLINE double householder(double f, Difference d, double h, double per_s, double s) {
    double per = 1.0 / (d.p * d.q);
    double newton = -f * SQRT_2PI * (d.p * d.p * per), g = INV_SQRT_2PI * (d.q * d.q * per);
    double hs = h * per_s, u1 = fma_(h, hs, -0.25 * s);
    double u2 = fma_(u1, u1, fma_(-3.0 * hs, hs, -0.25));
    double a = u1 - g, b = fma_(g, fma_(2.0, g, -3.0 * u1), u2);
    double below = fma_(newton, fma_(b * (1.0 / 6.0), newton, a), 1.0);
    return fma_(newton, fma_(0.5, a * newton, 1.0) / below, s);
}

QF_INLINE double step(Target to, double s) {
    double per_s = 1.0 / s, h = to.k * per_s, t = 0.5 * s;
    Difference d = mills_difference(h, t);
    int above = d.near < 0.0;
    Reduced log = log_ratio(__builtin_fabs(d.p), d.q * (above ? to.rest : to.c));
    double n = log.n - (above ? 0.0 : to.shift);
    return householder(fma_(n, LN2_HI, log.r) - 0.5 * d.near * d.near, d, h, per_s, s);
}

/* (M(h - t) - M(h + t)) / sqrt(2 pi) for t max(h, 2) < 1/2. */
QF_INLINE double long_series(double h, double t) {
    Ratio ratio = mills(h);
    double m0 = ratio.p / ratio.q, u = t * t;
    double m1 = fma_(h, m0, -INV_SQRT_2PI);
    double m2 = fma_(h, m1, m0);
    double m3 = fma_(h, m2, 2.0 * m1);
    double m4 = fma_(h, m3, 3.0 * m2);
    double m5 = fma_(h, m4, 4.0 * m3);
    double m6 = fma_(h, m5, 5.0 * m4);
    double m7 = fma_(h, m6, 6.0 * m5);
    double m8 = fma_(h, m7, 7.0 * m6);
    double m9 = fma_(h, m8, 8.0 * m7);
    double m10 = fma_(h, m9, 9.0 * m8);
    double m11 = fma_(h, m10, 10.0 * m9);
    double m12 = fma_(h, m11, 11.0 * m10);
    double m13 = fma_(h, m12, 12.0 * m11);
    double m14 = fma_(h, m13, 13.0 * m12);
    double m15 = fma_(h, m14, 14.0 * m13);
    double sum = fma_(m15, u * (1.0 / 210.0), m13);
    sum = fma_(sum, u * (1.0 / 156.0), m11);
    sum = fma_(sum, u * (1.0 / 110.0), m9);
    sum = fma_(sum, u * (1.0 / 72.0), m7);
    sum = fma_(sum, u * (1.0 / 42.0), m5);
    sum = fma_(sum, u * (1.0 / 20.0), m3);
    sum = fma_(sum, u * (1.0 / 6.0), m1);
    return -2.0 * t * sum;
}

/* The last step, to full precision; also 1 / (sqrt(2 pi) phi(x)) times c or 1 - c. */
typedef struct {
    double s, per_density;
} Solution;

QF_INLINE Solution last_step(Target to, double s) {
    double per_s = 1.0 / s, h = to.k * per_s, t = 0.5 * s;
    Difference d = mills_difference(h, t);
    int close = t * (h > 2.0 ? h : 2.0) < 0.5, above = (d.near < 0.0) & !close;
    double series = long_series(h, t);
    d.p = close ? series : d.p;
    d.q = close ? 1.0 : d.q;
    double z = above ? to.rest : to.c;
    Reduced log = log_ratio(__builtin_fabs(d.p), d.q * z);
    double n = log.n - (above ? 0.0 : to.shift);
    double f = fma_(n, LN2_HI, fma_(n, LN2_LO, log.r) - 0.5 * d.near * d.near);
    Solution out = {householder(f, d, h, per_s, s), __builtin_fabs(d.p) / (d.q * z)};
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

/* Three steps from the seed. For tiny s the difference of M is nothing but rounding, and only its
 * series tells. Where a step overflows the seed is as good as any. */
QF_INLINE double solved(Target to) {
    double first = seed(to), second = step(to, step(to, first)), fine = last_step(to, first).s;
    int steps = first > 0x1p-450;
    fine = steps & (fine > 0.0) ? fine : first;
    double s = last_step(to, first < 0x1p-44 ? fine : second).s;
    return steps & (s > 0.0) ? s : fine;
}

QF_INLINE Implied implied_general(double price, double spot, double strike, double time,
                                  double rate, double dividend, double sign) {
    GeneralSides sides = sides_general(spot, strike, time, rate, dividend);
    GeneralTarget lane = target_general(sides, price, sign);
    double s = solved(lane.target);
    double sigma = s / __builtin_sqrt(time);

    int64_t state = sides.state | sign_state(sign) |
                    ((spot == INFINITE) | (strike == INFINITE) | (time == INFINITE) ? INVALID : 0);
    double limit = attainable(sides, lane.target, s, price, spot, strike, time, rate, dividend,
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
                            double *restrict code, int64_t *restrict outside, int64_t n) {
    for (int64_t i = 0; i < n; i++) code[i] = sigma[i] == sigma[i] ? code[i] : unsolved(code[i]);
    for (int64_t i = 0; i < n; i++) sigma[i] = value_of(sigma[i], code[i]);
    for (int64_t i = 0; i < n; i++) outside[i] = sigma[i] != sigma[i];
    for (int j = 0; j < inputs; j++) { /* a NaN that came in is no signal */
        for (int64_t i = 0; i < n; i++) outside[i] &= in[j][i] == in[j][i];
    }
}

static void implied_volatility_general(const double *const *restrict in,
                                       double *const *restrict out, int64_t *restrict outside,
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

/* Five loops over the block, each short enough for several vectors of it to overlap. */
QF_INLINE void implied_volatility_ordinary(const double *const *restrict in,
                                           double *const *restrict out, int64_t *restrict special,
                                           int64_t n, int64_t wanted) {
    double c[BLOCK], rest[BLOCK], k[BLOCK], share[BLOCK], gap[BLOCK], s[BLOCK];
    double per_density[BLOCK], sigma[BLOCK], code[BLOCK];
    int64_t tail[BLOCK];
    const double *price = in[0], *spot = in[1], *strike = in[2], *time = in[3], *rate = in[4],
                 *dividend = in[5], *sign = in[6];
    for (int64_t i = 0; i < n; i++) {
        Sides sides = sides_ordinary(spot[i], strike[i], time[i], rate[i], dividend[i]);
        OrdinaryTarget lane = target_ordinary(sides, price[i], sign[i]);
        c[i] = lane.target.c, rest[i] = lane.target.rest, k[i] = lane.target.k;
        share[i] = lane.target.share, gap[i] = lane.target.gap;
        tail[i] = !lane.inside;
        special[i] = lane.special;
    }
    for (int64_t i = 0; i < n; i++) {
        Target to = {c[i], 0.0, rest[i], k[i], share[i], gap[i]};
        s[i] = seed(to);
    }
    for (int turn = 0; turn < 2; turn++) {
        for (int64_t i = 0; i < n; i++) {
            Target to = {c[i], 0.0, rest[i], k[i], share[i], gap[i]};
            s[i] = step(to, s[i]);
        }
    }
    for (int64_t i = 0; i < n; i++) {
        Target to = {c[i], 0.0, rest[i], k[i], share[i], gap[i]};
        Solution solution = last_step(to, s[i]);
        s[i] = solution.s;
        per_density[i] = solution.per_density;
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
