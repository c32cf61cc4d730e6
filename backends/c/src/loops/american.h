/* The premium for early exercise over a block of lanes: the boundary from the table, or from the
 * fixed-point equation, and the integral over it. */
#ifndef QF_AMERICAN_H
#define QF_AMERICAN_H

#include <string.h>

#include "../american_price.h"
#include "lanes.h"

LANES_OF(Put)

typedef double Row[BLOCK];

/* The table: coefficients of f, w0 and g in the first coordinate, the second and the third. */
enum { F_FIRST = 28, F_SECOND = 20, F_THIRD = 12 };
enum { W_FIRST = 12, W_SECOND = 12, W_THIRD = 12 };
enum { G_FIRST = 14, G_SECOND = 12, G_THIRD = 14 };
enum { AT_W = F_FIRST * F_SECOND * F_THIRD, AT_G = AT_W + W_FIRST * W_SECOND * W_THIRD };
/* Behind them sines, cosines and weights at so many nodes, and the cosines of pi k / 32. */
enum { NODES_FAST = 15, NODES_STANDARD = 23, NODES_BOUNDARY = 32, NODES_HIGH = 96 };
enum { AT_FAST = AT_G + G_FIRST * G_SECOND * G_THIRD, AT_STANDARD = AT_FAST + 3 * NODES_FAST };
enum { AT_BOUNDARY = AT_STANDARD + 3 * NODES_STANDARD, AT_HIGH = AT_BOUNDARY + 3 * NODES_BOUNDARY };
enum { AT_COSINES = AT_HIGH + 3 * NODES_HIGH };

/* Of the table's coefficients the fast way takes these. */
enum { FIRST_FAST = 12, SECOND_FAST = 12, THIRD_FAST = 8, W_FAST = 8 };

/* Points of the boundary that the fixed point is found for, beside its start; and turns. */
enum { POINTS = 32, TURNS_TABULATED = 8, TURNS = 24 };

extern const double *qf_boundary; /* the table, which is the core's */

/* T_0, T_1, ... of y in [-1, 1]. */
QF_INLINE void chebyshev(Row *out, const double *y, int terms, int64_t n) {
    EACH_LANE out[0][i] = 1.0;
    EACH_LANE out[1][i] = y[i];
    for (int k = 2; k < terms; k++) {
        EACH_LANE out[k][i] = fma(2.0 * y[i], out[k - 1][i], -out[k - 2][i]);
    }
}

/* The series in the third coordinate that is left of first x seconds x thirds coefficients, of
 * which the leading first x second x third are taken; four of the second at a time. */
QF_INLINE void contract(Row *out, const double *table, int first, int second, int third,
                        int seconds, int thirds, const Row *t, const Row *share, int64_t n) {
    for (int k = 0; k < third; k++) {
        EACH_LANE out[k][i] = 0.0;
    }
    for (int j = 0; j < first; j++) {
        Row sum[G_THIRD];
        const double *c = table + j * seconds * thirds;
        for (int l = 0; l < second; l += 4, c += 4 * thirds) {
            EACH_LANE {
                double one = share[l][i], two = share[l + 1][i];
                double three = share[l + 2][i], four = share[l + 3][i];
                UNROLLED
                for (int k = 0; k < third; k++) {
                    double before = l == 0 ? 0.0 : sum[k][i];
                    before = fma(c[thirds + k], two, fma(c[k], one, before));
                    sum[k][i] = fma(c[3 * thirds + k], four, fma(c[2 * thirds + k], three, before));
                }
            }
        }
        EACH_LANE {
            double factor = t[j][i];
            UNROLLED
            for (int k = 0; k < third; k++) out[k][i] = fma(factor, sum[k][i], out[k][i]);
        }
    }
}

/* A lane's series at y, by Clenshaw's recurrence. */
QF_INLINE double series(const Row *c, int terms, double y, int64_t i) {
    double one = 0.0, two = 0.0;
    UNROLLED
    for (int k = terms - 1; k > 0; k--) {
        double next = fma(y + y, one, c[k][i] - two);
        two = one, one = next;
    }
    return fma(y, one, c[0][i] - two);
}

