"""The executable specification: its edge cases, and the golden bits that were made of it."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from mpmath import isnan, mpf
from quantforge_conformance.edge_cases import Near, price, right
from quantforge_conformance.oracles import ORACLES
from quantforge_conformance.reference import price as exact_price

import quantforge
from quantforge.operations import OPERATIONS

GENERATOR = Path(__file__).parents[1] / "conformance" / "generate_golden.py"


def test_the_committed_golden_bits_are_those_of_the_specification(capsys):
    assert runpy.run_path(str(GENERATOR))["main"](["--check"]) == 0
    assert capsys.readouterr().out.count("as specified") == 2 * len(OPERATIONS)


EDGE_CASES = [
    pytest.param(oracle, case, id=f"{name}-{case.name}")
    for name, oracle in ORACLES.items()
    for case in oracle.edge_cases()
]


@pytest.mark.parametrize(("oracle", "case"), EDGE_CASES)
def test_the_specification_has_the_edge_cases(oracle, case):
    results = oracle.specification(*case.operands)
    outputs = oracle.bounds
    wrong = [
        f"{name} is {got!r}, expected {expected!r}"
        for name, got, expected in zip(outputs, results, case.expected, strict=True)
        if not right(got, expected)
    ]
    assert not wrong


def test_the_code_of_every_border_is_that_of_the_public_enumeration():
    from quantforge_conformance.spec import implied_volatility as specification

    for code in quantforge.Code:
        assert getattr(specification, code.name) == code


@pytest.mark.parametrize(
    "case",
    [case for case in price() if abs(case.operands[-1]) == 1.0],
    ids=lambda case: case.name,
)
def test_the_edge_cases_are_what_50_digits_give(case):
    [expected] = case.expected
    value = exact_price(*case.operands)
    expected = expected.value if isinstance(expected, Near) else expected
    if np.isnan(float(expected)):
        assert isnan(value)
    else:
        assert value == expected or abs(value - expected) <= mpf(10) ** -35
