"""A block of lanes as a struct of arrays.

To Numba a block is the struct that its lanes are, a named tuple that may hold others, with the
pointer to an array in the place of each number. Truths and integers are words, as wide as doubles.
"""

import functools
from typing import get_type_hints

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from quantforge_numba.intrinsics import DOUBLE, WORD, inlined
from quantforge_numba.loops.memory import POINTER, WORDS, array

LANES, BLOCK = 8, 64


@inlined
def whole(n):
    """Return n, so that LLVM knows it for a multiple of LANES, not 0: no lane is left over."""
    return max(n & -LANES, LANES)


@intrinsic
def length(typingctx, struct):
    """Return the number of fields of a class of named tuples."""

    def generate(context, builder, signature, args):
        return WORD(len(struct.instance_class._fields))

    return types.intp(struct), generate


@intrinsic
def unpacked(typingctx, pointers, struct):
    """Return as many of these pointers as the struct has fields, in its form."""
    named = struct.instance_class
    count = len(named._fields)

    def generate(context, builder, signature, args):
        places = [cgutils.gep(builder, args[0], i) for i in range(count)]
        return cgutils.pack_array(builder, [builder.load(place) for place in places])

    return types.NamedUniTuple(POINTER, count, named)(pointers, struct), generate


@intrinsic
def block_of(typingctx, struct):
    """Return a block for lanes of this class on the stack of the calling function."""

    def generate(context, builder, signature, args):
        return allocated(context, builder, signature.return_type)

    return block_type(struct.instance_class)(struct), generate


@intrinsic
def lane_at(typingctx, block, i):
    """Return lane i of a block."""

    def generate(context, builder, signature, args):
        return loaded(context, builder, *args, block, signature.return_type)

    return lane_type(block)(block, i), generate


@intrinsic
def put(typingctx, block, i, lane):
    """Store a lane, whose fields may be some of the block's, as lane i."""

    def generate(context, builder, signature, args):
        stored(context, builder, *args, block, lane)
        return context.get_dummy_value()

    return types.void(block, i, lane), generate


@intrinsic
def any_nan(typingctx, lane):
    """Return whether one of a lane's numbers is NaN."""

    def generate(context, builder, signature, args):
        numbers = cgutils.unpack_tuple(builder, args[0])
        truths = [builder.fcmp_unordered("uno", number, number) for number in numbers]
        return functools.reduce(builder.or_, truths)

    return types.boolean(lane), generate


def block_type(struct):
    members = [
        POINTER if kind is float else WORDS if kind in (bool, int) else block_type(kind)
        for kind in get_type_hints(struct).values()
    ]
    return types.BaseTuple.from_types(members, struct)


def lane_type(block):
    if not isinstance(block, types.BaseTuple):
        return block.dtype
    members = [lane_type(member) for member in block]
    return types.BaseTuple.from_types(members, getattr(block, "instance_class", tuple))


def allocated(context, builder, block):
    if not isinstance(block, types.BaseTuple):
        return array(builder, DOUBLE if block == POINTER else WORD, BLOCK)
    return context.make_tuple(builder, block, [allocated(context, builder, m) for m in block])


def loaded(context, builder, value, i, block, lane):
    if not isinstance(block, types.BaseTuple):
        return builder.load(builder.gep(value, [i]))
    values = cgutils.unpack_tuple(builder, value)
    numbers = [
        loaded(context, builder, value, i, *kinds)
        for value, kinds in zip(values, zip(block, lane, strict=True), strict=True)
    ]
    return context.make_tuple(builder, lane, numbers)


def stored(context, builder, value, i, number, block, lane):
    if not isinstance(block, types.BaseTuple):
        word = context.cast(builder, number, lane, block.dtype)
        builder.store(word, builder.gep(value, [i]))
        return
    places, numbers = (cgutils.unpack_tuple(builder, x) for x in (value, number))
    if isinstance(block, types.BaseNamedTuple):
        chosen = [block.fields.index(name) for name in lane.fields]
    else:  # outputs, of which only the first may be wanted
        chosen = range(len(block))
    for at, one, kind in zip(chosen, numbers, lane, strict=False):
        stored(context, builder, places[at], i, one, block[at], kind)