/* The premium by the table: the integral at so many nodes, over as much of it as is asked for. */
QF_INLINE void premium_from_table(const PutBlock *puts, const Row *t, const Row *share, int fast,
                                  int first, int second, double *premium, int64_t n) {
    const int nodes = fast ? NODES_FAST : NODES_STANDARD, f_third = fast ? THIRD_FAST : F_THIRD;
    const int w_all = fast ? W_FAST : W_FIRST;
    const double *at = qf_boundary + (fast ? AT_FAST : AT_STANDARD);
    Row f[F_THIRD], w0[W_THIRD], g[G_THIRD], depth;
    if (first) {
        contract(f, qf_boundary, fast ? FIRST_FAST : F_FIRST, fast ? SECOND_FAST : F_SECOND,
                 f_third, F_SECOND, F_THIRD, t, share, n);
    }
    if (second) {
        contract(w0, qf_boundary + AT_W, w_all, w_all, w_all, W_SECOND, W_THIRD, t, share, n);
        contract(g, qf_boundary + AT_G, G_FIRST, G_SECOND, G_THIRD, G_SECOND, G_THIRD, t, share, n);
    }
    EACH_LANE premium[i] = 0.0;
    for (int v = 0; v < nodes; v++) {
        double sine = at[v], cosine = at[nodes + v], weight = at[2 * nodes + v];
        if (first) {
            EACH_LANE {
                Put p = get_Put(puts, i);
                double y = third_coordinate(p, p.reach * cosine);
                depth[i] = first_w(series(f, f_third, y, i)) * (p.root * cosine);
            }
        }
        if (second) {
            EACH_LANE {
                Put p = get_Put(puts, i);
                double z = p.reach * cosine, s = p.root * cosine;
                double start = series(w0, w_all, third_coordinate(p, z), i);
                double late = series(g, G_THIRD, fma(2.0, z, -1.0), i);
                double its = second_w(p, start, late, 1.0 / (s * s)) * s;
                depth[i] = p.second > 0.0 ? its : depth[i];
            }
        }
        EACH_LANE {
            Put p = get_Put(puts, i);
            premium[i] = fma(weight, premium_density(p, depth[i], sine), premium[i]);
        }
    }
    EACH_LANE premium[i] *= get_Put(puts, i).x;
}

static __attribute__((noinline)) void premium_fast(const PutBlock *puts, const Row *t,
                                                   const Row *share, int first, int second,
                                                   double *premium, int64_t n) {
    premium_from_table(puts, t, share, 1, first, second, premium, n);
}

static __attribute__((noinline)) void premium_standard(const PutBlock *puts, const Row *t,
                                                       const Row *share, int first, int second,
                                                       double *premium, int64_t n) {
    premium_from_table(puts, t, share, 0, first, second, premium, n);
}

/* The boundary at its points, those of Chebyshev in x^(1/4), and its Chebyshev series: of w where
 * that starts smoothly, else of the squared depth. */
typedef struct {
    Row depth[POINTS], series[POINTS + 1];
    int32_t smooth[BLOCK];
} Curve;

/* Where the points lie: sqrt(u / x) of point j. */
QF_INLINE double point(int j) {
    double root = fma(0.5, qf_boundary[AT_COSINES + j], 0.5);
    return root * root;
}

/* A lane's depth from its series at a point of which `powers` are the Chebyshev polynomials, where
 * sqrt(u) = s. */
QF_INLINE double depth_at(const Curve *curve, const double *powers, double s, int64_t i) {
    double even = curve->series[POINTS][i] * powers[POINTS];
    double odd = curve->series[POINTS - 1][i] * powers[POINTS - 1];
    UNROLLED
    for (int k = POINTS - 2; k > 0; k -= 2) {
        even = fma(curve->series[k][i], powers[k], even);
        odd = fma(curve->series[k - 1][i], powers[k - 1], odd);
    }
    double value = (curve->series[0][i] + even) + odd;
    return curve->smooth[i] ? value * s : sqrt(at_least(value, 0.0));
}

/* The Chebyshev polynomials up to the last one, at one point for all lanes. */
QF_INLINE void powers_at(double *out, double y) {
    out[0] = 1.0, out[1] = y;
    for (int k = 2; k <= POINTS; k++) out[k] = fma(2.0 * y, out[k - 1], -out[k - 2]);
}

/* The table's boundary, its coordinates held within it. */
static __attribute__((noinline)) void first_guess(Curve *curve, const PutBlock *puts, const Row *t,
                                                  const Row *share, int64_t n) {
    Row f[F_THIRD], w0[W_THIRD], g[G_THIRD];
    contract(f, qf_boundary, F_FIRST, F_SECOND, F_THIRD, F_SECOND, F_THIRD, t, share, n);
    contract(w0, qf_boundary + AT_W, W_FIRST, W_SECOND, W_THIRD, W_SECOND, W_THIRD, t, share, n);
    contract(g, qf_boundary + AT_G, G_FIRST, G_SECOND, G_THIRD, G_SECOND, G_THIRD, t, share, n);
    EACH_LANE {
        Put p = get_Put(puts, i);
        curve->smooth[i] = (p.second > 0.0) & (-p.log_start > 0.25 * p.root);
    }
    for (int j = 0; j < POINTS; j++) {
        double at = point(j);
        EACH_LANE {
            Put p = get_Put(puts, i);
            double z = at_most(p.reach * at, 1.0), s = p.root * at, per_u = 1.0 / (s * s);
            double y = third_coordinate(p, z);
            double one = first_w(series(f, F_THIRD, y, i)), start = series(w0, W_THIRD, y, i);
            double late = series(g, G_THIRD, fma(2.0, z, -1.0), i);
            double two = second_w(p, start, late, per_u);
            curve->depth[j][i] = (p.second > 0.0 ? two : one) * s;
        }
    }
}

