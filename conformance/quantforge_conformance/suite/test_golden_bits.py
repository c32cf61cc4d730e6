"""An exact backend returns the bits of the executable specification."""

import numpy as np
import pytest

from quantforge import testing
from quantforge_conformance import golden, operands
from quantforge_conformance.checks import expect_none, unlike

pytestmark = pytest.mark.usefixtures("exact")
DRAWN, FEWEST = 500, 100


def test_the_committed_golden_bits_come_out(kernel):
    if kernel.oracle.golden_bits is None:
        pytest.skip(f"the oracle of {kernel.name} brings no golden bits")
    rows = golden.bits(kernel.oracle.golden_bits)
    batch = list(rows[: len(kernel.operation.inputs)].view(np.float64))
    with np.errstate(invalid="ignore"):
        results = kernel(*batch)
    every = testing.operations()[kernel.name].outputs
    written = zip(every, rows[len(kernel.operation.inputs) :], strict=True)
    expected = [
        row.view(np.float64).astype(output.type)
        for output, row in written
        if output in kernel.operation.outputs
    ]
    expect_none(unlike(kernel, results, expected, batch))


@pytest.mark.parametrize("draw", [operands.mixed, operands.edged])
def test_drawn_options_have_the_bits_of_the_specification(kernel, draw, pytestconfig):
    specification = kernel.oracle.specification
    if specification is None:
        pytest.skip(f"the oracle of {kernel.name} brings no specification")
    count = max(FEWEST, int(DRAWN * kernel.oracle.share))
    batch = draw(kernel, count, seed=pytestconfig.getoption("drawn"))
    with np.errstate(invalid="ignore"):
        results = kernel(*batch)
    lanes = zip(*map(np.ndarray.tolist, batch), strict=True)
    specified = zip(*(specification(*lane) for lane in lanes), strict=True)
    expected = [
        np.array(column, output.type)
        for output, column in zip(kernel.operation.outputs, specified, strict=True)
    ]
    expect_none(unlike(kernel, results, expected, batch))
