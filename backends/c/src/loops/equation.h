/* The boundary of a block of puts by its equation, Andersen, Lake and Offengenden's B: turns of the
 * fixed point from the table's boundary, then Newton's steps for all points at once. */
#ifndef QF_EQUATION_H
#define QF_EQUATION_H

#include "../american_equation.h"
#include "boundary.h"

/* Where the equation is solved: at so many points, those of Chebyshev in u^(1/4), beside its start;
 * with nodes before each point; and nodes of the premium. Matrices lead from samples at the points
 * to those at the nodes, a row for each node; and to their slopes in ln u. */
typedef struct {
    int points;
    Nodes nodes, premium;
    int at, at_slopes;
} Grid;

#define MATRICES(points, nodes, premium) (((points) * (nodes) + (premium)) * ((points) + 1))
enum { AT_COARSE = AT_GRIDS, AT_MEDIUM = AT_COARSE + MATRICES(16, 16, 64) };
enum { AT_FINE = AT_MEDIUM + MATRICES(24, 20, 64), AT_SLOPES = AT_FINE + MATRICES(32, 32, 96) };
#define COARSE ((Grid){16, {16, AT_16}, {64, AT_64}, AT_COARSE, AT_SLOPES})
#define MEDIUM ((Grid){24, {20, AT_20}, {64, AT_64}, AT_MEDIUM, COARSE.at_slopes + 64 * 17})
#define FINE ((Grid){32, {32, AT_32}, {96, AT_96}, AT_FINE, MEDIUM.at_slopes + 64 * 25})
enum { MOST_POINTS = 32, MOST_BEFORE = 32 };

/* Samples of the depth at the points, and at the start. */
typedef Row Curve[MOST_POINTS + 1];

/* Where the points lie: sqrt(u / x) of point j. */
QF_INLINE double point(Grid grid, int j) {
    double root = fma(0.5, qf_boundary[AT_COSINES + j * (ANGLES / grid.points)], 0.5);
    return root * root;
}

/* Of the matrices the row of a node before point j, or of one of the premium. */
QF_INLINE const double *row_before(Grid grid, int j, int v) {
    return qf_boundary + grid.at + (j * grid.nodes.count + v) * (grid.points + 1);
}

QF_INLINE const double *row_of_premium(Grid grid, int v) {
    return row_before(grid, grid.points, v);
}

QF_INLINE const double *row_of_slopes(Grid grid, int v) {
    return qf_boundary + grid.at_slopes + v * (grid.points + 1);
}

/* A lane's sample at a node. */
QF_INLINE double interpolated(const Row *curve, const double *row, int points, int64_t i) {
    double even = curve[points][i] * row[points], odd = 0.0;
    UNROLLED
    for (int k = 0; k < points; k += 2) {
        even = fma(curve[k][i], row[k], even);
        odd = fma(curve[k + 1][i], row[k + 1], odd);
    }
    return even + odd;
}

/* The table's boundary, the third coordinate held within it. */
QF_INLINE void first_guess(Row *curve, Grid grid, const Puts *puts, int second, int smooth,
                           int64_t n) {
    Series series;
    contract_table(&series, puts, second, 0, n);
    EACH_LANE curve[grid.points][i] = smooth ? AMERICAN_W_START : 0.0;
    for (int j = 0; j < grid.points; j++) {
        double at = point(grid, j);
        EACH_LANE {
            Put p = get_Put(&puts->lanes, i);
            double s = p.root * at;
            double w = tabulated_w(&series, p, at_most(p.reach * at, 1.0), s, second, 0, i);
            curve[j][i] = smooth ? w : (w * s) * (w * s);
        }
    }
}

