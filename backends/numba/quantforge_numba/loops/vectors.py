"""Loops over lanes become loops over vectors."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from quantforge_numba import isa
from quantforge_numba.intrinsics import DOUBLE, WORD


@intrinsic
def vectorise(typingctx, apart):
    """Have the calling function's loops vectorised, as wide as the processor allows.

    LLVM keeps to 256 bits for many of Intel's processors, and writes a second loop for arrays that
    may overlap: to those that the arguments named in `apart` point to nothing else does. An inlined
    function with a loop needs this too, for it is optimised on its own first. The stack is aligned
    so that a vector for which there is no register lies in one line of the cache.
    """

    def generate(context, builder, signature, args):
        # llvmlite's own `add` refuses attributes that have a value.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        builder.function.attributes.alignstack = 64
        names = apart.literal_value.split()
        for argument in builder.function.args:  # arg.name, and arg.name.0 of a tuple
            if argument.name.split(".")[1:2] in [[name] for name in names]:
                argument.add_attribute("noalias")
        return context.get_dummy_value()

    return (types.void(apart), generate) if isinstance(apart, types.StringLiteral) else None


@intrinsic
def interleave(typingctx, lanes):
    """Have the calling function's loops take that many lanes at a time, two vectors of AVX2.

    A lane is a long chain of operations that wait for each other, too long for a processor to look
    ahead to the next vector: those that are taken together overlap.
    """

    def generate(context, builder, signature, args):
        branch, module = builder.branch, builder.module
        width = isa.WIDTHS.get(isa.chosen(), lanes.literal_value)
        count = ir.Constant(ir.IntType(32), lanes.literal_value // width)
        hint = module.add_metadata(["llvm.loop.interleave.count", count])
        loop = module.add_metadata([hint])
        loop.operands = loop, hint  # LLVM knows a loop's node by that it names itself

        def branch_with_hint(target):
            jump = branch(target)
            if target.is_terminated:  # it was there before: a loop's way back
                jump.set_metadata("llvm.loop", loop)
            return jump

        builder.branch = branch_with_hint
        return context.get_dummy_value()

    return (types.void(lanes), generate) if isinstance(lanes, types.IntegerLiteral) else None


@intrinsic
def clenshaw(typingctx, rows, terms, stride, i, y):
    """Return a lane's Chebyshev series at y, coefficient k in row k, by Clenshaw's recurrence.

    Unrolled, as the coefficients of `horner` are.
    """

    def generate(context, builder, signature, args):
        rows, _, _, i, y = args
        one = two = DOUBLE(0.0)
        twice = builder.fadd(y, y)
        for k in range(terms.literal_value - 1, 0, -1):
            rest = builder.fsub(row_at(builder, rows, k, stride, i), two)
            one, two = builder.fma(twice, one, rest), one
        rest = builder.fsub(row_at(builder, rows, 0, stride, i), two)
        return builder.fma(y, one, rest)

    result = types.float64(rows, terms, stride, i, y)
    literal = isinstance(terms, types.IntegerLiteral) and isinstance(stride, types.IntegerLiteral)
    return (result, generate) if literal else None


@intrinsic
def sloped_clenshaw(typingctx, rows, terms, stride, i, y):
    """Return a lane's Chebyshev series at y, and its slope."""

    def generate(context, builder, signature, args):
        rows, _, _, i, y = args
        one = two = slope = before = DOUBLE(0.0)
        twice = builder.fadd(y, y)
        for k in range(terms.literal_value - 1, 0, -1):
            rest = builder.fsub(row_at(builder, rows, k, stride, i), two)
            steeper = builder.fma(DOUBLE(2.0), one, builder.fneg(before))
            before, slope = slope, builder.fma(twice, slope, steeper)
            one, two = builder.fma(twice, one, rest), one
        rest = builder.fsub(row_at(builder, rows, 0, stride, i), two)
        value = builder.fma(y, one, rest)
        slope = builder.fma(y, slope, builder.fsub(one, before))
        return context.make_tuple(builder, signature.return_type, [value, slope])

    result = types.UniTuple(types.float64, 2)(rows, terms, stride, i, y)
    literal = isinstance(terms, types.IntegerLiteral) and isinstance(stride, types.IntegerLiteral)
    return (result, generate) if literal else None


def row_at(builder, rows, k, stride, i):
    row = builder.gep(rows, [WORD(k * stride.literal_value)])
    return builder.load(builder.gep(row, [i]))
