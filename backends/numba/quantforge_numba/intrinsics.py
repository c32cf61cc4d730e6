"""What the kernels need and Numba does not offer: one LLVM instruction or intrinsic each."""

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

DOUBLE = ir.DoubleType()
WORD = ir.IntType(64)
POINTER = types.CPointer(types.float64)

# The functions of a kernel become one loop body that LLVM turns into vectors; the error model
# keeps a division by zero from being a branch.
inlined = njit(forceinline=True, error_model="numpy")


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

    def generate(context, builder, signature, args):
        block = stack(builder, ir.ArrayType(DOUBLE, size.literal_value))
        return builder.bitcast(block, DOUBLE.as_pointer())

    return (POINTER(size), generate) if isinstance(size, types.IntegerLiteral) else None


@intrinsic
def pointers(typingctx, size):
    """Return `size` pointers to doubles on the stack, as `doubles` does."""

    def generate(context, builder, signature, args):
        block = stack(builder, ir.ArrayType(DOUBLE.as_pointer(), size.literal_value))
        return builder.bitcast(block, DOUBLE.as_pointer().as_pointer())

    result = types.CPointer(POINTER)
    return (result(size), generate) if isinstance(size, types.IntegerLiteral) else None


@intrinsic
def at(typingctx, pointer, offset):
    """Return the pointer to the double `offset` bytes behind `pointer`."""

    def generate(context, builder, signature, args):
        byte = cgutils.pointer_add(builder, *args)
        return builder.bitcast(byte, DOUBLE.as_pointer())

    return POINTER(pointer, types.intp), generate


@intrinsic
def prefer_wide_vectors(typingctx):
    """Have the calling function's loops vectorised with 512 bits where the processor has them.

    LLVM keeps to 256 bits for many of Intel's processors.
    """

    def generate(context, builder, signature, args):
        # llvmlite's own `add` refuses attributes that have a value.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate


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
