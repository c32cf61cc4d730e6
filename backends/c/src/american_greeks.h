/* Greeks of an American option: those of the European one, and of the premium for early exercise.
 *
 * In the scaled put of "american_price.h" everything follows from derivatives by ln m, a, b and
 * ln x. Under the integral, with c the distance ln m - ln B, u = s^2 and n+- = m e^(-bu) phi(-d+)
 * and e^(-au) phi(-d-),
 *
 *     f          = a E - b M,  E = e^(-au) N(-d-),  M = m e^(-bu) N(-d+),  k = a n- - b n+
 *     df / dc    = -k / s
 *
 * and the boundary moves with a, b and x: its depth has slopes by a, by b and by the logarithm of
 * the time that is left. All of it is exact for the boundary that the price is made of, but for the
 * slopes of the depth, which have errors of their own: those of the table's derivatives, or of the
 * differentiated equation. No greek is a difference of prices. */
#ifndef QF_AMERICAN_GREEKS_H
#define QF_AMERICAN_GREEKS_H

#include "american_perpetual.h"
#include "american_price.h"
#include "greeks.h"

/* Order of the outputs. */
enum {
    AMERICAN_VANNA = VANNA,
    AMERICAN_CHARM,
    AMERICAN_DUAL_DELTA,
    AMERICAN_DUAL_GAMMA,
    AMERICAN_GREEKS
};

/* How the coordinates of the table follow a and b. */
typedef struct {
    double t_a, t_b, share_a, share_b, bend_a, bend_b, reach_a, reach_b;
} Directions;

QF_INLINE Directions directions_of(Put p) {
    double apart = fabs(p.a - p.b), scale = p.second > 0.0 ? p.b : p.a + apart;
    double per_scale = 1.0 / scale, share = apart * per_scale;
    double scale_a = p.second > 0.0 ? 0.0 : 2.0, scale_b = p.second > 0.0 ? 1.0 : -1.0;
    double turned = p.second > 0.0 ? -per_scale : per_scale;
    double share_a = turned * (p.second > 0.0 ? 1.0 : p.b * per_scale);
    double share_b = -turned * (p.a * per_scale);
    double bend = 0.5 / p.bend, sum = p.bend + 1.0, per_sum = 1.0 / fma(p.bend, share, 1.0);
    double t = AMERICAN_T / (sum * sum) * bend;
    double by_share = 2.0 * sum * (per_sum * per_sum);
    double by_bend = 2.0 * share * (1.0 - share) * (per_sum * per_sum) * bend;
    double reach = 0.5 * AMERICAN_REACH * p.reach / fma(scale, AMERICAN_REACH, 0.15);
    Directions out;
    out.t_a = t * scale_a, out.t_b = t * scale_b;
    out.share_a = fma(by_share, share_a, by_bend * scale_a);
    out.share_b = fma(by_share, share_b, by_bend * scale_b);
    out.bend_a = bend * scale_a, out.bend_b = bend * scale_b;
    out.reach_a = reach * scale_a, out.reach_b = reach * scale_b;
    return out;
}

/* A depth, and its slopes: by a, by b, by the logarithm of the time that is left. */
typedef struct {
    double depth, by_a, by_b, by_time;
} Slopes;

/* A series at a point, and its slope. */
typedef struct {
    double value, slope;
} Sloped;

/* A value of the table: by its third coordinate, of which z is a part, and by a and b at that. */
typedef struct {
    double value, by_a, by_b, by_z; /* by_z times z */
} Tabulated;

/* The third coordinate bent as in `third_coordinate`; one that is not bent. */
QF_INLINE Tabulated bent(Put p, Directions to, double z, double cosine, Sloped at, double by_a,
                         double by_b) {
    double per = 1.0 / fma(p.bend, z, 1.0), twice = 2.0 * per * per * at.slope;
    double by_z = twice * (p.bend + 1.0), by_bend = twice * (z * (1.0 - z));
    Tabulated out = {at.value, fma(by_z * cosine, to.reach_a, fma(by_bend, to.bend_a, by_a)),
                     fma(by_z * cosine, to.reach_b, fma(by_bend, to.bend_b, by_b)), by_z * z};
    return out;
}

QF_INLINE Tabulated unbent(Directions to, double z, double cosine, Sloped at, double by_a,
                           double by_b) {
    double by_z = 2.0 * at.slope;
    Tabulated out = {at.value, fma(by_z * cosine, to.reach_a, by_a),
                     fma(by_z * cosine, to.reach_b, by_b), by_z * z};
    return out;
}

/* From w and its slopes, the one by z being z dw / dz. */
QF_INLINE Slopes slopes_of(Tabulated w, double s) {
    Slopes out = {w.value * s, w.by_a * s, w.by_b * s, 0.5 * s * (w.by_z + w.value)};
    return out;
}

