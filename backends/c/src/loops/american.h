/* The premium for early exercise over a block of lanes: lanes that go the same way to it are
 * gathered and go together, and share the boundary where they have the same one. */
#ifndef QF_AMERICAN_H
#define QF_AMERICAN_H

#include "../american_perpetual.h"
#include "../american_price.h"
#include "american_double.h"
#include "equation.h"

/* The ways to a boundary. */
enum {
    NO_WAY,
    FAST_FIRST,
    FAST_SECOND,
    STANDARD_FIRST,
    STANDARD_SECOND,
    HIGH_FIRST,
    HIGH_NEAR,
    HIGH_SECOND,
    FAR_FIRST,
    FAR_NEAR,
    FAR_SECOND,
    TWOFOLD,
    WAYS = TWOFOLD
};

/* The nodes at which a way has the boundary's depth. */
QF_INLINE Nodes nodes_of(int way) {
    if (way <= FAST_SECOND) return (Nodes){15, AT_15};
    if (way <= STANDARD_SECOND) return (Nodes){26, AT_26};
    return way <= HIGH_SECOND ? (Nodes){64, AT_64} : (Nodes){96, AT_96};
}

/* The way of an option for which exercise before expiry may pay. */
QF_INLINE int32_t way_of(Put p, double style) {
    int32_t second = p.second > 0.0, kind = is_smooth(p) ? 2 : second;
    int32_t asked = style == 1.0   ? FAST_FIRST + second
                    : style == 2.0 ? STANDARD_FIRST + second
                    : style == 3.0 ? HIGH_FIRST + kind
                                   : NO_WAY;
    int32_t other = p.twofold > 0.0 ? TWOFOLD : FAR_FIRST + kind;
    int held = (p.tabulated > 0.0) & (p.twofold == 0.0);
    return (asked == NO_WAY) | held ? asked : other;
}

#define WAY(name, depths) \
    static __attribute__((noinline)) void name(Depths *out, const Puts *puts, int64_t n) { depths; }

WAY(fast_first, depths_by_table(out, puts, nodes_of(FAST_FIRST), 0, 1, n))
WAY(fast_second, depths_by_table(out, puts, nodes_of(FAST_SECOND), 1, 1, n))
WAY(standard_first, depths_by_table(out, puts, nodes_of(STANDARD_FIRST), 0, 0, n))
WAY(standard_second, depths_by_table(out, puts, nodes_of(STANDARD_SECOND), 1, 0, n))
#define WAY_BY_EQUATION(name, grid, smooth)              \
    WAY(name, Curve curve; solve_##name(curve, puts, n); \
        depths_by_equation(out, puts, grid, smooth, (const Row *)curve, n))

WAY_BY_EQUATION(high_first, COARSE, 0)
WAY_BY_EQUATION(high_near, MEDIUM, 0)
WAY_BY_EQUATION(high_second, MEDIUM, 1)
WAY_BY_EQUATION(far_first, FINE, 0)
WAY_BY_EQUATION(far_near, FINE, 0)
WAY_BY_EQUATION(far_second, FINE, 1)

static void (*const DEPTHS[WAYS])(Depths *, const Puts *, int64_t) = {
    0,         fast_first,  fast_second, standard_first, standard_second, high_first,
    high_near, high_second, far_first,   far_near,       far_second};

/* The lanes of one way, filled up with copies of the first; returns how many there are. */
QF_INLINE int64_t gather_way(Puts *out, int64_t *lanes, const PutBlock *puts, const int32_t *ways,
                             int way, int64_t n) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        lanes[count] = i;
        count += ways[i] == way;
    }
    int64_t padded = count ? padded_count(count) : 0;
    for (int64_t i = count; i < padded; i++) lanes[i] = lanes[0];
    for (size_t k = 0; k < FIELDS(Put); k++) {
        for (int64_t i = 0; i < padded; i++) out->lanes.fields[k][i] = puts->fields[k][lanes[i]];
    }
    return count;
}

/* Whether all puts have the same boundary. */
QF_INLINE int are_alike(const PutBlock *puts, int64_t n) {
    int alike = 1;
    Put one = get_Put(puts, 0);
    EACH_LANE {
        Put p = get_Put(puts, i);
        alike &= (p.a == one.a) & (p.b == one.b) & (p.x == one.x) & (p.root == one.root);
    }
    return alike;
}

/* The Chebyshev polynomials of the first coordinates; returns for how many lanes: eight are enough
 * where all have the same boundary. */
