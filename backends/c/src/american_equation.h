/* The exercise boundary of American options by its equation, B of Andersen, Lake and Offengenden
 * (2016), in samples of its depth. */
#ifndef QF_AMERICAN_EQUATION_H
#define QF_AMERICAN_EQUATION_H

#include "american_boundary.h"

/* The equation of the boundary is solved for samples of its depth: over sqrt(u) where that starts
 * smoothly, the strike being far from where the boundary starts; else squared. */
#define LEAST_DEPTH 0x1p-46
#define LEAST_SAMPLE 0x1p-92

QF_INLINE int is_smooth(Put p) { return (p.second > 0.0) & (-p.log_start > 0.4 * p.root); }

QF_INLINE double sample_of(double depth, int smooth, double s) {
    return smooth ? depth / s : depth * depth;
}

QF_INLINE double depth_of(double sample, int smooth, double s) {
    return smooth ? sample * s : sqrt(at_least(sample, LEAST_SAMPLE));
}

/* How a depth follows its sample. */
QF_INLINE double depth_slope(double depth, int smooth, double s) {
    return smooth ? s : 0.5 / depth;
}

/* What is gained by waiting for the time of the node, on either side of the equation: at the
 * boundary of depth `here` after root^2, it having had depth `before` after (root cosine)^2. */
QF_INLINE DiscountedTails boundary_density(Put p, double here, double before, double root,
                                           double sine, double cosine) {
    double s = root * sine, since = root * cosine, u = s * s, v = since * since;
    double plus = fma(fma(p.a - p.b, u, before - here), 1.0 / s, 0.5 * s);
    return discounted_tails(s - plus, -plus, p.a * v, p.b * v);
}

/* Both sides of the equation at x = root^2, from their integrals, and the next depth:
 * B = X e^-depth solves B e^((a - b) x) = (N(d - root) + a integral) / (N(d) + b integral). */
typedef struct {
    double depth, above, below;
    double minus_density, plus_density; /* phi(d - root) and phi(d) */
} Turn;

QF_INLINE Turn turn_of(Put p, double here, double root, double minus, double plus) {
    double x = root * root, drift = (p.a - p.b) * x;
    double d = fma((p.log_start - here) + drift, 1.0 / root, 0.5 * root);
    DiscountedTails tails = discounted_tails(root - d, -d, 0.0, 0.0);
    double above = fma(p.a * x, minus, tails.minus), below = fma(p.b * x, plus, tails.plus);
    int holds = (above > 0x1p-900) & (below > 0x1p-900);
    above = holds ? above : 1.0, below = holds ? below : 1.0;
    double next = at_least(p.log_start - (logarithm(log_ratio(above, below)) - drift), LEAST_DEPTH);
    Turn out = {holds ? next : here, above, below, tails.minus_density, tails.plus_density};
    return out;
}

#endif
