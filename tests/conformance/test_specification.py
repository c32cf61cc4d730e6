"""The executable specification: its edge cases, and the golden bits that were made of it."""

import ctypes
import ctypes.util
import runpy
from pathlib import Path

import numpy as np
import pytest
from mpmath import isnan, mpf
from quantforge_conformance.edge_cases import Near, price, right
from quantforge_conformance.oracles import ORACLES
from quantforge_conformance.reference import price as exact_price
from quantforge_conformance.spec import elementary

import quantforge
from quantforge.operations import OPERATIONS

GENERATOR = Path(__file__).parents[2] / "conformance" / "generate_golden.py"


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


def triples(count):
    """Triples of doubles: of any bits, of products that cancel or nearly do, and of the ends."""
    rng = np.random.default_rng(13)
    with np.errstate(all="ignore"):
        for _ in range(count):
            yield rng.integers(0, 2**64, 3, np.uint64).view(np.float64)
            a, b = rng.standard_normal(2) * 2.0 ** rng.integers(-540, 540, 2)
            c = -(a * b) * (1.0 + rng.integers(-3, 4) * 2.0**-52)
            yield a, b, c
            yield a, b, c * 2.0 ** rng.integers(-110, 111)
            yield a, b, 5e-324 * rng.integers(-4, 5)
            yield a * 2.0**500, b, np.copysign(1.7e308, -a)
    ends = [0.0, 5e-324, 2.0**-1022, 1.0, 2.0**1023, 1.7976931348623157e308, np.inf, np.nan]
    ends += [-x for x in ends]
    for a in ends:
        for b in ends:
            for c in ends:
                yield a, b, c


@pytest.mark.parametrize("name", ["exact_fma", "fma"])
def test_the_fused_multiply_add_is_that_of_the_c_library(name):
    expected = ctypes.CDLL(ctypes.util.find_library("m")).fma
    expected.restype, expected.argtypes = ctypes.c_double, [ctypes.c_double] * 3
    for triple in triples(2_000):
        a, b, c = map(float, triple)
        got, right = getattr(elementary, name)(a, b, c), expected(a, b, c)
        assert elementary.to_bits(got) == elementary.to_bits(right) or (
            got != got and right != right
        ), (a.hex(), b.hex(), c.hex())
