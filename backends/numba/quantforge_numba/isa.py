"""The instruction set that Numba compiles for."""

import os
import platform
import sys

from quantforge.errors import BackendError, warn_once

# QUANTFORGE_ISA as Numba's NUMBA_CPU_NAME and NUMBA_CPU_FEATURES; avx512 is what a processor that
# has it gets anyway.
TARGETS = {"avx512": None, "avx2": ("x86-64-v3", "+avx2,+fma"), "baseline": ("x86-64", "")}


def request():
    """Pass QUANTFORGE_ISA on to Numba, which makes its choice once, when it is imported."""
    if platform.machine() not in ("x86_64", "AMD64"):
        raise BackendError(
            "the numba backend sets the floating-point environment of x86-64 processors; "
            f"this one is {platform.machine()}"
        )
    wanted = os.environ.get("QUANTFORGE_ISA")
    if not wanted:
        return
    if wanted not in TARGETS:
        raise BackendError(f"QUANTFORGE_ISA={wanted} is none of {', '.join(TARGETS)}")
    if TARGETS[wanted] and "numba" not in sys.modules:
        os.environ["NUMBA_CPU_NAME"], os.environ["NUMBA_CPU_FEATURES"] = TARGETS[wanted]
    if wanted != chosen():
        warn_once(
            "numba isa",
            f"QUANTFORGE_ISA={wanted} is not followed by the numba backend, which compiles for "
            f"{chosen()}: numba was imported before, or the processor lacks {wanted}",
        )


def chosen():
    """Return the name of the instruction set that Numba compiles for in this process."""
    from numba.core.registry import cpu_target

    _, _, features = cpu_target.target_context.codegen().magic_tuple()
    have = set(features.split(","))
    if {"+avx512f", "+avx512dq"} <= have:
        return "avx512"
    return "avx2" if {"+avx2", "+fma"} <= have else "baseline"
