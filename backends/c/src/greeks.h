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

/* What the greeks of one option are made of. */
typedef struct {
    double price, density, a_share, b_share; /* G, A N(+-d1), B N(+-d2) */
    double delta, dual_delta;                /* but for their sign */
    double d1, d2, d1_v, d2_v;               /* d1, d2, d1/v, d2/v */
    double per_spot, per_sigma, per_root;    /* 1/S, 1/sigma, 1/sqrt(T) */
    int64_t special;                         /* or, of the general form, the state */
} Parts;

/* Tails of the normal distribution times the legs, from the Mills ratio: the leg that is less has
 * the near one. */
QF_INLINE Parts ordinary_parts(Legs legs, double spot, double root, double sigma, double sign) {
    double a = legs.a, b = legs.b, h = legs.h, v = legs.v;
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

    Parts out;
    out.price = price.price;
    out.special = price.special;
    out.density = density * INV_SQRT_2PI;
    out.a_share = below ? near_share : far_share;
    out.b_share = below ? far_share : near_share;
    double per_v = 1.0 / v;
    out.per_sigma = root * per_v;
    out.per_root = sigma * per_v;
    out.per_spot = 1.0 / spot;
    out.delta = out.a_share * out.per_spot;
    return out;
}

/* At the money with v = 0 the ratios have these limits; both sigma and T zero count as T > 0. */
QF_INLINE Parts parts_at_the_money(Parts parts, double time, double sigma) {
    parts.d1 = parts.d2 = 0.0;
    parts.d1_v = 0.5;
    parts.d2_v = -0.5;
    parts.per_sigma = sigma > 0.0 ? 1.0 / sigma : INFINITE;
    parts.per_root = time > 0.0 ? 1.0 / __builtin_sqrt(time) : (sigma > 0.0 ? INFINITE : 1.0);
    return parts;
}

QF_INLINE Parts general_parts(GeneralLegs legs, double spot, double strike, double time,
                              double sigma, double sign) {
    double a = times_power(legs.a, legs.a_exponent), b = times_power(legs.b, legs.b_exponent);
    double top = legs.a_exponent > legs.b_exponent ? legs.a_exponent : legs.b_exponent;
    double a_apart = legs.a_exponent - top, b_apart = legs.b_exponent - top;
    double a_scaled = legs.a * power_of_two(a_apart > -1000.0 ? a_apart : -1000.0);
    double b_scaled = legs.b * power_of_two(b_apart > -1000.0 ? b_apart : -1000.0);
    int below = a_scaled < b_scaled;
    double inside = below ? -sign : sign; /* > 0: in the money */
    int level = (a_scaled == b_scaled) & (legs.v == 0.0);
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
    int ends = (spot == 0.0) | (strike == 0.0) | (spot == INFINITE) | (strike == INFINITE);
    far_tail = ends ? 0.0 : far_tail;
    near_tail = ends ? 0.0 : near_tail;
    double near_inside = ends ? inside : inside * __builtin_copysign(1.0, near);
    double near_share = near_inside > 0.0 ? (below ? a : b) - near_tail : near_tail;
    double far_share = inside > 0.0 ? (below ? b : a) - far_tail : far_tail;

    Parts out;
    out.price = general_price(legs, sign);
    out.density = ends ? 0.0 : times_power(density, exponent) * INV_SQRT_2PI;
    out.a_share = below ? near_share : far_share;
    out.b_share = below ? far_share : near_share;
    double per_v = out.density == 0.0 ? 0.0 : 1.0 / v; /* nothing depends on what is so far off */
    out.d1 = per_v == 0.0 ? 0.0 : (below ? -near : far);
    out.d2 = per_v == 0.0 ? 0.0 : (below ? -far : near);
    out.d1_v = out.d1 * per_v;
    out.d2_v = out.d2 * per_v;
    out.per_sigma = __builtin_sqrt(time) * per_v;
    out.per_root = sigma * per_v;
    out.per_spot = 1.0 / spot;
    double discount_a = times_power(times_exp(1.0, legs.q.r), legs.q.n);
    double discount_b = times_power(times_exp(1.0, legs.r.r), legs.r.n);
    double raised = spot < 0x1p-1022 ? 0x1p54 : 1.0; /* 1/S of a subnormal S is infinite */
    double delta = out.a_share * raised * (1.0 / (spot * raised));
    out.delta = ends ? (inside > 0.0 ? discount_a : 0.0) : delta;
    out.dual_delta = ends ? (inside > 0.0 ? discount_b : 0.0) : out.b_share / strike;
    return level ? parts_at_the_money(out, time, sigma) : out;
}

