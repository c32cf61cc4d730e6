/* Volatility implied by a European price on a normally distributed forward, in a fixed number of
 * steps.
 *
 * With k = |F - K| and the undiscounted out-of-the-money price c = s phi(h) (1 - h M(h)), h = k/s,
 * solve for s = sigma sqrt(T). Seed: with nu = k/(k + 2c) and eta = nu / artanh(nu),
 * s = sqrt(pi/2 eta) (k + 2c) g(eta), g rational, within 0.3 %; then two Householder steps of order 4
 * on ln c. Codes are those of implied_volatility.h; there is no maximum but at T = 0. */
#ifndef QF_BACHELIER_IMPLIED_VOLATILITY_H
#define QF_BACHELIER_IMPLIED_VOLATILITY_H

#include "bachelier_price.h"
#include "implied_volatility.h"

QF_INLINE double normal_seed(double c, double k) {
    double sum = k + 2.0 * c, nu = k / sum;
    Reduced log = log_ratio(k + c, c); /* 2 artanh(nu) */
    double eta = 2.0 * nu / fma_(log.n, LN2_HI, log.r);
    eta = nu < 0x1p-10 ? 1.0 : eta;
    double g = (0.4018 + 0.8933 * eta) / (1.0 + 0.2924 * eta);
    return 1.2533141373155003 * sum * (__builtin_sqrt(eta) * g);
}

/* A step, and e^(h^2/2) = s (1 - h M) / c at its beginning. */
QF_INLINE Step normal_step(double c, double k, double s) {
    double h = k * (1.0 / s), hh = h * h;
    Ratio rest = loss(h);
    Reduced log = log_ratio(rest.p * s, rest.q * c);
    double f = fma_(log.n, LN2_HI, fma_(log.n, LN2_LO, log.r) - 0.5 * h * h);
    double change = householder(f, -f * SQRT_2PI * (rest.p / rest.q), hh, fma_(hh, hh, -3.0 * hh));
    Step out = {fma_(s, change, s), rest.p * s / (rest.q * c)};
    return out;
}

typedef struct {
    double s;
    int32_t special;
} NormalSolution;

/* |x| 2^-unit */
QF_INLINE double in_unit(double x, double unit) {
    Scaled s = scaled(__builtin_fabs(x));
    double held = times_power(s.mantissa, s.exponent - unit);
    return s.end ? s.x : held;
}

QF_INLINE double normal_attainable(double c, double k, double s, double price, double forward,
                                   double strike, double time, double rate, int inside,
                                   double sigma) {
    double h = at_most(k / s, 38.0);
    Reduced e = reduce(0.5 * h * h, 0.0);
    double grown = times_exp(SQRT_2PI, e.r), per_density = times_power(grown, e.n); /* 1 / phi(h) */
    double tail = SQRT_2PI * (tail_numerator(h) / loss(h).q);
    double chance = inside ? per_density - tail : tail;
    double value = times_power((inside ? c + k : c) * grown, e.n); /* c may vanish beside 1 / phi */
    double rt = rate * time, theta = __builtin_fabs(rt * value - 0.5 * s);
    double cost = half_ulp(price) * value + half_ulp(forward) * forward * chance +
                  half_ulp(strike) * strike * chance + half_ulp(time) * theta +
                  half_ulp(rate) * __builtin_fabs(rt) * value;
    return cost / s + 2.0 * half_ulp(sigma);
}

