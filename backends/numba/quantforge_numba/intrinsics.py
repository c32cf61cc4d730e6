"""What the lanes need and Numba does not offer.

One LLVM instruction or intrinsic each, and loops over coefficients, unrolled: left rolled they
would keep the loop over lanes from vectors.
"""

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

DOUBLE = ir.DoubleType()
WORD = ir.IntType(64)

# The functions of a kernel become one loop body that LLVM turns into vectors; the error model
# keeps a division by zero from being a branch.
unwrapped = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
inlined = njit(forceinline=True, **unwrapped)
outlined = njit(forceinline=False, **unwrapped)
spliced = njit(inline="always", **unwrapped)


@intrinsic
def fma(typingctx, a, b, c):
    """Return a b + c with one rounding."""

    def generate(context, builder, signature, args):
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), generate


@intrinsic
def sqrt(typingctx, x):
    """Return the square root, NaN below zero; `math.sqrt` would be a library call."""

    def generate(context, builder, signature, args):
        return builder.call(builder.module.declare_intrinsic("llvm.sqrt", [DOUBLE]), args)

    return types.float64(types.float64), generate


@intrinsic
def horner(typingctx, coefficients, x):
    """Return the polynomial with these ascending coefficients, a tuple, by Horner's scheme."""

    def generate(context, builder, signature, args):
        *rest, value = cgutils.unpack_tuple(builder, args[0])
        for coefficient in reversed(rest):
            value = builder.fma(value, args[1], coefficient)
        return value

    return types.float64(coefficients, types.float64), generate


@intrinsic
def horner_divided(typingctx, coefficients, near, far):
    """Return a polynomial at `far`, and its divided difference but for its last step.

    Horner's scheme at `far` carries the divided difference along.
    """

    def generate(context, builder, signature, args):
        *rest, value = cgutils.unpack_tuple(builder, args[0])
        divided = value
        value = builder.fma(value, args[2], rest.pop())
        for coefficient in reversed(rest):
            divided = builder.fma(divided, args[1], value)
            value = builder.fma(value, args[2], coefficient)
        return cgutils.pack_array(builder, [value, divided])

    result = types.UniTuple(types.float64, 2)
    return result(coefficients, types.float64, types.float64), generate


@intrinsic
def to_bits(typingctx, x):
    """Return the representation of a double."""

    def generate(context, builder, signature, args):
        return builder.bitcast(args[0], WORD)

    return types.uint64(types.float64), generate


@intrinsic
def from_bits(typingctx, bits):
    """Return the double of a representation."""

    def generate(context, builder, signature, args):
        return builder.bitcast(args[0], DOUBLE)

    return types.float64(types.uint64), generate
