"""The executable specification: its limits, and the golden bits that were made of it."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from mpmath import isnan, mpf
from quantforge_conformance.limits import Near, price, right
from quantforge_conformance.reference import price as exact_price
from quantforge_conformance.standards import STANDARDS

import quantforge
from quantforge.operations import OPERATIONS

GENERATOR = Path(__file__).parents[1] / "conformance" / "generate_golden.py"


def test_the_committed_golden_bits_are_those_of_the_specification(capsys):
    assert runpy.run_path(str(GENERATOR))["main"](["--check"]) == 0
    assert capsys.readouterr().out.count("as specified") == 2 * len(OPERATIONS)


LIMITS = [
    pytest.param(standard, limit, id=f"{name}-{limit.name}")
    for name, standard in STANDARDS.items()
    for limit in standard.limits()
]


@pytest.mark.parametrize(("standard", "limit"), LIMITS)
def test_the_specification_has_the_limits(standard, limit):
    results = standard.specification(*limit.operands)
    outputs = standard.bounds
    wrong = [
        f"{name} is {got!r}, expected {expected!r}"
        for name, got, expected in zip(outputs, results, limit.expected, strict=True)
        if not right(got, expected)
    ]
    assert not wrong


def test_the_code_of_every_border_is_that_of_the_public_enumeration():
    from quantforge_conformance.spec import implied_volatility as specification

    for code in quantforge.Code:
        assert getattr(specification, code.name) == code


@pytest.mark.parametrize(
    "limit",
    [limit for limit in price() if abs(limit.operands[-1]) == 1.0],
    ids=lambda limit: limit.name,
)
def test_the_table_of_limits_is_what_50_digits_give(limit):
    [expected] = limit.expected
    value = exact_price(*limit.operands)
    expected = expected.value if isinstance(expected, Near) else expected
    if np.isnan(float(expected)):
        assert isnan(value)
    else:
        assert value == expected or abs(value - expected) <= mpf(10) ** -35
