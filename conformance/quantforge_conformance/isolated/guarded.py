"""Run a kernel on operands that end, or begin, exactly where the process may not read or write."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantforge_conformance import isolated, operands
from quantforge_conformance.checks import unlike
from quantforge_conformance.subject import Kernel

LONGEST = 1_100
COUNTS = (*range(1, 34), 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1_000, 1_024)
PROT_NONE = 0

Array = NDArray[Any]


class GuardedPages:
    """Memory between two pages that kill the process when they are accessed."""

    def __init__(self) -> None:
        page = mmap.PAGESIZE
        size = -(-2 * 8 * LONGEST // page) * page
        self._map = mmap.mmap(-1, size + 2 * page)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        protect = ctypes.CDLL(None, use_errno=True).mprotect
        for guard in (start, start + page + size):
            if protect(ctypes.c_void_p(guard), ctypes.c_size_t(page), PROT_NONE):
                raise OSError(ctypes.get_errno(), "mprotect")
        self._bytes = np.frombuffer(self._map, np.uint8)[page : page + size]

    def ending(self, count: int, dtype: Any) -> Array:
        """Return an array whose last element is the last that may be touched."""
        dtype = np.dtype(dtype)
        return self._bytes[len(self._bytes) - count * dtype.itemsize :].view(dtype)

    def beginning(self, count: int, dtype: Any) -> Array:
        """Return an array whose first element is the first that may be touched."""
        dtype = np.dtype(dtype)
        return self._bytes[: count * dtype.itemsize].view(dtype)


Layout = Callable[[GuardedPages, int, Any], Array]
LAYOUTS: dict[str, Layout] = {
    "forwards to the end": lambda pages, n, dtype: pages.ending(n, dtype),
    "backwards to the beginning": lambda pages, n, dtype: pages.beginning(n, dtype)[::-1],
    "in steps of 2 to the end": lambda pages, n, dtype: pages.ending(2 * n - 1, dtype)[::2],
    "a scalar at the end": lambda pages, n, dtype: pages.ending(1, dtype)[0:1],
}


def filled(array: Array, values: Array) -> Array:
    """Write values into the array; a scalar takes the first."""
    array[:] = values[: array.size]
    return array


def check(kernel: Kernel, layout: Layout, count: int, pages: list[GuardedPages]) -> None:
    """Run one size and compare."""
    batch = operands.mixed(kernel, count)
    inputs = len(batch)
    guarded = [
        filled(layout(page, count, np.float64), x)
        for page, x in zip(pages[:inputs], batch, strict=True)
    ]
    out = [
        pages[inputs + place].ending(count, output.type)
        for place, output in enumerate(kernel.operation.outputs)
    ]
    kernel(*guarded, out=out)
    plain = [np.resize(x, count) for x in guarded]
    assert not unlike(kernel, out, kernel(*plain), plain)


def main() -> None:
    """Run every layout at every size, saying which is next."""
    kernel = isolated.kernel()
    pages = [GuardedPages() for _ in (*kernel.operation.inputs, *kernel.operation.outputs)]
    for name, layout in LAYOUTS.items():
        for count in COUNTS:
            print(f"{count} options {name}", flush=True)
            check(kernel, layout, count, pages)


if __name__ == "__main__":
    main()
