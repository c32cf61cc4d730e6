"""Numbers on the stack and behind pointers."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from quantforge import boundary_table
from quantforge_numba.intrinsics import DOUBLE, WORD

POINTER, WORDS = types.CPointer(types.float64), types.CPointer(types.int64)


@intrinsic
def doubles(typingctx, size):
    """Return `size` doubles on the stack of the calling function; `size` is a constant."""
    return on_the_stack(types.float64, DOUBLE, size)


@intrinsic
def words(typingctx, size):
    """Return `size` integers on the stack, as `doubles` does."""
    return on_the_stack(types.int64, WORD, size)


@intrinsic
def pointers(typingctx, size):
    """Return `size` pointers to doubles on the stack, as `doubles` does."""
    return on_the_stack(POINTER, DOUBLE.as_pointer(), size)


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
def boundary(typingctx):
    """Return the pointer to the core's table of exercise boundaries.

    The code holds a copy, for it may be kept in Numba's cache and an address not. To LLVM that is
    no constant: it would put numbers into code that stand in memory.
    """

    def generate(context, builder, signature, args):
        name, data = "quantforge.boundary", bytearray(boundary_table().tobytes())
        try:
            table = builder.module.get_global(name)
        except KeyError:
            content = ir.Constant(ir.ArrayType(ir.IntType(8), len(data)), data)
            table = ir.GlobalVariable(builder.module, content.type, name)
            table.initializer = content
            table.linkage = "linkonce_odr"
            table.align = 64
        return builder.bitcast(table, DOUBLE.as_pointer())

    return POINTER(), generate


def on_the_stack(element, kind, size):
    """Signature and code of an intrinsic that allocates."""

    def generate(context, builder, signature, args):
        return array(builder, kind, size.literal_value)

    result = types.CPointer(element)
    return (result(size), generate) if isinstance(size, types.IntegerLiteral) else None


def array(builder, kind, size):
    block = stack(builder, ir.ArrayType(kind, size))
    return builder.bitcast(block, kind.as_pointer())


def stack(builder, kind):
    """Allocate in the entry block, so that LLVM knows that nothing else is there."""
    with builder.goto_entry_block():
        block = builder.alloca(kind)
    block.align = 64
    return block
