/* What the rounding of the inputs costs an implied volatility. */
#ifndef QF_ATTAINABLE_H
#define QF_ATTAINABLE_H

#include "target.h"

/* The attainable limit over sigma: what half a unit in the last place of each input costs, and one
 * unit of the result. Everything is in units of the lesser leg. */
QF_INLINE double attainable(GeneralSides sides, Target to, double s, double price, double spot,
                            double strike, double time, double rate, double dividend, int inside,
                            double sigma) {
    double h = to.k / s, t = 0.5 * s, near = h - t, x = __builtin_fabs(near);
    x = x < 54.0 ? x : 54.0;
    double far = h + t < 54.0 ? h + t : 54.0;
    Reduced e = reduce(0.5 * x * x, 0.0);
    double per_density = times_power(times_exp(SQRT_2PI, e.r), e.n); /* 1 / phi(x) */
    Ratio m = mills(far), m0 = mills(x);
    double far_tail = SQRT_2PI * (m.p / m.q), near_tail = SQRT_2PI * (m0.p / m0.q);
    near_tail = near < 0.0 ? per_density - near_tail : near_tail;
    double most = per_density / to.share; /* the greater leg over density */
    double least_share = inside ? per_density - near_tail : near_tail;
    double most_share = inside ? most - far_tail : far_tail;
    int below = sides.y < 0.0;
    double a = below ? least_share : most_share, b = below ? most_share : least_share;
    double c = to.c * power_of_two(to.shift > -1000.0 ? to.shift : -1000.0) * per_density;
    c = near < 0.0 ? c : near_tail - far_tail;
    double value = inside ? c + most * to.gap : c;
    double rt = __builtin_fabs(rate) * time, qt = __builtin_fabs(dividend) * time;
    double theta = 0.5 * s + __builtin_fabs(qt * a - rt * b);
    double cost = half_ulp(price) * value + half_ulp(spot) * a + half_ulp(strike) * b +
                  half_ulp(time) * theta + half_ulp(rate) * rt * b + half_ulp(dividend) * qt * a;
    return cost / s + 2.0 * half_ulp(sigma);
}

#endif
