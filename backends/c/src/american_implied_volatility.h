/* Volatility implied by an American price on a lognormal underlying.
 *
 * A search between bounds by parabolas through three points. The European volatility of the price
 * is the first guess and the upper bound, for early exercise is worth something. With V the price
 * and F its limit without volatility, what is brought to 0 is sqrt(V - F) - sqrt(price - F): near
 * the boundary V - F grows as the square of what the volatility is beyond the largest at which the
 * option is exercised at once. At F itself, if that is what exercise brings, that largest one is
 * the volatility: the search is for the boundary, ln m - ln B.
 *
 * How many prices a search takes depends on nothing but its option. */
#ifndef QF_AMERICAN_IMPLIED_VOLATILITY_H
#define QF_AMERICAN_IMPLIED_VOLATILITY_H

#include "american_price.h"
#include "implied_volatility.h"

enum { MOST_TURNS = 48 };
#define SEARCHING -1.0

/* Where the search for an option's volatility is. */
typedef struct {
    double code, at;           /* SEARCHING, or the result's; where to look next, or the result */
    double low, high, known;   /* known: a price stands behind `high`, not the end of all prices */
    double last_at, last;      /* where it was looked before, NaN before the first */
    double before, slope;      /* and before that; the secant's slope between the two */
    double floor, goal;        /* F, and sqrt(price - F) */
    double start, by_boundary; /* ln X - ln m, where the boundary is searched for */
    double rounding, told;     /* what rounding amounts costs; the European code where it holds */
} Search;

/* How a search begins, from the European volatility and its code: it may be over at once. */
QF_INLINE Search search_of(double price, double spot, double strike, double time, double rate,
                           double dividend, double sign, double style, double sigma, double code) {
    KnownPath path = known_path(spot, strike, time, rate, dividend, sign);
    double s = path.spot, k = path.strike, r = path.rate, q = path.dividend;
    double end = fma(k, exp_of(-(r * time)), -(s * exp_of(-(q * time))));
    double floor = value_without_volatility(path, end), larger = at_least(s, k);
    double unit = floor > 0.0 ? 0x1p-51 * larger : 0.0, most = 0x1p-51 * k;
    int solved = ((code == OK) | (code == LOW_PRECISION)) & (sigma > 0.0);
    int near = is_near(s) & is_near(k), late = (q > r) & (r > 0.0);
    double log_m = logarithm(log_ratio(near ? s : 1.0, near ? k : 1.0));
    double log_start = logarithm(log_ratio(late ? r : 1.0, late ? q : 1.0));
    int at_floor = (floor - unit <= price) & (price <= floor + unit);
    int by_boundary = at_floor & (path.now > 0.0) & (path.now == floor);
    double root = sqrt(time), found = SEARCHING;
    double at = solved ? sigma : 2.0 / root;
    at = by_boundary ? at_least(log_start - log_m, 0x1p-20) / root : at;
    int at_once = at_floor & !by_boundary;
    found = at_once ? AT_INTRINSIC : found;
    at = at_once ? 0.0 : at;
    int minute = solved & (floor == 0.0) & (price < 0x1p-960 * k); /* no premium is so small */
    found = minute ? LOW_PRECISION : found;
    at = minute ? sigma : at;
    found = price >= k - most ? AT_MAXIMUM : found;
    at = price >= k - most ? INFINITY : at;
    found = price > k + most ? ABOVE_MAXIMUM : found;
    found = price < floor - unit ? BELOW_INTRINSIC : found;
    int early = (r > 0.0) | (q < r), single = !((r < 0.0) & (q < r));
    found = near & single & (time < INFINITY) ? found : INVALID_INPUT;
    int told = (code == NOT_FINITE) | (code == INVALID_INPUT) | (code == BELOW_INTRINSIC);
    int european = told | (time == 0.0) | !early | (style == 0.0);
    found = european ? code : found;
    at = european ? sigma : at;
    int known = (style == 0.0) | (style == 1.0) | (style == 2.0) | (style == 3.0);
    found = known | told ? found : INVALID_INPUT;
    Search out = {found,
                  at,
                  0.0,
                  INFINITY,
                  0.0,
                  NOT_A_NUMBER,
                  0.0,
                  NOT_A_NUMBER,
                  0.0,
                  floor,
                  sqrt(price - floor),
                  log_start - log_m,
                  by_boundary,
                  0x1p-52 * larger,
                  solved & (path.now == 0.0) ? code : SEARCHING};
    return out;
}