QF_INLINE int64_t polynomials_of(Puts *puts, int64_t lanes) {
    int64_t n = lanes > LANES && are_alike(&puts->lanes, lanes) ? LANES : lanes;
    Row y;
    EACH_LANE y[i] = get_Put(&puts->lanes, i).t;
    chebyshev(puts->t, y, F_FIRST, n);
    EACH_LANE y[i] = get_Put(&puts->lanes, i).share;
    chebyshev(puts->share, y, F_SECOND, n);
    return n;
}

/* The depths of all lanes; they are found once where they are the same. */
static __attribute__((noinline)) void find_depths(Depths *out, Puts *puts, int way, int64_t lanes) {
    int64_t n = polynomials_of(puts, lanes);
    DEPTHS[way](out, puts, n);
    n = n < lanes ? lanes : 0;
    for (int v = 0; v <= nodes_of(way).count; v++) EACH_LANE out->at[v][i] = out->at[v][0];
}

/* The premium: the integral over the depths, nothing where the option is exercised; and ln m - ln B
 * now. */
static __attribute__((noinline)) void integrate(double *premium, double *distance,
                                                const Depths *depths, const Puts *puts, int way,
                                                int64_t n) {
    Nodes nodes = nodes_of(way);
    EACH_LANE premium[i] = 0.0;
    for (int v = 0; v < nodes.count; v++) {
        double sine = sine_of(nodes, v), weight = weight_of(nodes, v);
        EACH_LANE {
            Put p = get_Put(&puts->lanes, i);
            premium[i] = fma(weight, premium_density(p, depths->at[v][i], sine), premium[i]);
        }
    }
    const double *now = depths->at[nodes.count];
    EACH_LANE {
        Put p = get_Put(&puts->lanes, i);
        distance[i] = (p.log_m - p.log_start) + now[i];
        premium[i] = distance[i] > 0.0 ? p.x * premium[i] : 0.0;
    }
}

/* What exercise at once brings. */
QF_INLINE double exercised(double spot, double strike, double sign) {
    return at_least(sign > 0.0 ? spot - strike : strike - spot, 0.0);
}

/* The put that an option is. */
QF_INLINE Put put_at(const double *const *restrict in, int64_t i) {
    return put_of(in[0][i], in[1][i], in[2][i], in[3][i], in[4][i], in[5][i], in[6][i]);
}

/* The puts that options are, and their ways. The ordinary form leaves to the general one, and
 * marks, what is not done by the table. */
QF_INLINE void choose_ways(PutBlock *puts, int32_t *restrict ways, const double *const *restrict in,
                           const double *restrict european, int32_t *restrict marks, int general,
                           int64_t n) {
    EACH_LANE put_Put(puts, i, put_at(in, i));
    EACH_LANE {
        Put p = get_Put(puts, i);
        double style = in[7][i];
        int32_t way = way_of(p, style);
        int early = (p.early > 0.0) & (way != NO_WAY) & (european[i] == european[i]);
        int32_t its = early & (p.covered > 0.0) ? way : NO_WAY;
        int rest =
            (early & (p.covered == 0.0)) | (its >= HIGH_FIRST) | ((way == NO_WAY) & (style != 0.0));
        marks[i] |= general ? 0 : rest;
        ways[i] = general | !rest ? its : NO_WAY;
    }
    for (int64_t i = 0; general && i < n; i++) {
        Perpetual e = perpetual_of(get_Put(puts, i));
        if (e.reached | e.worthless) ways[i] = NO_WAY;
    }
}

/* The prices of lanes with two boundaries. */
static __attribute__((noinline)) void add_double(const double *const *restrict in,
                                                 double *restrict out, int32_t *restrict marks,
                                                 const PutBlock *puts, const int32_t *ways,
                                                 int64_t n) {
    Puts some;
    TwoBoundaries both;
    Row now, european, price;
    int64_t lanes[BLOCK];
    int64_t count = gather_way(&some, lanes, puts, ways, TWOFOLD, n), padded = padded_count(count);
    if (!count) return;
    for (int64_t k = 0; k < padded; k++) {
        int64_t i = lanes[k];
        now[k] = exercised(in[0][i], in[1][i], in[6][i]);
        european[k] = out[i];
    }
    find_double(&both, &some, are_alike(&some.lanes, padded), padded);
    price_double(price, &both, &some, now, european, padded);
    for (int64_t k = 0; k < count; k++) {
        out[lanes[k]] = price[k];
        marks[lanes[k]] |= price[k] != price[k]; /* not settled */
    }
}

