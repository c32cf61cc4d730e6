"""The executable specification: its limits, and the golden bits that were made of it."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from mpmath import isnan, mpf
from quantforge_conformance.checks import bits
from quantforge_conformance.limits import PRICE
from quantforge_conformance.reference import price as exact_price
from quantforge_conformance.spec.price import price
from quantforge_conformance.standards import ulp

GENERATOR = Path(__file__).parents[1] / "conformance" / "generate_golden.py"


def test_the_committed_golden_bits_are_those_of_the_specification(capsys):
    assert runpy.run_path(str(GENERATOR))["main"](["--check"]) == 0
    assert capsys.readouterr().out.count("as specified") == 2


@pytest.mark.parametrize("limit", PRICE, ids=lambda limit: limit.name)
def test_the_specification_has_the_limits(limit):
    [expected] = limit.expected
    got = price(*limit.operands)
    if isinstance(expected, mpf):
        assert abs(mpf(got) - expected) <= 4 * ulp(max(expected, 100))
    else:
        assert bits(got) == bits(expected)


@pytest.mark.parametrize(
    "limit",
    [limit for limit in PRICE if abs(limit.operands[-1]) == 1.0],
    ids=lambda limit: limit.name,
)
def test_the_table_of_limits_is_what_50_digits_give(limit):
    [expected] = limit.expected
    value = exact_price(*limit.operands)
    if np.isnan(float(expected)):
        assert isnan(value)
    else:
        assert value == expected or abs(value - expected) <= mpf(10) ** -35
