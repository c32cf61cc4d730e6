/* Price and greeks on a normally distributed forward, as many as are wanted.
 *
 * With d = (F - K)/v, the density G = e^(-rT) phi(d) and the chance e^(-rT) N(+-d). Outputs, units
 * and limits are those of greeks.h; phi, the derivative by a dividend, is 0. */
#ifndef QF_BACHELIER_GREEKS_H
#define QF_BACHELIER_GREEKS_H

#include "bachelier_price.h"
#include "greeks.h"

/* The inputs of one lane. */
typedef struct {
    double forward, strike, time, rate, sigma, sign;
} NormalOption;

QF_INLINE NormalOption normal_option_at(const double *const *in, int64_t i) {
    NormalOption out = {in[0][i], in[1][i], in[2][i], in[3][i], in[4][i], in[5][i]};
    return out;
}

/* What the greeks of one option are made of. */
typedef struct {
    double price, density, chance;              /* G, e^(-rT) N(+-d) */
    double d, per_v, root, per_root, per_sigma; /* root is sqrt(T) */
    double theta;
    int32_t special; /* of the ordinary form */
} NormalParts;

QF_INLINE NormalParts ordinary_normal_parts(NormalOption x) {
    OrdinaryNormal price = ordinary_normal(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign);
    double rt = x.rate * x.time, rt_low = fma_(x.rate, x.time, -rt);
    Reduced r = reduce(-rt, -rt_low);
    Sum apart = sum(x.forward, -x.strike);
    Deviation d = deviation_ordinary(magnitude(apart), x.time, x.sigma);
    Reduced e = gauss_exponent(d.h, d.h_low);
    double growth = exp_minus_1(e.r), m = tail_numerator(d.h) / loss(d.h).q;
    double tail = shift_exponent(fma_(m, growth, m), e.n_magic);
    double chance = x.sign * apart.high > 0.0 ? 1.0 - tail : tail;
    double density = shift_exponent(fma_(INV_SQRT_2PI, growth, INV_SQRT_2PI), e.n_magic);
    NormalParts out;
    out.price = price.price;
    out.density = shift_exponent(times_exp(density, r.r), r.n_magic);
    out.chance = shift_exponent(times_exp(chance, r.r), r.n_magic);
    out.per_v = d.per_v;
    out.d = apart.high * d.per_v;
    out.root = d.root;
    out.per_root = x.sigma * d.per_v;
    out.per_sigma = d.root * d.per_v;
    out.theta = x.rate * out.price - 0.5 * out.density * (x.sigma * out.per_root);
    out.special = price.special | !(x.time > 0x1p-1000);
    return out;
}

QF_INLINE NormalParts general_normal_parts(Normal n, NormalOption x) {
    double m = tail_numerator(n.d.h) / loss(n.d.h).q;
    int beyond = n.h == INFINITE, level = (n.inside.high == 0.0) & (n.d.v < 0x1p-1000);
    double tail = fma_(m, n.growth, m), exponent = n.e.n;
    double rest = 1.0 - tail * power_of_two(at_least(exponent, -1000.0));
    tail = beyond ? 0.0 : tail;
    double discount_exponent = n.r.n;
    double inside = times_power(times_exp(rest, n.r.r), discount_exponent);
    double outside = times_power(times_exp(tail, n.r.r), exponent + discount_exponent);
    double density = times_exp(fma_(INV_SQRT_2PI, n.growth, INV_SQRT_2PI), n.r.r);
    NormalParts out;
    out.price = general_normal(n, x.time, x.rate);
    out.density = beyond ? 0.0 : times_power(density, exponent + discount_exponent);
    out.chance = n.inside.high > 0.0 ? inside : outside;
    double root = n.d.root, per_v = out.density == 0.0 ? 0.0 : n.d.per_v;
    out.per_v = per_v;
    out.d = per_v == 0.0 ? 0.0 : (x.forward - x.strike) * per_v;
    out.root = root;
    out.per_root = n.d.v == INFINITE ? 1.0 / root : x.sigma * per_v;
    out.per_sigma = root * per_v;
    double per_root = x.time > 0.0 ? 1.0 / root : INFINITE;
    double per_sigma = x.sigma > 0.0 ? 1.0 / x.sigma : INFINITE;
    out.d = level ? 0.0 : out.d;
    out.per_root = level ? per_root : out.per_root;
    out.per_sigma = level ? per_sigma : out.per_sigma;
    /* Endless volatility makes both terms of theta endless; their sum is a multiple of it. */
    double theta = x.rate * out.price - 0.5 * out.density * zero_times(x.sigma, out.per_root);
    double drift = zero_times(x.rate, root) - 0.5 * out.per_root;
    out.theta = n.d.v == INFINITE ? out.density * (x.sigma * drift) : theta;
    return out;
}

