"""From a kernel over blocks of contiguous lanes to NumPy's inner loop.

Operands may have any stride, and an output may be an input: results go to a block on the stack
first. Contiguous operands are read in place (NumPy has aligned them); others, and the last
incomplete block, through blocks of their own, filled up with copies of their first lane. A lane's
bits depend on nothing but its own inputs.
"""

import numpy as np

from quantforge_numba.intrinsics import at, doubles, inlined, pointers, read_mxcsr, write_mxcsr

LANES, BLOCK, MOST_INPUTS, MOST_OUTPUTS = 8, 128, 8, 16
COPIES, RESULTS = MOST_INPUTS * BLOCK, MOST_OUTPUTS * BLOCK
WIDTH = 8  # bytes of a double

DEFAULT = np.uint32(0x1F80)  # round to nearest, gradual underflow, no traps, no signals
CONTROLS = np.uint32(0xFFC0)
SIGNAL_INVALID = np.uint32(1)
NO_SIGNAL = np.uint32(0)


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


@inlined
def scatter(to, stride, source, n):
    if stride == WIDTH and n > 1:
        for i in range(n):
            to[i] = source[i]
    else:
        for i in range(n):
            at(to, i * stride)[0] = source[i]


@inlined
def run_blocks(kernel, inputs, outputs, args, size, steps):
    copies, results = doubles(COPIES), doubles(RESULTS)
    operands = pointers(MOST_INPUTS)
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
            copy = at(copies, j * BLOCK * WIDTH)
            operands[j] = copy
            if steps[j] == 0 and start > 0:
                continue  # filled by the first block
            gather(copy, source, steps[j], n, padded)
        invalid |= kernel(operands, results, padded)
        for j in range(outputs):
            step = steps[inputs + j]
            to = at(args[inputs + j], start * step)
            scatter(to, step, at(results, j * BLOCK * WIDTH), n)
    leave_environment(saved, invalid)
