/* American price on a lognormal underlying: the European price and the premium for exercise before
 * expiry. For the scaled put of "american_boundary.h"
 *
 *     premium / K = integral over u from 0 to x of a e^(-a u) N(s - d) - b m e^(-b u) N(-d),
 *     m = S / K,  s = sqrt(u),  d = (ln(m / B(x - u)) + (a - b) u) / s + s / 2.
 *
 * With u = x sin^2(theta) Gauss-Legendre nodes in theta serve, and no root is left at either end.
 * Source: Kim (1990). */
#ifndef QF_AMERICAN_PRICE_H
#define QF_AMERICAN_PRICE_H

#include "american_boundary.h"

/* What an option asks for: how it may be exercised, and how closely that is to be valued. */
enum { EUROPEAN, FAST, STANDARD, HIGH };

/* The premium's integrand at u = x sine^2, the boundary at x - u having this depth. */
QF_INLINE double premium_density(Put p, double depth, double sine) {
    double s = p.root * sine, u = s * s;
    double distance = (p.log_m - p.log_start) + depth;
    double plus = fma(fma(p.a - p.b, u, distance), 1.0 / s, 0.5 * s);
    DiscountedTails tails = discounted_tails(plus - s, plus, -(p.a * u), fma(-p.b, u, p.log_m));
    return fma(p.a, tails.minus, -(p.b * tails.plus));
}

/* Exercise where the underlying's path is known: K e^(-r t) - S e^(-q t) now, and at the time t
 * before expiry where it is level; 0 if there is none. At expiry it is the European price. */
typedef struct {
    double strike, spot, rate, dividend, t, now, then;
} KnownPath;

QF_INLINE KnownPath known_path(double spot, double strike, double time, double rate,
                               double dividend, double sign) {
    int call = sign > 0.0;
    double s = call ? strike : spot, k = call ? spot : strike;
    double r = call ? dividend : rate, q = call ? rate : dividend;
    double up = q * s, down = r * k, per = up / down;
    int level = (per > 0x1p-1000) & (per < 0x1p1000) & (q != r);
    double t = logarithm(log_ratio(level ? per : 1.0, 1.0)) / (level ? q - r : 1.0);
    t = level & (t > 0.0) & (t < time) ? t : 0.0;
    double then = fma(k, exp_of(-(r * t)), -(s * exp_of(-(q * t))));
    KnownPath out = {k, s, r, q, t, at_least(k - s, 0.0), then};
    return out;
}

/* The value at the best of these times. */
QF_INLINE double value_without_volatility(KnownPath p, double european) {
    return at_least(at_least(p.then, european), p.now);
}

#endif