/* Add the premium to European prices in `out`, where exercise before expiry may pay; there
 * `distances` has ln m - ln B now. */
static __attribute__((noinline)) void add_premium(const double *const *restrict in,
                                                  double *restrict out, double *restrict distances,
                                                  int32_t *restrict marks, int general, int64_t n) {
    PutBlock puts;
    Puts some;
    Depths depths;
    Row premium, distance;
    int32_t ways[BLOCK];
    int64_t lanes[BLOCK];
    choose_ways(&puts, ways, in, out, marks, general, n);
    for (int way = FAST_FIRST; way < (general ? WAYS : HIGH_FIRST); way++) {
        int64_t count = gather_way(&some, lanes, &puts, ways, way, n);
        if (!count) continue;
        find_depths(&depths, &some, way, padded_count(count));
        integrate(premium, distance, &depths, &some, way, padded_count(count));
        for (int64_t k = 0; k < count; k++) {
            int64_t i = lanes[k];
            double strike = get_Put(&some.lanes, k).strike,
                   now = exercised(in[0][i], in[1][i], in[6][i]);
            double value = fma(strike, at_least(premium[k], 0.0), out[i]);
            out[i] = at_most(at_least(value, now), strike);
            distances[i] = distance[k];
        }
    }
    if (general) add_double(in, out, marks, &puts, ways, n);
}

/* What becomes of a lane for which no boundary is looked for: left as it is, the greater of the
 * European price and of exercise now, exercise now, the best on a known path, that of endless time,
 * or nothing at all. */
enum { LEFT, GREATER, NOW, PATH, PERPETUAL, NOTHING };

/* What becomes of lane i, its European price being its result so far, and its mark. `both` says
 * whether options with two boundaries are done too. */
static int settling_of(const double *const *restrict in, double european, int32_t *mark, int both,
                       int64_t i) {
    double spot = in[0][i], strike = in[1][i], time = in[2][i], sigma = in[5][i], style = in[7][i];
    if (style != style) *mark = 0;
    if ((european != european) | (style != style)) return NOTHING;
    Put p = put_at(in, i);
    Perpetual e = perpetual_of(p);
    double single = p.second > 0.0 ? p.b : p.a + fabs(p.a - p.b);
    double scale = p.twofold > 0.0 ? -p.b : single;
    int done = both | (p.twofold == 0.0), ends = e.reached | e.worthless;
    int known = (style == 0.0) | (style == 1.0) | (style == 2.0) | (style == 3.0);
    int far = !(is_near(spot) & is_near(strike));
    int closed = (p.twofold > 0.0) & (p.a - p.b <= LEAST_APART * scale);
    int soon = (closed | (p.x <= LEAST_X)) & (scale < MOST_SCALE);
    int tiny = (soon | (scale <= LEAST_SCALE)) & (p.x < MOST_X);
    int found = (p.covered > 0.0) & done & !ends;
    if (known & ((p.early == 0.0) | found | (style == 0.0))) return LEFT;
    if (known & (time == 0.0)) return NOW;
    if (known & (sigma == 0.0) & (time < INFINITY) & !far) return PATH;
    if (known & (far | (tiny & done))) return GREATER;
    if (known & ends) return e.reached ? PERPETUAL : GREATER;
    *mark = 1; /* no style, or beyond all measure */
    return NOTHING;
}

/* What is left where no boundary is found: limits, and NaN where there is none. */
static void settle_american(const double *const *restrict in, double *restrict out,
                            int32_t *restrict marks, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        double now = exercised(in[0][i], in[1][i], in[6][i]);
        switch (settling_of(in, out[i], &marks[i], 1, i)) {
            case LEFT:
                break;
            case GREATER:
                out[i] = at_least(out[i], now);
                break;
            case NOW:
                out[i] = now;
                break;
            case PATH:
                out[i] = value_without_volatility(
                    known_path(in[0][i], in[1][i], in[2][i], in[3][i], in[4][i], in[6][i]), out[i]);
                break;
            case PERPETUAL: {
                Put p = put_at(in, i);
                out[i] = perpetual_price(p, perpetual_of(p), now, out[i]);
                break;
            }
            default:
                out[i] = NOT_A_NUMBER;
        }
    }
}

#endif
