/* The exercise boundary over a block of lanes, by the ways of "american.h". */
#ifndef QF_LOOPS_EXERCISE_BOUNDARY_H
#define QF_LOOPS_EXERCISE_BOUNDARY_H

#include "../exercise_boundary.h"
#include "american.h"

/* The depths of puts now by the table. */
QF_INLINE void depths_now_by_table(double *depths, const Puts *puts, int second, int fast,
                                   int64_t n) {
    Series series;
    contract_table(&series, puts, second, fast, n);
    EACH_LANE {
        Put p = get_Put(&puts->lanes, i);
        depths[i] = tabulated_w(&series, p, p.reach, p.root, second, fast, i) * p.root;
    }
}

#define NOW(name, depths_now)                                                          \
    static __attribute__((noinline)) void name##_now(double *depths, const Puts *puts, \
                                                     int64_t n) {                      \
        depths_now;                                                                    \
    }

NOW(fast_first, depths_now_by_table(depths, puts, 0, 1, n))
NOW(fast_second, depths_now_by_table(depths, puts, 1, 1, n))
NOW(standard_first, depths_now_by_table(depths, puts, 0, 0, n))
NOW(standard_second, depths_now_by_table(depths, puts, 1, 0, n))
#define NOW_BY_EQUATION(name, smooth)                    \
    NOW(name, Curve curve; solve_##name(curve, puts, n); \
        EACH_LANE depths[i] = depth_of(curve[0][i], smooth, get_Put(&puts->lanes, i).root))

NOW_BY_EQUATION(high_first, 0)
NOW_BY_EQUATION(high_near, 0)
NOW_BY_EQUATION(high_second, 1)
NOW_BY_EQUATION(far_first, 0)
NOW_BY_EQUATION(far_near, 0)
NOW_BY_EQUATION(far_second, 1)

static void (*const DEPTHS_NOW[WAYS])(double *, const Puts *, int64_t) = {0,
                                                                          fast_first_now,
                                                                          fast_second_now,
                                                                          standard_first_now,
                                                                          standard_second_now,
                                                                          high_first_now,
                                                                          high_near_now,
                                                                          high_second_now,
                                                                          far_first_now,
                                                                          far_near_now,
                                                                          far_second_now};

/* The depths of all lanes; they are found once where they are the same. */
static __attribute__((noinline)) void find_depths_now(double *depths, Puts *puts, int way,
                                                      int64_t lanes) {
    int64_t n = polynomials_of(puts, lanes);
    DEPTHS_NOW[way](depths, puts, n);
    n = n < lanes ? lanes : 0;
    EACH_LANE depths[i] = depths[0];
}

/* The boundaries of lanes that go a way, in the place of what is in `out`; `fades` where the rates
 * of some are raised. */
QF_INLINE void put_boundaries(const double *const *restrict in, double *restrict out,
                              const PutBlock *puts, const int32_t *ways, const double *fades,
                              int end, int64_t n) {
    Puts some;
    Row depths;
    int64_t lanes[BLOCK];
    for (int way = FAST_FIRST; way < end; way++) {
        int64_t count = gather_way(&some, lanes, puts, ways, way, n);
        if (!count) continue;
        find_depths_now(depths, &some, way, padded_count(count));
        for (int64_t k = 0; k < count; k++) {
            int64_t i = lanes[k];
            Put p = get_Put(&some.lanes, k);
            double fade = fades ? fades[i] : 0.0;
            double depth = fade > 0.0 ? faded(depths[k], fade, p.root) : depths[k];
            out[i] = boundary_of(p, depth, in[0][i], in[5][i]);
        }
    }
}

/* The lanes that the table serves, and those never exercised; the rest is marked. */
static __attribute__((noinline)) void boundaries_by_table(const double *const *restrict in,
                                                          double *restrict out,
                                                          int32_t *restrict marks, int64_t n) {
    PutBlock puts;
    int32_t ways[BLOCK];
    EACH_LANE {
        put_Put(&puts, i, put_of(1.0, 1.0, in[1][i], in[2][i], in[3][i], in[4][i], in[5][i]));
    }
    EACH_LANE {
        Put p = get_Put(&puts, i);
        double strike = in[0][i], time = in[1][i], sigma = in[4][i], sign = in[5][i];
        double style = in[6][i];
        int ordinary = (strike > 0.0) & (strike < INFINITY) & (time > 0.0) & (time < INFINITY) &
                       (sigma > 0.0) & (sigma < INFINITY) & (fabs(in[2][i]) < INFINITY) &
                       (fabs(in[3][i]) < INFINITY) & (fabs(sign) == 1.0);
        int known = (style == 1.0) | (style == 2.0);
        int served = (p.covered > 0.0) & (p.twofold == 0.0) & (p.tabulated > 0.0) &
                     !is_slight(p, p.log_start) & (amount_of(p) > LEAST_AMOUNT);
        int early = p.early > 0.0;
        marks[i] = !(ordinary & known & (served | !early));
        ways[i] = ordinary & known & served & early ? way_of(p, style) : NO_WAY;
        out[i] = never_exercised(sign);
    }
    put_boundaries(in, out, &puts, ways, 0, HIGH_FIRST, n);
}

/* The boundary where none is looked for: a limit, or NaN and a mark where there is none. */
QF_INLINE double settled_boundary(Put p, const double *const *restrict in, int32_t *mark,
                                  int64_t i) {
    double rate = in[2][i], dividend = in[3][i], sign = in[5][i];
    double r = sign > 0.0 ? dividend : rate, q = sign > 0.0 ? rate : dividend;
    int two = (r < 0.0) & (q < r), tiny = (p.x <= LEAST_X) & (scale_of(p) < MOST_SCALE);
    if (!two && (in[1][i] == 0.0 || in[4][i] == 0.0 || tiny)) {
        return start_of(in[0][i], rate, dividend, sign);
    }
    if (!two && p.x < MOST_X && amount_of(p) <= LEAST_AMOUNT) return never_exercised(sign);
    Perpetual e = perpetual_of(p);
    if (e.reached) return in[0][i] * exp_of(sign > 0.0 ? e.distance : -e.distance);
    *mark = 1; /* two boundaries, or beyond all measure */
    return NOT_A_NUMBER;
}

/* All lanes, with limits, and NaN where there is no boundary. */
static __attribute__((noinline)) void boundaries_everywhere(const double *const *restrict in,
                                                            double *restrict out,
                                                            int32_t *restrict marks, int64_t n) {
    PutBlock puts;
    Row fades;
    int32_t ways[BLOCK];
    for (int64_t i = 0; i < n; i++) {
        double style = in[6][i], sign = in[5][i];
        int32_t state =
            boundary_state(in[0][i], in[1][i], in[2][i], in[3][i], in[4][i], sign, style);
        PutNow now = put_now(in[1][i], in[2][i], in[3][i], in[4][i], sign);
        put_Put(&puts, i, now.put);
        fades[i] = now.fade;
        ways[i] = NO_WAY;
        marks[i] = state == INVALID;
        if (state) {
            out[i] = NOT_A_NUMBER;
        } else if ((style == 0.0) | (now.put.early == 0.0)) {
            out[i] = never_exercised(sign);
        } else if (now.looked_for) {
            ways[i] = way_of(now.put, now.fade > 0.0 ? 2.0 : style);
        } else {
            out[i] = settled_boundary(now.put, in, &marks[i], i);
        }
    }
    put_boundaries(in, out, &puts, ways, fades, WAYS, n);
}

#endif
