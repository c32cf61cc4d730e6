/* Volatility implied by a European price on a normally distributed forward, in a fixed number of
 * steps.
 *
 * With k = |F - K| and the undiscounted out-of-the-money price c = s phi(h) (1 - h M(h)), h = k/s,
 * solve for s = sigma sqrt(T). Seed: with nu = k/(k + 2c) and eta = nu / artanh(nu),
 * s = sqrt(pi/2 eta) (k + 2c) g(eta), g rational, within 0.3 %; then two Householder steps of order
 * 4 on ln c. Codes are those of implied_volatility.h; there is no maximum but at T = 0. */
#ifndef QF_BACHELIER_IMPLIED_VOLATILITY_H
#define QF_BACHELIER_IMPLIED_VOLATILITY_H

#include "bachelier_price.h"
#include "implied_volatility.h"

QF_INLINE double bachelier_seed(double c, double k) {
    double sum = k + 2.0 * c, nu = k / sum;
    Reduced log = log_ratio(k + c, c); /* 2 artanh(nu) */
    double eta = 2.0 * nu / fma(log.n, LN2_HI, log.r);
    eta = nu < 0x1p-10 ? 1.0 : eta;
    double g = (0.4018 + 0.8933 * eta) / (1.0 + 0.2924 * eta);
    return 1.2533141373155003 * sum * (sqrt(eta) * g);
}

/* A step, and e^(h^2/2) = s (1 - h M) / c at its beginning. */
QF_INLINE Step bachelier_step(double c, double k, double s) {
    double h = k * (1.0 / s), hh = h * h;
    Ratio rest = loss(h);
    Reduced log = log_ratio(rest.p * s, rest.q * c);
    double f = fma(log.n, LN2_HI, fma(log.n, LN2_LO, log.r) - 0.5 * h * h);
    double change = householder(f, -f * SQRT_2PI * (rest.p / rest.q), hh, fma(hh, hh, -3.0 * hh));
    Step out = {fma(s, change, s), rest.p * s / (rest.q * c)};
    return out;
}

/* |x| 2^-unit */
QF_INLINE double in_unit(double x, double unit) {
    Scaled s = scaled(fabs(x));
    double held = times_power(s.mantissa, s.exponent - unit);
    return s.end ? s.x : held;
}

QF_INLINE double bachelier_attainable_error(double c, double k, double s, double price,
                                            double forward, double strike, double time, double rate,
                                            int in_the_money, double sigma) {
    double h = at_most(k / s, 38.0);
    Reduced e = reduce(0.5 * h * h, 0.0);
    double grown = times_exp(SQRT_2PI, e.r), per_density = times_power(grown, e.n); /* 1 / phi(h) */
    double tail = SQRT_2PI * (tail_numerator(h) / loss(h).q);
    double chance = in_the_money ? per_density - tail : tail;
    double value =
        times_power((in_the_money ? c + k : c) * grown, e.n); /* c may vanish beside 1 / phi */
    double rt = rate * time, theta = fabs(rt * value - 0.5 * s);
    double cost = half_ulp(price) * value + half_ulp(forward) * forward * chance +
                  half_ulp(strike) * strike * chance + half_ulp(time) * theta +
                  half_ulp(rate) * fabs(rt) * value;
    return cost / s + 2.0 * half_ulp(sigma);
}

/* The inputs of one lane. */
typedef struct {
    double price, forward, strike, time, rate, sign;
} BachelierQuote;

/* What is solved: the out-of-the-money price c and k; and the whole price, all undiscounted. */
typedef struct {
    double c, k, paid;
} Undiscounted;

QF_INLINE Undiscounted undiscounted_ordinary(BachelierQuote x) {
    double rt = x.rate * x.time, rt_low = fma(x.rate, x.time, -rt);
    Reduced r = reduce(rt, rt_low);
    double paid = shift_exponent(times_exp(x.price, r.r), r.n_magic);
    double distance = x.forward - x.strike, k = fabs(distance);
    Undiscounted out = {x.sign * distance > 0.0 ? paid - k : paid, k, paid};
    return out;
}

/* The volatility by the last step. */
QF_INLINE OrdinaryImplied bachelier_implied_volatility_ordinary(BachelierQuote x, Undiscounted to,
                                                                Step last) {
    double rt = x.rate * x.time, legs = fabs(x.forward) + fabs(x.strike);
    int in_the_money = x.sign * (x.forward - x.strike) > 0.0;
    /* Rounding of the inputs surely costs less than 1e-8: the chance over density is at most 1.3
     * out of the money and 1 / density in it. */
    double cost = 0x1p-24 * (legs + to.paid) * (1.0 + fabs(rt));
    double itm = SQRT_2PI * last.per_density * cost, otm = 1.3 * cost;
    int holds = (fabs(rt) < 50.0) & (x.price > 0x1p-900) & (to.paid < 0x1p200) & (legs < 0x1p200) &
                (to.c > 0x1p-900) & (!in_the_money | (to.c > 0x1p-50 * legs)) &
                ((in_the_money ? itm : otm) < last.s) & (fabs(x.sign) == 1.0) &
                (x.time > 0x1p-1000);
    OrdinaryImplied out = {last.s / sqrt(x.time), !holds};
    return out;
}

QF_INLINE Implied bachelier_implied_volatility_general(double price, double forward, double strike,
                                                       double time, double rate, double sign) {
    Exponent x = discount_exponent(rate, time);
    Reduced r = reduce(-x.value, -x.low);
    double distance = forward - strike;
    int in_the_money = sign * distance > 0.0;
    /* In units of 2^unit both c and k are normal numbers, for c is not below e^-730 k. */
    Scaled p = scaled(fabs(price)), gap = scaled(fabs(distance));
    double paid_exponent = p.exponent + r.n;
    double unit = at_least(paid_exponent, gap.exponent) - 300.0;
    double paid = times_power(times_exp(p.mantissa, r.r), paid_exponent - unit); /* undiscounted */
    paid = p.end ? p.x : paid;
    paid = price < 0.0 ? -paid : paid;
    double k = in_unit(distance, unit), c = in_the_money ? paid - k : paid;
    double f = in_unit(forward, unit), g = in_unit(strike, unit);
    double two = two_ulp(at_least(f, g));
    double s = bachelier_seed(c, k);
    s = bachelier_step(c, k, s).s;
    s = bachelier_step(c, k, s).s;
    double sigma = times_power(s / sqrt(time), unit);

    int missing = (forward != forward) | (strike != strike) | (time != time) | (rate != rate);
    int invalid = (time < 0.0) | (time == INFINITY) | (fabs(rate) == INFINITY) |
                  (fabs(distance) == INFINITY) | (distance != distance);
    int32_t state = state_of(missing, invalid) | sign_state(sign);
    double limit =
        bachelier_attainable_error(c, k, s, price, f, g, time, rate, in_the_money, sigma);
    double code = limit <= 1e-8 ? OK : LOW_PRECISION;
    code = time == 0.0 ? ABOVE_MAXIMUM : code;
    code = c <= (in_the_money ? two : 0.0) ? AT_INTRINSIC : code;
    code = c < -two ? BELOW_INTRINSIC : code;
    code = state ? INVALID_INPUT : code;
    code = (price != price) | (fabs(price) == INFINITY) ? NOT_FINITE : code;
    Implied out = {sigma, code};
    return out;
}

#endif
