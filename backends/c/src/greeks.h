/* Price and greeks of a European option on a lognormal underlying, as many as are wanted.
 *
 * With the legs A and B, v, d1 and d2 = d1 - v, the density G = A phi(d1) = B phi(d2), and the
 * shares A N(+-d1) and B N(+-d2) of the legs, every greek is a short product. All units are per
 * 1.0: theta, charm, veta and color are per year and minus the derivative by T. Factors are kept
 * that stay finite at the money when sigma or T vanish: d1/v and d2/v, not d1/sigma.
 *
 * Limits: those of the price. At expiry and without volatility delta is 0 or +-1 (discounted), at
 * the money half of that; gamma and what is made of it is infinite there and 0 elsewhere. No valid
 * lane is NaN: a product of 0 and infinity counts as 0. See docs/numerics.md for the errors. */
#ifndef QF_GREEKS_H
#define QF_GREEKS_H

#include "price.h"

/* Order of the outputs; bit i of `wanted` asks for output i. */
enum {
    PRICE, DELTA, GAMMA, VEGA, THETA, RHO, PHI, VANNA, VOLGA, CHARM, VETA, DUAL_DELTA, DUAL_GAMMA,
    SPEED, COLOR, ZOMMA, ULTIMA, GREEKS
};

/* The inputs of one lane. */
typedef struct {
    double spot, strike, time, rate, dividend, sigma, sign;
} Option;

QF_INLINE Option option_at(const double *const *in, int64_t i) {
    Option out = {in[0][i], in[1][i], in[2][i], in[3][i], in[4][i], in[5][i], in[6][i]};
    return out;
}

/* What the greeks of one option are made of. */
typedef struct {
    double price, density, a_share, b_share; /* G, A N(+-d1), B N(+-d2) */
    double delta, dual_delta;                /* but for their sign */
    double d1, d2, d1_v, d2_v;               /* d1, d2, d1/v, d2/v */
    double root, per_root, per_sigma;        /* sqrt(T), 1/sqrt(T), 1/sigma */
    double per_spot, per_strike, theta;
    double sigma;    /* 0 where nothing depends on it */
    int64_t special; /* of the ordinary form */
} Parts;

/* Tails of the normal distribution times the legs, from the Mills ratio: the leg that is less has
 * the near one. */
QF_INLINE Parts ordinary_parts(Legs legs, Option option, double root) {
    double a = legs.a, b = legs.b, h = legs.h, v = legs.v, sign = option.sign;
    OrdinaryPrice price = ordinary_price(a, b, h, v, sign);
    double t = 0.5 * v, far = h + t, near = h - t, x = __builtin_fabs(near), xx = x * x;
    Reduced e = reduce(-0.5 * xx, -0.5 * fma_(x, x, -xx));
    int below = a < b;
    double least = below ? a : b, most = below ? b : a;
    double inside = below ? -sign : sign; /* > 0: in the money */
    Ratio m = mills(far), m0 = mills(x);
    double density = shift_exponent(times_exp(least, e.r), e.n_magic);
    double part = density / (m.q * m0.q);
    double far_tail = part * (m.p * m0.q), near_tail = part * (m0.p * m.q);
    double near_inside = inside * __builtin_copysign(1.0, near);
    double near_share = near_inside > 0.0 ? least - near_tail : near_tail;
    double far_share = inside > 0.0 ? most - far_tail : far_tail;
    double per_v = 1.0 / v;

    Parts out;
    out.price = price.price;
    out.density = density * INV_SQRT_2PI;
    out.a_share = below ? near_share : far_share;
    out.b_share = below ? far_share : near_share;
    out.d1 = below ? -near : far;
    out.d2 = below ? -far : near;
    out.d1_v = out.d1 * per_v;
    out.d2_v = out.d2 * per_v;
    out.root = root;
    out.sigma = option.sigma;
    out.per_root = option.sigma * per_v;
    out.per_sigma = root * per_v;
    out.per_spot = 1.0 / option.spot;
    out.per_strike = 1.0 / option.strike;
    out.delta = out.a_share * out.per_spot;
    out.dual_delta = out.b_share / option.strike;
    double carried = option.dividend * out.a_share - option.rate * out.b_share;
    out.theta = sign * carried - 0.5 * out.density * (option.sigma * out.per_root);
    out.special = legs.special + price.special + !(option.time > 0x1p-1000);
    return out;
}

