/* The operations, put together from lanes: of each the ordinary and the general form over a block.
 *
 * The ordinary form marks the lanes for which it may not hold; the general one holds everywhere and
 * marks those outside the domain, where no NaN came in: they signal `invalid`. */
#ifndef QF_KERNELS_H
#define QF_KERNELS_H

#include "../american_implied_volatility.h"
#include "../bachelier_greeks.h"
#include "../bachelier_implied_volatility.h"
#include "../bachelier_price.h"
#include "../greeks.h"
#include "../implied_volatility.h"
#include "../price.h"
#include "american.h"
#include "american_greeks.h"
#include "exercise_boundary.h"
#include "lanes.h"

/* The inputs of an inversion. */
typedef struct {
    double price, spot, strike, time, rate, dividend, sign;
} Quote;

LANES_OF(Option)
LANES_OF(Quote)
LANES_OF(BachelierOption)
LANES_OF(BachelierQuote)
LANES_OF(Greeks)
LANES_OF(Search)
LANES_OF(Legs)
LANES_OF(NormalizedPrice)
LANES_OF(Undiscounted)

/* One form of an operation: every output has an array, wanted or not. Marks of 32 bits beside
 * numbers of 64 have a compiler take two vectors of numbers at a time: their chains of operations
 * overlap. */
#define FORM(name)                                                                     \
    QF_INLINE void name(const double *const *restrict in, double *const *restrict out, \
                        int32_t *restrict marks, int64_t n, int64_t wanted)

/* --- price */

QF_INLINE Legs legs_of(Option x) {
    return legs_ordinary(x.spot, x.strike, x.time, x.rate, x.dividend);
}

QF_INLINE GeneralLegs general_legs_of(Option x) {
    return legs_general(x.spot, x.strike, x.time, x.rate, x.dividend);
}

FORM(price_ordinary_block) {
    (void)wanted;
    LegsBlock legs;
    EACH_LANE put_Legs(&legs, i, legs_of(read_Option(in, i)));
    EACH_LANE {
        Option x = read_Option(in, i);
        Legs lane = get_Legs(&legs, i);
        Deviation d = deviation_ordinary(magnitude(lane.y), x.time, x.sigma);
        OrdinaryPrice price = price_ordinary(lane, d, tails_ordinary(d), x.sign);
        out[0][i] = price.price;
        marks[i] = price.special;
    }
}

FORM(price_general_block) {
    (void)wanted;
    EACH_LANE {
        Option x = read_Option(in, i);
        GeneralLegs legs = general_legs_of(x);
        Separation separation = separation_general(legs, x.time, x.sigma);
        int32_t state = legs.state | sigma_state(x.sigma, separation.d.v) | sign_state(x.sign);
        GeneralPrice price = price_general(legs, separation, x.sign);
        double value = times_power(price.value, price.exponent);
        out[0][i] = state ? NOT_A_NUMBER : value;
        marks[i] = state == INVALID;
    }
}

/* --- american_price */

/* The prices, and ln m - ln B now where a boundary is looked for. */
QF_INLINE void price_american(const double *const *restrict in, double *const *restrict out,
                              double *restrict distances, int32_t *restrict marks, int general,
                              int64_t n) {
    if (general) {
        price_general_block(in, out, marks, n, 1);
        add_premium(in, out[0], distances, marks, 1, n);
        settle_american(in, out[0], marks, n);
    } else {
        price_ordinary_block(in, out, marks, n, 1);
        add_premium(in, out[0], distances, marks, 0, n);
    }
}

FORM(american_price_ordinary_block) {
    (void)wanted;
    Row distances;
    price_american(in, out, distances, marks, 0, n);
}

FORM(american_price_general_block) {
    (void)wanted;
    Row distances;
    price_american(in, out, distances, marks, 1, n);
}

/* --- greeks */

/* The greeks of one order are written before those of the next are computed: fewer wait in
 * registers. */
#define WRITE_UP_TO(order, greeks, x, parts)                                  \
    write_Greeks(out, i, greeks(x, parts, 1), PRICE, VANNA);                  \
    if ((order) > 1) write_Greeks(out, i, greeks(x, parts, 2), VANNA, SPEED); \
    if ((order) > 2) write_Greeks(out, i, greeks(x, parts, 3), SPEED, GREEKS)

/* A loop for the highest order that is wanted. */
#define UP_TO_ORDER(wanted, loop, ...)  \
    do {                                \
        if ((wanted) >> SPEED) {        \
            loop(3, __VA_ARGS__);       \
        } else if ((wanted) >> VANNA) { \
            loop(2, __VA_ARGS__);       \
        } else {                        \
            loop(1, __VA_ARGS__);       \
        }                               \
    } while (0)

