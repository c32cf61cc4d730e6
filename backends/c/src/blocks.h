/* From a kernel over blocks of contiguous lanes to NumPy's inner loop.
 *
 * A kernel has two forms. The ordinary one takes a whole block and marks the lanes for which it may
 * not hold; these, gathered in a block of their own, go through the general one, which knows every
 * limit and says which lanes lie outside the domain.
 *
 * Operands may have any stride, and an output may be an input: results go to a block on the stack
 * first, but for contiguous outputs that touch no input. Contiguous operands are read in place;
 * others, and the last incomplete block, through blocks of their own, filled up with copies of
 * their first lane. A lane's bits depend on nothing but its own inputs. */
#ifndef QF_BLOCKS_H
#define QF_BLOCKS_H

#include <stdint.h>
#include <string.h>

#include "elementary.h"

enum { LANES = 8, BLOCK = 64, MOST_INPUTS = 7, MOST_OUTPUTS = 17 };

/* Before a loop over lanes: nothing that it writes is read in it or written twice. */
#ifdef __clang__
#define INDEPENDENT_LANES _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT_LANES _Pragma("GCC ivdep")
#endif

/* Inputs, outputs, one mark per lane (special, or outside the domain), lanes, outputs wanted. Marks of
 * 32 bits beside numbers of 64 have a compiler take two vectors of numbers at a time: their chains of
 * operations overlap. */
typedef void (*BlockKernel)(const double *const *in, double *const *out, int32_t *marks, int64_t n,
                            int64_t wanted);

typedef struct {
    BlockKernel ordinary, general;
    int inputs, outputs;
    int codes; /* the last output is one of int8 */
} Kernel;

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

QF_INLINE void scatter_codes(char *to, int64_t stride, const double *restrict from, int64_t n) {
    for (int64_t i = 0; i < n; i++) to[i * stride] = (char)from[i];
}

/* Put the marked lanes through the general form; returns whether one is outside the domain. */
static __attribute__((noinline)) int64_t run_special(Kernel kernel, const double *const *in,
                                                     double *const *out, const int32_t *marks,
                                                     int64_t n, int64_t wanted) {
    double copies[MOST_INPUTS][BLOCK], results[MOST_OUTPUTS][BLOCK];
    const double *from[MOST_INPUTS];
    double *to[MOST_OUTPUTS];
    int64_t lanes[BLOCK], count = 0, seen = 0;
    int32_t outside[BLOCK];
    for (int64_t i = 0; i < n; i++) {
        lanes[count] = i;
        count += marks[i] != 0;
    }
    int64_t padded = (count + LANES - 1) & ~(int64_t)(LANES - 1);
    for (int64_t i = count; i < padded; i++) lanes[i] = lanes[0];
    for (int j = 0; j < kernel.inputs; j++) {
        for (int64_t i = 0; i < padded; i++) copies[j][i] = in[j][lanes[i]];
        from[j] = copies[j];
    }
    for (int j = 0; j < kernel.outputs; j++) to[j] = results[j];
    kernel.general(from, to, outside, padded, wanted);
    for (int64_t i = 0; i < count; i++) {
        seen |= outside[i];
        for (int j = 0; j < kernel.outputs; j++) out[j][lanes[i]] = results[j][i];
    }
    return seen;
}

/* Whether an operand touches the memory of a contiguous output. */
QF_INLINE int touches(const char *operand, intptr_t step, const char *out, int64_t size) {
    const char *last = operand + (size - 1) * step;
    const char *low = step < 0 ? last : operand, *high = step < 0 ? operand : last;
    return (low < out + size * (int64_t)sizeof(double)) & (out < high + sizeof(double));
}

/* Whether results may go straight to where output j lies: not where an input is still to be read. */
QF_INLINE int direct_output(Kernel kernel, int j, char **args, int64_t size,
                            const intptr_t *steps) {
    const char *out = args[kernel.inputs + j];
    int direct = (steps[kernel.inputs + j] == (intptr_t)sizeof(double)) &
                 (((uintptr_t)out & 7u) == 0) & !(kernel.codes && j == kernel.outputs - 1);
    for (int i = 0; direct && i < kernel.inputs; i++) {
        direct = !touches(args[i], steps[i], out, size);
    }
    return direct;
}

QF_INLINE void run_blocks(Kernel kernel, char **args, int64_t size, const intptr_t *steps,
                          int64_t wanted) {
    double copies[MOST_INPUTS][BLOCK], results[MOST_OUTPUTS][BLOCK];
    const double *in[MOST_INPUTS];
    double *out[MOST_OUTPUTS];
    int32_t marks[BLOCK];
    int inputs = kernel.inputs;
    int direct[MOST_OUTPUTS];
    for (int j = 0; j < kernel.outputs; j++) {
        out[j] = results[j];
        direct[j] = size >= BLOCK && direct_output(kernel, j, args, size, steps);
    }
    unsigned saved = enter_environment();
    int64_t invalid = 0;
    for (int64_t start = 0; start < size; start += BLOCK) {
        int64_t n = size - start < BLOCK ? size - start : BLOCK, special = 0;
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
        for (int j = 0; j < kernel.outputs; j++) {
            char *to = args[inputs + j] + start * (int64_t)sizeof(double);
            out[j] = direct[j] && n == padded ? (double *)(void *)to : results[j];
        }
        kernel.ordinary(in, out, marks, padded, wanted);
        for (int64_t i = 0; i < padded; i++) special += marks[i];
        if (special) invalid |= run_special(kernel, in, out, marks, n, wanted);
        for (int j = 0; j < kernel.outputs; j++) {
            intptr_t step = steps[inputs + j];
            char *to = args[inputs + j] + start * step;
            if (out[j] != results[j]) continue;
            if (kernel.codes && j == kernel.outputs - 1) {
                scatter_codes(to, step, results[j], n);
            } else {
                scatter(to, step, results[j], n);
            }
        }
    }
    leave_environment(saved, invalid);
}

#endif
