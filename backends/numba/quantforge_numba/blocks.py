"""From a kernel over blocks of contiguous lanes to NumPy's inner loop.

A kernel has two forms. The ordinary one takes a whole block and marks the lanes for which it may
not hold; these, gathered in a block of their own, go through the general one, which knows every
limit and says which lanes lie outside the domain.

Operands may have any stride, and an output may be an input: results go to a block on the stack
first, but for contiguous outputs that touch no input. Contiguous operands are read in place (NumPy
has aligned them); others, and the last incomplete block, through blocks of their own, filled up
with copies of their first lane. A lane's bits depend on nothing but its own inputs.
"""

from typing import NamedTuple

import numpy as np

from quantforge_numba.intrinsics import (
    address,
    at,
    doubles,
    inlined,
    outlined,
    pointers,
    read_mxcsr,
    spliced,
    unpacked,
    words,
    write_mxcsr,
)

LANES, BLOCK, MOST_INPUTS, MOST_OUTPUTS = 8, 64, 7, 17
COPIES, RESULTS = MOST_INPUTS * BLOCK, MOST_OUTPUTS * BLOCK
WIDTH = 8  # bytes of a double
BYTES = BLOCK * WIDTH

DEFAULT = np.uint32(0x1F80)  # round to nearest, gradual underflow, no traps, no signals
CONTROLS = np.uint32(0xFFC0)
SIGNAL_INVALID = np.uint32(1)
NO_SIGNAL = np.uint32(0)


class Kernel(NamedTuple):
    """Both forms of a kernel; `codes` says that its last output is one of int8.

    A form takes its inputs, its outputs, one mark per lane (special, or outside the domain), the
    number of lanes, and the set of wanted outputs, bit i for output i. The others have blocks that
    it may write and that nobody reads.
    """

    ordinary: object
    general: object
    codes: bool


@inlined
def enter_environment():
    """Round to nearest, gradual underflow, no traps, whatever the caller's thread has set."""
    saved = read_mxcsr()
    if (saved & CONTROLS) != DEFAULT:
        write_mxcsr(DEFAULT)
    return saved


@inlined
def leave_environment(saved, invalid):
    """Restore the caller's signals, since discarded lanes leave some; add a true *invalid*."""
    write_mxcsr(saved | (SIGNAL_INVALID if invalid else NO_SIGNAL))


@inlined
def whole(n):
    """Return n, so that LLVM knows it for a multiple of LANES, not 0: no lane is left over."""
    return max(n & -LANES, LANES)


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
def run_special(kernel, inputs, outputs, operands, targets, marks, n, wanted):
    """Put the marked lanes through the general form; return whether one is outside the domain."""
    copies, results = doubles(COPIES), doubles(RESULTS)
    lanes, outside = words(BLOCK), words(BLOCK)
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
    kernel.general(unpacked(sources, inputs), unpacked(settled, outputs), outside, padded, wanted)
    seen = 0
    for i in range(count):
        seen |= outside[i]
    for j in range(outputs):
        if wanted >> j & 1:
            for i in range(count):
                targets[j][lanes[i]] = results[j * BLOCK + i]
    return seen


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


@spliced
def run_blocks(kernel, inputs, outputs, args, size, steps, data):
    wanted = data[0] if address(data) else 1
    copies, results = doubles(COPIES), doubles(RESULTS)
    operands, targets = pointers(MOST_INPUTS), pointers(MOST_OUTPUTS)
    marks, written, direct = words(BLOCK), words(MOST_OUTPUTS), words(MOST_OUTPUTS)
    count = 0
    for j in range(outputs):
        targets[j] = at(results, j * BYTES)
        if wanted >> j & 1:
            written[count] = j
            block_first = size < BLOCK or (kernel.codes and j == outputs - 1)
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
        sources, destinations = unpacked(operands, inputs), unpacked(targets, outputs)
        kernel.ordinary(sources, destinations, marks, padded, wanted)
        special = 0
        for i in range(padded):
            special += marks[i]
        if special:
            invalid |= run_special(kernel, inputs, outputs, operands, targets, marks, n, wanted)
        for k in range(count):
            if direct[k] and n == padded:
                continue
            to, step = args[inputs + k], steps[inputs + k]
            result = at(results, written[k] * BYTES)
            if kernel.codes and written[k] == outputs - 1:
                scatter_codes(to, start, step, result, n)
            else:
                scatter(at(to, start * step), step, result, n)
    leave_environment(saved, invalid)
