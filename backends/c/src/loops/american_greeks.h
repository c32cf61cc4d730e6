/* The greeks of the premium for early exercise over a block of lanes, by the ways of "american.h".
 */
#ifndef QF_LOOPS_AMERICAN_GREEKS_H
#define QF_LOOPS_AMERICAN_GREEKS_H

#include "../american_greeks.h"
#include "american.h"

LANES_OF(Directions)
LANES_OF(Slopes)
LANES_OF(PremiumSlopes)
LANES_OF(AmericanGreeks)

/* The depth and its slopes at the nodes of the premium, and behind them now. */
typedef struct {
    SlopesBlock at[MOST_NODES + 1];
} DepthSlopes;

/* The slopes of Chebyshev's polynomials, from these. */
QF_INLINE void chebyshev_slopes(Row *out, const Row *of, const double *y, int terms, int64_t n) {
    EACH_LANE out[0][i] = 0.0;
    EACH_LANE out[1][i] = 1.0;
    for (int k = 2; k < terms; k++) {
        EACH_LANE {
            double twice = fma(y[i], out[k - 1][i], of[k - 1][i]);
            out[k][i] = fma(2.0, twice, -out[k - 2][i]);
        }
    }
}

/* A part of the table as series in the third coordinate, and how these follow a and b. */
typedef struct {
    Row value[G_THIRD], by_a[G_THIRD], by_b[G_THIRD];
} SlopedSeries;

typedef struct {
    Row t[F_FIRST], share[F_SECOND];
    DirectionsBlock to;
} Tangents;

QF_INLINE void contract_slopes(SlopedSeries *out, const double *table, int first, int second,
                               int third, int seconds, int thirds, const Puts *puts,
                               const Tangents *tangents, int64_t n) {
    Row by_t[G_THIRD], by_share[G_THIRD];
    contract(out->value, table, first, second, third, seconds, thirds, puts->t, puts->share, n);
    contract(by_t, table, first, second, third, seconds, thirds, tangents->t, puts->share, n);
    contract(by_share, table, first, second, third, seconds, thirds, puts->t, tangents->share, n);
    for (int k = 0; k < third; k++) {
        EACH_LANE {
            Directions to = get_Directions(&tangents->to, i);
            out->by_a[k][i] = fma(to.t_a, by_t[k][i], to.share_a * by_share[k][i]);
            out->by_b[k][i] = fma(to.t_b, by_t[k][i], to.share_b * by_share[k][i]);
        }
    }
}

/* A lane's series at y, and its slope. */
QF_INLINE Sloped sloped_series(const Row *c, int terms, double y, int64_t i) {
    double one = 0.0, two = 0.0, slope = 0.0, before = 0.0, twice = y + y;
    UNROLLED
    for (int k = terms - 1; k > 0; k--) {
        double next = fma(twice, one, c[k][i] - two);
        double steeper = fma(twice, slope, fma(2.0, one, -before));
        two = one, one = next, before = slope, slope = steeper;
    }
    Sloped out = {fma(y, one, c[0][i] - two), fma(y, slope, one - before)};
    return out;
}

QF_INLINE Tabulated bent_series(const SlopedSeries *c, int terms, Put p, Directions to, double z,
                                double cosine, int64_t i) {
    double y = third_coordinate(p, z);
    return bent(p, to, z, cosine, sloped_series(c->value, terms, y, i),
                series(c->by_a, terms, y, i), series(c->by_b, terms, y, i));
}

QF_INLINE Tabulated unbent_series(const SlopedSeries *c, Directions to, double z, double cosine,
                                  int64_t i) {
    double y = fma(2.0, z, -1.0);
    return unbent(to, z, cosine, sloped_series(c->value, G_THIRD, y, i),
                  series(c->by_a, G_THIRD, y, i), series(c->by_b, G_THIRD, y, i));
}

/* The slopes by the table. */
QF_INLINE void slopes_by_table(DepthSlopes *out, const Puts *puts, const Tangents *tangents,
                               Nodes nodes, int second, int fast, int64_t n) {
    SlopedSeries f, g;
    const int third = second ? (fast ? W_FAST : W_FIRST) : (fast ? THIRD_FAST : F_THIRD);
    if (second) {
        contract_slopes(&f, qf_boundary + AT_W, third, third, third, W_SECOND, W_THIRD, puts,
                        tangents, n);
        contract_slopes(&g, qf_boundary + AT_G, G_FIRST, G_SECOND, G_THIRD, G_SECOND, G_THIRD, puts,
                        tangents, n);
    } else {
        contract_slopes(&f, qf_boundary, fast ? FIRST_FAST : F_FIRST, fast ? SECOND_FAST : F_SECOND,
                        third, F_SECOND, F_THIRD, puts, tangents, n);
    }
    for (int v = 0; v <= nodes.count; v++) {
        double cosine = cosine_of(nodes, v);
        EACH_LANE {
            Put p = get_Put(&puts->lanes, i);
            Directions to = get_Directions(&tangents->to, i);
            double z = p.reach * cosine, s = p.root * cosine;
            Tabulated held = bent_series(&f, third, p, to, z, cosine, i);
            if (second) {
                Tabulated late = unbent_series(&g, to, z, cosine, i);
                put_Slopes(&out->at[v], i, second_slopes(p, held, late, s));
            } else {
                put_Slopes(&out->at[v], i, first_slopes(held, s));
            }
        }
    }
}