/* One turn of the fixed point at all points. */
QF_INLINE void turn_once(Row *curve, Grid grid, const Puts *puts, int smooth, int64_t n) {
    Row next[MOST_POINTS], minus, plus;
    for (int j = 0; j < grid.points; j++) {
        double at = point(grid, j);
        EACH_LANE minus[i] = 0.0;
        EACH_LANE plus[i] = 0.0;
        for (int v = 0; v < grid.nodes.count; v++) {
            double sine = sine_of(grid.nodes, v), cosine = cosine_of(grid.nodes, v);
            double weight = weight_of(grid.nodes, v);
            const double *row = row_before(grid, j, v);
            EACH_LANE {
                Put p = get_Put(&puts->lanes, i);
                double root = p.root * at, here = depth_of(curve[j][i], smooth, root);
                double sample = interpolated(curve, row, grid.points, i);
                double before = depth_of(sample, smooth, root * cosine);
                DiscountedTails gain = boundary_density(p, here, before, root, sine, cosine);
                minus[i] = fma(weight, gain.minus, minus[i]);
                plus[i] = fma(weight, gain.plus, plus[i]);
            }
        }
        EACH_LANE {
            Put p = get_Put(&puts->lanes, i);
            double root = p.root * at, here = depth_of(curve[j][i], smooth, root);
            next[j][i] = sample_of(turn_of(p, here, root, minus[i], plus[i]).depth, smooth, root);
        }
    }
    for (int j = 0; j < grid.points; j++) EACH_LANE curve[j][i] = next[j][i];
}

/* The equation about a curve, for eight lanes: slopes of each point's residual in all samples, and
 * what is to be made up by changing them: the residual, or how it follows a and b. */
typedef double Few[LANES];
typedef Few Column[MOST_POINTS];
typedef struct {
    Column slopes[MOST_POINTS], wanted[2], turned;
} Linear;

/* The integrals of one point's equation, and of their slopes. */
typedef struct {
    Few minus, plus, own_minus, own_plus, moved_minus, moved_plus, since_minus, since_plus;
    Few by_minus[MOST_BEFORE], by_plus[MOST_BEFORE];
} Integrals;

QF_INLINE void integrate_before(Integrals *out, const Row *curve, Grid grid, const Puts *puts,
                                int smooth, int slopes, int j, int64_t first) {
    const int64_t n = LANES;
    double at = point(grid, j);
    EACH_LANE out->minus[i] = out->plus[i] = out->own_minus[i] = out->own_plus[i] = 0.0;
    EACH_LANE out->moved_minus[i] = out->moved_plus[i] = 0.0;
    EACH_LANE out->since_minus[i] = out->since_plus[i] = 0.0;
    for (int v = 0; v < grid.nodes.count; v++) {
        double sine = sine_of(grid.nodes, v), cosine = cosine_of(grid.nodes, v);
        double weight = weight_of(grid.nodes, v), per_sine = weight / sine;
        const double *row = row_before(grid, j, v);
        EACH_LANE {
            Put p = get_Put(&puts->lanes, first + i);
            double root = p.root * at, here = depth_of(curve[j][first + i], smooth, root);
            double sample = interpolated(curve, row, grid.points, first + i);
            double before = depth_of(sample, smooth, root * cosine);
            DiscountedTails gain = boundary_density(p, here, before, root, sine, cosine);
            double per_s = per_sine / root;
            double slope = depth_slope(before, smooth, root * cosine);
            double follows = sample > LEAST_SAMPLE ? slope : 0.0; /* else it is held there */
            double minus_slope = per_s * gain.minus_density;
            double plus_slope = per_s * gain.plus_density;
            out->minus[i] = fma(weight, gain.minus, out->minus[i]);
            out->plus[i] = fma(weight, gain.plus, out->plus[i]);
            out->own_minus[i] += minus_slope;
            out->own_plus[i] += plus_slope;
            out->by_minus[v][i] = minus_slope * follows;
            out->by_plus[v][i] = plus_slope * follows;
            if (slopes) {
                double s = root * sine, u = s * s, since = root * cosine, rest = since * since;
                out->moved_minus[i] = fma(u, minus_slope, out->moved_minus[i]);
                out->moved_plus[i] = fma(u, plus_slope, out->moved_plus[i]);
                out->since_minus[i] = fma(weight * rest, gain.minus, out->since_minus[i]);
                out->since_plus[i] = fma(weight * rest, gain.plus, out->since_plus[i]);
            }
        }
    }
}