/* The parts of a block of lanes. */
typedef struct {
    double price[BLOCK], density[BLOCK], a_share[BLOCK], b_share[BLOCK], delta[BLOCK],
        dual_delta[BLOCK], d1[BLOCK], d2[BLOCK], d1_v[BLOCK], d2_v[BLOCK], per_spot[BLOCK],
        per_sigma[BLOCK], per_root[BLOCK], root[BLOCK]; /* root is sqrt(T) */
    int64_t state[BLOCK];
} BlockParts;

QF_INLINE void store_parts(BlockParts *to, int64_t i, Parts parts) {
    to->price[i] = parts.price;
    to->density[i] = parts.density;
    to->a_share[i] = parts.a_share;
    to->b_share[i] = parts.b_share;
    to->delta[i] = parts.delta;
    to->per_spot[i] = parts.per_spot;
    to->per_sigma[i] = parts.per_sigma;
    to->per_root[i] = parts.per_root;
}

#define WANTED(greek) \
    if (wanted >> (greek) & 1) for (int64_t i = (to = *out++, 0); i < n; i++)

/* The greeks that are wanted, from the parts. */
QF_INLINE void combine(const BlockParts *restrict p, const double *const *restrict in,
                       double *const *restrict out, int64_t n, int64_t wanted) {
    const double *time = in[2], *r = in[3], *q = in[4], *sigma = in[5], *sign = in[6];
    double gamma[BLOCK], vega[BLOCK];
    double *restrict to;
    for (int64_t i = 0; i < n; i++) {
        gamma[i] = p->density[i] * p->per_spot[i] * (p->per_spot[i] * (p->per_root[i] * p->per_sigma[i]));
        vega[i] = p->density[i] * p->root[i];
    }
    WANTED(PRICE) to[i] = p->price[i];
    WANTED(DELTA) to[i] = sign[i] * p->delta[i];
    WANTED(GAMMA) to[i] = gamma[i];
    WANTED(VEGA) to[i] = vega[i];
    WANTED(THETA)
        to[i] = sign[i] * (q[i] * p->a_share[i] - r[i] * p->b_share[i]) -
                0.5 * p->density[i] * (sigma[i] * p->per_root[i]);
    WANTED(RHO) to[i] = sign[i] * time[i] * p->b_share[i];
    WANTED(PHI) to[i] = -sign[i] * time[i] * p->a_share[i];
    WANTED(VANNA) to[i] = -(vega[i] * p->per_spot[i]) * p->d2_v[i];
    WANTED(VOLGA) to[i] = vega[i] * p->root[i] * (p->d1[i] * p->d2_v[i]);
    WANTED(CHARM)
        to[i] = sign[i] * q[i] * p->delta[i] -
                p->density[i] * p->per_spot[i] *
                    (p->per_root[i] * ((r[i] - q[i]) * p->per_sigma[i] - 0.5 * p->d2_v[i] * sigma[i]));
    WANTED(VETA)
        to[i] = vega[i] * ((q[i] + (r[i] - q[i]) * p->d1_v[i]) -
                           0.5 * (p->per_root[i] * p->per_root[i] +
                                  p->d1_v[i] * p->d2_v[i] * (sigma[i] * sigma[i])));
    WANTED(DUAL_DELTA) to[i] = -sign[i] * p->dual_delta[i];
    WANTED(DUAL_GAMMA) {
        double per_strike = 1.0 / in[1][i];
        to[i] = p->density[i] * per_strike * (per_strike * (p->per_root[i] * p->per_sigma[i]));
    }
    WANTED(SPEED) to[i] = -gamma[i] * p->per_spot[i] * (p->d1_v[i] + 1.0);
    WANTED(COLOR)
        to[i] = gamma[i] * ((q[i] + (r[i] - q[i]) * p->d1_v[i]) +
                            0.5 * (p->per_root[i] * p->per_root[i] -
                                   p->d1_v[i] * p->d2_v[i] * (sigma[i] * sigma[i])));
    WANTED(ZOMMA) to[i] = gamma[i] * p->per_sigma[i] * (p->d1[i] * p->d2[i] - 1.0);
    WANTED(ULTIMA) {
        double product = p->d1[i] * p->d2[i];
        to[i] = -vega[i] * time[i] *
                (p->d1_v[i] * p->d2_v[i] * (1.0 - product) +
                 (p->d1_v[i] * p->d1_v[i] + p->d2_v[i] * p->d2_v[i]));
    }
}