QF_INLINE void greeks_up_to(int order, const LegsBlock *legs, const double *const *restrict in,
                            double *const *restrict out, int32_t *restrict marks, int64_t n) {
    EACH_LANE {
        Option x = read_Option(in, i);
        Parts parts = parts_ordinary(get_Legs(legs, i), x);
        WRITE_UP_TO(order, greeks_of, x, parts);
        marks[i] = parts.special;
    }
}

FORM(greeks_ordinary_block) {
    LegsBlock legs;
    EACH_LANE put_Legs(&legs, i, legs_of(read_Option(in, i)));
    UP_TO_ORDER(wanted, greeks_up_to, &legs, in, out, marks, n);
}

FORM(greeks_general_block) {
    double unit[BLOCK];
    int32_t states[BLOCK];
    EACH_LANE {
        Option x = read_Option(in, i);
        GeneralLegs legs = general_legs_of(x);
        Amounts amounts = amounts_in_unit(x.spot, x.strike);
        Parts parts = parts_general(legs, x, amounts);
        write_Greeks(out, i, greeks_of(x, parts, 3), PRICE, GREEKS);
        unit[i] = amounts.unit;
        states[i] =
            legs.state | sigma_state(x.sigma, fabs(x.sigma * sqrt(x.time))) | sign_state(x.sign);
        marks[i] = states[i] == INVALID;
    }
    for (int greek = 0; wanted >> greek; greek++) {
        double *restrict x = out[greek];
        EACH_LANE x[i] = swept(rescaled(x[i], DEGREES[greek], unit[i]), states[i]);
    }
}

/* --- american_greeks */

/* The European greeks, by another order of outputs: those that are not wanted go elsewhere. */
QF_INLINE void european_greeks_in(double **to, double (*rest)[BLOCK], double *const *restrict out) {
    static const int OF[AMERICAN_GREEKS] = {PRICE, DELTA, GAMMA, VEGA,       THETA,     RHO,
                                            PHI,   VANNA, CHARM, DUAL_DELTA, DUAL_GAMMA};
    for (int greek = 0; greek < GREEKS; greek++) to[greek] = rest[greek];
    for (int greek = 0; greek < AMERICAN_GREEKS; greek++) to[OF[greek]] = out[greek];
}

FORM(american_greeks_ordinary_block) {
    double rest[GREEKS][BLOCK], *to[GREEKS];
    int order = wanted >> AMERICAN_VANNA ? 2 : 1;
    european_greeks_in(to, rest, out);
    greeks_ordinary_block(in, to, marks, n, order > 1 ? INT64_C(1) << VANNA : 1);
    add_premium_greeks(in, out, marks, 0, order, n);
}

FORM(american_greeks_general_block) {
    (void)wanted;
    double rest[GREEKS][BLOCK], *to[GREEKS];
    european_greeks_in(to, rest, out);
    greeks_general_block(in, to, marks, n, (INT64_C(1) << GREEKS) - 1);
    add_premium_greeks(in, out, marks, 1, 2, n);
    settle_american_greeks(in, out, marks, n);
}

/* --- exercise_boundary */

FORM(exercise_boundary_ordinary_block) {
    (void)wanted;
    boundaries_by_table(in, out[0], marks, n);
}

FORM(exercise_boundary_general_block) {
    (void)wanted;
    boundaries_everywhere(in, out[0], marks, n);
}

/* --- implied_volatility */

/* The volatility and the code of each lane, from what was solved. */
QF_INLINE void settle_codes(const double *const *restrict in, int inputs,
                            double *const *restrict out, int32_t *restrict marks, int64_t n) {
    double *restrict sigma = out[0], *restrict code = out[1];
    EACH_LANE code[i] = sigma[i] == sigma[i] ? code[i] : code_of_nan(code[i]);
    EACH_LANE sigma[i] = volatility_of(sigma[i], code[i]);
    EACH_LANE marks[i] = sigma[i] != sigma[i];
    for (int j = 0; j < inputs; j++) {
        EACH_LANE marks[i] &= in[j][i] == in[j][i];
    }
}

FORM(implied_volatility_ordinary_block) {
    (void)wanted;
    NormalizedPriceBlock to;
    double s[BLOCK], per_density[BLOCK];
    int32_t otm[BLOCK];
    EACH_LANE {
        Quote x = read_Quote(in, i);
        Legs legs = legs_ordinary(x.spot, x.strike, x.time, x.rate, x.dividend);
        OrdinaryNormalizedPrice lane = normalized_price_ordinary(legs, x.price, x.sign);
        put_NormalizedPrice(&to, i, lane.to);
        otm[i] = !lane.in_the_money;
        marks[i] = lane.special;
    }
    EACH_LANE s[i] = seed(get_NormalizedPrice(&to, i));
    for (int turn = 1; turn < STEPS; turn++) {
        EACH_LANE s[i] = step(get_NormalizedPrice(&to, i), s[i], 0).s;
    }
    EACH_LANE {
        Step last = step(get_NormalizedPrice(&to, i), s[i], 1);
        s[i] = last.s;
        per_density[i] = last.per_density;
    }
    EACH_LANE {
        Quote x = read_Quote(in, i);
        Step last = {s[i], per_density[i]};
        OrdinaryImplied lane = implied_volatility_ordinary(get_NormalizedPrice(&to, i), last,
                                                           otm[i] != 0, x.time, x.rate, x.dividend);
        out[0][i] = lane.sigma;
        out[1][i] = OK;
        marks[i] += lane.special;
    }
}

