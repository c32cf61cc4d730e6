/* The critical price of the underlying: where an American option is exercised now.
 *
 * Of the scaled put of "american_boundary.h" it is B = X e^-depth, and for a call 1 / B by
 * symmetry, times the strike. The depth comes from the table, or for the highest accuracy from the
 * equation. For rates so small that the table does not tell them from none it comes from the
 * equation too. Where they are smaller still, f of the table is in proportion to them: it is that
 * of greater ones, scaled.
 *
 * Limits: just before expiry and without volatility K X, K / X for a call. 0 for a put and infinity
 * for a call that exercise before expiry never pays for. */
#ifndef QF_EXERCISE_BOUNDARY_H
#define QF_EXERCISE_BOUNDARY_H

#include "american_equation.h"
#include "american_perpetual.h"
#include "american_price.h"

/* By region: below the first amount the table is not believed, below the second nothing is, and
 * below the third nothing where the boundary starts near the strike. */
#define SLIGHT_FIRST 0x1p-16
#define SLIGHT_SECOND 0x1p-11
#define FAINT_FIRST 0x1p-21
#define FAINT_SECOND 0x1p-18
#define FAINT_NEAR 0x1p-12
#define RAISED 0x1p-18
#define LEAST_RAISED 0x1p-36
#define LEAST_AMOUNT 0x1p-600

/* The greatest of what the rates are over the variance. */
QF_INLINE double scale_of(Put p) { return p.second > 0.0 ? p.b : p.a + fabs(p.a - p.b); }

/* What is gained by exercise over a deviation: f is in proportion to it where it is small. */
QF_INLINE double amount_of(Put p) { return (p.second > 0.0 ? p.a : scale_of(p)) * p.root; }

/* Whether rates are too small for the table; not where the kink at the strike is far away. */
QF_INLINE int is_slight(Put p, double log_start) {
    double least = p.second > 0.0 ? SLIGHT_SECOND : SLIGHT_FIRST;
    return (-log_start < 8.0 * p.root) & (amount_of(p) < least);
}

/* The put of strike 1 that has the boundary, and ln of how far its rates are raised; where none is
 * looked for there is a limit or nothing. */
typedef struct {
    Put put;
    double fade;
    int looked_for;
} PutNow;

QF_INLINE PutNow put_now(double time, double rate, double dividend, double sigma, double sign) {
    int call = sign > 0.0;
    double r = call ? dividend : rate, q = call ? rate : dividend;
    PutNow out = {put_of(1.0, 1.0, time, r, q, sigma, -1.0), 0.0, 0};
    Put p = out.put;
    double scale = scale_of(p), amount = amount_of(p);
    int second = p.second > 0.0, single = !((r < 0.0) & (q < r));
    out.looked_for = (p.early > 0.0) & single & (p.x > LEAST_X) & (p.x < MOST_X) &
                     (scale < MOST_SCALE) & grows_little(p.b, p.x) & (amount > LEAST_AMOUNT) &
                     !perpetual_of(p).reached;
    if (!out.looked_for) return out;
    double log_start = second ? logarithm(log_ratio(p.a, p.b)) : 0.0;
    int slight = is_slight(p, log_start);
    double deviations = sqrt(at_least(-2.0 * logarithm(log_ratio(amount, 1.0)), 0.0));
    int deep = !second | (deviations * p.root > fma(1.8, p.root, -log_start));
    double near = -log_start < 0.5 * p.root ? FAINT_NEAR : FAINT_SECOND;
    int faint = slight & deep & (amount < (second ? near : FAINT_FIRST));
    double raised = at_least(faint ? RAISED / amount : LEAST_RAISED / scale, 1.0);
    if (faint | (scale <= LEAST_SCALE)) {
        double other = faint & second ? r : q;
        out.put = put_of(1.0, 1.0, time, r * raised, other * raised, sigma, -1.0);
    }
    if (faint) out.fade = logarithm(log_ratio(raised, 1.0));
    if (slight & !faint) out.put.tabulated = 0.0;
    return out;
}

/* The depth where f = e^-h is less by e^-fade, h = sqrt(w^4 / 4 + w^2). */
QF_INLINE double faded(double depth, double fade, double root) {
    double w = depth / root, square = w * w;
    double h = sqrt(fma(0.25 * square, square, square)) + fade;
    return (h * sqrt(2.0 / (1.0 + sqrt(fma(h, h, 1.0))))) * root;
}

/* The boundary of the option from its put's depth. */
QF_INLINE double boundary_of(Put p, double depth, double strike, double sign) {
    double fallen = p.log_start - depth;
    return strike * exp_of(sign > 0.0 ? -fallen : fallen);
}

/* The boundary where exercise before expiry never pays. */
QF_INLINE double never_exercised(double sign) { return sign > 0.0 ? INFINITY : 0.0; }

/* The boundary just before expiry, and without volatility, if exercise then may pay. */
QF_INLINE double start_of(double strike, double rate, double dividend, double sign) {
    int call = sign > 0.0;
    double r = call ? dividend : rate, q = call ? rate : dividend;
    double start = at_most(at_least(call ? q / r : r / q, 0x1p-1000), 0x1p1000);
    return strike * (q > r ? start : 1.0);
}

/* The state of a lane by its inputs. */
QF_INLINE int32_t boundary_state(double strike, double time, double rate, double dividend,
                                 double sigma, double sign, double style) {
    double v = sigma * sqrt(time);
    int missing = (strike != strike) | (time != time) | (rate != rate) | (dividend != dividend) |
                  (sigma != sigma) | (sign != sign) | (style != style);
    int known = (style == EUROPEAN) | (style == FAST) | (style == STANDARD) | (style == HIGH);
    int invalid = (strike < 0.0) | (time < 0.0) | (fabs(rate) == INFINITY) |
                  (fabs(dividend) == INFINITY) | (sigma < 0.0) | (v != v) | (fabs(sign) != 1.0) |
                  !known;
    return state_of(missing, invalid);
}

#endif
