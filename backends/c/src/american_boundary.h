/* The exercise boundary of American options: the put that an option is by symmetry and scaling, and
 * its boundary from the table that all backends share.
 *
 * A call exchanges spot and strike, rate and dividend. The boundary B of a put of strike 1 depends
 * on a = r / sigma^2, b = q / sigma^2 and x = sigma^2 T alone. It starts at X = min(1, a / b), and
 * is kept as its depth -ln(B / X) = w sqrt(u). The table is our own, see docs/american.md. */
#ifndef QF_AMERICAN_BOUNDARY_H
#define QF_AMERICAN_BOUNDARY_H

#include "legs.h"

/* Beyond these the table of the boundary is not believed, and past those nothing is, nor where a
 * negative dividend comes to more than the growth in the option's time. */
#define TABLE_SCALE 110.0
#define MOST_SCALE 0x1p+17
#define LEAST_SCALE 0x1p-40
#define MOST_X 1024.0
#define MOST_X_TWOFOLD 128.0
#define MOST_GROWTH 16.0
#define LEAST_X 0x1p-40
#define MOST_RATIO 0x1p300
#define LEAST_APART 0x1p-16 /* 1 - X, below which two boundaries meet before they count */

/* ln x of what `log_ratio` has taken apart. */
QF_INLINE double logarithm(Reduced l) { return fma(l.n, LN2_HI, fma(l.n, LN2_LO, l.r)); }

/* e^x, x held within +-700. */
QF_INLINE double exp_of(double x) {
    Reduced e = reduce(at_most(at_least(x, -700.0), 700.0), 0.0);
    return shift_exponent(times_exp(1.0, e.r), e.n_magic);
}

/* Whether an amount is ordinary. */
QF_INLINE int is_near(double amount) { return (amount > 1.0 / MOST_RATIO) & (amount < MOST_RATIO); }

/* Whether the equation of one boundary is believed. */
QF_INLINE int grows_little(double b, double x) { return -(b * x) < MOST_GROWTH; }

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
    double twofold;       /* whether it is exercised between two boundaries: b < a < 0 */
    double covered;       /* whether its boundaries are found at all: ordinary numbers */
} Put;

QF_INLINE Put put_of(double spot, double strike, double time, double rate, double dividend,
                     double sigma, double sign) {
    int call = sign > 0.0;
    double s = call ? strike : spot, k = call ? spot : strike;
    double r = call ? dividend : rate, q = call ? rate : dividend;
    double variance = sigma * sigma, per_variance = 1.0 / variance;
    double a = r * per_variance, b = q * per_variance, apart = fabs(a - b);
    int second = q > r, early = (r > 0.0) | (q < r), twofold = (q < r) & (r < 0.0);
    double scale = twofold ? -b : second ? b : a + apart;
    int fitting = (scale > LEAST_SCALE) & (scale < MOST_SCALE);
    int near = is_near(s) & is_near(k), opened = !twofold | (apart > LEAST_APART * scale);
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
    out.twofold = twofold;
    out.covered = near & opened & fitting & (out.x > LEAST_X) & (out.x < MOST_X) &
                  (twofold ? out.x < MOST_X_TWOFOLD : grows_little(b, out.x));
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

#endif