FORM(implied_volatility_general_block) {
    (void)wanted;
    EACH_LANE {
        Quote x = read_Quote(in, i);
        Implied lane = implied_volatility_general(x.price, x.spot, x.strike, x.time, x.rate,
                                                  x.dividend, x.sign);
        out[0][i] = lane.sigma;
        out[1][i] = lane.code;
    }
    settle_codes(in, FIELDS(Quote), out, marks, n);
}

/* --- american_implied_volatility */

/* Prices at the volatilities that are looked at next, and ln m - ln B, or its sign where no
 * boundary is looked for. */
static __attribute__((noinline)) void value_searched(const double *const *restrict in,
                                                     double *restrict value,
                                                     double *restrict distances,
                                                     int32_t *restrict marks, int general,
                                                     int64_t n) {
    double *to[] = {value};
    EACH_LANE distances[i] = NOT_A_NUMBER;
    price_american(in, to, distances, marks, general, n);
    EACH_LANE {
        double side = value[i] > exercised(in[0][i], in[1][i], in[6][i]) ? 1.0 : -1.0;
        distances[i] = distances[i] == distances[i] ? distances[i] : side;
    }
}

/* Search on until no lane is left; the ordinary form leaves, and marks, those beyond it. */
QF_INLINE void search_on(const double *const *restrict in, SearchBlock *searches,
                         int32_t *restrict marks, int general, int64_t all) {
    double given[FIELDS(Quote) + 1][BLOCK], price[BLOCK], value[BLOCK], distances[BLOCK];
    const double *from[FIELDS(Quote) + 1];
    int32_t special[BLOCK];
    int64_t lanes[BLOCK];
    SearchBlock some;
    for (size_t j = 0; j < FIELDS(Quote) + 1; j++) from[j] = given[j];
    for (int turn = 0; turn < MOST_TURNS; turn++) {
        int64_t count = 0;
        for (int64_t i = 0; i < all; i++) {
            lanes[count] = i;
            count += (searches->fields[0][i] == SEARCHING) & (general | !marks[i]);
        }
        if (!count) return;
        const int64_t n = padded_count(count);
        for (int64_t k = count; k < n; k++) lanes[k] = lanes[0];
        for (size_t j = 0; j < FIELDS(Search); j++) {
            for (int64_t k = 0; k < n; k++) some.fields[j][k] = searches->fields[j][lanes[k]];
        }
        for (int j = 0; j < 5; j++) {
            for (int64_t k = 0; k < n; k++) given[j][k] = in[j + 1][lanes[k]];
        }
        for (int64_t k = 0; k < n; k++) {
            price[k] = in[0][lanes[k]];
            given[5][k] = some.fields[1][k];
            given[6][k] = in[6][lanes[k]];
            given[7][k] = in[7][lanes[k]];
        }
        value_searched(from, value, distances, special, general, n);
        EACH_LANE {
            Search search = get_Search(&some, i);
            double offset = offset_of(search, value[i], distances[i]), first = 0.0;
            if (turn == 0) {
                first = slope_at_first(search, offset, given[0][i], given[1][i], given[2][i],
                                       given[3][i], given[4][i], given[6][i]);
            }
            put_Search(&some, i, advanced(search, price[i], value[i], offset, first));
        }
        for (size_t j = 0; j < FIELDS(Search); j++) {
            for (int64_t k = 0; k < count; k++) searches->fields[j][lanes[k]] = some.fields[j][k];
        }
        for (int64_t k = 0; k < count && !general; k++) marks[lanes[k]] |= special[k];
    }
}

/* The search from what the European inversion has left, and its results. For a boundary it needs
 * nothing of that: it goes on where that was special. */
