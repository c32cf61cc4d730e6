"""A scalar entry, one option at a time without arrays, returns the bits of the kernel."""

import numpy as np
import pytest

from quantforge import testing
from quantforge_conformance import operands
from quantforge_conformance.checks import expect_none, unlike

COUNT = 300


def scalar_results(kernel, batch, names=None):
    """Return the results of the scalar entry as the kernel would; skip where there is none."""
    scalar = testing.scalar(kernel.backend, kernel.name, names)
    if scalar is None:
        pytest.skip(f"{kernel.backend} has no scalar entry for {kernel.name}")
    found = [scalar(*lane) for lane in zip(*map(np.ndarray.tolist, batch), strict=True)]
    rows = [(one,) if isinstance(one, float) else one for one in found]
    columns = zip(*rows, strict=True)
    return [
        np.array(column, output.type)
        for output, column in zip(kernel.operation.outputs, columns, strict=True)
    ]


@pytest.mark.parametrize("draw", [operands.ordinary, operands.mixed, operands.edged])
def test_a_scalar_entry_has_the_bits_of_the_kernel(kernel, draw):
    batch = draw(kernel, COUNT)
    with np.errstate(all="ignore"):
        results, expected = scalar_results(kernel, batch), kernel(*batch)
    expect_none(unlike(kernel, results, expected, batch))


def test_a_scalar_entry_of_chosen_outputs_has_the_bits_of_the_kernel(kernel):
    if not kernel.operation.default_outputs:
        pytest.skip(f"{kernel.name} always writes all its outputs")
    batch, chosen = operands.edged(kernel, COUNT), kernel.of(kernel.operation.default_outputs)
    with np.errstate(all="ignore"):
        results = scalar_results(chosen, batch, chosen.operation.default_outputs)
        expected = chosen(*batch)
    expect_none(unlike(chosen, results, expected, batch))