/* The ratios' limits at the money with v = 0; with both sigma and T zero sigma goes first. At expiry
 * d1/v is (r - q)/sigma^2 + 1/2. */
QF_INLINE Parts parts_at_the_money(Parts parts, Option option, int level) {
    double sigma = option.sigma, drift = (option.rate - option.dividend) / sigma / sigma;
    double per_sigma = 1.0 / sigma, per_root = 1.0 / parts.root;
    drift = (option.time > 0.0) | (sigma == 0.0) ? 0.0 : drift;
    per_sigma = sigma > 0.0 ? per_sigma : INFINITE;
    per_root = option.time > 0.0 ? per_root : INFINITE;
    parts.d1 = level ? 0.0 : parts.d1;
    parts.d2 = level ? 0.0 : parts.d2;
    parts.d1_v = level ? drift + 0.5 : parts.d1_v;
    parts.d2_v = level ? drift - 0.5 : parts.d2_v;
    parts.per_sigma = level ? per_sigma : parts.per_sigma;
    parts.per_root = level ? per_root : parts.per_root;
    return parts;
}

/* Spot and strike in units of 2^unit: where both are very small or very large, what the greeks are
 * made of would under- or overflow sooner than they do. */
typedef struct {
    double spot, strike, unit;
    int ends; /* spot or strike is 0 or infinite */
} Amounts;

QF_INLINE Amounts amounts_in_unit(double spot, double strike) {
    Scaled s = scaled(spot), k = scaled(strike);
    double low = s.exponent < k.exponent ? s.exponent : k.exponent;
    double high = s.exponent < k.exponent ? k.exponent : s.exponent;
    double unit = high < -500.0 ? high : 0.0;
    unit = low > 500.0 ? low : unit;
    int ends = s.end | k.end;
    Amounts out;
    out.ends = ends;
    out.unit = ends ? 0.0 : unit;
    out.spot = ends ? spot : times_power(s.mantissa, s.exponent - unit);
    out.strike = ends ? strike : times_power(k.mantissa, k.exponent - unit);
    return out;
}

QF_INLINE Parts general_parts(GeneralLegs legs, Option option, Amounts amounts) {
    double sign = option.sign, spot = amounts.spot, strike = amounts.strike;
    double price = general_price(legs, sign);
    legs.a_exponent -= amounts.unit;
    legs.b_exponent -= amounts.unit;
    double a = times_power(legs.a, legs.a_exponent), b = times_power(legs.b, legs.b_exponent);
    double top = legs.a_exponent > legs.b_exponent ? legs.a_exponent : legs.b_exponent;
    double a_apart = legs.a_exponent - top, b_apart = legs.b_exponent - top;
    double a_scaled = legs.a * power_of_two(a_apart > -1000.0 ? a_apart : -1000.0);
    double b_scaled = legs.b * power_of_two(b_apart > -1000.0 ? b_apart : -1000.0);
    int below = a_scaled < b_scaled;
    double inside = below ? -sign : sign; /* > 0: in the money */
    int level = ((a_scaled == b_scaled) | (legs.h * legs.v == 0.0)) & (legs.v < 0x1p-1000);
    double h = level ? 0.0 : legs.h, v = legs.v, t = 0.5 * v;
    double far = h + t, near = h - t, x = __builtin_fabs(near);
    double far_held = far < 0x1p50 ? far : 0x1p50, x_held = x < 54.0 ? x : 54.0;
    double xx = x_held * x_held;
    Reduced e = reduce(-0.5 * xx, -0.5 * fma_(x_held, x_held, -xx));
    double least = below ? legs.a : legs.b;
    double exponent = (below ? legs.a_exponent : legs.b_exponent) + e.n;
    Ratio m = mills(far_held), m0 = mills(x_held);
    double density = times_exp(least, e.r), part = density / (m.q * m0.q);
    double far_tail = times_power(part * (m.p * m0.q), exponent);
    double near_tail = times_power(part * (m0.p * m.q), exponent);
    int ends = amounts.ends, settled = ends | (v == INFINITE);
    far_tail = settled ? 0.0 : far_tail;
    near_tail = settled ? 0.0 : near_tail;
    double near_inside = ends ? inside : inside * __builtin_copysign(1.0, near);
    double near_share = near_inside > 0.0 ? (below ? a : b) - near_tail : near_tail;
    double far_share = inside > 0.0 ? (below ? b : a) - far_tail : far_tail;

    Parts out;
    out.price = price;
    out.density = settled ? 0.0 : times_power(density, exponent) * INV_SQRT_2PI;
    out.a_share = below ? near_share : far_share;
    out.b_share = below ? far_share : near_share;
    double per_v = out.density == 0.0 ? 0.0 : 1.0 / v; /* nothing depends on what is so far off */
    out.d1 = per_v == 0.0 ? 0.0 : (below ? -near : far);
    out.d2 = per_v == 0.0 ? 0.0 : (below ? -far : near);
    out.d1_v = out.d1 * per_v;
    out.d2_v = out.d2 * per_v;
    out.root = __builtin_sqrt(option.time);
    out.per_sigma = zero_times(per_v, out.root); /* T may be infinite */
    out.per_root = option.sigma * per_v;
    double per_spot = 1.0 / spot;
    out.per_spot = out.density == 0.0 ? 0.0 : per_spot;
    out.per_strike = 1.0 / strike;
    double discount_a = times_power(times_exp(1.0, legs.q.r), legs.q.n);
    double discount_b = times_power(times_exp(1.0, legs.r.r), legs.r.n);
    double raised = spot < 0x1p-1022 ? 0x1p54 : 1.0; /* 1/S of a subnormal S is infinite */
    double delta = out.a_share * raised * (1.0 / (spot * raised));
    out.delta = ends ? (inside > 0.0 ? discount_a : 0.0) : delta;
    out.dual_delta = ends ? (inside > 0.0 ? discount_b : 0.0) : out.b_share / strike;
    out = parts_at_the_money(out, option, level);
    out.sigma = out.density == 0.0 ? 0.0 : option.sigma; /* it may be infinite */
    double carried = zero_times(option.dividend, out.a_share) - zero_times(option.rate, out.b_share);
    out.theta = sign * carried - 0.5 * out.density * zero_times(out.sigma, out.per_root);
    return out;
}

