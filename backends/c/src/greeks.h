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
    PRICE,
    DELTA,
    GAMMA,
    VEGA,
    THETA,
    RHO,
    PHI,
    VANNA,
    VOLGA,
    CHARM,
    VETA,
    DUAL_DELTA,
    DUAL_GAMMA,
    SPEED,
    COLOR,
    ZOMMA,
    ULTIMA,
    GREEKS
};

/* The inputs of one lane. */
typedef struct {
    double spot, strike, time, rate, dividend, sigma, sign;
} Option;

/* What the greeks of one option are made of. */
typedef struct {
    double price, density, a_share, b_share; /* G, A N(+-d1), B N(+-d2) */
    double delta, dual_delta;                /* but for their sign */
    double d1, d2, d1_v, d2_v;               /* d1, d2, d1/v, d2/v */
    double root, per_root, per_sigma;        /* sqrt(T), 1/sqrt(T), 1/sigma */
    double per_spot, per_strike, theta;
    double sigma;    /* 0 where nothing depends on it */
    int32_t special; /* of the ordinary form */
} Parts;

/* What interest and dividends add to theta, q A N(+-d1) - r B N(+-d2) for a call: by the price and
 * the lesser share, so that nearly equal rates do not cancel. */
QF_INLINE double carried_theta(Option x, double price, double a_share, double b_share) {
    double own = x.sign > 0.0 ? x.dividend : x.rate, other = x.sign > 0.0 ? x.rate : x.dividend;
    double share = x.sign > 0.0 ? b_share : a_share;
    return zero_times(own, price) + zero_times(own - other, share);
}

/* Tails of the normal distribution times the legs, from the Mills ratios: the leg that is less has
 * the near one. */
QF_INLINE Parts parts_ordinary(Legs legs, Option option) {
    Deviation d = deviation_ordinary(magnitude(legs.y), option.time, option.sigma);
    Tails at = tails_ordinary(d);
    OrdinaryPrice price = price_ordinary(legs, d, at, option.sign);
    int below = legs.y.high < 0.0;
    double least = below ? legs.a : legs.b, most = below ? legs.b : legs.a;
    double moneyness = below ? -option.sign : option.sign; /* > 0: in the money */
    double near_moneyness = at.within ? moneyness : -moneyness;
    double density = shift_exponent(fma(least, at.growth, least), at.e.n_magic);
    double turned = at.within ? -at.near_low : at.near_low;
    double near_tail = density * fma(at.near_loss, turned, at.m.near);
    double far_tail = density * fma(-at.far_loss, at.far_low, at.m.far);
    double near_share = near_moneyness > 0.0 ? least - near_tail : near_tail;
    double far_share = moneyness > 0.0 ? most - far_tail : far_tail;

    Parts out;
    out.price = price.price;
    out.density = density * INV_SQRT_2PI;
    out.a_share = below ? near_share : far_share;
    out.b_share = below ? far_share : near_share;
    double near = at.near + at.near_low; /* a greek may be 0 where it is */
    out.d1 = below ? -near : at.far;
    out.d2 = below ? -at.far : near;
    out.d1_v = out.d1 * d.per_v;
    out.d2_v = out.d2 * d.per_v;
    out.root = d.root;
    out.sigma = option.sigma;
    out.per_root = option.sigma * d.per_v;
    out.per_sigma = d.root * d.per_v;
    out.per_spot = 1.0 / option.spot;
    out.per_strike = 1.0 / option.strike;
    out.delta = out.a_share * out.per_spot;
    out.dual_delta = out.b_share / option.strike;
    out.theta = carried_theta(option, out.price, out.a_share, out.b_share) -
                0.5 * out.density * (option.sigma * out.per_root);
    out.special = price.special | !(option.time > 0x1p-1000);
    return out;
}

/* The ratios' limits at the money with v = 0; with both sigma and T zero sigma goes first. At
 * expiry d1/v is (r - q)/sigma^2 + 1/2. */