/* The greeks of lane i, up to the given order. */
QF_INLINE void store_normal_greeks(double *const *to, int64_t i, NormalOption x, NormalParts p,
                                   int order) {
    double delta = x.sign * p.chance, gamma = p.density * p.per_v, vega = p.density * p.root;
    to[PRICE][i] = p.price;
    to[DELTA][i] = delta;
    to[GAMMA][i] = gamma;
    to[VEGA][i] = vega;
    to[THETA][i] = p.theta;
    to[RHO][i] = -x.time * p.price;
    to[PHI][i] = 0.0;
    if (order < 2) return;
    double per_time = p.per_root * p.per_root;
    to[VANNA][i] = -p.density * (p.d * p.per_sigma);
    to[VOLGA][i] = vega * (p.d * p.d) * p.per_sigma;
    to[CHARM][i] = x.rate * delta + zero_times(p.d, 0.5 * p.density * per_time);
    to[VETA][i] = p.density * (p.root * x.rate - 0.5 * p.per_root * fma_(p.d, p.d, 1.0));
    to[DUAL_DELTA][i] = -delta;
    to[DUAL_GAMMA][i] = gamma;
    if (order < 3) return;
    to[SPEED][i] = -gamma * p.d * p.per_v;
    to[COLOR][i] = gamma * (x.rate + 0.5 * fma_(-p.d, p.d, 1.0) * per_time);
    to[ZOMMA][i] = gamma * p.per_sigma * fma_(p.d, p.d, -1.0);
    double dd = p.d * p.d;
    to[ULTIMA][i] = vega * (p.per_sigma * p.per_sigma * (dd * (dd - 3.0)));
}

QF_INLINE void normal_greeks_up_to(int order, const double *const *restrict in,
                                   double *const *restrict to, int32_t *restrict special,
                                   int64_t n) {
    INDEPENDENT_LANES
    for (int64_t i = 0; i < n; i++) {
        NormalOption option = normal_option_at(in, i);
        NormalParts parts = ordinary_normal_parts(option);
        store_normal_greeks(to, i, option, parts, order);
        special[i] = parts.special;
    }
}

QF_INLINE void bachelier_greeks_ordinary(const double *const *restrict in,
                                         double *const *restrict out, int32_t *restrict special,
                                         int64_t n, int64_t wanted) {
    double spare[GREEKS][BLOCK];
    double *to[GREEKS];
    addresses(to, out, spare, wanted);
    if (wanted >> SPEED) {
        normal_greeks_up_to(3, in, to, special, n);
    } else if (wanted >> VANNA) {
        normal_greeks_up_to(2, in, to, special, n);
    } else {
        normal_greeks_up_to(1, in, to, special, n);
    }
}

static void bachelier_greeks_general(const double *const *restrict in,
                                     double *const *restrict out, int32_t *restrict outside,
                                     int64_t n, int64_t wanted) {
    double spare[GREEKS][BLOCK];
    double *to[GREEKS];
    int32_t states[BLOCK];
    addresses(to, out, spare, wanted);
    INDEPENDENT_LANES
    for (int64_t i = 0; i < n; i++) {
        NormalOption x = normal_option_at(in, i);
        Normal lane = normal_general(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign);
        store_normal_greeks(to, i, x, general_normal_parts(lane, x), 3);
        states[i] = lane.state;
        outside[i] = lane.state == INVALID;
    }
    sweep(to, states, n, wanted);
}

#endif
