"""What the kernels need and Numba does not offer.

One LLVM instruction or intrinsic each, and loops over coefficients, unrolled: left rolled they
would keep the loop over lanes from vectors.
"""

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from quantforge_numba import isa

DOUBLE = ir.DoubleType()
WORD = ir.IntType(64)
POINTER = types.CPointer(types.float64)

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


@intrinsic
def doubles(typingctx, size):
    """Return `size` doubles on the stack of the calling function; `size` is a constant."""
    return on_the_stack(types.float64, DOUBLE, size)


@intrinsic
def blocks(typingctx, count, size):
    """Return `count` pointers to `size` doubles each on the stack, as `doubles` does."""
    if not (isinstance(count, types.IntegerLiteral) and isinstance(size, types.IntegerLiteral)):
        return None

    def generate(context, builder, signature, args):
        kind = ir.ArrayType(DOUBLE, size.literal_value)
        made = [stack(builder, kind) for _ in range(count.literal_value)]
        made = [builder.bitcast(block, DOUBLE.as_pointer()) for block in made]
        return cgutils.pack_array(builder, made)

    return types.UniTuple(POINTER, count.literal_value)(count, size), generate


@intrinsic
def words(typingctx, size):
    """Return `size` integers on the stack, as `doubles` does."""
    return on_the_stack(types.int64, WORD, size)


@intrinsic
def pointers(typingctx, size):
    """Return `size` pointers to doubles on the stack, as `doubles` does."""
    return on_the_stack(POINTER, DOUBLE.as_pointer(), size)


@intrinsic
def unpacked(typingctx, pointers, count):
    """Return the first `count` of these pointers as a tuple; `count` is a constant."""

    def generate(context, builder, signature, args):
        places = [cgutils.gep(builder, args[0], i) for i in range(count.literal_value)]
        return cgutils.pack_array(builder, [builder.load(place) for place in places])

    if not isinstance(count, types.IntegerLiteral):
        return None
    return types.UniTuple(POINTER, count.literal_value)(pointers, count), generate


@intrinsic
def at(typingctx, pointer, offset):
    """Return the pointer to the double `offset` bytes behind `pointer`."""

    def generate(context, builder, signature, args):
        byte = cgutils.pointer_add(builder, *args)
        return builder.bitcast(byte, DOUBLE.as_pointer())

    return POINTER(pointer, types.intp), generate


@intrinsic
def address(typingctx, pointer):
    """Return the pointer as an integer."""

    def generate(context, builder, signature, args):
        return builder.ptrtoint(args[0], WORD)

    return types.intp(pointer), generate


@intrinsic
def vectorise(typingctx, apart):
    """Have the calling function's loops vectorised, as wide as the processor allows.

    LLVM keeps to 256 bits for many of Intel's processors, and writes a second loop for arrays that
    may overlap: to those that the arguments named in `apart` point to nothing else does. An inlined
    function with a loop needs this too, for it is optimised on its own first.
    """

    def generate(context, builder, signature, args):
        # llvmlite's own `add` refuses attributes that have a value.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
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


def on_the_stack(element, kind, size):
    """Signature and code of an intrinsic that allocates."""

    def generate(context, builder, signature, args):
        block = stack(builder, ir.ArrayType(kind, size.literal_value))
        return builder.bitcast(block, kind.as_pointer())

    result = types.CPointer(element)
    return (result(size), generate) if isinstance(size, types.IntegerLiteral) else None


def stack(builder, kind):
    """Allocate in the entry block, so that LLVM knows that nothing else is there."""
    with builder.goto_entry_block():
        block = builder.alloca(kind)
    block.align = 64
    return block


def call_on_word(builder, name, word):
    pointer = ir.IntType(8).as_pointer()
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(ir.VoidType(), [pointer]), name
    )
    builder.call(function, [builder.bitcast(word, pointer)])
