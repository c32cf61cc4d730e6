"""The instruction set that the kernels are compiled for."""

import re

import pytest

LANES = {"avx512": 8, "avx2": 4}
REPORT = """
warnings.simplefilter("error")
bits = digest()
from quantforge_numba import isa
from quantforge_numba.loops import kernels
print(json.dumps([isa.chosen(), bits, kernels.price.inspect_llvm()]))
"""
REFUSED = """
from quantforge import BackendError
try:
    load()
except BackendError as error:
    print(json.dumps(str(error)))
"""


@pytest.fixture(scope="module")
def best(child, tmp_path_factory):
    """The instruction set Numba takes by itself, the bits it gives, and its code."""
    return child(REPORT, NUMBA_CACHE_DIR=tmp_path_factory.mktemp("cache"))


def assert_vectors(isa, code):
    """No loop divides scalars."""
    divisions = re.findall(r"= fdiv (<\d+ x double>|double) ", code)
    assert set(divisions) == {f"<{LANES[isa]} x double>"}


def test_every_loop_becomes_vectors_as_wide_as_the_processor_has(best):
    isa, _, code = best
    if isa not in LANES:
        pytest.skip("this processor has no vector fma")
    assert_vectors(isa, code)


@pytest.mark.parametrize("isa", ["avx2", "baseline"])
def test_a_forced_instruction_set_is_used_and_changes_no_bit(child, best, isa, tmp_path):
    if isa == "avx2" and best[0] == "baseline":
        pytest.skip("this processor has no AVX2")
    chosen, bits, code = child(REPORT, QUANTFORGE_ISA=isa, NUMBA_CACHE_DIR=tmp_path)
    assert (chosen, bits) == (isa, best[1])
    if isa in LANES:
        assert_vectors(isa, code)


def test_a_set_forced_after_numba_was_imported_is_refused(child, best):
    message = child(f"import numba{REFUSED}", QUANTFORGE_ISA="baseline")
    assert "QUANTFORGE_ISA=baseline" in message
    assert f"compiles for {best[0]}" in message


MISSPELT = """
warnings.simplefilter("ignore")
bits = digest()
from quantforge_numba import isa
print(json.dumps([isa.chosen(), bits]))
"""


def test_a_misspelt_instruction_set_changes_nothing(child, best, tmp_path):
    found = child(MISSPELT, QUANTFORGE_ISA="avx3", NUMBA_CACHE_DIR=tmp_path)
    assert found == list(best[:2])