/* The slopes by the equation. */
QF_INLINE void slopes_by_equation(DepthSlopes *out, const Puts *puts, Grid grid, int smooth,
                                  const Row *curve, int64_t n) {
    Curve by_a, by_b;
    differentiate(by_a, by_b, curve, grid, puts, smooth, n);
    for (int v = 0; v < grid.premium.count; v++) {
        double cosine = cosine_of(grid.premium, v);
        const double *row = row_of_premium(grid, v), *sloped = row_of_slopes(grid, v);
        EACH_LANE {
            double s = get_Put(&puts->lanes, i).root * cosine;
            double sample = interpolated(curve, row, grid.points, i);
            double depth = depth_of(sample, smooth, s), slope = depth_slope(depth, smooth, s);
            slope = sample > LEAST_SAMPLE ? slope : 0.0;
            double by_time = interpolated(curve, sloped, grid.points, i);
            by_time = smooth ? fma(0.5, sample, by_time) : by_time;
            Slopes its = {depth, slope * interpolated((const Row *)by_a, row, grid.points, i),
                          slope * interpolated((const Row *)by_b, row, grid.points, i),
                          slope * by_time};
            put_Slopes(&out->at[v], i, its);
        }
    }
    EACH_LANE {
        Slopes now = {depth_of(curve[0][i], smooth, get_Put(&puts->lanes, i).root), 0.0, 0.0, 0.0};
        put_Slopes(&out->at[grid.premium.count], i, now);
    }
}

#define SLOPES(name, slopes)                                                                   \
    static __attribute__((noinline)) void name##_slopes(DepthSlopes *out, const Puts *puts,    \
                                                        const Tangents *tangents, int64_t n) { \
        (void)tangents;                                                                        \
        slopes;                                                                                \
    }

SLOPES(fast_first, slopes_by_table(out, puts, tangents, nodes_of(FAST_FIRST), 0, 1, n))
SLOPES(fast_second, slopes_by_table(out, puts, tangents, nodes_of(FAST_SECOND), 1, 1, n))
SLOPES(standard_first, slopes_by_table(out, puts, tangents, nodes_of(STANDARD_FIRST), 0, 0, n))
SLOPES(standard_second, slopes_by_table(out, puts, tangents, nodes_of(STANDARD_SECOND), 1, 0, n))
#define SLOPES_BY_EQUATION(name, grid, smooth)              \
    SLOPES(name, Curve curve; solve_##name(curve, puts, n); \
           slopes_by_equation(out, puts, grid, smooth, (const Row *)curve, n))

SLOPES_BY_EQUATION(high_first, COARSE, 0)
SLOPES_BY_EQUATION(high_near, MEDIUM, 0)
SLOPES_BY_EQUATION(high_second, MEDIUM, 1)
SLOPES_BY_EQUATION(far_first, FINE, 0)
SLOPES_BY_EQUATION(far_near, FINE, 0)
SLOPES_BY_EQUATION(far_second, FINE, 1)

static void (*const DEPTH_SLOPES[WAYS])(DepthSlopes *, const Puts *, const Tangents *, int64_t) = {
    0,
    fast_first_slopes,
    fast_second_slopes,
    standard_first_slopes,
    standard_second_slopes,
    high_first_slopes,
    high_near_slopes,
    high_second_slopes,
    far_first_slopes,
    far_near_slopes,
    far_second_slopes};

/* The slopes of all lanes; they are found once where they are the same. */
static __attribute__((noinline)) void find_slopes(DepthSlopes *out, Puts *puts, int way,
                                                  int64_t lanes) {
    int64_t n = polynomials_of(puts, lanes);
    Tangents tangents;
    Row y;
    if (way < HIGH_FIRST) {
        EACH_LANE y[i] = get_Put(&puts->lanes, i).t;
        chebyshev_slopes(tangents.t, (const Row *)puts->t, y, F_FIRST, n);
        EACH_LANE y[i] = get_Put(&puts->lanes, i).share;
        chebyshev_slopes(tangents.share, (const Row *)puts->share, y, F_SECOND, n);
        EACH_LANE put_Directions(&tangents.to, i, directions_of(get_Put(&puts->lanes, i)));
    }
    DEPTH_SLOPES[way](out, puts, &tangents, n);
    n = n < lanes ? lanes : 0;
    for (int v = 0; v <= nodes_of(way).count; v++) {
        EACH_LANE put_Slopes(&out->at[v], i, get_Slopes(&out->at[v], 0));
    }
}

