"""The kernels as NumPy's inner loops, each compiled on first use or taken from Numba's cache."""

import glob
import hashlib
import os
from importlib import import_module
from pathlib import Path

from numba import cfunc, config, types
from numba.core.caching import FunctionCache

from quantforge.errors import warn_once
from quantforge_numba import OPERATIONS
from quantforge_numba.loops.blocks import inner_loop

OPERANDS = types.CPointer(types.CPointer(types.uint8))
SIZES = types.CPointer(types.intp)
INNER_LOOP = types.void(OPERANDS, SIZES, SIZES, types.CPointer(types.int64))


def loop_of(name):
    loop = inner_loop(import_module(f"quantforge_numba.loops.{name}").OPERATION)
    loop.__qualname__ = name  # by which Numba names its file in the cache
    return loop


def compiled(loop):
    try:
        made = cached(loop)
    except Exception as error:  # unwritable or full: no reason to lose the backend
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


def cached(loop):
    """Take a loop from the cache if it is as it was left there, for damaged code may do anything.

    What is damaged, or was left by a process that died meanwhile, is forgotten and written anew.
    """
    cache = FunctionCache(loop)
    index = Path(cache._cache_file._index_path)
    seal = index.with_suffix(".seal")
    if index.exists() and digest_of_files(index) != content(seal):
        cache.flush()
    made = cfunc(INNER_LOOP, error_model="numpy", cache=True)(loop)
    if made.cache_hits == 0:
        write(seal, digest_of_files(index))
    return made


def digest_of_files(index):
    digest = hashlib.sha256()
    for path in sorted((index, *index.parent.glob(f"{glob.escape(index.stem)}.*.nbc"))):
        digest.update(content(path))
    return digest.digest()


def content(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def write(path, data):
    """Write a file as Numba does, whole or not at all."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.write_bytes(data)
    new.replace(path)


def __getattr__(name):
    """Compile a kernel when it is first asked for."""
    if name not in OPERATIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = made = compiled(loop_of(name))
    return made