/* The Chebyshev series through the points. */
static __attribute__((noinline)) void fit_series(Curve *curve, const PutBlock *puts, int64_t n) {
    Row sample[POINTS + 1];
    for (int j = 0; j < POINTS; j++) {
        double at = point(j);
        EACH_LANE {
            double depth = curve->depth[j][i], s = get_Put(puts, i).root * at;
            sample[j][i] = curve->smooth[i] ? depth / s : depth * depth;
        }
    }
    EACH_LANE sample[POINTS][i] = curve->smooth[i] ? AMERICAN_W_START : 0.0;
    for (int k = 0; k <= POINTS; k++) {
        double *c = curve->series[k];
        EACH_LANE c[i] = 0.5 * sample[0][i];
        for (int j = 1; j <= POINTS; j++) {
            int angle = j * k % (2 * POINTS);
            double weight = qf_boundary[AT_COSINES + (angle > POINTS ? 2 * POINTS - angle : angle)];
            weight *= j == POINTS ? 0.5 : 1.0;
            EACH_LANE c[i] = fma(weight, sample[j][i], c[i]);
        }
        double scale = k % POINTS == 0 ? 1.0 / POINTS : 2.0 / POINTS;
        EACH_LANE c[i] *= scale;
    }
}

/* One turn of the fixed point at all points, for lanes that are still to be turned. */
static __attribute__((noinline)) void turn_once(Curve *curve, const PutBlock *puts, int turn,
                                                int64_t n) {
    Row next[POINTS], minus, plus;
    double powers[POINTS + 1];
    for (int j = 0; j < POINTS; j++) {
        double at = point(j), root = fma(0.5, qf_boundary[AT_COSINES + j], 0.5);
        const double *depth = curve->depth[j];
        EACH_LANE minus[i] = 0.0;
        EACH_LANE plus[i] = 0.0;
        for (int v = 0; v < NODES_BOUNDARY; v++) {
            const double *node = qf_boundary + AT_BOUNDARY + v;
            double sine = node[0], cosine = node[NODES_BOUNDARY], weight = node[2 * NODES_BOUNDARY];
            powers_at(powers, fma(2.0 * root, sqrt(cosine), -1.0));
            EACH_LANE {
                Put p = get_Put(puts, i);
                double its = p.root * at, before = depth_at(curve, powers, its * cosine, i);
                DiscountedTails tails = boundary_density(p, depth[i], before, its, sine, cosine);
                minus[i] = fma(weight, tails.minus, minus[i]);
                plus[i] = fma(weight, tails.plus, plus[i]);
            }
        }
        EACH_LANE {
            Put p = get_Put(puts, i);
            double its = next_depth(p, depth[i], p.root * at, minus[i], plus[i]);
            int turning = (turn < TURNS_TABULATED) | (p.tabulated == 0.0);
            next[j][i] = turning ? its : depth[i];
        }
    }
    memcpy(curve->depth, next, sizeof next);
}

/* The premium by the fixed point. */
static __attribute__((noinline)) void premium_high(const PutBlock *puts, const Row *t,
                                                   const Row *share, int turns, double *premium,
                                                   int64_t n) {
    Curve curve;
    double powers[POINTS + 1];
    first_guess(&curve, puts, t, share, n);
    fit_series(&curve, puts, n);
    for (int turn = 0; turn < turns; turn++) {
        turn_once(&curve, puts, turn, n);
        fit_series(&curve, puts, n);
    }
    EACH_LANE premium[i] = 0.0;
    for (int v = 0; v < NODES_HIGH; v++) {
        const double *node = qf_boundary + AT_HIGH + v;
        double sine = node[0], cosine = node[NODES_HIGH], weight = node[2 * NODES_HIGH];
        powers_at(powers, fma(2.0, sqrt(cosine), -1.0));
        EACH_LANE {
            Put p = get_Put(puts, i);
            double depth = depth_at(&curve, powers, p.root * cosine, i);
            premium[i] = fma(weight, premium_density(p, depth, sine), premium[i]);
        }
    }
    EACH_LANE {
        Put p = get_Put(puts, i);
        int held = p.log_m > p.log_start - curve.depth[0][i];
        premium[i] = held ? premium[i] * p.x : 0.0; /* at the boundary it is exercised */
    }
}

/* Add the premium to European prices in `out`, where exercise before expiry may pay. The ordinary
 * form marks what the general one has to do. */