QF_INLINE void integrate_slopes_up_to(int order, PremiumSlopesBlock *sums,
                                      const DepthSlopes *slopes, const Puts *puts, int way,
                                      int64_t n) {
    Nodes nodes = nodes_of(way);
    PremiumSlopes none = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0};
    EACH_LANE put_PremiumSlopes(sums, i, none);
    for (int v = 0; v < nodes.count; v++) {
        double sine = sine_of(nodes, v), weight = weight_of(nodes, v);
        EACH_LANE {
            PremiumSlopes sum = get_PremiumSlopes(sums, i);
            Put p = get_Put(&puts->lanes, i);
            sum = premium_slopes(p, sum, get_Slopes(&slopes->at[v], i), sine, weight, order);
            put_PremiumSlopes(sums, i, sum);
        }
    }
}

static __attribute__((noinline)) void integrate_slopes(PremiumSlopesBlock *sums,
                                                       const DepthSlopes *slopes, const Puts *puts,
                                                       int way, int order, int64_t n) {
    if (order < 2) {
        integrate_slopes_up_to(1, sums, slopes, puts, way, n);
    } else {
        integrate_slopes_up_to(2, sums, slopes, puts, way, n);
    }
}

QF_INLINE void put_greeks(double *const *restrict out, int64_t i, AmericanGreeks greeks) {
    for (int j = 0; j < AMERICAN_GREEKS; j++) out[j][i] = greeks.of[j];
}

/* Add the premium's greeks to European ones in `out`, where exercise before expiry may pay. */
static __attribute__((noinline)) void add_premium_greeks(const double *const *restrict in,
                                                         double *const *restrict out,
                                                         int32_t *restrict marks, int general,
                                                         int order, int64_t n) {
    PutBlock puts;
    Puts some;
    DepthSlopes slopes;
    PremiumSlopesBlock sums;
    AmericanGreeksBlock greeks;
    Row given[7];
    int32_t ways[BLOCK];
    int64_t lanes[BLOCK];
    int count = order < 2 ? AMERICAN_VANNA : AMERICAN_GREEKS;
    choose_ways(&puts, ways, in, out[PRICE], marks, general, n);
    for (int way = FAST_FIRST; way < (general ? WAYS : HIGH_FIRST); way++) {
        int64_t there = gather_way(&some, lanes, &puts, ways, way, n), padded = padded_count(there);
        if (!there) continue;
        for (int j = 0; j < 7; j++) {
            for (int64_t k = 0; k < padded; k++) given[j][k] = in[j][lanes[k]];
        }
        find_slopes(&slopes, &some, way, padded);
        integrate_slopes(&sums, &slopes, &some, way, order, padded);
        {
            int64_t n = padded;
            EACH_LANE {
                PremiumSlopes by = get_PremiumSlopes(&sums, i);
                Put p = get_Put(&some.lanes, i);
                put_AmericanGreeks(&greeks, i,
                                   premium_greeks(p, by, given[0][i], given[1][i], given[2][i],
                                                  given[5][i], given[6][i]));
            }
        }
        for (int64_t k = 0; k < there; k++) {
            int64_t i = lanes[k];
            Put p = get_Put(&some.lanes, k);
            double sign = in[6][i], now = exercised(in[0][i], in[1][i], sign);
            Slopes at_once = get_Slopes(&slopes.at[nodes_of(way).count], k);
            int held = (p.log_m - p.log_start) + at_once.depth > 0.0;
            double premium = held ? at_least(greeks.fields[PRICE][k], 0.0) : 0.0;
            double value = fma(p.strike, premium, out[PRICE][i]);
            if ((value <= now) & (now > 0.0)) {
                put_greeks(out, i, greeks_of_exercise(now, sign));
                continue;
            }
            for (int j = DELTA; held && j < count; j++) out[j][i] += greeks.fields[j][k];
            out[PRICE][i] = at_most(value, p.strike);
        }
    }
}

/* What is left where no boundary is found: limits, and NaN where there is none. */
static void settle_american_greeks(const double *const *restrict in, double *const *restrict out,
                                   int32_t *restrict marks, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        double european = out[PRICE][i], sign = in[6][i], now = exercised(in[0][i], in[1][i], sign);
        int settling = settling_of(in, european, &marks[i], 0, i);
        KnownPath path = known_path(in[0][i], in[1][i], in[2][i], in[3][i], in[4][i], sign);
        int between = path.t > 0.0 && path.then > at_least(european, path.now);
        Put p = put_at(in, i);
        Perpetual e = perpetual_of(p);
        if (settling == PERPETUAL && e.distance > 0.0) {
            double value = perpetual_price(p, e, now, european);
            put_greeks(out, i,
                       greeks_of_endless_time(e, value, in[0][i], in[1][i], in[5][i], sign));
        } else if (settling == PATH && between) {
            put_greeks(out, i, greeks_without_volatility(path, sign));
        } else if (settling == NOTHING) {
            for (int j = 0; j < AMERICAN_GREEKS; j++) out[j][i] = NOT_A_NUMBER;
        } else if (settling != LEFT && now > 0.0 && european <= now) {
            put_greeks(out, i, greeks_of_exercise(now, sign));
        }
    }
}

#endif
