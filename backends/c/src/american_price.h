/* American price on a lognormal underlying: the European price and the premium for exercise before
 * expiry.
 *
 * By symmetry every option is a put: a call exchanges spot and strike, rate and dividend. By
 * scaling its exercise boundary B depends on a = r / sigma^2, b = q / sigma^2 and x = sigma^2 T
 * alone, and
 *
 *     premium / K = integral over u from 0 to x of a e^(-a u) N(s - d) - b m e^(-b u) N(-d),
 *     m = S / K,  s = sqrt(u),  d = (ln(m / B(x - u)) + (a - b) u) / s + s / 2.
 *
 * With u = x sin^2(theta) Gauss-Legendre nodes in theta serve, and no root is left at either end.
 * The boundary starts at X = min(1, a / b). It is kept as its depth -ln(B / X) = w sqrt(u).
 *
 * Sources: Kim (1990) for the integral; Andersen, Lake and Offengenden (2016) for the fixed point.
 * The tabulated boundary is our own, see docs/american.md. */
#ifndef QF_AMERICAN_PRICE_H
#define QF_AMERICAN_PRICE_H

#include "legs.h"

/* What an option asks for: how it may be exercised, and how closely that is to be valued. */
enum { EUROPEAN, FAST, STANDARD, HIGH };

/* Beyond these the table of the boundary is not believed, and past those nothing is. */
#define TABLE_SCALE 110.0
#define MOST_SCALE 0x1p+17
#define LEAST_SCALE 0x1p-40
#define MOST_X 128.0
#define LEAST_X 0x1p-40
#define MOST_RATIO 0x1p300

/* ln x of what `log_ratio` has taken apart. */
QF_INLINE double logarithm(Reduced l) { return fma(l.n, LN2_HI, fma(l.n, LN2_LO, l.r)); }

/* e^x, x held within +-700. */
QF_INLINE double exp_of(double x) {
    Reduced e = reduce(at_most(at_least(x, -700.0), 700.0), 0.0);
    return shift_exponent(times_exp(1.0, e.r), e.n_magic);
}

/* A put of strike 1 on an underlying of volatility 1, and where the table has its boundary. */
typedef struct {
    double strike;        /* what its price is to be multiplied by */
    double log_m;         /* ln m */
    double a, b, x, root; /* root = sqrt(x) */
    double log_start;     /* ln X */
    double t, share;      /* the first two coordinates, from -1 to 1 */
    double bend, reach;   /* of the third: z = reach sqrt(u / x), z (1 + bend) / (1 + bend z) */
    double second;        /* whether a < b: X < 1, and the kink at the strike is felt late */
    double early;         /* whether exercise before expiry ever pays */
    double tabulated;     /* whether the table holds the boundary */
    double covered;       /* whether anything here does: one boundary, ordinary numbers */
} Put;

QF_INLINE Put put_of(double spot, double strike, double time, double rate, double dividend,
                     double sigma, double sign) {
    int call = sign > 0.0;
    double s = call ? strike : spot, k = call ? spot : strike;
    double r = call ? dividend : rate, q = call ? rate : dividend;
    double variance = sigma * sigma, per_variance = 1.0 / variance;
    double a = r * per_variance, b = q * per_variance, apart = fabs(a - b);
    int second = q > r, early = (r > 0.0) | (q < r), single = !((r < 0.0) & (q < r));
    double scale = second ? b : a + apart;
    int fitting = (scale > LEAST_SCALE) & (scale < MOST_SCALE);
    int near =
        (s > 1.0 / MOST_RATIO) & (s < MOST_RATIO) & (k > 1.0 / MOST_RATIO) & (k < MOST_RATIO);
    int starts = second & early & fitting & (a > 0x1p-900);
    scale = fitting ? scale : 1.0;
    double bend = sqrt(at_most(scale, TABLE_SCALE)), share = at_most(apart / scale, 1.0);
    Put out;
    out.strike = k;
    out.log_m = logarithm(log_ratio(near ? s : 1.0, near ? k : 1.0));
    out.a = a, out.b = b;
    out.x = variance * time, out.root = sigma * sqrt(time);
    out.log_start = logarithm(log_ratio(starts ? a : 1.0, starts ? b : 1.0));
    out.t = fma(AMERICAN_T, bend / (bend + 1.0), -1.0);
    out.share = fma(2.0, (share * (1.0 + bend)) / fma(bend, share, 1.0), -1.0);
    out.bend = bend;
    out.reach = sqrt(out.x * fma(scale, AMERICAN_REACH, 0.15));
    out.second = second;
    out.early = early;
    int fitted = (out.x <= 3.3) & (a * out.x <= 0.65) & (apart * out.x <= 0.75);
    out.tabulated = (scale <= TABLE_SCALE) & (out.reach <= 1.0) & (fitted | !second);
    out.covered = near & single & fitting & (out.x > LEAST_X) & (out.x < MOST_X);
    return out;
}

