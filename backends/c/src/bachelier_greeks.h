/* Price and greeks on a normally distributed forward, as many as are wanted.
 *
 * With d = (F - K)/v, the density G = e^(-rT) phi(d) and the chance e^(-rT) N(+-d). Outputs, units
 * and limits are those of greeks.h; phi, the derivative by a dividend, is 0. */
#ifndef QF_BACHELIER_GREEKS_H
#define QF_BACHELIER_GREEKS_H

#include "bachelier_price.h"
#include "greeks.h"

/* What the greeks of one option are made of. */
typedef struct {
    double price, density, chance, d; /* G, e^(-rT) N(+-d), d */
    double per_v, per_sigma, per_root;
    int64_t special;
} NormalParts;

QF_INLINE NormalParts ordinary_normal_parts(double forward, double strike, double time, double rate,
                                            double sigma, double sign) {
    OrdinaryNormal price = ordinary_normal(forward, strike, time, rate, sigma, sign);
    double rt = rate * time, rt_low = fma_(rate, time, -rt);
    Reduced r = reduce(-rt, -rt_low);
    double root = __builtin_sqrt(time), v = sigma * root, apart = forward - strike;
    double h = __builtin_fabs(apart) / v, hh = h * h;
    Reduced e = reduce(-0.5 * hh, -0.5 * fma_(h, h, -hh));
    Ratio m = mills(h);
    double tail = shift_exponent(times_exp(m.p / m.q, e.r), e.n_magic);
    double chance = sign * apart > 0.0 ? 1.0 - tail : tail;
    double density = shift_exponent(times_exp(INV_SQRT_2PI, e.r), e.n_magic);
    NormalParts out;
    out.price = price.price;
    out.special = price.special;
    out.density = shift_exponent(times_exp(density, r.r), r.n_magic);
    out.chance = shift_exponent(times_exp(chance, r.r), r.n_magic);
    out.per_v = 1.0 / v;
    out.d = apart * out.per_v;
    out.per_sigma = root * out.per_v;
    out.per_root = sigma * out.per_v;
    return out;
}

QF_INLINE NormalParts general_normal_parts(Normal n, double forward, double strike, double time,
                                           double rate, double sigma) {
    double h = n.h < 54.0 ? n.h : 54.0, hh = h * h;
    Reduced e = reduce(-0.5 * hh, -0.5 * fma_(h, h, -hh));
    Ratio m = mills(h);
    int beyond = n.h == INFINITE, level = (n.k == 0.0) & (n.v == 0.0);
    double tail = times_exp(m.p / m.q, e.r), exponent = e.n;
    double rest = 1.0 - tail * power_of_two(exponent > -1000.0 ? exponent : -1000.0);
    tail = beyond ? 0.0 : tail;
    double discount_exponent = n.r.n;
    double inside = times_power(times_exp(rest, n.r.r), discount_exponent);
    double outside = times_power(times_exp(tail, n.r.r), exponent + discount_exponent);
    double density = times_exp(times_exp(INV_SQRT_2PI, e.r), n.r.r);
    NormalParts out;
    out.price = general_normal(n, time, rate);
    out.density = beyond ? 0.0 : times_power(density, exponent + discount_exponent);
    out.chance = n.inside > 0.0 ? inside : outside;
    double root = __builtin_sqrt(time), per_v = out.density == 0.0 ? 0.0 : 1.0 / n.v;
    out.per_v = per_v;
    out.d = per_v == 0.0 ? 0.0 : (forward - strike) * per_v;
    out.per_sigma = root * per_v;
    out.per_root = sigma * per_v;
    double per_sigma = sigma > 0.0 ? 1.0 / sigma : INFINITE;
    double per_root = time > 0.0 ? 1.0 / root : (sigma > 0.0 ? INFINITE : 1.0);
    out.d = level ? 0.0 : out.d;
    out.per_sigma = level ? per_sigma : out.per_sigma;
    out.per_root = level ? per_root : out.per_root;
    return out;
}

/* The parts of a block of lanes. */
typedef struct {
    double price[BLOCK], density[BLOCK], chance[BLOCK], d[BLOCK], per_v[BLOCK], per_sigma[BLOCK],
        per_root[BLOCK];
} BlockNormalParts;

