/* Two exercise boundaries: of a scaled put where b < a < 0, exercised between them.
 *
 * Who comes from above meets the upper one first, who comes from below the lower one: neither knows
 * of the other. The upper boundary is that of an option with one. The lower one is X = a / b at
 * expiry and X e^(w sqrt(u)) before: 1 over the boundary of the payoff without a kink, rates
 * exchanged. Where they meet exercise before expiry begins: for longer times the premium is the
 * integral over the shorter ones,
 *
 *     premium / K = integral over v from 0 to y of f(x - v, B(v)) - f(x - v, Y(v)),
 *
 * f being the integrand of "american_price.h". The boundaries and the time y when they meet, or x,
 * are found together. Source: Andersen and Lake (2021), Fast American option pricing: the
 * double-boundary case. */
#ifndef QF_AMERICAN_DOUBLE_H
#define QF_AMERICAN_DOUBLE_H

#include "american_equation.h"

#define LEAST_ROOT 0x1p-20 /* sqrt(LEAST_X) */
#define SETTLED 0x1p-10    /* how much the last step may change */

/* -ln X: how far apart the boundaries are at expiry. */
QF_INLINE double apart_of(Put p) { return logarithm(log_ratio(-p.b, at_least(-p.a, 0x1p-900))); }

/* The same put with root^2 left. */
QF_INLINE Put up_to(Put p, double root) {
    p.x = root * root, p.root = root;
    return p;
}

/* The put to whose boundary the lower one is the inverse, but for the kink. */
QF_INLINE Put below_of(Put p) {
    double a = p.a;
    p.a = p.b, p.b = a;
    return p;
}

/* w of the upper boundary where sqrt(u) = s is small: w^2 = -ln(8 pi ((a - b) s)^2). */
QF_INLINE double early_w(Put p, double s) {
    double reach = at_least((p.a - p.b) * s, 0x1p-100);
    return sqrt(at_least(2.0 * logarithm(log_ratio(0.5 * INV_SQRT_2PI, reach)), 0.4));
}

/* sqrt(y), the sum of both w being this one. */
QF_INLINE double meeting(Put p, double apart, double w) {
    return at_most(at_least(apart / w, LEAST_ROOT), p.root);
}

/* A first guess of sqrt(y). */
QF_INLINE double first_meeting(Put p, double apart) {
    return meeting(p, apart, early_w(p, at_most(0.25 * apart, p.root)) + AMERICAN_W_START);
}

/* sqrt(y) from the boundaries at root^2: the squared depth of the upper, w of the lower. */
QF_INLINE double next_meeting(Put p, double apart, double sample, double w, double root) {
    return meeting(p, apart, sqrt(at_least(sample, LEAST_SAMPLE)) / root + w);
}

/* The next w of the lower boundary from the integrals of its equation. */
QF_INLINE double turn_below(Put below, double w, double root, double minus, double plus) {
    int holds = (minus > 0x1p-900) & (plus > 0x1p-900);
    double ratio = logarithm(log_ratio(holds ? minus : 1.0, holds ? plus : 1.0));
    double drift = (below.a - below.b) * root * root;
    return holds ? (drift - ratio) / root : w;
}

/* Whether the last step has changed little. */
QF_INLINE int is_settled(double before, double after, double unit) {
    return fabs(after - before) <= SETTLED * unit;
}

/* Of a node before the boundaries meet: sqrt(u / x) for u = x - (until cosine)^2. */
QF_INLINE double sine_until(double root, double until, double cosine) {
    double share = until / root * cosine;
    return sqrt((1.0 - share) * (1.0 + share));
}

/* The same put for the premium's integrand below the lower boundary, whose depth is -w s. */
QF_INLINE Put outside_below(Put p, double apart) {
    p.log_start = -apart;
    return p;
}

/* What is known of a put with two boundaries. */
typedef struct {
    double apart, until;         /* at expiry; the square root of the time when they meet */
    double now_above, now_below; /* their depths now */
    double upper, lower;         /* the integrals over what lies below each */
} Between;

/* The value, from what exercise brings now and the European price. */
QF_INLINE double double_value(Put p, Between x, double now, double european) {
    int alive = x.until < p.root;
    double above = fma(p.strike, at_least(x.upper - (alive ? x.lower : 0.0), 0.0), european);
    double below = fma(p.strike, at_least(-x.lower, 0.0), now);
    double between = p.log_m < -x.apart - x.now_below ? below : now;
    double value = alive | (p.log_m > -x.now_above) ? above : between;
    return at_least(at_least(value, now), european);
}

#endif
