/* European options, one to a thread, by the formula files of QuantForge's C backend.
 *
 * The ordinary form says where it may not hold; those options go through the general one, which
 * holds everywhere and says which of them lie outside the domain. So it is done on the processor,
 * where loops/kernels.h does it for blocks of options.
 *
 * This is CUDA for NVRTC, and plain C++ for a compiler of the host, which has the same bits. */
#include "bachelier_greeks.h"
#include "bachelier_implied_volatility.h"
#include "greeks.h"
#include "implied_volatility.h"

#ifdef __CUDACC_RTC__
#define KERNEL extern "C" __global__ void
#define EACH_OPTION                                                     \
    for (int64_t i = blockIdx.x * (int64_t)blockDim.x + threadIdx.x; i < n; \
         i += (int64_t)gridDim.x * blockDim.x)
#else
#define KERNEL extern "C" void
#define EACH_OPTION for (int64_t i = 0; i < n; i++)
#endif

/* The inputs of an inversion. */
typedef struct {
    double price, spot, strike, time, rate, dividend, sign;
} Quote;

/* --- one option: its results, and whether it is outside the domain */

QF_INLINE int price_of(Option x, int64_t wanted, double *out) {
    (void)wanted;
    Legs legs = legs_ordinary(x.spot, x.strike, x.time, x.rate, x.dividend);
    Deviation d = deviation_ordinary(magnitude(legs.y), x.time, x.sigma);
    OrdinaryPrice price = price_ordinary(legs, d, tails_ordinary(d), x.sign);
    out[0] = price.price;
    if (!price.special) return 0;
    GeneralLegs general = legs_general(x.spot, x.strike, x.time, x.rate, x.dividend);
    Separation separation = separation_general(general, x.time, x.sigma);
    int32_t state = general.state | sigma_state(x.sigma, separation.d.v) | sign_state(x.sign);
    GeneralPrice value = price_general(general, separation, x.sign);
    out[0] = state ? NOT_A_NUMBER : times_power(value.value, value.exponent);
    return state == INVALID;
}

/* The highest order that is wanted. */
QF_INLINE int order_of(int64_t wanted) { return wanted >> SPEED ? 3 : wanted >> VANNA ? 2 : 1; }

QF_INLINE int greeks_of_option(Option x, int64_t wanted, double *out) {
    Legs legs = legs_ordinary(x.spot, x.strike, x.time, x.rate, x.dividend);
    Parts parts = parts_ordinary(legs, x);
    if (!parts.special) {
        Greeks greeks = greeks_of(x, parts, order_of(wanted));
        for (int k = 0; wanted >> k; k++) out[k] = greeks.of[k];
        return 0;
    }
    GeneralLegs general = legs_general(x.spot, x.strike, x.time, x.rate, x.dividend);
    Amounts amounts = amounts_in_unit(x.spot, x.strike);
    Greeks greeks = greeks_of(x, parts_general(general, x, amounts), 3);
    int32_t state =
        general.state | sigma_state(x.sigma, fabs(x.sigma * sqrt(x.time))) | sign_state(x.sign);
    for (int k = 0; k < GREEKS; k++) {
        out[k] = swept(rescaled(greeks.of[k], DEGREES[k], amounts.unit), state);
    }
    return state == INVALID;
}

/* What an inversion found, as it is returned; a NaN that came in signals nothing. */
QF_INLINE int settled(Implied found, int missing, double *out) {
    double code = found.sigma == found.sigma ? found.code : code_of_nan(found.code);
    out[0] = volatility_of(found.sigma, code);
    out[1] = code;
    return (out[0] != out[0]) & !missing;
}

QF_INLINE int implied_of(Quote x, int64_t wanted, double *out) {
    (void)wanted;
    Legs legs = legs_ordinary(x.spot, x.strike, x.time, x.rate, x.dividend);
    OrdinaryNormalizedPrice lane = normalized_price_ordinary(legs, x.price, x.sign);
    double s = seed(lane.to);
    for (int turn = 1; turn < STEPS; turn++) s = step(lane.to, s, 0).s;
    Step last = step(lane.to, s, 1);
    OrdinaryImplied implied =
        implied_volatility_ordinary(lane.to, last, !lane.in_the_money, x.time, x.rate, x.dividend);
    out[0] = implied.sigma;
    out[1] = OK;
    if (!(lane.special | implied.special)) return 0;
    int missing = (x.price != x.price) | (x.spot != x.spot) | (x.strike != x.strike) |
                  (x.time != x.time) | (x.rate != x.rate) | (x.dividend != x.dividend) |
                  (x.sign != x.sign);
    return settled(implied_volatility_general(x.price, x.spot, x.strike, x.time, x.rate,
                                              x.dividend, x.sign),
                   missing, out);
}

