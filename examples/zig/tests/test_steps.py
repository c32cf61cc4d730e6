"""Each function beside the vectors of the specification: the first to differ is where to look."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
from quantforge_conformance import steps
from quantforge_conformance.spec.elementary import from_bits

pytest.importorskip("ziglang", reason="the Zig compiler, pip install ziglang, is not installed")

SOURCE = Path(__file__).resolve().parents[1] / "zig" / "steps.zig"
FUNCTIONS = """
    shift_exponent power_of_two at_least at_most finite_or_zero times_power reduce exp_minus_1
    times_exp aligned two_sum product log_argument log_ratio_sum log_ratio_fine gauss_exponent mills
    loss state_of sign_state sigma_state log_moneyness magnitude discount_exponent scaled discounted
    legs_general deviation_general tails tails_at tails_general is_straight separation_general
    on_common_scale time_value price_general
    bachelier_time_value bachelier_terms_general bachelier_price_general
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The functions one by one, compiled as the backend is."""
    folder = tmp_path_factory.mktemp("steps")
    command = [sys.executable, "-m", "ziglang", "build-lib", str(SOURCE), "-dynamic"]
    command += ["-O", "ReleaseFast", "-target", "x86_64-linux", "-mcpu=x86_64_v3"]
    command += ["--cache-dir", str(folder), "--global-cache-dir", str(folder)]
    subprocess.run([*command, f"-femit-bin={folder / 'steps.so'}"], check=True)
    return ctypes.CDLL(str(folder / "steps.so"))


@pytest.mark.parametrize("function", FUNCTIONS.split())
def test_a_function_has_the_bits_of_the_specification(library, function):
    kinds = [name.endswith(":int") for name in steps.vectors(function).outputs]

    def mine(*given):
        words = (ctypes.c_uint64 * len(given))(*(int(steps.word(each), 16) for each in given))
        results = (ctypes.c_uint64 * len(kinds))()
        getattr(library, f"step_{function}")(words, results)
        return [x if kind else from_bits(x) for kind, x in zip(kinds, results, strict=True)]

    difference = steps.first_difference(function, mine)
    assert difference is None, difference
