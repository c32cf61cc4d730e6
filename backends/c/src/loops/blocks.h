/* From a kernel over blocks of contiguous lanes to NumPy's inner loop.
 *
 * The ordinary form takes a whole block and marks the lanes for which it may not hold; these,
 * gathered in a block of their own, go through the general form, which knows every limit and says
 * which lanes lie outside the domain.
 *
 * Operands may have any stride, and an output may be an input: results go to a block on the stack
 * first, but for contiguous outputs that touch no input. Contiguous operands are read in place;
 * others, and the last incomplete block, through blocks of their own, filled up with copies of
 * their first lane. A lane's bits depend on nothing but its own inputs. */
#ifndef QF_BLOCKS_H
#define QF_BLOCKS_H

#include "environment.h"
#include "operands.h"

enum { MOST_INPUTS = 8, MOST_OUTPUTS = 17 };

/* Inputs, all outputs, a mark per lane (special, or outside the domain), lanes, outputs wanted. */
typedef void (*Form)(const double *const *in, double *const *out, int32_t *marks, int64_t n,
                     int64_t wanted);

typedef struct {
    Form ordinary, general;
    int inputs, outputs;
    int codes; /* the last output is one of int8 */
} Kernel;

/* An output that is wanted: its number, and how it lies in the memory NumPy gave. */
typedef struct {
    int number, codes, direct;
    intptr_t step;
    char *to;
} Wanted;

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
    int64_t padded = padded_count(count);
    for (int64_t i = count; i < padded; i++) lanes[i] = lanes[0];
    for (int j = 0; j < kernel.inputs; j++) {
        for (int64_t i = 0; i < padded; i++) copies[j][i] = in[j][lanes[i]];
        from[j] = copies[j];
    }
    for (int j = 0; j < kernel.outputs; j++) to[j] = results[j];
    kernel.general(from, to, outside, padded, wanted);
    for (int64_t i = 0; i < count; i++) seen |= outside[i];
    for (int j = 0; wanted >> j; j++) {
        if (!(wanted >> j & 1)) continue;
        for (int64_t i = 0; i < count; i++) out[j][lanes[i]] = results[j][i];
    }
    return seen;
}

/* The outputs that are wanted; returns how many. Results may go straight to memory where no input
 * is still to be read. */
QF_INLINE int wanted_outputs(Kernel kernel, Wanted *outputs, char **args, int64_t size,
                             const intptr_t *steps, int64_t wanted) {
    int count = 0;
    for (int j = 0; j < kernel.outputs; j++) {
        if (!(wanted >> j & 1)) continue;
        Wanted out = {j, kernel.codes && j == kernel.outputs - 1, 0, steps[kernel.inputs + count],
                      args[kernel.inputs + count]};
        out.direct = size >= BLOCK && !out.codes && is_contiguous(out.to, out.step);
        for (int i = 0; out.direct && i < kernel.inputs; i++) {
            out.direct = !touches(args[i], steps[i], out.to, size);
        }
        outputs[count++] = out;
    }
    return count;
}

/* The inputs of a block: where they lie if they can be read there, else gathered. */
QF_INLINE void take_inputs(const double **in, double (*copies)[BLOCK], int inputs, char **args,
                           const intptr_t *steps, int64_t start, int64_t n, int64_t padded) {
    for (int j = 0; j < inputs; j++) {
        const char *from = args[j] + start * steps[j];
        if (n == padded && is_contiguous(from, steps[j])) {
            in[j] = (const double *)(const void *)from;
            continue;
        }
        in[j] = copies[j];
        if (steps[j] == 0 && start > 0) continue; /* filled by the first block */
        gather(copies[j], from, steps[j], n, padded);
    }
}

/* The outputs of a block that went to a block on the stack. */
QF_INLINE void put_outputs(const Wanted *outputs, int count, double *const *out,
                           const double (*results)[BLOCK], int64_t start, int64_t n) {
    for (int j = 0; j < count; j++) {
        const double *from = results[outputs[j].number];
        char *to = outputs[j].to + start * outputs[j].step;
        if (out[outputs[j].number] != from) continue;
        if (outputs[j].codes) {
            scatter_codes(to, outputs[j].step, from, n);
        } else {
            scatter(to, outputs[j].step, from, n);
        }
    }
}

QF_INLINE void run_blocks(Kernel kernel, char **args, int64_t size, const intptr_t *steps,
                          int64_t wanted) {
    double copies[MOST_INPUTS][BLOCK], results[MOST_OUTPUTS][BLOCK];
    const double *in[MOST_INPUTS];
    double *out[MOST_OUTPUTS];
    int64_t advance[MOST_OUTPUTS] = {0}; /* of out, from block to block */
    int32_t marks[BLOCK];
    Wanted outputs[MOST_OUTPUTS];
    int count = wanted_outputs(kernel, outputs, args, size, steps, wanted), staged = 0;
    for (int j = 0; j < kernel.outputs; j++) out[j] = results[j];
    for (int j = 0; j < count; j++) {
        staged += !outputs[j].direct;
        if (!outputs[j].direct) continue;
        out[outputs[j].number] = (double *)(void *)outputs[j].to;
        advance[outputs[j].number] = BLOCK;
    }
    unsigned saved = enter_environment();
    int64_t invalid = 0;
    for (int64_t start = 0; start < size; start += BLOCK) {
        int64_t n = size - start < BLOCK ? size - start : BLOCK, special = 0;
        int64_t padded = padded_count(n);
        take_inputs(in, copies, kernel.inputs, args, steps, start, n, padded);
        if (n != padded) { /* the last block: beside the results lies other memory */
            for (int j = 0; j < kernel.outputs; j++) out[j] = results[j];
            staged = count;
        }
        kernel.ordinary(in, out, marks, padded, wanted);
        for (int64_t i = 0; i < padded; i++) special += marks[i];
        if (special) invalid |= run_special(kernel, in, out, marks, n, wanted);
        if (staged) put_outputs(outputs, count, out, (const double (*)[BLOCK])results, start, n);
        for (int j = 0; j < kernel.outputs; j++) out[j] += advance[j];
    }
    leave_environment(saved, invalid);
}

#endif