/* The depth from f in the first region. */
QF_INLINE Slopes first_slopes(Tabulated f, double s) {
    double held = at_most(at_least(f.value, 0x1p-996), 1.0);
    double h = at_least(-logarithm(log_ratio(held, 1.0)), 0.0), root = sqrt(fma(h, h, 1.0));
    double by_f = f.value == held ? -sqrt(0.5 * (1.0 + root)) / (root * held) : 0.0;
    Tabulated w = {h * sqrt(2.0 / (1.0 + root)), by_f * f.by_a, by_f * f.by_b, by_f * f.by_z};
    return slopes_of(w, s);
}

/* The depth from w0 and g in the second. */
QF_INLINE Slopes second_slopes(Put p, Tabulated w0, Tabulated g, double s) {
    double per_u = 1.0 / (s * s), exponent = g.value * per_u, start = p.log_start;
    double late = exp_of(at_most(exponent, 2.0)), bell = exp_of((-0.5 * start) * start * per_u);
    double per_b = 1.0 / p.b, felt = bell * (2.0 + per_u / p.b), tail = bell * per_u * per_b;
    double moved = exponent < 2.0 ? late * per_u : 0.0, pulled = felt * start * per_u;
    int held = felt < late;
    Tabulated w;
    w.value = w0.value + at_most(late, felt);
    w.by_a = w0.by_a + (held ? -pulled / p.a : moved * g.by_a);
    w.by_b = w0.by_b + (held ? fma(pulled, per_b, -(tail * per_b)) : moved * g.by_b);
    w.by_z =
        w0.by_z + (held ? fma(pulled, start, -2.0 * tail) : moved * fma(-2.0, g.value, g.by_z));
    return slopes_of(w, s);
}

/* The premium over the strike, and its derivatives: by ln m, twice by ln m, by ln x, a and b, and
 * those three by ln m. */
typedef struct {
    double value, by_m, by_mm, by_x, by_a, by_b, by_mx, by_ma, by_mb;
} PremiumSlopes;

/* What the integrand at u = x sine^2 adds to it at a weight. */
QF_INLINE PremiumSlopes premium_slopes(Put p, PremiumSlopes sum, Slopes at, double sine,
                                       double weight, int order) {
    double s = p.root * sine, u = s * s, per_s = 1.0 / s, drift = (p.a - p.b) * s;
    double depth_a = at.by_a - (p.second > 0.0 ? 1.0 / p.a : 0.0);
    double depth_b = at.by_b + (p.second > 0.0 ? 1.0 / p.b : 0.0);
    double distance = (p.log_m - p.log_start) + at.depth;
    double plus = fma(fma(p.a - p.b, u, distance), per_s, 0.5 * s), minus = plus - s;
    DiscountedTails tails = discounted_tails(minus, plus, -(p.a * u), fma(-p.b, u, p.log_m));
    double e = tails.minus, m = tails.plus, own = p.a * tails.minus_density;
    double other = p.b * tails.plus_density, k = own - other, both = own + other, k_s = k * per_s;
    double move_a = fma(depth_a, per_s, s), move_b = fma(-depth_b, per_s, s);
    double left_a = fma(-p.a, u, 1.0), left_b = fma(-p.b, u, 1.0),
           apart = fma(-distance, per_s, drift);
    double grown = u * fma(p.b * p.b, m, -(p.a * p.a * e));
    sum.value = fma(weight, fma(p.a, e, -(p.b * m)), sum.value);
    sum.by_m = fma(weight, -fma(p.b, m, k_s), sum.by_m);
    sum.by_mm = fma(weight, fma(plus, k_s, other) * per_s, sum.by_mm);
    double by_x = fma(-0.5 * k, apart, fma(0.25 * s, both, grown));
    sum.by_x = fma(weight, fma(-k_s, at.by_time, by_x), sum.by_x);
    sum.by_a = fma(weight, fma(left_a, e, -(k * move_a)), sum.by_a);
    sum.by_b = fma(weight, fma(k, move_b, -(left_b * m)), sum.by_b);
    if (order < 2) return sum;
    double slope = minus * k_s; /* minus that of k by ln m */
    double by_mx = fma(0.5, fma(slope, apart, k_s), -0.25 * minus * both);
    by_mx += fma(u * p.b * p.b, m, s * (p.a * own - p.b * other));
    sum.by_mx = fma(weight, fma(slope * per_s, at.by_time, by_mx), sum.by_mx);
    sum.by_ma =
        fma(weight, fma(slope, move_a, -(left_a * (tails.minus_density * per_s))), sum.by_ma);
    double gone = fma(-tails.plus_density, per_s, m);
    sum.by_mb = fma(weight, -fma(slope, move_b, left_b * gone), sum.by_mb);
    return sum;
}

/* The greeks of the premium, from its derivatives in the scaled put. */
typedef struct {
    double of[AMERICAN_GREEKS];
} AmericanGreeks;

