"""What is said where Numba's compiler is switched off."""

import pytest

# From the textbook's formula with `statistics.NormalDist`, independently of any kernel.
PRICE = 4.178299715513496

REPORT = """
import quantforge
info = next(one for one in quantforge.backends() if one.name == "numba")
try:
    load()
    refused = ""
except quantforge.BackendError as error:
    refused = str(error)
price = quantforge.price(100.0, 105.0, 0.5, 0.03, 0.2)
print(json.dumps([info.state, info.reason, refused, float(price)]))
"""


@pytest.mark.parametrize("word", ["1", "2", " 1"])
def test_without_a_compiler_the_backend_is_unavailable_and_says_why(child, word):
    state, reason, refused, price = child(REPORT, NUMBA_DISABLE_JIT=word)
    assert state == "unavailable"
    assert "NUMBA_DISABLE_JIT" in reason
    assert "NUMBA_DISABLE_JIT" in refused
    assert price == pytest.approx(PRICE, rel=1e-12)


@pytest.mark.parametrize("word", ["0", ""])
def test_a_compiler_that_is_not_switched_off_is_used(child, word):
    code = "import quantforge; print(json.dumps([one.state for one in quantforge.backends()]))"
    assert set(child(code, NUMBA_DISABLE_JIT=word)) == {"available"}


def test_a_compiler_switched_off_in_python_breaks_the_backend_and_nothing_else(child):
    _, _, refused, price = child("import numba; numba.config.DISABLE_JIT = 1" + REPORT)
    assert "Numba's compiler is switched off" in refused
    assert price == pytest.approx(PRICE, rel=1e-12)
