"""The kernels as NumPy's inner loops, compiled for this machine."""

from numba import cfunc, types

from quantforge_numba.loop import run_blocks
from quantforge_numba.price import PRICE_INPUTS, price_block

BYTES = types.CPointer(types.uint8)
SIZES = types.CPointer(types.intp)
INNER_LOOP = types.void(types.CPointer(BYTES), SIZES, SIZES, types.voidptr)


@cfunc(INNER_LOOP, error_model="numpy")
def qf_price(args, dims, steps, data):
    run_blocks(price_block, PRICE_INPUTS, 1, args, dims[0], steps)
