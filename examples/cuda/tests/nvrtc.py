"""NVRTC by ctypes: it compiles without a GPU."""

import ctypes
import ctypes.util
import importlib.util
from pathlib import Path

__all__ = ["compiled", "library"]


def library():
    """Find NVRTC, in a package of NVIDIA's or in the system; None if there is none."""
    try:
        found = importlib.util.find_spec("nvidia.cuda_nvrtc")
    except ModuleNotFoundError:
        found = None
    places = found.submodule_search_locations if found else ()
    files = [file for place in places for file in Path(place).glob("lib/libnvrtc.so*")]
    name = str(files[0]) if files else ctypes.util.find_library("nvrtc")
    return ctypes.CDLL(name) if name else None


def compiled(nvrtc, text, options, *, kind):
    """Compile to ``"PTX"`` or ``"CUBIN"``."""
    program = ctypes.c_void_p()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"kernels.cu", 0, None, None)
    given = [option.encode() for option in options]
    failed = nvrtc.nvrtcCompileProgram(program, len(given), (ctypes.c_char_p * len(given))(*given))
    log = _read(nvrtc, program, "ProgramLog")
    assert not failed, log.decode()
    return _read(nvrtc, program, kind)


def _read(nvrtc, program, what):
    size = ctypes.c_size_t()
    getattr(nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
    text = ctypes.create_string_buffer(size.value)
    getattr(nvrtc, f"nvrtcGet{what}")(program, text)
    return text.raw.rstrip(b"\0") if what != "CUBIN" else text.raw
