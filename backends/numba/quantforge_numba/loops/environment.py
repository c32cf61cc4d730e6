"""The floating-point environment: the caller's, and the one that kernels need."""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from quantforge_numba.intrinsics import inlined
from quantforge_numba.loops.memory import stack

DEFAULT = np.uint32(0x1F80)  # round to nearest, gradual underflow, no traps, no signals
CONTROLS = np.uint32(0xFFC0)
SIGNAL_INVALID = np.uint32(1)
NO_SIGNAL = np.uint32(0)


@intrinsic
def read_mxcsr(typingctx):
    """Return the control and status register of x86-64's floating-point unit."""

    def generate(context, builder, signature, args):
        word = stack(builder, ir.IntType(32))
        call_on_word(builder, "llvm.x86.sse.stmxcsr", word)
        return builder.load(word)

    return types.uint32(), generate


@intrinsic
def write_mxcsr(typingctx, value):
    """Set that register."""

    def generate(context, builder, signature, args):
        word = stack(builder, ir.IntType(32))
        builder.store(args[0], word)
        call_on_word(builder, "llvm.x86.sse.ldmxcsr", word)
        return context.get_dummy_value()

    return types.void(types.uint32), generate


def call_on_word(builder, name, word):
    pointer = ir.IntType(8).as_pointer()
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(ir.VoidType(), [pointer]), name
    )
    builder.call(function, [builder.bitcast(word, pointer)])


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
