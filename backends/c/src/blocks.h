/* From a kernel over blocks of contiguous lanes to NumPy's inner loop.
 *
 * Operands may have any stride, and an output may be an input: results go to a block on the stack
 * first. Contiguous operands are read in place; others, and the last incomplete block, through
 * blocks of their own, filled up with copies of their first lane. A lane's bits depend on nothing
 * but its own inputs. */
#ifndef QF_BLOCKS_H
#define QF_BLOCKS_H

#include <stdint.h>
#include <string.h>

#include "elementary.h"

enum { LANES = 8, BLOCK = 128, MOST_INPUTS = 8, MOST_OUTPUTS = 16 };

typedef int64_t (*BlockKernel)(const double *const *in, double *const *out, int64_t n);

/* Round to nearest, gradual underflow, no traps, whatever the caller's thread has set. */
QF_INLINE unsigned enter_environment(void) {
    unsigned saved = __builtin_ia32_stmxcsr();
    if ((saved & 0xffc0u) != 0x1f80u) __builtin_ia32_ldmxcsr(0x1f80u);
    return saved;
}

/* Discarded lanes leave signals behind: restore the caller's, and add *invalid* if it is true. */
QF_INLINE void leave_environment(unsigned saved, int64_t invalid) {
    __builtin_ia32_ldmxcsr(saved | (invalid ? 1u : 0u));
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

QF_INLINE void run_blocks(BlockKernel kernel, int inputs, int outputs, char **args, int64_t size,
                          const intptr_t *steps) {
    double copies[MOST_INPUTS][BLOCK], results[MOST_OUTPUTS][BLOCK];
    const double *in[MOST_INPUTS];
    double *out[MOST_OUTPUTS];
    for (int j = 0; j < outputs; j++) out[j] = results[j];
    unsigned saved = enter_environment();
    int64_t invalid = 0;
    for (int64_t start = 0; start < size; start += BLOCK) {
        int64_t n = size - start < BLOCK ? size - start : BLOCK;
        int64_t padded = (n + LANES - 1) & ~(int64_t)(LANES - 1);
        for (int j = 0; j < inputs; j++) {
            const char *from = args[j] + start * steps[j];
            int in_place = (steps[j] == (intptr_t)sizeof(double)) & (n == padded) &
                           (((uintptr_t)from & 7u) == 0);
            if (in_place) {
                in[j] = (const double *)(const void *)from;
                continue;
            }
            in[j] = copies[j];
            if (steps[j] == 0 && start > 0) continue; /* filled by the first block */
            gather(copies[j], from, steps[j], n, padded);
        }
        invalid |= kernel(in, out, padded);
        for (int j = 0; j < outputs; j++) {
            scatter(args[inputs + j] + start * steps[inputs + j], steps[inputs + j], results[j], n);
        }
    }
    leave_environment(saved, invalid);
}

#endif