/* Point j's part of it, lanes from `first` on. */
QF_INLINE void linearise(Linear *out, const Row *curve, Grid grid, const Puts *puts, int smooth,
                         int slopes, int j, int64_t first) {
    const int64_t n = LANES;
    Integrals sums;
    Few own, per_above, per_below;
    double at = point(grid, j);
    integrate_before(&sums, curve, grid, puts, smooth, slopes, j, first);
    EACH_LANE {
        Put p = get_Put(&puts->lanes, first + i);
        double root = p.root * at, here = depth_of(curve[j][first + i], smooth, root);
        Turn turn = turn_of(p, here, root, sums.minus[i], sums.plus[i]);
        double x = root * root, above_share = 1.0 / turn.above, below_share = 1.0 / turn.below;
        double ax = p.a * x, bx = p.b * x;
        double minus = turn.minus_density / root, plus = turn.plus_density / root;
        double above = fma(ax, sums.own_minus[i], minus) * above_share;
        double below = fma(bx, sums.own_plus[i], plus) * below_share;
        own[i] = (1.0 - (above - below)) * depth_slope(here, smooth, root);
        per_above[i] = ax * above_share;
        per_below[i] = bx * below_share;
        if (slopes) {
            double start_a = p.second > 0.0 ? 1.0 / p.a : 0.0;
            double start_b = p.second > 0.0 ? -1.0 / p.b : 0.0;
            double move_a = start_a + x, move_b = start_b - x;
            double above_a = x * sums.minus[i], below_b = x * sums.plus[i];
            above_a += ax * (sums.since_minus[i] + sums.moved_minus[i]);
            below_b += bx * (sums.since_plus[i] - sums.moved_plus[i]);
            above_a = fma(minus, move_a, above_a) * above_share;
            below_b = fma(plus, move_b, below_b) * below_share;
            double above_b = fma(minus, move_b, -(ax * sums.moved_minus[i])) * above_share;
            double below_a = fma(plus, move_a, bx * sums.moved_plus[i]) * below_share;
            out->wanted[0][j][i] = move_a - (above_a - below_a);
            out->wanted[1][j][i] = move_b - (above_b - below_b);
        } else {
            out->wanted[0][j][i] = turn.depth - here;
            out->turned[j][i] = sample_of(turn.depth, smooth, root);
        }
    }
    for (int v = 0; v < grid.nodes.count; v++) {
        EACH_LANE sums.by_minus[v][i] =
            fma(per_above[i], sums.by_minus[v][i], -(per_below[i] * sums.by_plus[v][i]));
    }
    for (int k = 0; k < grid.points; k++) {
        Few slope;
        EACH_LANE slope[i] = k == j ? own[i] : 0.0;
        for (int v = 0; v < grid.nodes.count; v++) {
            double share = row_before(grid, j, v)[k];
            EACH_LANE slope[i] = fma(share, sums.by_minus[v][i], slope[i]);
        }
        EACH_LANE out->slopes[j][k][i] = slope[i];
    }
}

/* Solve the equations, from the last point to the first: what is wanted becomes the changes. */
QF_INLINE void eliminate(Linear *of, int points, int wanted) {
    const int64_t n = LANES;
    for (int k = points - 1; k > 0; k--) {
        Few per_pivot;
        EACH_LANE per_pivot[i] = 1.0 / of->slopes[k][k][i];
        for (int j = k - 1; j >= 0; j--) {
            Few factor;
            EACH_LANE factor[i] = -(of->slopes[j][k][i] * per_pivot[i]);
            for (int l = 0; l < k; l++) {
                EACH_LANE of->slopes[j][l][i] =
                    fma(factor[i], of->slopes[k][l][i], of->slopes[j][l][i]);
            }
            for (int w = 0; w < wanted; w++) {
                EACH_LANE of->wanted[w][j][i] =
                    fma(factor[i], of->wanted[w][k][i], of->wanted[w][j][i]);
            }
        }
    }
    for (int w = 0; w < wanted; w++) {
        for (int k = 0; k < points; k++) {
            for (int l = 0; l < k; l++) {
                EACH_LANE of->wanted[w][k][i] =
                    fma(-of->slopes[k][l][i], of->wanted[w][l][i], of->wanted[w][k][i]);
            }
            EACH_LANE of->wanted[w][k][i] /= of->slopes[k][k][i];
        }
    }
}

