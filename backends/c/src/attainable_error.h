/* What the rounding of the inputs costs an implied volatility. */
#ifndef QF_ATTAINABLE_ERROR_H
#define QF_ATTAINABLE_ERROR_H

#include "normalized_price.h"

/* The attainable limit over sigma: what half a unit in the last place of each input costs, and one
 * unit of the result. Everything is in units of the lesser leg. */
QF_INLINE double attainable_error(GeneralLegs legs, NormalizedPrice to, double s, double price,
                                  double spot, double strike, double time, double rate,
                                  double dividend, double sign, int in_the_money, double sigma) {
    double h = to.k / s, t = 0.5 * s;
    double near = at_most(at_least(h - t, -PAST), PAST), far = at_most(h + t, PAST);
    int within = near > MILLS_FROM;
    Reduced e = reduce(0.5 * near * near, 0.0);
    double per_density = times_power(times_exp(SQRT_2PI, e.r), e.n); /* 1 / phi(near) */
    Mills m = mills(within ? near : -near, far);
    double far_tail = SQRT_2PI * m.far, near_tail = SQRT_2PI * m.near;
    near_tail = within ? near_tail : per_density - near_tail;
    double most = per_density / to.share; /* the greater leg over density */
    double least_share = in_the_money ? per_density - near_tail : near_tail;
    double most_share = in_the_money ? most - far_tail : far_tail;
    int below = legs.y.high < 0.0;
    double a = below ? least_share : most_share, b = below ? most_share : least_share;
    double c = to.c * power_of_two(at_least(to.shift, -1000.0)) * per_density;
    c = within ? SQRT_2PI * (s * m.slope) : c;
    double value = in_the_money ? c + most * to.gap : c;
    double rate_cost = rate * time * b, dividend_cost = dividend * time * a;
    double theta = 0.5 * s + sign * (rate_cost - dividend_cost);
    double cost = half_ulp(price) * value + half_ulp(spot) * a + half_ulp(strike) * b +
                  half_ulp(time) * fabs(theta) + half_ulp(rate) * fabs(rate_cost) +
                  half_ulp(dividend) * fabs(dividend_cost);
    return cost / s + 2.0 * half_ulp(sigma);
}

#endif
