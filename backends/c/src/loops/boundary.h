/* The boundary of a block of puts: the table that all backends share, and depths from it. */
#ifndef QF_BOUNDARY_H
#define QF_BOUNDARY_H

#include "../american_boundary.h"
#include "lanes.h"

LANES_OF(Put)

typedef double Row[BLOCK];

/* The table: coefficients of f, w0 and g in the first coordinate, the second and the third. */
enum { F_FIRST = 24, F_SECOND = 20, F_THIRD = 14 };
enum { W_FIRST = 12, W_SECOND = 12, W_THIRD = 12 };
enum { G_FIRST = 14, G_SECOND = 12, G_THIRD = 14 };
enum { AT_W = F_FIRST * F_SECOND * F_THIRD, AT_G = AT_W + W_FIRST * W_SECOND * W_THIRD };

/* Of the table's coefficients the fast way takes these. */
enum { FIRST_FAST = 12, SECOND_FAST = 12, THIRD_FAST = 8, W_FAST = 8 };

/* Behind them sines, cosines and weights of quadratures with so many nodes each, the cosines of
 * pi k / 96, and the matrices of three grids; see "equation.h". */
enum { AT_15 = AT_G + G_FIRST * G_SECOND * G_THIRD, AT_26 = AT_15 + 3 * 15 };
enum { AT_16 = AT_26 + 3 * 26, AT_20 = AT_16 + 3 * 16, AT_32 = AT_20 + 3 * 20 };
enum { AT_64 = AT_32 + 3 * 32, AT_96 = AT_64 + 3 * 64 };
enum { AT_COSINES = AT_96 + 3 * 96, ANGLES = 96, AT_GRIDS = AT_COSINES + ANGLES + 1 };

extern const double *qf_boundary; /* the table, which is the core's */

/* A quadrature: its number of nodes, and where they are. */
typedef struct {
    int count, at;
} Nodes;

enum { MOST_NODES = 96 };

QF_INLINE double sine_of(Nodes nodes, int v) { return qf_boundary[nodes.at + v]; }

/* Behind the nodes it is now. */
QF_INLINE double cosine_of(Nodes nodes, int v) {
    return v < nodes.count ? qf_boundary[nodes.at + nodes.count + v] : 1.0;
}

QF_INLINE double weight_of(Nodes nodes, int v) {
    return qf_boundary[nodes.at + 2 * nodes.count + v];
}

/* Puts whose boundary is asked for, and the Chebyshev polynomials of their first coordinates. */
typedef struct {
    PutBlock lanes;
    Row t[F_FIRST], share[F_SECOND];
} Puts;

/* The boundary's depth at the nodes of the premium, and behind them now. */
typedef struct {
    Row at[MOST_NODES + 1];
} Depths;

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

/* What is left of the table for the third coordinate. */
typedef struct {
    Row f[F_THIRD], w0[W_THIRD], g[G_THIRD];
} Series;

QF_INLINE void contract_table(Series *out, const Puts *puts, int second, int fast, int64_t n) {
    const Row *t = puts->t, *share = puts->share;
    if (second) {
        const int all = fast ? W_FAST : W_FIRST;
        contract(out->w0, qf_boundary + AT_W, all, all, all, W_SECOND, W_THIRD, t, share, n);
        contract(out->g, qf_boundary + AT_G, G_FIRST, G_SECOND, G_THIRD, G_SECOND, G_THIRD, t,
                 share, n);
    } else {
        contract(out->f, qf_boundary, fast ? FIRST_FAST : F_FIRST, fast ? SECOND_FAST : F_SECOND,
                 fast ? THIRD_FAST : F_THIRD, F_SECOND, F_THIRD, t, share, n);
    }
}

/* A lane's w by the table where sqrt(u) = s, z being held within the table. */
QF_INLINE double tabulated_w(const Series *c, Put p, double z, double s, int second, int fast,
                             int64_t i) {
    double y = third_coordinate(p, z);
    if (!second) return first_w(series(c->f, fast ? THIRD_FAST : F_THIRD, y, i));
    double start = series(c->w0, fast ? W_FAST : W_FIRST, y, i);
    double late = series(c->g, G_THIRD, fma(2.0, z, -1.0), i);
    return second_w(p, start, late, 1.0 / (s * s));
}

/* The depths by the table. */
QF_INLINE void depths_by_table(Depths *out, const Puts *puts, Nodes nodes, int second, int fast,
                               int64_t n) {
    Series series;
    contract_table(&series, puts, second, fast, n);
    for (int v = 0; v <= nodes.count; v++) {
        double cosine = cosine_of(nodes, v);
        EACH_LANE {
            Put p = get_Put(&puts->lanes, i);
            double s = p.root * cosine;
            out->at[v][i] = tabulated_w(&series, p, p.reach * cosine, s, second, fast, i) * s;
        }
    }
}

#endif
