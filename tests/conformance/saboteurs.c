/* The right kernels of the C backend, and ways to be wrong: each one fault around it.
 *
 * Faults that the core's check at loading would see begin with the second call. A fault keeps to
 * memory that malloc has rounded up to, so that it is a test of the suite that notices it and not
 * the allocator. */
#define ISA right
#include "loops/inner_loops.h"

#include <float.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOP(name) \
    void name(char **args, const intptr_t *dims, const intptr_t *steps, void *data)

enum { STRIKE = 1, INPUTS = 7, OUT = INPUTS, CONTIGUOUS = sizeof(double), KEPT = 4096 };

int PyGILState_Ensure(void);
void PyGILState_Release(int state);

static double *lane(char **args, const intptr_t *steps, int operand, intptr_t i) {
    return (double *)(void *)(args[operand] + i * steps[operand]);
}

static void one_ulp_up(double *x) { *x = from_bits(to_bits(*x) + 1); }

LOOP(honest) { qf_price_right(args, dims, steps, data); }

/* From the first call on. */
LOOP(one_ulp_off_everywhere) {
    qf_price_right(args, dims, steps, data);
    for (intptr_t i = 0; i < dims[0]; i++) one_ulp_up(lane(args, steps, OUT, i));
}

/* One price in 64. */
LOOP(one_ulp_off) {
    static int loaded = 0;
    qf_price_right(args, dims, steps, data);
    for (intptr_t i = 0; loaded && i < dims[0]; i++) {
        double *price = lane(args, steps, OUT, i);
        if (*price > 0.0 && isfinite(*price) && to_bits(*price) % 64 == 0) one_ulp_up(price);
    }
    loaded = 1;
}

LOOP(wrong_at_one_size) {
    qf_price_right(args, dims, steps, data);
    if (dims[0] == 777) one_ulp_up(lane(args, steps, OUT, 776));
}

LOOP(wrong_from_a_size_on) {
    qf_price_right(args, dims, steps, data);
    if (dims[0] >= 65536) one_ulp_up(lane(args, steps, OUT, dims[0] - 1));
}

LOOP(wrong_at_one_place) {
    qf_price_right(args, dims, steps, data);
    if (dims[0] > 255) one_ulp_up(lane(args, steps, OUT, 255));
}

LOOP(wrong_alone) {
    qf_price_right(args, dims, steps, data);
    if (dims[0] == 1) one_ulp_up(lane(args, steps, OUT, 0));
}

LOOP(writes_a_neighbour) {
    qf_price_right(args, dims, steps, data);
    if (dims[0] % 16 == 0 && steps[OUT] == CONTIGUOUS) *lane(args, steps, OUT, dims[0]) = 0.0;
}

LOOP(writes_between_the_results) {
    qf_price_right(args, dims, steps, data);
    if (steps[OUT] != 2 * CONTIGUOUS) return;
    for (intptr_t i = 0; i + 1 < dims[0]; i++) lane(args, steps, OUT, i)[1] = 0.0;
}

LOOP(computes_nothing) {
    static int loaded = 0;
    if (!loaded) qf_price_right(args, dims, steps, data);
    for (intptr_t i = 0; loaded && i < dims[0]; i++) *lane(args, steps, OUT, i) = 0.0;
    loaded = 1;
}

LOOP(computes_in_single_precision) {
    qf_price_right(args, dims, steps, data);
    for (intptr_t i = 0; i < dims[0]; i++) {
        double *price = lane(args, steps, OUT, i);
        *price = (double)(float)*price;
    }
}

/* As a kernel that sums up into its results. */
LOOP(clears_the_results_first) {
    for (intptr_t i = 0; i < dims[0]; i++) *lane(args, steps, OUT, i) = 0.0;
    qf_price_right(args, dims, steps, data);
}

LOOP(loses_the_sign_of_a_stride) {
    char *starts[INPUTS + 1];
    intptr_t strides[INPUTS + 1];
    for (int j = 0; j <= OUT; j++) {
        int backwards = j < INPUTS && steps[j] < 0;
        starts[j] = args[j] + (backwards ? (dims[0] - 1) * steps[j] : 0);
        strides[j] = backwards ? -steps[j] : steps[j];
    }
    qf_price_right(starts, dims, strides, data);
}