QF_INLINE Parts parts_at_the_money(Parts parts, Option option, int level) {
    double sigma = option.sigma, drift = (option.rate - option.dividend) / sigma / sigma;
    double per_sigma = 1.0 / sigma, per_root = 1.0 / parts.root;
    drift = (option.time > 0.0) | (sigma == 0.0) ? 0.0 : drift;
    per_sigma = sigma > 0.0 ? per_sigma : INFINITY;
    per_root = option.time > 0.0 ? per_root : INFINITY;
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
    double low = at_most(s.exponent, k.exponent), high = at_least(s.exponent, k.exponent);
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

QF_INLINE Parts parts_general(GeneralLegs legs, Option option, Amounts amounts) {
    double sign = option.sign, spot = amounts.spot, strike = amounts.strike;
    Separation separation = separation_general(legs, option.time, option.sigma);
    Deviation d = separation.d;
    Tails at = separation.at;
    GeneralPrice price = price_general(legs, separation, sign);
    double unit = amounts.unit;
    double a = times_power(legs.a, legs.a_exponent - unit);
    double b = times_power(legs.b, legs.b_exponent - unit);
    CommonScale common = on_common_scale(legs);
    int level = ((common.a == common.b) | (separation.y.high == 0.0)) & (d.v < 0x1p-1000);
    int below = (separation.y.high < 0.0) & !level;
    double moneyness = below ? -sign : sign; /* > 0: in the money */
    double exponent = (below ? legs.a_exponent : legs.b_exponent) - unit + at.e.n;
    double least = below ? legs.a : legs.b;
    double density = fma(least, at.growth, least);
    density = level ? least : density;
    exponent = level ? legs.b_exponent - unit : exponent;
    double turned = at.within ? -at.near_low : at.near_low;
    double near_mills = fma(at.near_loss, turned, at.m.near);
    double far_mills = fma(-at.far_loss, at.far_low, at.m.far);
    double near_tail = times_power(density * (level ? 0.5 : near_mills), exponent);
    double far_tail = times_power(density * (level ? 0.5 : far_mills), exponent);
    int ends = amounts.ends, settled = ends | (d.v == INFINITY);
    near_tail = settled ? 0.0 : near_tail;
    far_tail = settled ? 0.0 : far_tail;
    double near_moneyness = at.within | ends ? moneyness : -moneyness;
    double near_share = near_moneyness > 0.0 ? (below ? a : b) - near_tail : near_tail;
    double far_share = moneyness > 0.0 ? (below ? b : a) - far_tail : far_tail;

    Parts out;
    out.price = times_power(price.value, price.exponent);
    out.density = settled ? 0.0 : times_power(density, exponent) * INV_SQRT_2PI;
    out.a_share = below ? near_share : far_share;
    out.b_share = below ? far_share : near_share;
    double per_v = out.density == 0.0 ? 0.0 : d.per_v; /* nothing depends on what is so far off */
    double near = at.near + at.near_low;
    out.d1 = per_v == 0.0 ? 0.0 : (below ? -near : at.far);
    out.d2 = per_v == 0.0 ? 0.0 : (below ? -at.far : near);
    out.d1_v = out.d1 * per_v;
    out.d2_v = out.d2 * per_v;
    out.root = d.root;
    out.per_sigma = zero_times(per_v, d.root); /* T may be infinite */
    out.per_root = option.sigma * per_v;
    double per_spot = 1.0 / spot;
    out.per_spot = out.density == 0.0 ? 0.0 : per_spot;
    out.per_strike = 1.0 / strike;
    double discount_a = times_power(times_exp(1.0, legs.q.r), legs.q.n);
    double discount_b = times_power(times_exp(1.0, legs.r.r), legs.r.n);
    double raised = spot < 0x1p-1022 ? 0x1p54 : 1.0; /* 1/S of a subnormal S is infinite */
    double delta = out.a_share * raised * (1.0 / (spot * raised));
    out.delta = ends ? (moneyness > 0.0 ? discount_a : 0.0) : delta;
    out.dual_delta = ends ? (moneyness > 0.0 ? discount_b : 0.0) : out.b_share / strike;
    out = parts_at_the_money(out, option, level);
    out.sigma = out.density == 0.0 ? 0.0 : option.sigma; /* it may be infinite */
    double price_in_unit = times_power(price.value, price.exponent - unit);
    out.theta = carried_theta(option, price_in_unit, out.a_share, out.b_share) -
                0.5 * out.density * zero_times(out.sigma, out.per_root);
    return out;
}

/* Every greek, or as many as its order has. */
typedef struct {
    double of[GREEKS];
} Greeks;

/* The greeks up to the given order. */
QF_INLINE Greeks greeks_of(Option x, Parts p, int order) {
    Greeks out;
    double gamma = p.density * p.per_spot * (p.per_spot * (p.per_root * p.per_sigma));
    double vega = p.density * p.root;
    out.of[PRICE] = p.price;
    out.of[DELTA] = x.sign * p.delta;
    out.of[GAMMA] = gamma;
    out.of[VEGA] = vega;
    out.of[THETA] = p.theta;
    out.of[RHO] = x.sign * x.time * p.b_share;
    out.of[PHI] = -x.sign * x.time * p.a_share;
    if (order < 2) return out;
    double carry = x.rate - x.dividend, drift = x.dividend + carry * p.d1_v;
    double decay = fma(-0.5 * p.d2_v, p.sigma, zero_times(carry, p.per_sigma));
    out.of[VANNA] = -(vega * p.per_spot) * p.d2_v;
    out.of[VOLGA] = vega * (p.root * (p.d1 * p.d2_v));
    out.of[CHARM] =
        x.sign * x.dividend * p.delta - p.density * p.per_spot * zero_times(decay, p.per_root);
    out.of[VETA] = p.density * (p.root * drift - 0.5 * p.per_root * fma(p.d1, p.d2, 1.0));
    out.of[DUAL_DELTA] = -x.sign * p.dual_delta;
    out.of[DUAL_GAMMA] = p.density * p.per_strike * (p.per_strike * (p.per_root * p.per_sigma));
    if (order < 3) return out;
    out.of[SPEED] = -gamma * p.per_spot * (p.d1_v + 1.0);
    out.of[COLOR] = gamma * (drift + 0.5 * (p.per_root * p.per_root) * fma(-p.d1, p.d2, 1.0));
    out.of[ZOMMA] = gamma * p.per_sigma * fma(p.d1, p.d2, -1.0);
    double squares = p.d1_v * p.d1_v + p.d2_v * p.d2_v;
    out.of[ULTIMA] = -vega * (x.time * (p.d1_v * p.d2_v * (1.0 - p.d1 * p.d2) + squares));
    return out;
}

/* By which power of the unit of all amounts each greek changes; the price is not in that unit. */
static const double DEGREES[GREEKS] = {0, 0, -1, 1, 1, 1, 1, 0, 1, 0, 1, 0, -1, -2, -1, -1, 1};

/* A greek brought back from units of 2^unit. */
QF_INLINE double rescaled(double greek, double degree, double unit) {
    return times_power(greek, degree * unit);
}

/* The one NaN outside the domain, and no NaN inside. */
QF_INLINE double swept(double greek, int32_t state) {
    double valid = greek == greek ? greek : 0.0;
    return state ? NOT_A_NUMBER : valid;
}

#endif