/* One step of Newton's method, eight lanes at a time; a point that it would change by more than
 * half is turned once instead. */
QF_INLINE void step_once(Row *curve, Grid grid, const Puts *puts, int smooth, int64_t lanes) {
    const int64_t n = LANES;
    Linear linear;
    for (int64_t first = 0; first < lanes; first += LANES) {
        for (int j = 0; j < grid.points; j++) {
            linearise(&linear, curve, grid, puts, smooth, 0, j, first);
        }
        eliminate(&linear, grid.points, 1);
        for (int j = 0; j < grid.points; j++) {
            EACH_LANE {
                double sample = curve[j][first + i], change = linear.wanted[0][j][i];
                int small = fabs(change) <= 0.5 * sample;
                curve[j][first + i] = small ? sample + change : linear.turned[j][i];
            }
        }
    }
}

/* How the samples follow a and b. */
QF_INLINE void differentiate(Row *by_a, Row *by_b, const Row *curve, Grid grid, const Puts *puts,
                             int smooth, int64_t lanes) {
    const int64_t n = LANES;
    Linear linear;
    for (int64_t first = 0; first < lanes; first += LANES) {
        for (int j = 0; j < grid.points; j++) {
            linearise(&linear, curve, grid, puts, smooth, 1, j, first);
        }
        eliminate(&linear, grid.points, 2);
        for (int j = 0; j < grid.points; j++) {
            EACH_LANE by_a[j][first + i] = linear.wanted[0][j][i];
            EACH_LANE by_b[j][first + i] = linear.wanted[1][j][i];
        }
        EACH_LANE by_a[grid.points][first + i] = by_b[grid.points][first + i] = 0.0;
    }
}

/* The curve that solves the equation. */
QF_INLINE void solve(Row *curve, const Puts *puts, Grid grid, int second, int smooth, int turns,
                     int steps, int64_t n) {
    first_guess(curve, grid, puts, second, smooth, n);
    for (int turn = 0; turn < turns; turn++) turn_once(curve, grid, puts, smooth, n);
    for (int step = 0; step < steps; step++) step_once(curve, grid, puts, smooth, n);
}

/* The depths by the equation. */
QF_INLINE void depths_by_equation(Depths *out, const Puts *puts, Grid grid, int smooth,
                                  const Row *curve, int64_t n) {
    for (int v = 0; v < grid.premium.count; v++) {
        double cosine = cosine_of(grid.premium, v);
        const double *row = row_of_premium(grid, v);
        EACH_LANE {
            double s = get_Put(&puts->lanes, i).root * cosine;
            out->at[v][i] = depth_of(interpolated(curve, row, grid.points, i), smooth, s);
        }
    }
    double *now = out->at[grid.premium.count];
    EACH_LANE now[i] = depth_of(curve[0][i], smooth, get_Put(&puts->lanes, i).root);
}

/* The solvers: for options of the table and for those far beyond it, by region, and by whether the
 * boundary of the second starts near the strike. */
#define SOLVER(name, grid, second, smooth, turns, steps)                                          \
    static __attribute__((noinline)) void solve_##name(Row *curve, const Puts *puts, int64_t n) { \
        solve(curve, puts, grid, second, smooth, turns, steps, n);                                \
    }

SOLVER(high_first, COARSE, 0, 0, 1, 1)
SOLVER(high_near, MEDIUM, 1, 0, 2, 1)
SOLVER(high_second, MEDIUM, 1, 1, 0, 1)
SOLVER(far_first, FINE, 0, 0, 4, 2)
SOLVER(far_near, FINE, 1, 0, 4, 3)
SOLVER(far_second, FINE, 1, 1, 2, 2)

#endif
