/* The prices of a block of puts that are exercised between two boundaries. */
#ifndef QF_LOOPS_AMERICAN_DOUBLE_H
#define QF_LOOPS_AMERICAN_DOUBLE_H

#include "../american_double.h"
#include "../american_price.h"
#include "equation.h"

enum { DOUBLE_TURNS = 6, DOUBLE_STEPS = 3 };

/* Both boundaries up to where they meet: squared depths of the upper, w of the lower. */
typedef struct {
    Curve upper, lower;
    Row apart, until, settled;
} TwoBoundaries;

/* Where they may meet, and the boundaries before that as they are soon before expiry. */
QF_INLINE void begin_double(TwoBoundaries *out, Puts *up, const Puts *puts, Grid grid, int64_t n) {
    EACH_LANE {
        Put p = get_Put(&puts->lanes, i);
        out->apart[i] = apart_of(p);
        out->until[i] = first_meeting(p, out->apart[i]);
        put_Put(&up->lanes, i, up_to(p, out->until[i]));
        out->upper[grid.points][i] = 0.0;
        out->lower[grid.points][i] = AMERICAN_W_START;
    }
    for (int j = 0; j < grid.points; j++) {
        double at = point(grid, j);
        EACH_LANE {
            Put p = get_Put(&up->lanes, i);
            double s = p.root * at, depth = early_w(p, s) * s;
            out->upper[j][i] = depth * depth;
            out->lower[j][i] = AMERICAN_W_START;
        }
    }
}

/* One turn of the fixed point for the lower boundary. */
QF_INLINE void turn_below_once(Row *lower, Grid grid, const Puts *up, int64_t n) {
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
                Put below = below_of(get_Put(&up->lanes, i));
                double root = below.root * at, here = lower[j][i] * root;
                double before = interpolated(lower, row, grid.points, i) * (root * cosine);
                DiscountedTails gain = boundary_density(below, here, before, root, sine, cosine);
                minus[i] = fma(weight, gain.minus, minus[i]);
                plus[i] = fma(weight, gain.plus, plus[i]);
            }
        }
        EACH_LANE {
            Put below = below_of(get_Put(&up->lanes, i));
            next[j][i] = turn_below(below, lower[j][i], below.root * at, minus[i], plus[i]);
        }
    }
    for (int j = 0; j < grid.points; j++) EACH_LANE lower[j][i] = next[j][i];
}

/* Let the time follow the boundaries, which were `before`. */
QF_INLINE void move_meeting(TwoBoundaries *out, Puts *up, const Puts *puts,
                            const TwoBoundaries *before, Grid grid, int64_t n) {
    Row by;
    EACH_LANE {
        Put p = get_Put(&puts->lanes, i);
        double root = out->until[i];
        double next = next_meeting(p, out->apart[i], out->upper[0][i], out->lower[0][i], root);
        out->settled[i] = is_settled(root, next, root);
        out->until[i] = next;
        by[i] = next / root;
        put_Put(&up->lanes, i, up_to(p, next));
    }
    for (int j = grid.points - 1; j >= 0; j--) {
        EACH_LANE {
            double sample = out->upper[j][i], unit = out->upper[0][i], w = out->lower[j][i];
            int settled = is_settled(before->upper[j][i], sample, unit) &
                          is_settled(before->lower[j][i], w, 1.0);
            out->settled[i] = settled ? out->settled[i] : 0.0;
            out->upper[j][i] = by[i] * by[i] * sample;
        }
    }
}

static __attribute__((noinline)) void solve_double(TwoBoundaries *out, const Puts *puts,
                                                   int64_t n) {
    const Grid grid = MEDIUM;
    TwoBoundaries before;
    Puts up;
    begin_double(out, &up, puts, grid, n);
    for (int k = 0; k < DOUBLE_TURNS + DOUBLE_STEPS; k++) {
        before = *out;
        if (k < DOUBLE_TURNS) {
            turn_once(out->upper, grid, &up, 0, n);
        } else {
            step_once(out->upper, grid, &up, 0, n);
        }
        turn_below_once(out->lower, grid, &up, n);
        move_meeting(out, &up, puts, &before, grid, n);
    }
}

/* The boundaries of all lanes; they are found once where they are the same. */
static __attribute__((noinline)) void find_double(TwoBoundaries *out, const Puts *puts, int alike,
                                                  int64_t lanes) {
    solve_double(out, puts, alike ? LANES : lanes);
    int64_t n = alike ? lanes : 0;
    for (int j = 0; j <= MEDIUM.points; j++) {
        EACH_LANE out->upper[j][i] = out->upper[j][0];
        EACH_LANE out->lower[j][i] = out->lower[j][0];
    }
    EACH_LANE out->apart[i] = out->apart[0];
    EACH_LANE out->until[i] = out->until[0];
    EACH_LANE out->settled[i] = out->settled[0];
}

/* The prices: what exercise brings between the boundaries, and what it will bring outside. */
static __attribute__((noinline)) void price_double(double *price, const TwoBoundaries *both,
                                                   const Puts *puts, const double *now,
                                                   const double *european, int64_t n) {
    const Grid grid = MEDIUM;
    Row upper, lower;
    EACH_LANE upper[i] = lower[i] = 0.0;
    for (int v = 0; v < grid.premium.count; v++) {
        double cosine = cosine_of(grid.premium, v), weight = weight_of(grid.premium, v);
        const double *row = row_of_premium(grid, v);
        EACH_LANE {
            Put p = get_Put(&puts->lanes, i), below = outside_below(p, both->apart[i]);
            double until = both->until[i], sine = sine_until(p.root, until, cosine);
            double depth = depth_of(interpolated(both->upper, row, grid.points, i), 0, until);
            double rise = interpolated(both->lower, row, grid.points, i) * (until * cosine);
            upper[i] = fma(weight, premium_density(p, depth, sine), upper[i]);
            lower[i] = fma(weight, premium_density(below, -rise, sine), lower[i]);
        }
    }
    EACH_LANE {
        Put p = get_Put(&puts->lanes, i);
        double until = both->until[i], y = until * until;
        double now_above = depth_of(both->upper[0][i], 0, until);
        double now_below = -both->lower[0][i] * until;
        Between x = {both->apart[i], until, now_above, now_below, y * upper[i], y * lower[i]};
        double value = double_value(p, x, now[i], european[i]);
        price[i] = both->settled[i] > 0.0 ? value : NOT_A_NUMBER;
    }
}

#endif