QF_INLINE AmericanGreeks premium_greeks(Put p, PremiumSlopes by, double spot, double strike,
                                        double time, double sigma, double sign) {
    int call = sign > 0.0;
    double k = p.strike, s = call ? strike : spot, per_m = k / s, per_sigma = 1.0 / sigma;
    double value = p.x * by.value, first = p.x * by.by_m, second = p.x * by.by_mm;
    double x = fma(p.x, by.by_x, value), mx = fma(p.x, by.by_mx, first);
    double a = p.x * by.by_a, b = p.x * by.by_b, ma = p.x * by.by_ma, mb = p.x * by.by_mb;
    double vega = 2.0 * (x - fma(p.a, a, p.b * b)) * per_sigma;
    double vanna = 2.0 * (mx - fma(p.a, ma, p.b * mb)) * per_sigma;
    double own = first * per_m, other = value - first, per_time = 1.0 / time;
    double own_twice = second * per_m / s, other_twice = second / k;
    double rate = k * a * per_sigma * per_sigma, dividend = k * b * per_sigma * per_sigma;
    AmericanGreeks out;
    out.of[PRICE] = value; /* over the strike */
    out.of[DELTA] = call ? other : own;
    out.of[GAMMA] = call ? other_twice : own_twice;
    out.of[VEGA] = k * vega;
    out.of[THETA] = -(k * x * per_time);
    out.of[RHO] = call ? dividend : rate;
    out.of[PHI] = call ? rate : dividend;
    out.of[AMERICAN_VANNA] = call ? vega - vanna : vanna * per_m;
    out.of[AMERICAN_CHARM] = -((call ? x - mx : mx * per_m) * per_time);
    out.of[AMERICAN_DUAL_DELTA] = call ? own : other;
    out.of[AMERICAN_DUAL_GAMMA] = call ? own_twice : other_twice;
    return out;
}

/* The greeks of an option whose time hardly ends: by g, the value changes as -value (ln m - ln B).
 */
QF_INLINE AmericanGreeks greeks_of_endless_time(Perpetual e, double value, double spot,
                                                double strike, double sigma, double sign) {
    int call = sign > 0.0;
    double s = call ? strike : spot, k = call ? spot : strike;
    double more = 1.0 + e.power, square = sigma * sigma;
    double curved = e.power * more, per_root = value / e.root;
    double pull = per_root * e.distance, turn = curved * per_root / sigma;
    double by_spot = -(e.power * value) / s, by_strike = more * value / k;
    double twice = curved * value / s / s, other = curved * value / k / k;
    double by_rate = -(more * pull) / square, by_dividend = e.power * pull / square;
    double vanna = turn * fma(-e.power, e.distance, 1.0) / s;
    double dual_vanna = turn * fma(more, e.distance, -1.0) / k;
    AmericanGreeks out = {{0.0}};
    out.of[PRICE] = value;
    out.of[DELTA] = call ? by_strike : by_spot;
    out.of[GAMMA] = call ? other : twice;
    out.of[VEGA] = curved * pull / sigma;
    out.of[RHO] = call ? by_dividend : by_rate;
    out.of[PHI] = call ? by_rate : by_dividend;
    out.of[AMERICAN_VANNA] = call ? dual_vanna : vanna;
    out.of[AMERICAN_DUAL_DELTA] = call ? by_spot : by_strike;
    out.of[AMERICAN_DUAL_GAMMA] = call ? twice : other;
    return out;
}

/* The greeks of an option that is exercised: nothing changes but what exercise brings. */
QF_INLINE AmericanGreeks greeks_of_exercise(double now, double sign) {
    AmericanGreeks out = {{0.0}};
    out.of[PRICE] = now, out.of[DELTA] = sign, out.of[AMERICAN_DUAL_DELTA] = -sign;
    return out;
}

/* Those of an option without volatility that is best exercised at a time between now and expiry. */
QF_INLINE AmericanGreeks greeks_without_volatility(KnownPath p, double sign) {
    int call = sign > 0.0;
    double by_strike = exp_of(-(p.rate * p.t)), by_spot = -exp_of(-(p.dividend * p.t));
    double twice = p.dividend * by_spot / (p.spot * (p.rate - p.dividend));
    double ratio = p.spot / p.strike, other = twice * ratio * ratio;
    double rate = -(p.t * p.strike * by_strike), dividend = -(p.t * p.spot * by_spot);
    AmericanGreeks out = {{0.0}};
    out.of[PRICE] = p.then;
    out.of[DELTA] = call ? by_strike : by_spot;
    out.of[GAMMA] = call ? other : twice;
    out.of[RHO] = call ? dividend : rate;
    out.of[PHI] = call ? rate : dividend;
    out.of[AMERICAN_DUAL_DELTA] = call ? by_spot : by_strike;
    out.of[AMERICAN_DUAL_GAMMA] = call ? twice : other;
    return out;
}

#endif