/* Where each greek goes: somewhere even if it is not wanted. */
QF_INLINE void addresses(double **to, double *const *out, double (*spare)[BLOCK], int64_t wanted) {
    for (int greek = 0; greek < GREEKS; greek++) {
        int asked = wanted >> greek & 1;
        to[greek] = asked ? *out : spare[greek];
        out += asked;
    }
}

/* The greeks of lane i, up to the given order. */
QF_INLINE void store_greeks(double *const *to, int64_t i, Option x, Parts p, int order) {
    double gamma = p.density * p.per_spot * (p.per_spot * (p.per_root * p.per_sigma));
    double vega = p.density * p.root;
    to[PRICE][i] = p.price;
    to[DELTA][i] = x.sign * p.delta;
    to[GAMMA][i] = gamma;
    to[VEGA][i] = vega;
    to[THETA][i] = p.theta;
    to[RHO][i] = x.sign * x.time * p.b_share;
    to[PHI][i] = -x.sign * x.time * p.a_share;
    if (order < 2) return;
    double carry = x.rate - x.dividend, drift = x.dividend + carry * p.d1_v;
    double decay = zero_times(carry, p.per_sigma) - 0.5 * p.d2_v * p.sigma;
    to[VANNA][i] = -(vega * p.per_spot) * p.d2_v;
    to[VOLGA][i] = vega * p.root * (p.d1 * p.d2_v);
    to[CHARM][i] = x.sign * x.dividend * p.delta -
                   p.density * p.per_spot * zero_times(decay, p.per_root);
    to[VETA][i] = p.density * (p.root * drift - 0.5 * p.per_root * fma_(p.d1, p.d2, 1.0));
    to[DUAL_DELTA][i] = -x.sign * p.dual_delta;
    to[DUAL_GAMMA][i] = p.density * p.per_strike * (p.per_strike * (p.per_root * p.per_sigma));
    if (order < 3) return;
    to[SPEED][i] = -gamma * p.per_spot * (p.d1_v + 1.0);
    to[COLOR][i] = gamma * (drift + 0.5 * (p.per_root * p.per_root) * fma_(-p.d1, p.d2, 1.0));
    to[ZOMMA][i] = gamma * p.per_sigma * fma_(p.d1, p.d2, -1.0);
    to[ULTIMA][i] = -vega * x.time * (p.d1_v * p.d2_v * (1.0 - p.d1 * p.d2) +
                                      (p.d1_v * p.d1_v + p.d2_v * p.d2_v));
}