/* Lanes outside the domain get the one NaN, and no other lane has any. */
QF_INLINE void sweep(double *const *restrict out, const int64_t *restrict states, int64_t n,
                     int64_t wanted) {
    for (int64_t greek = 0; greek < GREEKS; greek++) {
        if (!(wanted >> greek & 1)) continue;
        double *restrict x = *out++;
        for (int64_t i = 0; i < n; i++) {
            double valid = x[i] == x[i] ? x[i] : 0.0;
            x[i] = states[i] ? NOT_A_NUMBER : valid;
        }
    }
}

QF_INLINE void greeks_ordinary(const double *const *restrict in, double *const *restrict out,
                               int64_t *restrict special, int64_t n, int64_t wanted) {
    BlockParts p;
    double a[BLOCK], b[BLOCK], h[BLOCK], v[BLOCK];
    const double *spot = in[0], *strike = in[1], *time = in[2], *rate = in[3], *dividend = in[4],
                 *sigma = in[5], *sign = in[6];
    for (int64_t i = 0; i < n; i++) {
        Legs legs = legs_ordinary(spot[i], strike[i], time[i], rate[i], dividend[i], sigma[i]);
        a[i] = legs.a, b[i] = legs.b, h[i] = legs.h, v[i] = legs.v;
        p.root[i] = __builtin_sqrt(time[i]);
        special[i] = legs.special;
    }
    for (int64_t i = 0; i < n; i++) {
        Legs legs = {a[i], b[i], h[i], v[i], 0};
        Parts parts = ordinary_parts(legs, spot[i], p.root[i], sigma[i], sign[i]);
        store_parts(&p, i, parts);
        special[i] += parts.special;
    }
    if (wanted >> VANNA) { /* nothing before it takes d1 and d2 */
        for (int64_t i = 0; i < n; i++) {
            double t = 0.5 * v[i], far = h[i] + t, near = h[i] - t, per_v = 1.0 / v[i];
            p.d1[i] = a[i] < b[i] ? -near : far;
            p.d2[i] = a[i] < b[i] ? -far : near;
            p.d1_v[i] = p.d1[i] * per_v;
            p.d2_v[i] = p.d2[i] * per_v;
            p.dual_delta[i] = p.b_share[i] / strike[i];
        }
    }
    combine(&p, in, out, n, wanted);
}

static void greeks_general(const double *const *restrict in, double *const *restrict out,
                           int64_t *restrict outside, int64_t n, int64_t wanted) {
    BlockParts p;
    int64_t states[BLOCK];
    for (int64_t i = 0; i < n; i++) {
        double spot = in[0][i], strike = in[1][i], time = in[2][i], sigma = in[5][i];
        double sign = in[6][i];
        GeneralLegs legs = legs_general(spot, strike, time, in[3][i], in[4][i], sigma);
        Parts parts = general_parts(legs, spot, strike, time, sigma, sign);
        store_parts(&p, i, parts);
        p.dual_delta[i] = parts.dual_delta;
        p.d1[i] = parts.d1, p.d2[i] = parts.d2;
        p.d1_v[i] = parts.d1_v, p.d2_v[i] = parts.d2_v;
        p.root[i] = __builtin_sqrt(time);
        states[i] = legs.state | sign_state(sign);
        outside[i] = states[i] == INVALID;
    }
    combine(&p, in, out, n, wanted);
    sweep(out, states, n, wanted);
}

#endif