QF_INLINE void search_block(const double *const *restrict in, double *const *restrict out,
                            int32_t *restrict marks, int general, int64_t n) {
    SearchBlock searches;
    EACH_LANE {
        put_Search(&searches, i,
                   search_of(in[0][i], in[1][i], in[2][i], in[3][i], in[4][i], in[5][i], in[6][i],
                             in[7][i], out[0][i], out[1][i]));
    }
    EACH_LANE {
        int by_boundary = (searches.fields[0][i] == SEARCHING) & (fabs(in[6][i]) == 1.0) &
                          (get_Search(&searches, i).by_boundary > 0.0);
        marks[i] = by_boundary ? 0 : marks[i];
    }
    search_on(in, &searches, marks, general, n);
    EACH_LANE {
        double code = searches.fields[0][i];
        out[1][i] = code == SEARCHING ? LOW_PRECISION : code;
        out[0][i] = american_volatility_of(searches.fields[1][i], out[1][i]);
    }
}

FORM(american_implied_volatility_ordinary_block) {
    implied_volatility_ordinary_block(in, out, marks, n, wanted);
    search_block(in, out, marks, 0, n);
    EACH_LANE marks[i] |= out[0][i] != out[0][i];
}

FORM(american_implied_volatility_general_block) {
    implied_volatility_general_block(in, out, marks, n, wanted);
    search_block(in, out, marks, 1, n);
    EACH_LANE marks[i] = out[0][i] != out[0][i];
    for (size_t j = 0; j < FIELDS(Quote) + 1; j++) {
        EACH_LANE marks[i] &= in[j][i] == in[j][i];
    }
}

/* --- bachelier_price */

FORM(bachelier_price_ordinary_block) {
    (void)wanted;
    EACH_LANE {
        BachelierOption x = read_BachelierOption(in, i);
        OrdinaryBachelierPrice price =
            bachelier_price_ordinary(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign);
        out[0][i] = price.price;
        marks[i] = price.special;
    }
}

FORM(bachelier_price_general_block) {
    (void)wanted;
    EACH_LANE {
        BachelierOption x = read_BachelierOption(in, i);
        BachelierTerms terms =
            bachelier_terms_general(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign);
        double value = bachelier_price_general(terms, x.time, x.rate);
        out[0][i] = terms.state ? NOT_A_NUMBER : value;
        marks[i] = terms.state == INVALID;
    }
}

/* --- bachelier_greeks */

QF_INLINE void bachelier_greeks_up_to(int order, const double *const *restrict in,
                                      double *const *restrict out, int32_t *restrict marks,
                                      int64_t n) {
    EACH_LANE {
        BachelierOption x = read_BachelierOption(in, i);
        BachelierParts parts = bachelier_parts_ordinary(x);
        WRITE_UP_TO(order, bachelier_greeks_of, x, parts);
        marks[i] = parts.special;
    }
}

FORM(bachelier_greeks_ordinary_block) {
    UP_TO_ORDER(wanted, bachelier_greeks_up_to, in, out, marks, n);
}

FORM(bachelier_greeks_general_block) {
    int32_t states[BLOCK];
    EACH_LANE {
        BachelierOption x = read_BachelierOption(in, i);
        BachelierTerms terms =
            bachelier_terms_general(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign);
        write_Greeks(out, i, bachelier_greeks_of(x, bachelier_parts_general(terms, x), 3), PRICE,
                     GREEKS);
        states[i] = terms.state;
        marks[i] = terms.state == INVALID;
    }
    for (int greek = 0; wanted >> greek; greek++) {
        double *restrict x = out[greek];
        EACH_LANE x[i] = swept(x[i], states[i]);
    }
}

/* --- bachelier_implied_volatility */

FORM(bachelier_implied_volatility_ordinary_block) {
    (void)wanted;
    UndiscountedBlock to;
    double s[BLOCK];
    EACH_LANE {
        Undiscounted lane = undiscounted_ordinary(read_BachelierQuote(in, i));
        put_Undiscounted(&to, i, lane);
        s[i] = bachelier_seed(lane.c, lane.k);
    }
    EACH_LANE {
        Undiscounted lane = get_Undiscounted(&to, i);
        s[i] = bachelier_step(lane.c, lane.k, s[i]).s;
    }
    EACH_LANE {
        Undiscounted lane = get_Undiscounted(&to, i);
        Step last = bachelier_step(lane.c, lane.k, s[i]);
        OrdinaryImplied implied =
            bachelier_implied_volatility_ordinary(read_BachelierQuote(in, i), lane, last);
        out[0][i] = implied.sigma;
        out[1][i] = OK;
        marks[i] = implied.special;
    }
}

FORM(bachelier_implied_volatility_general_block) {
    (void)wanted;
    EACH_LANE {
        BachelierQuote x = read_BachelierQuote(in, i);
        Implied lane = bachelier_implied_volatility_general(x.price, x.forward, x.strike, x.time,
                                                            x.rate, x.sign);
        out[0][i] = lane.sigma;
        out[1][i] = lane.code;
    }
    settle_codes(in, FIELDS(BachelierQuote), out, marks, n);
}

#endif
