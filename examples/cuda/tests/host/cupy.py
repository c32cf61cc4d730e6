"""CuPy's part that the backend uses, on the host: arrays of NumPy, and kernels by the C++ compiler.

It shows on any machine that kernels.cu has the bits of the other exact backends, and that the
Python around it keeps the contract. What NVRTC makes of kernels.cu is examined apart.
"""

import atexit
import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np

__version__ = "host"


_c = ctypes.CDLL(None)
_DEFAULT = ctypes.c_void_p(-1)  # FE_DFL_ENV of the C library


class ndarray(np.ndarray):
    """An array that is not the host's, as far as the backend can tell."""

    @property
    def data(self):
        return SimpleNamespace(ptr=self.ctypes.data)

    def get(self):
        return np.array(self).view(np.ndarray)


def asarray(given, kind=None):
    return np.array(given, kind, copy=None if isinstance(given, ndarray) else True).view(ndarray)


def empty(shape, kind):
    return np.empty(shape, kind).view(ndarray)


def zeros(shape, kind):
    return np.zeros(shape, kind).view(ndarray)


def broadcast_to(array, shape):
    return np.broadcast_to(array, shape, subok=True)


def ascontiguousarray(array):
    return np.array(array, order="C", copy=None).view(ndarray)


class RawModule:
    """kernels.cu as a shared library."""

    def __init__(self, code, options, backend):
        assert backend == "nvrtc"
        folder = Path(tempfile.mkdtemp())
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        source, library = folder / "kernels.cpp", folder / "kernels.so"
        source.write_text(code)
        chosen = [each for each in options if each[:2] in ("-D", "-I") and "nvrtc" not in each]
        fused = ["-mfma"] if " fma " in Path("/proc/cpuinfo").read_text() else []
        flags = ["-std=c++17", "-O1", "-ffp-contract=off", "-fPIC", "-shared", *fused]
        subprocess.run(["c++", *flags, *chosen, source, "-o", library], check=True)
        self._library = ctypes.CDLL(str(library))

    def get_function(self, name):
        function = getattr(self._library, name)

        def launch(grid, block, arguments):
            given, taken, size, wanted, outside = arguments
            by_value = [_structure(array) for array in (given, taken)]
            numbers = (ctypes.c_int64(int(size)), ctypes.c_int64(int(wanted)))
            environment = ctypes.create_string_buffer(256)
            _c.fegetenv(environment)
            _c.fesetenv(_DEFAULT)  # the caller's rounding is nothing to a device
            function(*by_value, *numbers, ctypes.c_void_p(outside.data.ptr))
            _c.fesetenv(environment)

        return launch


def _structure(array):
    """A structure of 64-bit words, to be passed by value."""
    words = array.nbytes // 8
    kind = type(
        "Structure", (ctypes.Structure,), {"_fields_": [("words", ctypes.c_uint64 * words)]}
    )
    return kind.from_buffer_copy(array.tobytes())


_properties = {"name": b"none, but the host", "major": 0, "minor": 0}
cuda = SimpleNamespace(
    runtime=SimpleNamespace(getDevice=lambda: 0, getDeviceProperties=lambda device: _properties)
)