/* By which power of the unit of all amounts each greek changes; the price is not in that unit. */
static const double DEGREES[GREEKS] = {0, 0, -1, 1, 1, 1, 1, 0, 1, 0, 1, 0, -1, -2, -1, -1, 1};

/* Bring the greeks back from units of 2^unit. */
QF_INLINE void rescale(double *const *restrict to, const double *restrict unit, int64_t n,
                       int64_t wanted) {
    for (int greek = 0; wanted >> greek; greek++) {
        double *restrict x = to[greek];
        for (int64_t i = 0; i < n; i++) x[i] = times_power(x[i], DEGREES[greek] * unit[i]);
    }
}

/* Lanes outside the domain get the one NaN, and no other lane has any. */
QF_INLINE void sweep(double *const *restrict to, const int64_t *restrict states, int64_t n,
                     int64_t wanted) {
    for (int greek = 0; wanted >> greek; greek++) {
        double *restrict x = to[greek];
        for (int64_t i = 0; i < n; i++) {
            double valid = x[i] == x[i] ? x[i] : 0.0;
            x[i] = states[i] ? NOT_A_NUMBER : valid;
        }
    }
}

/* The first half of the ordinary form, for the second. */
typedef struct {
    double a[BLOCK], b[BLOCK], h[BLOCK], v[BLOCK], root[BLOCK]; /* root is sqrt(T) */
} BlockLegs;

/* The second half: one loop, for its many results are written while others are computed. */
QF_INLINE void greeks_up_to(int order, const BlockLegs *restrict p,
                            const double *const *restrict in, double *const *restrict to,
                            int64_t *restrict special, int64_t n) {
    INDEPENDENT_LANES
    for (int64_t i = 0; i < n; i++) {
        Legs legs = {p->a[i], p->b[i], p->h[i], p->v[i], special[i]};
        Option option = option_at(in, i);
        Parts parts = ordinary_parts(legs, option, p->root[i]);
        store_greeks(to, i, option, parts, order);
        special[i] = parts.special;
    }
}

QF_INLINE void greeks_ordinary(const double *const *restrict in, double *const *restrict out,
                               int64_t *restrict special, int64_t n, int64_t wanted) {
    BlockLegs p;
    double spare[GREEKS][BLOCK];
    double *to[GREEKS];
    addresses(to, out, spare, wanted);
    for (int64_t i = 0; i < n; i++) {
        Option x = option_at(in, i);
        Legs legs = legs_ordinary(x.spot, x.strike, x.time, x.rate, x.dividend, x.sigma);
        p.a[i] = legs.a, p.b[i] = legs.b, p.h[i] = legs.h, p.v[i] = legs.v;
        p.root[i] = __builtin_sqrt(x.time);
        special[i] = legs.special;
    }
    if (wanted >> SPEED) {
        greeks_up_to(3, &p, in, to, special, n);
    } else if (wanted >> VANNA) {
        greeks_up_to(2, &p, in, to, special, n);
    } else {
        greeks_up_to(1, &p, in, to, special, n);
    }
}

static void greeks_general(const double *const *restrict in, double *const *restrict out,
                           int64_t *restrict outside, int64_t n, int64_t wanted) {
    double unit[BLOCK], spare[GREEKS][BLOCK];
    double *to[GREEKS];
    int64_t states[BLOCK];
    addresses(to, out, spare, wanted);
    INDEPENDENT_LANES
    for (int64_t i = 0; i < n; i++) {
        Option x = option_at(in, i);
        GeneralLegs legs = legs_general(x.spot, x.strike, x.time, x.rate, x.dividend, x.sigma);
        Amounts amounts = amounts_in_unit(x.spot, x.strike);
        Parts parts = general_parts(legs, x, amounts);
        store_greeks(to, i, x, parts, 3);
        unit[i] = amounts.unit;
        states[i] = legs.state | sign_state(x.sign);
        outside[i] = states[i] == INVALID;
    }
    rescale(to, unit, n, wanted);
    sweep(to, states, n, wanted);
}

#endif
