/* Every operation once: its name, the version of the numerical specification it follows, how many
 * inputs and outputs it has, and whether the last output is a code. build_native.py reads this
 * too. */
#ifndef QF_OPERATIONS_H
#define QF_OPERATIONS_H

#define OPERATIONS(OPERATION)                          \
    OPERATION(price, 2, 7, 1, 0)                       \
    OPERATION(american_price, 1, 8, 1, 0)              \
    OPERATION(greeks, 2, 7, 17, 0)                     \
    OPERATION(american_greeks, 1, 8, 11, 0)            \
    OPERATION(exercise_boundary, 1, 7, 1, 0)           \
    OPERATION(implied_volatility, 2, 7, 2, 1)          \
    OPERATION(american_implied_volatility, 1, 8, 2, 1) \
    OPERATION(bachelier_price, 2, 6, 1, 0)             \
    OPERATION(bachelier_greeks, 2, 6, 17, 0)           \
    OPERATION(bachelier_implied_volatility, 2, 6, 2, 1)

#endif