/* The second option takes what lies behind a scalar. */
LOOP(ignores_stride_0) {
    double values[INPUTS];
    char *second[INPUTS + 1];
    const intptr_t one = 1;
    for (int j = 0; j < INPUTS && dims[0] > 1; j++) {
        values[j] = *lane(args, steps, j, 1);
        if (steps[j] == 0) memcpy(&values[j], args[j] + CONTIGUOUS, CONTIGUOUS);
        second[j] = (char *)&values[j];
    }
    qf_price_right(args, dims, steps, data);
    if (dims[0] < 2) return;
    second[OUT] = (char *)lane(args, steps, OUT, 1);
    qf_price_right(second, &one, steps, data);
}

LOOP(reads_past_the_end) {
    for (int j = 0; j < INPUTS; j++) {
        if (steps[j] == CONTIGUOUS) (void)*(volatile double *)lane(args, steps, j, dims[0]);
    }
    qf_price_right(args, dims, steps, data);
}

LOOP(holds_the_gil) {
    int state = PyGILState_Ensure();
    qf_price_right(args, dims, steps, data);
    PyGILState_Release(state);
}

/* Takes operands in the same place for the same operands. */
LOOP(remembers_the_last_batch) {
    static _Thread_local double kept[KEPT];
    static _Thread_local char *place;
    static _Thread_local intptr_t count;
    int known = args[0] == place && dims[0] == count && steps[0] != 0;
    if (!known) qf_price_right(args, dims, steps, data);
    place = dims[0] <= KEPT ? args[0] : NULL, count = dims[0];
    for (intptr_t i = 0; place && i < count; i++) {
        double *price = lane(args, steps, OUT, i);
        if (known) *price = kept[i];
        kept[i] = *price;
    }
}

LOOP(shares_a_buffer_between_threads) {
    static double buffer[KEPT];
    char *others[INPUTS + 1];
    intptr_t strides[INPUTS + 1];
    if (dims[0] > KEPT) {
        qf_price_right(args, dims, steps, data);
        return;
    }
    memcpy(others, args, sizeof others), memcpy(strides, steps, sizeof strides);
    others[OUT] = (char *)buffer, strides[OUT] = CONTIGUOUS;
    qf_price_right(others, dims, strides, data);
    sched_yield();
    for (intptr_t i = 0; i < dims[0]; i++) *lane(args, steps, OUT, i) = buffer[i];
}

/* As a kernel whose threads or device handles stay with the parent. */
LOOP(wrong_in_a_child) {
    static pid_t parent = 0;
    if (parent == 0) parent = getpid();
    qf_price_right(args, dims, steps, data);
    if (getpid() != parent) one_ulp_up(lane(args, steps, OUT, dims[0] - 1));
}

LOOP(mutates_an_input) {
    qf_price_right(args, dims, steps, data);
    int shared = args[STRIKE] == args[OUT] || steps[STRIKE] != CONTIGUOUS;
    if (!shared && dims[0] > 1) one_ulp_up(lane(args, steps, STRIKE, dims[0] - 1));
}

/* The option behind a NaN becomes one. */
LOOP(leaks_nan) {
    static int loaded = 0;
    char *missing = calloc((size_t)dims[0] + 1, 1);
    for (intptr_t i = 0; i < dims[0]; i++) {
        for (int j = 0; j < INPUTS; j++) missing[i + 1] |= isnan(*lane(args, steps, j, i)) != 0;
    }
    qf_price_right(args, dims, steps, data);
    for (intptr_t i = 0; i < dims[0]; i++) {
        if (loaded && missing[i]) *lane(args, steps, OUT, i) = NOT_A_NUMBER;
    }
    free(missing);
    loaded = 1;
}

LOOP(returns_another_nan) {
    static int loaded = 0;
    qf_price_right(args, dims, steps, data);
    for (intptr_t i = 0; loaded && i < dims[0]; i++) {
        double *price = lane(args, steps, OUT, i);
        if (isnan(*price)) *price = -NOT_A_NUMBER;
    }
    loaded = 1;
}