QF_INLINE Implied general_normal_implied(double price, double forward, double strike, double time,
                                         double rate, double sign) {
    Exponent x = discount_exponent(rate, time);
    Reduced r = reduce(-x.value, -x.low);
    double apart = forward - strike;
    int inside = sign * apart > 0.0;
    /* In units of 2^unit both c and k are normal numbers, for c is not below e^-730 k. */
    Scaled p = scaled(__builtin_fabs(price)), gap = scaled(__builtin_fabs(apart));
    double paid_exponent = p.exponent + r.n;
    double unit = (paid_exponent > gap.exponent ? paid_exponent : gap.exponent) - 300.0;
    double paid = times_power(times_exp(p.mantissa, r.r), paid_exponent - unit); /* undiscounted */
    paid = p.end ? p.x : paid;
    paid = price < 0.0 ? -paid : paid;
    double k = in_unit(apart, unit), c = inside ? paid - k : paid;
    double f = in_unit(forward, unit), g = in_unit(strike, unit), most = f > g ? f : g;
    double two = two_ulp(most);
    double s = normal_seed(c, k);
    s = normal_step(c, k, s).s;
    s = normal_step(c, k, s).s;
    double sigma = times_power(s / __builtin_sqrt(time), unit);

    int missing = (forward != forward) | (strike != strike) | (time != time) | (rate != rate);
    int invalid = (time < 0.0) | (time == INFINITE) | (__builtin_fabs(rate) == INFINITE) |
                  (__builtin_fabs(apart) == INFINITE) | (apart != apart);
    int32_t state = (missing ? MISSING : 0) | (invalid ? INVALID : 0) | sign_state(sign);
    double limit = normal_attainable(c, k, s, price, f, g, time, rate, inside, sigma);
    double code = limit <= 1e-8 ? OK : LOW_PRECISION;
    code = time == 0.0 ? ABOVE_MAXIMUM : code;
    code = c <= (inside ? two : 0.0) ? AT_INTRINSIC : code;
    code = c < -two ? BELOW_INTRINSIC : code;
    code = state ? INVALID_INPUT : code;
    code = (price != price) | (__builtin_fabs(price) == INFINITE) ? NOT_FINITE : code;
    Implied out = {sigma, code};
    return out;
}

static void bachelier_implied_volatility_general(const double *const *restrict in,
                                                 double *const *restrict out,
                                                 int32_t *restrict outside, int64_t n,
                                                 int64_t wanted) {
    double sigma[BLOCK], code[BLOCK];
    for (int64_t i = 0; i < n; i++) {
        Implied lane =
            general_normal_implied(in[0][i], in[1][i], in[2][i], in[3][i], in[4][i], in[5][i]);
        sigma[i] = lane.sigma;
        code[i] = lane.code;
    }
    finish_codes(in, 6, sigma, code, outside, n);
    write_implied(out, sigma, code, n, wanted);
}

QF_INLINE NormalSolution ordinary_normal_implied(double price, double forward, double strike,
                                               double time, double rate, double sign) {
    double rt = rate * time, rt_low = fma_(rate, time, -rt);
    Reduced r = reduce(rt, rt_low);
    double paid = shift_exponent(times_exp(price, r.r), r.n_magic);
    double apart = forward - strike, k = __builtin_fabs(apart);
    int inside = sign * apart > 0.0;
    double c = inside ? paid - k : paid;
    double s = normal_step(c, k, normal_seed(c, k)).s;
    Step last = normal_step(c, k, s);
    double legs = __builtin_fabs(forward) + __builtin_fabs(strike);
    /* Rounding of the inputs surely costs less than 1e-8: the chance over density is at most 1.3
     * out of the money and 1 / density in it. */
    double cost = 0x1p-24 * (legs + paid) * (1.0 + __builtin_fabs(rt));
    double within = SQRT_2PI * last.per_density * cost, beyond = 1.3 * cost;
    int holds = (__builtin_fabs(rt) < 50.0) & (price > 0x1p-900) & (paid < 0x1p200) &
                (legs < 0x1p200) & (c > 0x1p-900) & (!inside | (c > 0x1p-50 * legs)) &
                ((inside ? within : beyond) < last.s) & (__builtin_fabs(sign) == 1.0) &
                (time > 0x1p-1000);
    NormalSolution out = {last.s, !holds};
    return out;
}

QF_INLINE void bachelier_implied_volatility_ordinary(const double *const *restrict in,
                                                     double *const *restrict out,
                                                     int32_t *restrict special, int64_t n,
                                                     int64_t wanted) {
    double sigma[BLOCK], code[BLOCK];
    for (int64_t i = 0; i < n; i++) {
        NormalSolution lane =
            ordinary_normal_implied(in[0][i], in[1][i], in[2][i], in[3][i], in[4][i], in[5][i]);
        sigma[i] = lane.s / __builtin_sqrt(in[3][i]);
        code[i] = OK;
        special[i] = lane.special;
    }
    write_implied(out, sigma, code, n, wanted);
}

#endif
