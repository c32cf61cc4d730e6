"""The kernels as NumPy's inner loops, each compiled on first use or taken from Numba's cache."""

import hashlib
from pathlib import Path

from numba import cfunc, config, types

from quantforge.errors import warn_once
from quantforge_numba.bachelier_greeks import bachelier_greeks_general, bachelier_greeks_ordinary
from quantforge_numba.bachelier_implied_volatility import (
    bachelier_implied_volatility_general,
    bachelier_implied_volatility_ordinary,
)
from quantforge_numba.bachelier_price import bachelier_price_general, bachelier_price_ordinary
from quantforge_numba.blocks import Kernel, run_blocks
from quantforge_numba.greeks import GREEKS, greeks_general, greeks_ordinary
from quantforge_numba.implied_volatility import (
    implied_volatility_general,
    implied_volatility_ordinary,
)
from quantforge_numba.price import price_general, price_ordinary

OPERANDS = types.CPointer(types.CPointer(types.uint8))
SIZES = types.CPointer(types.intp)
INNER_LOOP = types.void(OPERANDS, SIZES, SIZES, types.CPointer(types.int64))


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
        kernel = Kernel(price_ordinary, price_general, codes=False)
        run_blocks(kernel, 7, 1, args, dims[0], steps, data)

    return price


def greeks_loop(sources):
    def greeks(args, dims, steps, data):
        sources  # noqa: B018
        kernel = Kernel(greeks_ordinary, greeks_general, codes=False)
        run_blocks(kernel, 7, GREEKS, args, dims[0], steps, data)

    return greeks


def implied_volatility_loop(sources):
    def implied_volatility(args, dims, steps, data):
        sources  # noqa: B018
        kernel = Kernel(implied_volatility_ordinary, implied_volatility_general, codes=True)
        run_blocks(kernel, 7, 2, args, dims[0], steps, data)

    return implied_volatility


def bachelier_price_loop(sources):
    def bachelier_price(args, dims, steps, data):
        sources  # noqa: B018
        kernel = Kernel(bachelier_price_ordinary, bachelier_price_general, codes=False)
        run_blocks(kernel, 6, 1, args, dims[0], steps, data)

    return bachelier_price


def bachelier_greeks_loop(sources):
    def bachelier_greeks(args, dims, steps, data):
        sources  # noqa: B018
        kernel = Kernel(bachelier_greeks_ordinary, bachelier_greeks_general, codes=False)
        run_blocks(kernel, 6, GREEKS, args, dims[0], steps, data)

    return bachelier_greeks


def bachelier_implied_volatility_loop(sources):
    def bachelier_implied_volatility(args, dims, steps, data):
        sources  # noqa: B018
        kernel = Kernel(
            bachelier_implied_volatility_ordinary, bachelier_implied_volatility_general, codes=True
        )
        run_blocks(kernel, 6, 2, args, dims[0], steps, data)

    return bachelier_implied_volatility


LOOPS = {
    "price": price_loop,
    "greeks": greeks_loop,
    "implied_volatility": implied_volatility_loop,
    "bachelier_price": bachelier_price_loop,
    "bachelier_greeks": bachelier_greeks_loop,
    "bachelier_implied_volatility": bachelier_implied_volatility_loop,
}


def __getattr__(name):
    """Compile a kernel when it is first asked for."""
    if name not in LOOPS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = made = compiled(LOOPS[name](SOURCES))
    return made