QF_INLINE int bachelier_price_of(BachelierOption x, int64_t wanted, double *out) {
    (void)wanted;
    OrdinaryBachelierPrice price =
        bachelier_price_ordinary(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign);
    out[0] = price.price;
    if (!price.special) return 0;
    BachelierTerms terms =
        bachelier_terms_general(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign);
    double value = bachelier_price_general(terms, x.time, x.rate);
    out[0] = terms.state ? NOT_A_NUMBER : value;
    return terms.state == INVALID;
}

QF_INLINE int bachelier_greeks_of_option(BachelierOption x, int64_t wanted, double *out) {
    BachelierParts parts = bachelier_parts_ordinary(x);
    if (!parts.special) {
        Greeks greeks = bachelier_greeks_of(x, parts, order_of(wanted));
        for (int k = 0; wanted >> k; k++) out[k] = greeks.of[k];
        return 0;
    }
    BachelierTerms terms =
        bachelier_terms_general(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign);
    Greeks greeks = bachelier_greeks_of(x, bachelier_parts_general(terms, x), 3);
    for (int k = 0; k < GREEKS; k++) out[k] = swept(greeks.of[k], terms.state);
    return terms.state == INVALID;
}

QF_INLINE int bachelier_implied_of(BachelierQuote x, int64_t wanted, double *out) {
    (void)wanted;
    Undiscounted to = undiscounted_ordinary(x);
    double s = bachelier_step(to.c, to.k, bachelier_seed(to.c, to.k)).s;
    Step last = bachelier_step(to.c, to.k, s);
    OrdinaryImplied implied = bachelier_implied_volatility_ordinary(x, to, last);
    out[0] = implied.sigma;
    out[1] = OK;
    if (!implied.special) return 0;
    int missing = (x.price != x.price) | (x.forward != x.forward) | (x.strike != x.strike) |
                  (x.time != x.time) | (x.rate != x.rate) | (x.sign != x.sign);
    return settled(bachelier_implied_volatility_general(x.price, x.forward, x.strike, x.time,
                                                        x.rate, x.sign),
                   missing, out);
}

/* --- all options of a batch */

enum { MOST_INPUTS = 7, MOST_OUTPUTS = GREEKS };

/* Where operands lie, and how far apart two options' are: 1, or 0 where all have the same. */
typedef struct {
    const double *at[MOST_INPUTS];
    int64_t step[MOST_INPUTS];
} Operands;

/* Where results go, those that are not wanted nowhere; the last one of an inversion is a code. */
typedef struct {
    void *to[MOST_OUTPUTS];
} Results;

#define OPERATION(name, Lane, compute, codes)                                                     \
    KERNEL name(Operands in, Results out, int64_t n, int64_t wanted, int32_t *outside) {          \
        EACH_OPTION {                                                                             \
            Lane lane;                                                                            \
            double *fields = (double *)&lane, found[MOST_OUTPUTS];                                \
            for (int k = 0; k < (int)(sizeof lane / sizeof(double)); k++) {                       \
                fields[k] = in.at[k][i * in.step[k]];                                             \
            }                                                                                     \
            if (compute(lane, wanted, found)) *outside = 1;                                       \
            for (int k = 0; wanted >> k; k++) {                                                   \
                if (!(wanted >> k & 1)) continue;                                                 \
                if ((codes) && k == 1) {                                                          \
                    ((int8_t *)out.to[k])[i] = (int8_t)found[k];                                  \
                } else {                                                                          \
                    ((double *)out.to[k])[i] = found[k];                                          \
                }                                                                                 \
            }                                                                                     \
        }                                                                                         \
    }

OPERATION(price, Option, price_of, 0)
OPERATION(greeks, Option, greeks_of_option, 0)
OPERATION(implied_volatility, Quote, implied_of, 1)
OPERATION(bachelier_price, BachelierOption, bachelier_price_of, 0)
OPERATION(bachelier_greeks, BachelierOption, bachelier_greeks_of_option, 0)
OPERATION(bachelier_implied_volatility, BachelierQuote, bachelier_implied_of, 1)
