"""The processor's floating-point environment on x86-64: rounding, flush-to-zero, sticky flags."""

from __future__ import annotations

import ctypes
import mmap
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np

FLAGS = 0x003F
"""The sticky flags in MXCSR: invalid, denormal, divide by zero, overflow, underflow, inexact."""

DEFAULT = 0x1F80
FLUSH_TO_ZERO = 0x8000
DENORMALS_ARE_ZERO = 0x0040
ROUND_DOWN, ROUND_UP, ROUND_TO_ZERO = 0x2000, 0x4000, 0x6000

_FLAGS = ("invalid", "denormal", "divide by zero", "overflow", "underflow", "inexact")
_ROUNDING = {0: "", ROUND_DOWN: "round down", ROUND_UP: "round up", ROUND_TO_ZERO: "round to zero"}


def flags(value: int) -> str:
    """Return the names of the sticky flags that are set."""
    return ", ".join(name for bit, name in enumerate(_FLAGS) if value >> bit & 1) or "none"


def modes(value: int) -> str:
    """Return in words how MXCSR differs from its default, but for the sticky flags."""
    words = [
        _ROUNDING[value & ROUND_TO_ZERO],
        "flush to zero" if value & FLUSH_TO_ZERO else "",
        "denormals are zero" if value & DENORMALS_ARE_ZERO else "",
        *(f"{name} traps" for bit, name in enumerate(_FLAGS) if not value >> 7 + bit & 1),
    ]
    return ", ".join(filter(None, words)) or "default"


_READ = bytes.fromhex("0fae1fc3")  # stmxcsr [rdi]; ret
_WRITE = bytes.fromhex("0fae17c3")  # ldmxcsr [rdi]; ret


class Unavailable(Exception):
    """MXCSR cannot be read and set from Python on this machine."""


@cache
def _routine(code: bytes) -> Callable[[ctypes.Array[ctypes.c_uint32]], None]:
    if platform.machine().lower() not in ("x86_64", "amd64"):
        raise Unavailable(f"MXCSR is x86's, this is {platform.machine()}")
    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except (AttributeError, OSError) as error:
        raise Unavailable(f"no executable memory: {error}") from None
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    call = ctypes.CFUNCTYPE(None, ctypes.c_uint32 * 1)(address)
    call.page = page  # type: ignore[attr-defined]  # keeps the code mapped
    return call


def control() -> int:
    """Return this thread's MXCSR."""
    word = (ctypes.c_uint32 * 1)()
    _routine(_READ)(word)
    return word[0]


def set_control(value: int) -> None:
    """Set this thread's MXCSR."""
    _routine(_WRITE)((ctypes.c_uint32 * 1)(value))


@contextmanager
def environment(value: int) -> Iterator[None]:
    """Run a block with MXCSR set to a value; nothing else should happen in it."""
    before = control()
    set_control(value)
    try:
        yield
    finally:
        set_control(before)


def inner_loop(ufunc: np.ufunc) -> Callable[..., None]:
    """Return a ufunc's compiled loop as a C function, past NumPy's own handling of the flags.

    PyUFuncObject, from numpy/ufuncobject.h: the Python object's head, four ints, the loops.
    """
    place = id(ufunc) + object.__basicsize__ + 4 * ctypes.sizeof(ctypes.c_int)
    loops = ctypes.POINTER(ctypes.c_void_p).from_address(place)
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)(loops[0])