QF_INLINE void store_normal_parts(BlockNormalParts *to, int64_t i, NormalParts parts) {
    to->price[i] = parts.price;
    to->density[i] = parts.density;
    to->chance[i] = parts.chance;
    to->d[i] = parts.d;
    to->per_v[i] = parts.per_v;
    to->per_sigma[i] = parts.per_sigma;
    to->per_root[i] = parts.per_root;
}

QF_INLINE void combine_normal(const BlockNormalParts *restrict p, const double *const *restrict in,
                              double *const *restrict out, int64_t n, int64_t wanted) {
    const double *time = in[2], *r = in[3], *sigma = in[4], *sign = in[5];
    double gamma[BLOCK], vega[BLOCK], delta[BLOCK];
    double *restrict to;
    for (int64_t i = 0; i < n; i++) {
        delta[i] = sign[i] * p->chance[i];
        gamma[i] = p->density[i] * p->per_v[i];
        vega[i] = p->density[i] * __builtin_sqrt(time[i]);
    }
    WANTED(PRICE) to[i] = p->price[i];
    WANTED(DELTA) to[i] = delta[i];
    WANTED(GAMMA) to[i] = gamma[i];
    WANTED(VEGA) to[i] = vega[i];
    WANTED(THETA) to[i] = r[i] * p->price[i] - 0.5 * p->density[i] * (sigma[i] * p->per_root[i]);
    WANTED(RHO) to[i] = -time[i] * p->price[i];
    WANTED(PHI) to[i] = 0.0;
    WANTED(VANNA) to[i] = -p->density[i] * (p->d[i] * p->per_sigma[i]);
    WANTED(VOLGA) to[i] = vega[i] * (p->d[i] * p->d[i]) * p->per_sigma[i];
    WANTED(CHARM)
        to[i] = r[i] * delta[i] +
                0.5 * p->density[i] * p->d[i] * (p->per_root[i] * p->per_root[i]);
    WANTED(VETA)
        to[i] = vega[i] * (r[i] - 0.5 * fma_(p->d[i], p->d[i], 1.0) *
                                      (p->per_root[i] * p->per_root[i]));
    WANTED(DUAL_DELTA) to[i] = -delta[i];
    WANTED(DUAL_GAMMA) to[i] = gamma[i];
    WANTED(SPEED) to[i] = -gamma[i] * p->d[i] * p->per_v[i];
    WANTED(COLOR)
        to[i] = gamma[i] * (r[i] + 0.5 * fma_(-p->d[i], p->d[i], 1.0) *
                                       (p->per_root[i] * p->per_root[i]));
    WANTED(ZOMMA) to[i] = gamma[i] * p->per_sigma[i] * fma_(p->d[i], p->d[i], -1.0);
    WANTED(ULTIMA) {
        double dd = p->d[i] * p->d[i];
        to[i] = vega[i] * (p->per_sigma[i] * p->per_sigma[i]) * (dd * (dd - 3.0));
    }
}

QF_INLINE void bachelier_greeks_ordinary(const double *const *restrict in,
                                         double *const *restrict out, int64_t *restrict special,
                                         int64_t n, int64_t wanted) {
    BlockNormalParts p;
    for (int64_t i = 0; i < n; i++) {
        NormalParts parts =
            ordinary_normal_parts(in[0][i], in[1][i], in[2][i], in[3][i], in[4][i], in[5][i]);
        store_normal_parts(&p, i, parts);
        special[i] = parts.special;
    }
    combine_normal(&p, in, out, n, wanted);
}

static void bachelier_greeks_general(const double *const *restrict in,
                                     double *const *restrict out, int64_t *restrict outside,
                                     int64_t n, int64_t wanted) {
    BlockNormalParts p;
    int64_t states[BLOCK];
    for (int64_t i = 0; i < n; i++) {
        double forward = in[0][i], strike = in[1][i], time = in[2][i], rate = in[3][i];
        double sigma = in[4][i];
        Normal lane = normal_general(forward, strike, time, rate, sigma, in[5][i]);
        store_normal_parts(&p, i,
                           general_normal_parts(lane, forward, strike, time, rate, sigma));
        states[i] = lane.state;
        outside[i] = lane.state == INVALID;
    }
    combine_normal(&p, in, out, n, wanted);
    sweep(out, states, n, wanted);
}

#endif
