"""Where the formula ends: the edge cases, NaN, the *invalid* signal, and bad neighbours."""

import numpy as np
import pytest

from quantforge_conformance import operands
from quantforge_conformance.checks import bits, expect_none, unlike
from quantforge_conformance.edge_cases import right
from quantforge_conformance.special import CANONICAL_NAN, NANS


def test_an_edge_case_has_its_value(kernel, edge_case):
    with np.errstate(invalid="ignore"):
        results = kernel(*edge_case.operands)
    ulps = kernel.slack if kernel.tier == "approximate" else 0
    wrong = [
        f"{output.name} is {got!r}, expected {expected!r}"
        for output, got, expected in zip(
            kernel.operation.outputs, results, edge_case.expected, strict=True
        )
        if not right(got, expected, kernel.slack, ulps)
    ]
    expect_none(wrong, edge_case.name)


def test_invalid_is_signalled_exactly_outside_the_domain(kernel, edge_case):
    signals = []
    with np.errstate(all="call", call=lambda kind, flags: signals.append(kind)):
        kernel(*edge_case.operands)
    assert signals == ["invalid value"] * edge_case.invalid


@pytest.mark.parametrize("place", [0, 7, 128, 998])
def test_one_option_outside_the_domain_signals_for_its_batch(kernel, place):
    outside = next((case for case in kernel.oracle.edge_cases() if case.invalid), None)
    if outside is None:
        pytest.skip(f"{kernel.name} is defined everywhere")
    batch = operands.mixed(kernel, 999)
    for array, operand in zip(batch, outside.operands, strict=True):
        array[place] = operand
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="invalid"):
        kernel(*batch)


@pytest.mark.parametrize("draw", [operands.ordinary, operands.mixed])
def test_a_batch_in_the_domain_signals_nothing_and_has_no_nan(kernel, draw):
    batch = draw(kernel, 3_000)
    with np.errstate(all="raise"):
        results = kernel(*batch)
    assert not any(np.isnan(result).any() for result in results)


@pytest.mark.parametrize("nan", NANS, ids=lambda nan: f"{bits(nan).item() & (1 << 64) - 1:x}")
def test_every_nan_that_comes_in_goes_out_as_the_one_nan_in_silence(kernel, nan):
    batch = operands.ordinary(kernel, 64)
    for place, array in enumerate(batch):
        array[place] = nan
    with np.errstate(all="raise"):
        results = kernel(*batch)
    for output, result in zip(kernel.operation.outputs, results, strict=True):
        if output.type == "d":
            assert np.isnan(result).tolist() == [i < len(batch) for i in range(64)]
            if kernel.exact:
                assert (bits(result[: len(batch)]) == CANONICAL_NAN).all()


COUNT = 150  # more than a block


def bad_values(operand):
    """NaN, and what lies outside the operand's domain."""
    values = [np.nan]
    if operand.nonnegative:
        values += [-1.0, -np.inf]
    if operand.finite:
        values += [np.inf]
    return values


@pytest.mark.parametrize("draw", [operands.ordinary, operands.mixed])
def test_a_bad_option_touches_no_other(kernel, draw):
    batch = draw(kernel, COUNT)
    good = kernel(*batch)
    for array, operand in zip(batch, kernel.operation.inputs, strict=True):
        for bad in bad_values(operand):
            for place in range(COUNT):
                kept, array[place] = array[place], bad
                with np.errstate(invalid="ignore"):
                    results = kernel(*batch)
                array[place] = kept
                for output, got, expected in zip(
                    kernel.operation.outputs, results, good, strict=True
                ):
                    assert output.type != "d" or np.isnan(got[place]), (operand.name, bad, place)
                    got[place] = expected[place]
                expect_none(unlike(kernel, results, good, batch), (operand.name, bad, place))
