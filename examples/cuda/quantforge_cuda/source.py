"""What NVRTC compiles, and how."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Final

__all__ = ["options", "text"]

_HERE: Final = Path(__file__).parent
_FORMULAS: Final = _HERE / "formulas"  # those of the C backend, copied when this was built


def text() -> str:
    return (_HERE / "kernels.cu").read_text("utf-8")


def options() -> tuple[str, ...]:
    """Options for NVRTC, without the architecture."""
    formulas = b"".join(path.read_bytes() for path in sorted(_FORMULAS.glob("*.h")))
    return (
        "--std=c++17",
        "--fmad=false",  # only the fused multiply-adds that are written out
        "--device-as-default-execution-space",  # the formulas name none
        "--diag-suppress=161",  # they have a pragma for loops in vectors
        f"-I{_HERE / 'nvrtc'}",
        f"-I{_FORMULAS}",
        f"-DQF_FORMULAS={zlib.crc32(formulas)}",  # CuPy keeps what it compiled by text and options
    )
