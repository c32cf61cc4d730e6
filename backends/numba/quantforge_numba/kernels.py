"""The kernels as NumPy's inner loops, compiled for this machine or taken from Numba's cache."""

import hashlib
from pathlib import Path

from numba import cfunc, config, types

from quantforge.errors import warn_once
from quantforge_numba.blocks import run_blocks
from quantforge_numba.price import PRICE_INPUTS, price_block

SIZES = types.CPointer(types.intp)
INNER_LOOP = types.void(types.CPointer(types.CPointer(types.uint8)), SIZES, SIZES, types.voidptr)


def digest_of_sources():
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:7])


# Numba's cache notices when the file of the outermost function changes, and when a variable does
# that this function closes over: so each loop below closes over a digest of all our files.
SOURCES = digest_of_sources()


def compiled(loop):
    try:
        made = cfunc(INNER_LOOP, error_model="numpy", cache=True)(loop)
    except Exception as error:  # unwritable, full, damaged: no reason to lose the backend
        made = cfunc(INNER_LOOP, error_model="numpy")(loop)
        warn_once(
            "numba cache",
            "the numba backend compiles its kernels in every process, since Numba's cache cannot "
            f"be used ({error}); NUMBA_CACHE_DIR may name a writable directory",
        )
        return made
    wanted, used = config.CACHE_DIR, made._cache.cache_path
    if wanted and not Path(used).is_relative_to(wanted):
        warn_once(
            "numba cache",
            f"NUMBA_CACHE_DIR={wanted} cannot be written to: the numba backend's kernels are "
            f"kept in {used}",
        )
    return made


def price_loop(sources):
    def price(args, dims, steps, data):
        sources  # noqa: B018  # makes it a variable of the closure
        run_blocks(price_block, PRICE_INPUTS, 1, args, dims[0], steps)

    return price


price = compiled(price_loop(SOURCES))
