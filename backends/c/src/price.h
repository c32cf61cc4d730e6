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
#include "blocks.h"

/* phi(near) (M(near) - M(far)) over the power of two of the exponential: the out-of-the-money price
 * over the lesser leg, or less what that lacks to 1. What rounding took from near and far counts by
 * the slopes of M, and near's in the exponential too. */
QF_INLINE double time_value(Deviation d, Tails at) {
    double low = fma_(at.far_loss, at.far_low, -(at.near_loss * at.near_low));
    double within = fma_(d.v, at.m.slope, fma_(at.width, at.m.slope, low));
    double factor = at.within ? within : low - (at.m.near + at.m.far);
    return fma_(factor, at.growth, factor);
}

typedef struct {
    double price;
    int32_t special;
} OrdinaryPrice;

QF_INLINE OrdinaryPrice ordinary_price(Sides sides, Deviation d, Tails at, double sign) {
    int below = sides.y.high < 0.0;
    double least = below ? sides.a : sides.b, most = below ? sides.b : sides.a;
    double least_low = below ? sides.a_low : sides.b_low;
    double most_low = below ? sides.b_low : sides.a_low;
    double moneyness = below ? -sign : sign; /* > 0: in the money */
    double factor = shift_exponent(time_value(d, at), at.e.n_magic);
    factor = at.within ? factor : 1.0 + factor;
    double low = least_low * factor, outside = fma_(least, factor, low), gap = most - least;
    low += ((most - gap) - least) + (most_low - least_low);
    double inside = gap + fma_(least, factor, low);
    double price = moneyness > 0.0 ? inside : outside;
    int holds = (sides.load < 300.0) & (least > 0x1p-64) & (most > 0x1p-64) & (most < 0x1p300) &
                (d.v > 0x1p-60) & (at.x < 34.0) & is_straight(sides.bend, at.x, d.v) &
                (__builtin_fabs(sign) == 1.0);
    OrdinaryPrice out = {at_least(price, 0.0), !holds};
    return out;
}

/* price = value 2^exponent */
typedef struct {
    double value, exponent;
} GeneralPrice;

QF_INLINE GeneralPrice general_price(GeneralSides sides, Apart apart, double sign) {
    Deviation d = apart.d;
    Tails at = apart.at;
    int below = apart.y.high < 0.0;
    Beside legs = beside(sides.a, sides.a_exponent, sides.b, sides.b_exponent);
    double least = below ? sides.a : sides.b;
    double least_exponent = below ? sides.a_exponent : sides.b_exponent;
    double least_beside = below ? legs.a : legs.b, most_beside = below ? legs.b : legs.a;
    double least_low = below ? sides.a_low : sides.b_low;
    double a_low = sides.a_low * legs.a_scale, b_low = sides.b_low * legs.b_scale;
    double gap_low = below ? b_low - a_low : a_low - b_low;

    /* At expiry, without volatility or with a leg of 0 or infinity only the intrinsic value is. */
    int settled = (d.v == 0.0) | (legs.a == 0.0) | (legs.b == 0.0) | (legs.a == INFINITE) |
                  (legs.b == INFINITE);
    double factor = time_value(d, at);
    double all_but = 1.0 + factor * power_of_two(at_least(at.e.n, -1000.0));
    factor = at.within ? factor : all_but;
    factor = settled ? 0.0 : factor;
    double exponent = at.within ? least_exponent + at.e.n : least_exponent;
    double low = least_low * factor, outside = fma_(least, factor, low);
    double scale = power_of_two(at_most(at_least(exponent - legs.top, -1000.0), 1000.0));
    double gap = most_beside - least_beside;
    low = low * scale + (((most_beside - gap) - least_beside) + gap_low);
    double inside = gap + fma_(least * scale, factor, low);
    inside = most_beside == INFINITE ? INFINITE : inside;
    int in_the_money = (below ? -sign : sign) > 0.0;
    double price = at_least(in_the_money ? inside : outside, 0.0);
    exponent = in_the_money ? legs.top : exponent;

    /* Endless volatility leaves all of one leg, and not a rounding error of the other. */
    int endless = (d.v == INFINITE) & !settled;
    double whole = sign > 0.0 ? sides.a : sides.b;
    double whole_exponent = sign > 0.0 ? sides.a_exponent : sides.b_exponent;
    GeneralPrice out = {endless ? whole : price, endless ? whole_exponent : exponent};
    return out;
}

static void price_general(const double *const *restrict in, double *const *restrict out,
                          int32_t *restrict outside, int64_t n, int64_t wanted) {
    (void)wanted;
    double *restrict price = out[0];
    for (int64_t i = 0; i < n; i++) {
        double time = in[2][i], sigma = in[5][i], sign = in[6][i];
        GeneralSides sides = sides_general(in[0][i], in[1][i], time, in[3][i], in[4][i]);
        Apart apart = apart_general(sides, time, sigma);
        int32_t state = sides.state | sigma_state(sigma, apart.d.v) | sign_state(sign);
        GeneralPrice lane = general_price(sides, apart, sign);
        double value = times_power(lane.value, lane.exponent);
        price[i] = state ? NOT_A_NUMBER : value;
        outside[i] = state == INVALID; /* a NaN that came in is no signal */
    }
}

/* The sides of the lanes of a block. */
typedef struct {
    double a[BLOCK], a_low[BLOCK], b[BLOCK], b_low[BLOCK], y[BLOCK], y_low[BLOCK], bend[BLOCK],
        load[BLOCK];
} BlockSides;

QF_INLINE void put_sides(BlockSides *restrict block, const double *const *restrict in, int64_t n) {
    const double *spot = in[0], *strike = in[1], *time = in[2], *rate = in[3], *dividend = in[4];
    for (int64_t i = 0; i < n; i++) {
        Sides sides = sides_ordinary(spot[i], strike[i], time[i], rate[i], dividend[i]);
        block->a[i] = sides.a, block->a_low[i] = sides.a_low;
        block->b[i] = sides.b, block->b_low[i] = sides.b_low;
        block->y[i] = sides.y.high, block->y_low[i] = sides.y.low;
        block->bend[i] = sides.bend, block->load[i] = sides.load;
    }
}

QF_INLINE Sides get_sides(const BlockSides *block, int64_t i) {
    Sides out = {block->a[i], block->a_low[i], block->b[i], block->b_low[i],
                 {block->y[i], block->y_low[i]}, block->bend[i], block->load[i]};
    return out;
}

/* The two halves run one after the other over the block: each is short enough for the processor to
 * overlap several vectors of it. */
QF_INLINE void price_ordinary(const double *const *restrict in, double *const *restrict out,
                              int32_t *restrict special, int64_t n, int64_t wanted) {
    (void)wanted;
    BlockSides block;
    double *restrict price = out[0];
    const double *time = in[2], *sigma = in[5], *sign = in[6];
    put_sides(&block, in, n);
    for (int64_t i = 0; i < n; i++) {
        Sides sides = get_sides(&block, i);
        Deviation d = deviation_ordinary(magnitude(sides.y), time[i], sigma[i]);
        OrdinaryPrice lane = ordinary_price(sides, d, tails_ordinary(d), sign[i]);
        price[i] = lane.price;
        special[i] = lane.special;
    }
}

#endif
