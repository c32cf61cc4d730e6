"""Where the formula ends: the table of limits, NaN, the *invalid* signal, and bad neighbours."""

import numpy as np
import pytest
from mpmath import mpf

from quantforge_conformance import operands
from quantforge_conformance.checks import bits, unlike
from quantforge_conformance.special import CANONICAL_NAN, NANS
from quantforge_conformance.standards import ulp

ULPS_OF_A_DISCOUNTED_AMOUNT = 4


def test_a_limit_has_its_value(kernel, limit):
    with np.errstate(invalid="ignore"):
        results = kernel(*limit.operands)
    for got, expected in zip(results, limit.expected, strict=True):
        if isinstance(expected, mpf):
            error = abs(mpf(float(got)) - expected)
            assert error <= ULPS_OF_A_DISCOUNTED_AMOUNT * kernel.slack * ulp(max(expected, 100))
        else:
            wanted = np.asarray(expected, got.dtype)
            assert bits(got) == bits(wanted), f"{got!r}, expected {expected!r}"


def test_invalid_is_signalled_exactly_outside_the_domain(kernel, limit):
    signals = []
    with np.errstate(all="call", call=lambda kind, flags: signals.append(kind)):
        kernel(*limit.operands)
    assert signals == ["invalid value"] * limit.invalid


@pytest.mark.parametrize("place", [0, 7, 128, 998])
def test_one_option_outside_the_domain_signals_for_its_batch(kernel, place):
    outside = next(limit for limit in kernel.standard.limits if limit.invalid)
    batch = operands.mixed(kernel, 999)
    for array, operand in zip(batch, outside.operands, strict=True):
        array[place] = operand
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="invalid"):
        kernel(*batch)


def test_a_batch_inside_the_domain_signals_nothing(kernel):
    batches = [operands.mixed(kernel, 3_000), operands.ordinary(kernel, 3_000)]
    with np.errstate(all="raise"):
        for batch in batches:
            kernel(*batch)


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
    batch = draw(kernel, 300)
    good = kernel(*batch)
    for array, operand in zip(batch, kernel.operation.inputs, strict=True):
        for bad in bad_values(operand):
            for place in range(300):
                kept, array[place] = array[place], bad
                with np.errstate(invalid="ignore"):
                    results = kernel(*batch)
                array[place] = kept
                for output, got, expected in zip(
                    kernel.operation.outputs, results, good, strict=True
                ):
                    assert output.type != "d" or np.isnan(got[place]), (operand.name, bad, place)
                    got[place] = expected[place]
                assert not unlike(kernel, results, good, batch), (operand.name, bad, place)