/* The third coordinate of the table, from -1 to 1. */
QF_INLINE double third_coordinate(Put p, double z) {
    return fma(2.0, (z * (1.0 + p.bend)) / fma(p.bend, z, 1.0), -1.0);
}

/* In the first region the table holds f = e^-h, h = sqrt(w^4 / 4 + w^2): w from f. */
QF_INLINE double first_w(double f) {
    f = at_most(at_least(f, 0x1p-996), 1.0);
    double h = at_least(-logarithm(log_ratio(f, 1.0)), 0.0);
    return h * sqrt(2.0 / (1.0 + sqrt(fma(h, h, 1.0))));
}

/* In the second it holds w0, of the payoff without a kink, and g: the kink is felt by e^(g / u),
 * and no more than its distance lets it be. */
QF_INLINE double second_w(Put p, double w0, double g, double per_u) {
    double felt = exp_of((-0.5 * p.log_start) * p.log_start * per_u) * (2.0 + per_u / p.b);
    return w0 + at_most(exp_of(at_most(g * per_u, 2.0)), felt);
}

/* e^low N(-minus) and e^high N(-plus), and e^low phi(minus) and e^high phi(plus). */
typedef struct {
    double minus, plus, minus_density, plus_density;
} DiscountedTails;

QF_INLINE DiscountedTails discounted_tails(double minus, double plus, double low, double high) {
    Mills m = mills(at_most(fabs(minus), 40.0), at_most(fabs(plus), 40.0));
    double bell_minus = exp_of(fma(-0.5 * minus, minus, low));
    double bell_plus = exp_of(fma(-0.5 * plus, plus, high));
    double tail_minus = bell_minus * m.near, tail_plus = bell_plus * m.far;
    double whole_minus = exp_of(low), whole_plus = exp_of(high);
    DiscountedTails out = {minus < 0.0 ? whole_minus - tail_minus : tail_minus,
                           plus < 0.0 ? whole_plus - tail_plus : tail_plus,
                           bell_minus * INV_SQRT_2PI, bell_plus * INV_SQRT_2PI};
    return out;
}

/* The premium's integrand at u = x sine^2, the boundary at x - u having this depth. */
QF_INLINE double premium_density(Put p, double depth, double sine) {
    double s = p.root * sine, u = s * s;
    double distance = (p.log_m - p.log_start) + depth;
    double plus = fma(fma(p.a - p.b, u, distance), 1.0 / s, 0.5 * s);
    DiscountedTails tails = discounted_tails(plus - s, plus, -(p.a * u), fma(-p.b, u, p.log_m));
    return fma(p.a, tails.minus, -(p.b * tails.plus));
}

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

/* The best of all times to exercise where the underlying's path is known: K e^(-r t) - S e^(-q t)
 * at its ends and where it is level. */
QF_INLINE double value_without_volatility(double spot, double strike, double time, double rate,
                                          double dividend, double sign) {
    int call = sign > 0.0;
    double s = call ? strike : spot, k = call ? spot : strike;
    double r = call ? dividend : rate, q = call ? rate : dividend;
    double up = q * s, down = r * k, per = up / down;
    int level = (per > 0x1p-1000) & (per < 0x1p1000) & (q != r);
    double t = logarithm(log_ratio(level ? per : 1.0, 1.0)) / (level ? q - r : 1.0);
    t = level & (t > 0.0) & (t < time) ? t : 0.0;
    double then = fma(k, exp_of(-(r * t)), -(s * exp_of(-(q * t))));
    double end = fma(k, exp_of(-(r * time)), -(s * exp_of(-(q * time))));
    return at_least(at_least(then, end), at_least(k - s, 0.0));
}

#endif
