"""The instruction set that the kernels are compiled for."""

import pytest

REPORT = """
bits = digest()
from quantforge_numba import isa
print(json.dumps([isa.chosen(), bits]))
"""
REFUSED = """
from quantforge import BackendError
try:
    load()
except BackendError as error:
    print(json.dumps(str(error)))
"""


@pytest.fixture(scope="module")
def best(child):
    """The instruction set Numba takes by itself, and the bits it gives."""
    return child(REPORT)


@pytest.mark.parametrize("isa", ["avx2", "baseline"])
def test_a_forced_instruction_set_is_used_and_changes_no_bit(child, best, isa):
    if isa == "avx2" and best[0] == "baseline":
        pytest.skip("this processor has no AVX2")
    assert child(REPORT, QUANTFORGE_ISA=isa) == [isa, best[1]]


def test_a_set_forced_after_numba_was_imported_is_refused(child, best):
    message = child(f"import numba{REFUSED}", QUANTFORGE_ISA="baseline")
    assert "QUANTFORGE_ISA=baseline" in message
    assert f"compiles for {best[0]}" in message


def test_an_unknown_instruction_set_is_refused(child):
    assert "QUANTFORGE_ISA=avx3" in child(REFUSED, QUANTFORGE_ISA="avx3")


def test_every_stage_of_a_kernel_becomes_vectors(child, best, tmp_path):
    if best[0] == "baseline":
        pytest.skip("this processor has no vector fma")
    code = """
load()
from quantforge_numba import kernels
print(json.dumps(kernels.price.inspect_llvm()))
"""
    lines = child(code, NUMBA_CACHE_DIR=tmp_path).splitlines()
    lanes = {"avx512": 8, "avx2": 4}[best[0]]
    divisions = [line for line in lines if " fdiv " in line]
    vectors = [line for line in divisions if f"<{lanes} x double>" in line]
    # Beside its vectors each loop has a remainder, of scalars.
    assert len(divisions) == 2 * len(vectors) > 0
