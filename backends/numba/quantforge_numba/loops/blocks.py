"""From a kernel over blocks of contiguous lanes to NumPy's inner loop.

An operation has two forms. The ordinary one takes a whole block and marks the lanes for which it
may not hold; these, gathered in a block of their own, go through the general one, which knows every
limit and says which lanes lie outside the domain.

Operands may have any stride, and an output may be an input: results go to a block on the stack
first, but for contiguous outputs that touch no input. Contiguous operands are read in place (NumPy
has aligned them); others, and the last incomplete block, through blocks of their own, filled up
with copies of their first lane. A lane's bits depend on nothing but its own inputs.
"""

import numpy as np

from quantforge_numba.intrinsics import inlined, outlined, spliced
from quantforge_numba.legs import INVALID
from quantforge_numba.loops.environment import enter_environment, leave_environment
from quantforge_numba.loops.lanes import BLOCK, LANES, length, unpacked
from quantforge_numba.loops.memory import address, at, doubles, pointers, words

MOST_INPUTS, MOST_OUTPUTS = 8, 17
COPIES, RESULTS = MOST_INPUTS * BLOCK, MOST_OUTPUTS * BLOCK
WIDTH = 8  # bytes of a double
BYTES = BLOCK * WIDTH

# Which form a block went through; Numba compiles a function anew for each literal argument.
ORDINARY, GENERAL = np.bool_(False), np.bool_(True)


@outlined
def gather(to, source, stride, n, padded):
    """Copy n lanes and fill up to `padded` with the first.

    A single lane is common enough, and small enough, to do without a call of memcpy.
    """
    first = source[0]
    if n == 1:
        for i in range(LANES):
            to[i] = first
        return
    if stride == WIDTH:
        for i in range(n):
            to[i] = source[i]
    else:
        for i in range(n):
            to[i] = at(source, i * stride)[0]
    for i in range(n, padded):
        to[i] = first


@outlined
def scatter(to, stride, source, n):
    if stride == WIDTH and n > 1:
        for i in range(n):
            to[i] = source[i]
    else:
        for i in range(n):
            at(to, i * stride)[0] = source[i]


@outlined
def scatter_codes(to, start, stride, source, n):
    for i in range(n):
        to[(start + i) * stride] = np.uint8(source[i])


@spliced
def run_special(operation, operands, targets, marks, n, wanted):
    """Put the marked lanes through the general form; return whether one is outside the domain."""
    inputs, outputs = length(operation.option), length(operation.results)
    copies, results = doubles(COPIES), doubles(RESULTS)
    lanes, states = words(BLOCK), words(BLOCK)
    sources, settled = pointers(MOST_INPUTS), pointers(MOST_OUTPUTS)
    count = 0
    for i in range(n):
        lanes[count] = i
        count += marks[i] != 0
    padded = (count + LANES - 1) & -LANES
    for i in range(count, padded):
        lanes[i] = lanes[0]
    for j in range(inputs):
        sources[j] = at(copies, j * BYTES)
        for i in range(padded):
            copies[j * BLOCK + i] = operands[j][lanes[i]]
    for j in range(outputs):
        settled[j] = at(results, j * BYTES)
    options, rows = unpacked(sources, operation.option), unpacked(settled, operation.results)
    operation.general(options, rows, states, padded, wanted)
    operation.finish(options, rows, states, GENERAL, padded)
    invalid = 0
    for i in range(count):
        invalid |= states[i] == INVALID
    for j in range(outputs):
        if wanted >> j & 1:
            for i in range(count):
                targets[j][lanes[i]] = results[j * BLOCK + i]
    return invalid


@inlined
def touches(operand, step, out, size):
    """Whether an operand touches the memory of a contiguous output."""
    first, start = address(operand), address(out)
    last = first + (size - 1) * step
    return (min(first, last) < start + size * WIDTH) & (start < max(first, last) + WIDTH)


@outlined
def is_direct(inputs, place, args, size, steps):
    """Whether results may go straight to an output: not where an input is still to be read."""
    direct = steps[place] == WIDTH
    for i in range(inputs):
        direct = direct & (not touches(args[i], steps[i], args[place], size))
    return direct


def inner_loop(operation):
    """Return NumPy's inner loop, to be compiled."""

    def loop(args, dims, steps, data):
        size = dims[0]
        inputs, outputs = length(operation.option), length(operation.results)
        wanted = data[0] if address(data) else 1
        copies, results = doubles(COPIES), doubles(RESULTS)
        operands, targets = pointers(MOST_INPUTS), pointers(MOST_OUTPUTS)
        marks, written, direct = words(BLOCK), words(MOST_OUTPUTS), words(MOST_OUTPUTS)
        count = 0
        for j in range(outputs):
            targets[j] = at(results, j * BYTES)
            if wanted >> j & 1:
                written[count] = j
                block_first = size < BLOCK or (operation.codes and j == outputs - 1)
                place = inputs + count
                direct[count] = 0 if block_first else is_direct(inputs, place, args, size, steps)
                count += 1
        saved = enter_environment()
        invalid = 0
        for start in range(0, size, BLOCK):
            n = min(size - start, BLOCK)
            padded = (n + LANES - 1) & -LANES
            for j in range(inputs):
                source = at(args[j], start * steps[j])
                if steps[j] == WIDTH and n == padded:
                    operands[j] = source
                    continue
                copy = at(copies, j * BYTES)
                operands[j] = copy
                if steps[j] == 0 and start > 0:
                    continue  # filled by the first block
                gather(copy, source, steps[j], n, padded)
            for k in range(count):
                to = at(args[inputs + k], start * WIDTH)
                result = at(results, written[k] * BYTES)
                targets[written[k]] = to if direct[k] and n == padded else result
            options = unpacked(operands, operation.option)
            rows = unpacked(targets, operation.results)
            operation.ordinary(options, rows, marks, padded, wanted)
            operation.finish(options, rows, marks, ORDINARY, padded)
            special = 0
            for i in range(padded):
                special += marks[i]
            if special:
                invalid |= run_special(operation, operands, targets, marks, n, wanted)
            for k in range(count):
                if direct[k] and n == padded:
                    continue
                to, step = args[inputs + k], steps[inputs + k]
                result = at(results, written[k] * BYTES)
                if operation.codes and written[k] == outputs - 1:
                    scatter_codes(to, start, step, result, n)
                else:
                    scatter(at(to, start * step), step, result, n)
        leave_environment(saved, invalid)

    return loop
