"""From the address of a compiled inner loop to a real ``numpy.ufunc``.

A kernel is NumPy's inner loop, ``void loop(char **args, const npy_intp *dims, const npy_intp
*steps, void *data)``. NumPy's own C-API function ``PyUFunc_FromFuncAndData`` turns its address
into a ufunc; calling that through ctypes keeps the core pure Python.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

__all__ = ["from_address"]

_FROM_FUNC_AND_DATA = 1  # slot in NumPy's ufunc C-API table, stable since NumPy 1.0
_NO_IDENTITY = -1
_PROTOTYPE = ctypes.PYFUNCTYPE(
    ctypes.py_object,
    ctypes.POINTER(ctypes.c_void_p),  # loops
    ctypes.POINTER(ctypes.c_void_p),  # data, one pointer per loop
    ctypes.c_char_p,  # types
    ctypes.c_int,  # number of loops
    ctypes.c_int,  # inputs
    ctypes.c_int,  # outputs
    ctypes.c_int,  # identity
    ctypes.c_char_p,  # name
    ctypes.c_char_p,  # doc
    ctypes.c_int,  # unused
)

# NumPy keeps bare pointers into all of these, so they live as long as the process.
_immortal: list[tuple[Any, ...]] = []


def _constructor() -> Any:
    from numpy._core import _multiarray_umath  # type: ignore[attr-defined]  # not in the stubs

    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype = ctypes.c_void_p
    get_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    table = get_pointer(_multiarray_umath._UFUNC_API, None)
    slots = ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))
    return _PROTOTYPE(slots[_FROM_FUNC_AND_DATA])


def from_address(
    address: int, name: str, doc: str, *, inputs: int, output_types: str = "d", data: Any = None
) -> np.ufunc:
    """Make a ufunc of the inner loop at `address`.

    Parameters
    ----------
    address : int
        Address of the loop; the library that holds it must stay loaded.
    name, doc : str
        The ufunc's ``__name__`` and docstring.
    inputs : int
        Number of float64 inputs.
    output_types : str
        One NumPy type character per output, ``"d"`` for float64, ``"b"`` for int8.
    data : ctypes object, optional
        What the loop receives as its last argument; kept alive for ever.

    Notes
    -----
    Only a float64 loop is registered: with a float32 loop NumPy would run float32 *and int16*
    input in single precision.
    """
    codes = {"d": np.dtype(np.float64).num, "b": np.dtype(np.int8).num}
    types = bytes([codes["d"]] * inputs + [codes[character] for character in output_types])
    loops = (ctypes.c_void_p * 1)(address)
    pointer = None if data is None else ctypes.cast(ctypes.pointer(data), ctypes.c_void_p)
    datas = (ctypes.c_void_p * 1)(pointer)
    texts = (name.encode(), doc.encode())
    _immortal.append((loops, datas, types, texts, data))
    made: np.ufunc = _constructor()(
        loops, datas, types, 1, inputs, len(output_types), _NO_IDENTITY, *texts, 0
    )
    return made