/* The offset's slope where the search begins. It is that of the European price. A depth grows as
 * the volatility does. */
QF_INLINE double slope_at_first(Search search, double offset, double spot, double strike,
                                double time, double rate, double dividend, double sign) {
    Put p = put_of(spot, strike, time, rate, dividend, search.at, sign);
    double plus = fma(1.0 / p.root, fma(p.a - p.b, p.x, p.log_m), 0.5 * p.root);
    DiscountedTails tails =
        discounted_tails(plus - p.root, plus, -(p.a * p.x), fma(-p.b, p.x, p.log_m));
    double vega = p.strike * (tails.plus_density * sqrt(time));
    double by_boundary = (offset + search.start) / search.at;
    double by_price = 0.5 * vega / (offset + search.goal);
    return search.by_boundary > 0.0 ? by_boundary : by_price;
}

/* What is to be brought to 0, infinite where nothing can be priced. */
QF_INLINE double offset_of(Search search, double value, double distance) {
    double over = sqrt(at_least(value - search.floor, 0.0)) - search.goal;
    double offset = search.by_boundary > 0.0 ? distance : over;
    return value == value ? offset : INFINITY;
}

/* The search a turn on, `first` being the slope of the first one. */
QF_INLINE Search advanced(Search search, double price, double value, double offset, double first) {
    int is_first = search.last_at != search.last_at, by_boundary = search.by_boundary > 0.0;
    int close = !by_boundary & (fabs(value - price) <= 0x1p-48 * price);
    double low = offset < 0.0 ? search.at : search.low;
    double high = offset > 0.0 ? search.at : search.high;
    double known = (offset > 0.0) & (offset < INFINITY) ? 1.0 : search.known;
    double moved = search.at - search.last_at;
    double slope = is_first ? first : (offset - search.last) / moved;
    double bend = (slope - search.slope) / (search.at - search.before);
    double own = fma(bend, moved, slope), root = sqrt(fma(own, own, -4.0 * (offset * bend)));
    double by_parabola = search.at - 2.0 * offset / (own < 0.0 ? own - root : own + root);
    double to = search.at - offset / slope;
    double middle = high < INFINITY ? 0.5 * (low + high) : 2.0 * search.at;
    double end = at_most(high, 4.0 * search.at);
    to = (low < to) & (to < end) ? to : middle;
    to = (low < by_parabola) & (by_parabola < end) ? by_parabola : to;
    double still = (by_boundary ? 0x1p-13 : 0x1p-20) * search.at;
    int hit = close | (offset == 0.0);
    int over = hit | (fabs(to - search.at) <= still) | (high - low <= still);
    int lost = (high < INFINITY) & (known == 0.0) & !close;
    double result = hit ? search.at : to;
    result = lost ? INFINITY : result;
    int poor = !(search.rounding <= 1e-8 * search.at * (2.0 * search.goal * slope));
    double code = search.told != SEARCHING ? search.told : poor ? LOW_PRECISION : OK;
    code = lost ? AT_MAXIMUM : code;
    code = by_boundary ? AT_INTRINSIC : code;
    search.code = over ? code : SEARCHING;
    search.before = search.last_at;
    search.slope = slope;
    search.last_at = search.at;
    search.last = offset;
    search.at = over ? result : to;
    search.low = low, search.high = high, search.known = known;
    return search;
}

/* The value that goes with a code. */
QF_INLINE double american_volatility_of(double sigma, double code) {
    int none = (code == BELOW_INTRINSIC) | (code == ABOVE_MAXIMUM) | (code == NOT_FINITE) |
               (code == INVALID_INPUT);
    return none ? NOT_A_NUMBER : sigma;
}

#endif
