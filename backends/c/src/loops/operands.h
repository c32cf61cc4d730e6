/* NumPy's operands, of any stride, and the blocks of contiguous lanes that kernels take. */
#ifndef QF_OPERANDS_H
#define QF_OPERANDS_H

#include "lanes.h"

/* Lanes are run a few at a time: the count of them, filled up. */
QF_INLINE int64_t padded_count(int64_t n) { return (n + LANES - 1) & ~(int64_t)(LANES - 1); }

/* Whether doubles lie side by side, each where a double may lie. */
QF_INLINE int is_contiguous(const char *first, intptr_t step) {
    return (step == (intptr_t)sizeof(double)) & (((uintptr_t)first & 7u) == 0);
}

/* Copy n lanes and fill up to `padded` with the first. A single lane is common enough, and small
 * enough, to do without a call of memcpy. */
QF_INLINE void gather(double *restrict to, const char *from, int64_t stride, int64_t n,
                      int64_t padded) {
    double first;
    memcpy(&first, from, sizeof first);
    if (n == 1) {
        for (int i = 0; i < LANES; i++) to[i] = first;
        return;
    }
    if (stride == (int64_t)sizeof(double)) {
        memcpy(to, from, (size_t)n * sizeof(double));
    } else {
        for (int64_t i = 0; i < n; i++) memcpy(to + i, from + i * stride, sizeof(double));
    }
    for (int64_t i = n; i < padded; i++) to[i] = first;
}

QF_INLINE void scatter(char *to, int64_t stride, const double *restrict from, int64_t n) {
    if (stride == (int64_t)sizeof(double) && n > 1) {
        memcpy(to, from, (size_t)n * sizeof(double));
    } else {
        for (int64_t i = 0; i < n; i++) memcpy(to + i * stride, from + i, sizeof(double));
    }
}

QF_INLINE void scatter_codes(char *to, int64_t stride, const double *restrict from, int64_t n) {
    for (int64_t i = 0; i < n; i++) to[i * stride] = (char)from[i];
}

/* Whether an operand touches the memory of a contiguous output. */
QF_INLINE int touches(const char *operand, intptr_t step, const char *out, int64_t size) {
    const char *last = operand + (size - 1) * step;
    const char *low = step < 0 ? last : operand, *high = step < 0 ? operand : last;
    return (low < out + size * (int64_t)sizeof(double)) & (out < high + sizeof(double));
}

#endif
