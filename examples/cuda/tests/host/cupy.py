"""CuPy's part that the backend uses, on the host: arrays of NumPy, and kernels by a compiler of C.

It shows on any machine that the kernels have the bits of the other exact backends, and that the
Python around them keeps the contract. QUANTFORGE_CUDA_HOST says which kernels: ``source``,
kernels.cu itself, or ``ptx``, the instructions that NVRTC makes of it for a device.
"""

import atexit
import ctypes
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import nvrtc
import ptx

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
    """The kernels as a shared library."""

    def __init__(self, code, options, backend):
        assert backend == "nvrtc"
        if os.environ.get("QUANTFORGE_CUDA_HOST", "source") == "ptx":
            options = (*options, "--gpu-architecture=compute_80")
            made = nvrtc.compiled(nvrtc.library(), code, options, kind="PTX").decode()
            self._call = _by_thread
            self._library = _compiled("kernels.c", ptx.as_c(made), "-fno-strict-aliasing")
        else:
            chosen = [each for each in options if each[:2] in ("-D", "-I") and "nvrtc" not in each]
            self._call = _by_batch
            self._library = _compiled("kernels.cpp", code, "-std=c++17", *chosen)

    def get_function(self, name):
        function = getattr(self._library, name)

        def launch(grid, block, arguments):
            environment = ctypes.create_string_buffer(256)
            _c.fegetenv(environment)
            _c.fesetenv(_DEFAULT)  # the caller's rounding is nothing to a device
            self._call(function, grid, block, [_passed(each) for each in arguments])
            _c.fesetenv(environment)

        return launch


def _compiled(name, text, *options):
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    source, library = folder / name, folder / "kernels.so"
    source.write_text(text)
    compiler = "cc" if source.suffix == ".c" else "c++"
    fused = ["-mfma"] if " fma " in Path("/proc/cpuinfo").read_text() else []
    flags = ["-O1", "-ffp-contract=off", "-fPIC", "-shared", *fused, *options]
    subprocess.run([compiler, *flags, source, "-o", library, "-lm"], check=True)
    return ctypes.CDLL(str(library))


def _by_batch(function, grid, block, arguments):
    """What kernels.cu is for a host: all options in one call."""
    function(*arguments)


def _by_thread(function, grid, block, arguments):
    """What it is for a device: a call for each thread of the grid."""
    pointers = [ctypes.addressof(each) for each in arguments]
    function((ctypes.c_void_p * len(pointers))(*pointers), *grid, *block)


def _passed(argument):
    """An argument of a kernel: a device's address, a number, or a structure of 64-bit words."""
    if isinstance(argument, ndarray):
        return ctypes.c_void_p(argument.data.ptr)
    if isinstance(argument, np.generic):
        return ctypes.c_int64(int(argument))
    words = argument.nbytes // 8
    kind = type(
        "Structure", (ctypes.Structure,), {"_fields_": [("words", ctypes.c_uint64 * words)]}
    )
    return kind.from_buffer_copy(argument.tobytes())


_properties = {"name": b"none, but the host", "major": 0, "minor": 0}
cuda = SimpleNamespace(
    runtime=SimpleNamespace(getDevice=lambda: 0, getDeviceProperties=lambda device: _properties)
)
