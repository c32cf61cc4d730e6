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
} BachelierOption;

/* What the greeks of one option are made of. */
typedef struct {
    double price, density, chance;              /* G, e^(-rT) N(+-d) */
    double d, per_v, root, per_root, per_sigma; /* root is sqrt(T) */
    double theta;
    int32_t special; /* of the ordinary form */
} BachelierParts;

QF_INLINE BachelierParts bachelier_parts_ordinary(BachelierOption x) {
    OrdinaryBachelierPrice price =
        bachelier_price_ordinary(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign);
    double rt = x.rate * x.time, rt_low = fma(x.rate, x.time, -rt);
    Reduced r = reduce(-rt, -rt_low);
    Sum distance = two_sum(x.forward, -x.strike);
    Deviation d = deviation_ordinary(magnitude(distance), x.time, x.sigma);
    Reduced e = gauss_exponent(d.h, d.h_low);
    double growth = exp_minus_1(e.r), m = tail_numerator(d.h) / loss(d.h).q;
    double tail = shift_exponent(fma(m, growth, m), e.n_magic);
    double chance = x.sign * distance.high > 0.0 ? 1.0 - tail : tail;
    double density = shift_exponent(fma(INV_SQRT_2PI, growth, INV_SQRT_2PI), e.n_magic);
    BachelierParts out;
    out.price = price.price;
    out.density = shift_exponent(times_exp(density, r.r), r.n_magic);
    out.chance = shift_exponent(times_exp(chance, r.r), r.n_magic);
    out.per_v = d.per_v;
    out.d = distance.high * d.per_v;
    out.root = d.root;
    out.per_root = x.sigma * d.per_v;
    out.per_sigma = d.root * d.per_v;
    out.theta = x.rate * out.price - 0.5 * out.density * (x.sigma * out.per_root);
    out.special = price.special | !(x.time > 0x1p-1000);
    return out;
}

QF_INLINE BachelierParts bachelier_parts_general(BachelierTerms n, BachelierOption x) {
    double m = tail_numerator(n.d.h) / loss(n.d.h).q;
    int beyond = n.h == INFINITY, level = (n.moneyness.high == 0.0) & (n.d.v < 0x1p-1000);
    double tail = fma(m, n.growth, m), exponent = n.e.n;
    double rest = 1.0 - tail * power_of_two(at_least(exponent, -1000.0));
    tail = beyond ? 0.0 : tail;
    double discount_exponent = n.r.n;
    double itm = times_power(times_exp(rest, n.r.r), discount_exponent);
    double otm = times_power(times_exp(tail, n.r.r), exponent + discount_exponent);
    double density = times_exp(fma(INV_SQRT_2PI, n.growth, INV_SQRT_2PI), n.r.r);
    BachelierParts out;
    out.price = bachelier_price_general(n, x.time, x.rate);
    out.density = beyond ? 0.0 : times_power(density, exponent + discount_exponent);
    out.chance = n.moneyness.high > 0.0 ? itm : otm;
    double root = n.d.root, per_v = out.density == 0.0 ? 0.0 : n.d.per_v;
    out.per_v = per_v;
    out.d = per_v == 0.0 ? 0.0 : (x.forward - x.strike) * per_v;
    out.root = root;
    out.per_root = n.d.v == INFINITY ? 1.0 / root : x.sigma * per_v;
    out.per_sigma = root * per_v;
    double per_root = x.time > 0.0 ? 1.0 / root : INFINITY;
    double per_sigma = x.sigma > 0.0 ? 1.0 / x.sigma : INFINITY;
    out.d = level ? 0.0 : out.d;
    out.per_root = level ? per_root : out.per_root;
    out.per_sigma = level ? per_sigma : out.per_sigma;
    /* Endless volatility makes both terms of theta endless; their sum is a multiple of it. */
    double theta = x.rate * out.price - 0.5 * out.density * zero_times(x.sigma, out.per_root);
    double drift = zero_times(x.rate, root) - 0.5 * out.per_root;
    out.theta = n.d.v == INFINITY ? out.density * (x.sigma * drift) : theta;
    return out;
}

/* The greeks up to the given order. */
QF_INLINE Greeks bachelier_greeks_of(BachelierOption x, BachelierParts p, int order) {
    Greeks out;
    double delta = x.sign * p.chance, gamma = p.density * p.per_v, vega = p.density * p.root;
    out.of[PRICE] = p.price;
    out.of[DELTA] = delta;
    out.of[GAMMA] = gamma;
    out.of[VEGA] = vega;
    out.of[THETA] = p.theta;
    out.of[RHO] = -x.time * p.price;
    out.of[PHI] = 0.0;
    if (order < 2) return out;
    double per_time = p.per_root * p.per_root;
    out.of[VANNA] = -p.density * (p.d * p.per_sigma);
    out.of[VOLGA] = vega * (p.d * p.d) * p.per_sigma;
    out.of[CHARM] = x.rate * delta + zero_times(p.d, 0.5 * p.density * per_time);
    out.of[VETA] = p.density * (p.root * x.rate - 0.5 * p.per_root * fma(p.d, p.d, 1.0));
    out.of[DUAL_DELTA] = -delta;
    out.of[DUAL_GAMMA] = gamma;
    if (order < 3) return out;
    out.of[SPEED] = -gamma * p.d * p.per_v;
    out.of[COLOR] = gamma * (x.rate + 0.5 * fma(-p.d, p.d, 1.0) * per_time);
    out.of[ZOMMA] = gamma * p.per_sigma * fma(p.d, p.d, -1.0);
    double dd = p.d * p.d;
    out.of[ULTIMA] = vega * (p.per_sigma * p.per_sigma * (dd * (dd - 3.0)));
    return out;
}

#endif
