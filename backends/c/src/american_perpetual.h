/* American options whose time hardly ends: those of endless time.
 *
 * Of the scaled put of "american_boundary.h", with a > 0, the boundary stands still at
 * B = g / (1 + g), and the value is (m / B)^-g / (1 + g), g being the positive root of
 * g^2 + 2 h g = 2 a with h = 1/2 - a + b. What the option's own time x takes of it is less than
 * N(-z) of the value:
 *
 *     z = sqrt(h^2 + 2 a) sqrt(x) - D / sqrt(x),  D = ln m - ln B.
 *
 * Source: Merton (1973). */
#ifndef QF_AMERICAN_PERPETUAL_H
#define QF_AMERICAN_PERPETUAL_H

#include "american_boundary.h"

#define CERTAIN 8.5    /* the z from which on nothing is left that a double could hold */
#define WORTHLESS 45.0 /* the g D from which on early exercise adds nothing */
#define MOST_POWER 0x1p+900

/* The put of endless time: g, sqrt(h^2 + 2 a) and D; whether this is the value at the option's own
 * time, and whether it is next to nothing, and so is what early exercise adds. */
typedef struct {
    double power, root, distance;
    int reached, worthless;
} Perpetual;

/* It takes the place of what the table does not hold. */
QF_INLINE Perpetual perpetual_of(Put p) {
    double h = (0.5 - p.a) + p.b, root = sqrt(fma(h, h, 2.0 * p.a));
    double power = h > 0.0 ? 2.0 * p.a / (h + root) : root - h;
    int there = (p.a > 0.0) & (power > 1.0 / MOST_POWER) & (power < MOST_POWER) &
                !((p.tabulated > 0.0) & (p.covered > 0.0));
    double log_boundary = logarithm(log_ratio(there ? power : 1.0, there ? 1.0 + power : 1.0));
    double distance = there ? p.log_m - log_boundary : 0.0;
    Perpetual out = {power, root, distance, there & (fma(root, p.x, -distance) >= CERTAIN * p.root),
                     there & (power * distance >= WORTHLESS)};
    return out;
}

/* Its price. */
QF_INLINE double perpetual_price(Put p, Perpetual e, double now, double european) {
    double value = p.strike * exp_of(-(e.power * e.distance)) / (1.0 + e.power);
    value = e.distance > 0.0 ? value : now;
    return at_most(at_least(at_least(value, european), now), p.strike);
}

#endif