static __attribute__((noinline)) void add_premium(const double *const *restrict in,
                                                  double *restrict out, int32_t *restrict marks,
                                                  int general, int64_t n) {
    PutBlock puts;
    Row t[F_FIRST], share[F_SECOND], y, premium, found;
    int32_t way[BLOCK];
    int seen[4] = {0, 0, 0, 0}, first = 0, second = 0, turns = TURNS_TABULATED;
    EACH_LANE {
        put_Put(&puts, i,
                put_of(in[0][i], in[1][i], in[2][i], in[3][i], in[4][i], in[5][i], in[6][i]));
    }
    EACH_LANE {
        Put p = get_Put(&puts, i);
        double style = in[7][i];
        int32_t asked = style == 1.0   ? FAST
                        : style == 2.0 ? STANDARD
                        : style == 3.0 ? HIGH
                                       : EUROPEAN;
        int32_t found_way = p.tabulated > 0.0 ? asked : HIGH;
        int exercised = (p.early > 0.0) & (asked != EUROPEAN) & (out[i] == out[i]);
        int32_t its = exercised & (p.covered > 0.0) ? found_way : EUROPEAN;
        int rest = (exercised & (p.covered == 0.0)) | (its == HIGH) |
                   ((asked == EUROPEAN) & (style != 0.0));
        marks[i] |= general ? 0 : rest;
        way[i] = general | !rest ? its : EUROPEAN;
    }
    for (int64_t i = 0; i < n; i++) {
        Put p = get_Put(&puts, i);
        seen[way[i]] = 1;
        if (way[i] == EUROPEAN) continue;
        first |= p.second == 0.0, second |= p.second > 0.0;
        if (p.tabulated == 0.0) turns = TURNS;
    }
    if (!(seen[FAST] | seen[STANDARD] | seen[HIGH])) return;
    EACH_LANE y[i] = get_Put(&puts, i).t;
    chebyshev(t, y, F_FIRST, n);
    EACH_LANE y[i] = get_Put(&puts, i).share;
    chebyshev(share, y, F_SECOND, n);
    if (seen[STANDARD]) premium_standard(&puts, t, share, first, second, premium, n);
    if (seen[FAST]) {
        premium_fast(&puts, t, share, first, second, found, n);
        EACH_LANE premium[i] = way[i] == FAST ? found[i] : premium[i];
    }
    if (general && seen[HIGH]) {
        premium_high(&puts, t, share, turns, found, n);
        EACH_LANE premium[i] = way[i] == HIGH ? found[i] : premium[i];
    }
    EACH_LANE {
        double strike = get_Put(&puts, i).strike, sign = in[6][i];
        double now = at_least(sign > 0.0 ? in[0][i] - in[1][i] : in[1][i] - in[0][i], 0.0);
        double value = fma(strike, at_least(premium[i], 0.0), out[i]);
        value = at_most(at_least(value, now), strike);
        out[i] = way[i] == EUROPEAN ? out[i] : value;
    }
}

/* What is left where no boundary is found: limits, and NaN where there is none. */
static void settle_american(const double *const *restrict in, double *restrict out,
                            int32_t *restrict marks, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        double spot = in[0][i], strike = in[1][i], time = in[2][i], sigma = in[5][i];
        double sign = in[6][i], style = in[7][i];
        Put p = put_of(spot, strike, time, in[3][i], in[4][i], sigma, sign);
        int missing = style != style;
        int invalid = !missing & (style != 0.0) & (style != 1.0) & (style != 2.0) & (style != 3.0);
        int valued = (out[i] == out[i]) & !missing & !invalid;
        marks[i] = missing ? 0 : marks[i] | (invalid & (out[i] == out[i]));
        out[i] = valued ? out[i] : NOT_A_NUMBER;
        if (!valued | (p.early == 0.0) | (p.covered > 0.0) | (style == 0.0)) continue;
        double now = at_least(sign > 0.0 ? spot - strike : strike - spot, 0.0);
        double scale = p.second > 0.0 ? p.b : p.a + fabs(p.a - p.b);
        int far = !((spot > 1.0 / MOST_RATIO) & (spot < MOST_RATIO) & (strike > 1.0 / MOST_RATIO) &
                    (strike < MOST_RATIO));
        if (time == 0.0) {
            out[i] = now;
        } else if (sigma == 0.0 && time < INFINITY && !far) {
            out[i] = value_without_volatility(spot, strike, time, in[3][i], in[4][i], sign);
        } else if (far | ((scale <= LEAST_SCALE) & (p.x < MOST_X)) |
                   ((p.x <= LEAST_X) & (scale < MOST_SCALE))) {
            out[i] = at_least(out[i], now);
        } else { /* two boundaries, or volatility beyond all measure */
            out[i] = NOT_A_NUMBER;
            marks[i] = 1;
        }
    }
}

#endif
