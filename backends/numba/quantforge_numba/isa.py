"""The instruction set that Numba compiles for."""

import os
import platform
import sys

from quantforge import BackendError, instruction_set

# QUANTFORGE_ISA as Numba's NUMBA_CPU_NAME and NUMBA_CPU_FEATURES. A processor with AVX-512 gets it
# unasked.
TARGETS = {"avx2": ("x86-64-v3", "+avx2,+fma"), "baseline": ("x86-64", "")}
WIDTHS = {"avx512": 8, "avx2": 4}  # doubles in a vector, where there is a vector fma


def settle():
    """Pass QUANTFORGE_ISA on to Numba, which chooses once per process, when it is imported."""
    if platform.machine() not in ("x86_64", "AMD64"):
        raise BackendError(f"the numba kernels need an x86-64 processor, not {platform.machine()}")
    forced = instruction_set(("", *WIDTHS, "baseline"))
    if forced in TARGETS and "numba" not in sys.modules:
        os.environ["NUMBA_CPU_NAME"], os.environ["NUMBA_CPU_FEATURES"] = TARGETS[forced]
    if forced and forced != chosen():
        raise BackendError(
            f"QUANTFORGE_ISA={forced} cannot be used here: Numba compiles for {chosen()}, "
            "which was settled when it was imported"
        )


def chosen():
    from numba.core.registry import cpu_target

    _, _, features = cpu_target.target_context.codegen().magic_tuple()
    present = set(features.split(","))
    if {"+avx512f", "+avx512dq"} <= present:
        return "avx512"
    return "avx2" if {"+avx2", "+fma"} <= present else "baseline"