LOOP(flushes_small_prices) {
    static int loaded = 0;
    qf_price_right(args, dims, steps, data);
    for (intptr_t i = 0; loaded && i < dims[0]; i++) {
        double *price = lane(args, steps, OUT, i);
        if (*price < DBL_MIN) *price = 0.0;
    }
    loaded = 1;
}

/* One price in 64 by 2^-40 of itself; this backend does not call itself exact. */
LOOP(misses_the_accuracy_contract) {
    static int loaded = 0;
    qf_price_right(args, dims, steps, data);
    for (intptr_t i = 0; loaded && i < dims[0]; i++) {
        double *price = lane(args, steps, OUT, i);
        if (to_bits(*price) % 64 == 0) *price += *price * 0x1p-40;
    }
    loaded = 1;
}

LOOP(follows_the_rounding_mode) {
    int mode = __builtin_ia32_stmxcsr() & 0x6000;
    qf_price_right(args, dims, steps, data);
    if (mode) one_ulp_up(lane(args, steps, OUT, dims[0] - 1));
}

LOOP(keeps_quiet_outside_the_domain) {
    unsigned before = __builtin_ia32_stmxcsr();
    qf_price_right(args, dims, steps, data);
    __builtin_ia32_ldmxcsr(before);
}

/* Leaves flush-to-zero behind, as a library built with -ffast-math does. */
LOOP(changes_the_environment) {
    qf_price_right(args, dims, steps, data);
    __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8000u);
}

LOOP(signals_without_reason) {
    qf_price_right(args, dims, steps, data);
    __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x0010u); /* underflow */
}

/* One zomma in 64, wherever it stands among the outputs that are asked for. */
LOOP(one_greek_one_ulp_off) {
    static int loaded = 0;
    const int64_t wanted = *(const int64_t *)data, asked = INT64_C(1) << ZOMMA;
    qf_greeks_right(args, dims, steps, data);
    int place = INPUTS + __builtin_popcountll((uint64_t)(wanted & (asked - 1)));
    for (intptr_t i = 0; loaded && (wanted & asked) && i < dims[0]; i++) {
        double *zomma = lane(args, steps, place, i);
        if (isfinite(*zomma) && *zomma != 0.0 && to_bits(*zomma) % 64 == 0) one_ulp_up(zomma);
    }
    loaded = 1;
}

/* Delta and gamma without the rest come in the wrong order. */
LOOP(mistakes_an_output) {
    const int64_t pair = INT64_C(1) << DELTA | INT64_C(1) << GAMMA;
    if ((*(const int64_t *)data & ~(INT64_C(1) << PRICE)) != pair) {
        qf_greeks_right(args, dims, steps, data);
        return;
    }
    int last = INPUTS + (*(const int64_t *)data != pair) + 1;
    char *others[INPUTS + 3];
    intptr_t strides[INPUTS + 3];
    memcpy(others, args, (size_t)(last + 1) * sizeof others[0]);
    memcpy(strides, steps, (size_t)(last + 1) * sizeof strides[0]);
    others[last] = args[last - 1], others[last - 1] = args[last];
    strides[last] = steps[last - 1], strides[last - 1] = steps[last];
    qf_greeks_right(others, dims, strides, data);
}

/* The most an option can be worth passes for more than that. */
LOOP(wrong_code_at_a_border) {
    static int loaded = 0;
    qf_implied_volatility_right(args, dims, steps, data);
    int coded = *(const int64_t *)data == 3; /* sigma and code */
    for (intptr_t i = 0; loaded && coded && i < dims[0]; i++) {
        char *code = args[INPUTS + 1] + i * steps[INPUTS + 1];
        if (*code == AT_MAXIMUM) *code = ABOVE_MAXIMUM;
    }
    loaded = 1;
}

/* One volatility in 64, as an iteration that stops a step too early. */
LOOP(stops_a_step_early) {
    static int loaded = 0;
    qf_implied_volatility_right(args, dims, steps, data);
    int first = *(const int64_t *)data & 1; /* sigma is asked for */
    for (intptr_t i = 0; loaded && first && i < dims[0]; i++) {
        double *sigma = lane(args, steps, OUT, i);
        if (to_bits(*sigma) % 64 == 0) *sigma += *sigma * 0x1p-44;
    }
    loaded = 1;
}
