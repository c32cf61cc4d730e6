"""Eight lanes at once, as one number.

LLVM unrolls a loop over so few before it looks for vectors, and then finds none in sums over many
rows of eight. Such sums are vectors from the start.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

from quantforge_numba.intrinsics import DOUBLE
from quantforge_numba.loops.lanes import LANES

VECTOR, DOUBLE_BYTES = ir.VectorType(DOUBLE, LANES), 8


class Few(types.Type):
    """Eight doubles. In a product, a sum or a quotient a double may stand for eight of its kind."""

    def __init__(self):
        super().__init__("Few")


EIGHT = Few()


@register_model(Few)
class FewModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, VECTOR)


@intrinsic
def few_at(typingctx, pointer):
    """Return the eight doubles behind a pointer."""

    def generate(context, builder, signature, args):
        place = builder.bitcast(args[0], VECTOR.as_pointer())
        return builder.load(place, align=DOUBLE_BYTES)

    return EIGHT(pointer), generate


@intrinsic
def few_of(typingctx, number):
    """Return a double for every lane."""

    def generate(context, builder, signature, args):
        return spread(builder, args[0])

    return EIGHT(types.float64), generate


@intrinsic
def put_few(typingctx, pointer, few):
    """Store eight doubles behind a pointer."""

    def generate(context, builder, signature, args):
        place = builder.bitcast(args[0], VECTOR.as_pointer())
        builder.store(args[1], place, align=DOUBLE_BYTES)
        return context.get_dummy_value()

    return types.void(pointer, few), generate


@intrinsic
def fma_few(typingctx, a, b, c):
    """Return a b + c of eight lanes, each with one rounding."""

    def generate(context, builder, signature, args):
        kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{LANES}f64")
        return builder.call(function, [spread(builder, x) for x in args])

    return EIGHT(a, b, c), generate


@intrinsic
def quotient(typingctx, a, b):
    """Return a / b of eight lanes."""
    return EIGHT(a, b), by("fdiv")


@intrinsic
def product(typingctx, a, b):
    """Return a b of eight lanes."""
    return EIGHT(a, b), by("fmul")


@intrinsic
def sum_of(typingctx, a, b):
    """Return a + b of eight lanes."""
    return EIGHT(a, b), by("fadd")


@intrinsic
def negative(typingctx, a):
    """Return -a of eight lanes."""
    return EIGHT(a), by("fneg")


def by(instruction):
    """The code of an intrinsic that is one instruction."""

    def generate(context, builder, signature, args):
        return getattr(builder, instruction)(*(spread(builder, x) for x in args))

    return generate


def spread(builder, x):
    """A double in every lane."""
    if x.type == VECTOR:
        return x
    one = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), x, ir.IntType(32)(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), LANES), None))
