"""Results go exactly where ``out`` says: into fresh, strided or input arrays, and nowhere else."""

import numpy as np
import pytest

from quantforge_conformance import operands
from quantforge_conformance.checks import bits, expect_none, unlike

COUNTS = (*range(1, 34), 64, 127, 128, 129, 511, 512, 513, 1_000, 4_096)
GUARD = 64


def test_out_is_written_and_returned(kernel):
    batch = operands.mixed(kernel, 1_000)
    out = kernel.outputs(1_000)
    results = kernel(*batch, out=out)
    assert all(result is array for result, array in zip(results, out, strict=True))
    expect_none(unlike(kernel, out, kernel(*batch), batch))


@pytest.mark.parametrize("step", [1, 2, 3, -1, -2])
def test_nothing_is_written_beside_the_results(kernel, step):
    for count in COUNTS:
        batch = operands.mixed(kernel, count)
        around = kernel.outputs(2 * GUARD + count * abs(step))
        untouched = [x.copy() for x in around]
        out = [x[GUARD:-GUARD][::step] for x in around]
        kernel(*batch, out=out)
        expect_none(unlike(kernel, out, kernel(*batch), batch), count)
        for output, x, results, before in zip(
            kernel.operation.outputs, around, out, untouched, strict=True
        ):
            results[:] = before[GUARD:-GUARD][::step]
            changed = np.flatnonzero(bits(x) != bits(before)) - GUARD
            assert not changed.size, f"{output.name}: {count} options wrote at {changed}"


@pytest.mark.parametrize("count", [1, 7, 8, 9, 128, 129, 1_000, 10_007])
def test_out_may_be_an_input(kernel, count):
    batch = operands.mixed(kernel, count)
    expected = kernel(*batch)
    for result, output in enumerate(kernel.operation.outputs):
        for place, operand in enumerate(kernel.operation.inputs):
            if output.type != "d":
                continue
            given = [x.copy() for x in batch]
            out = list(kernel.outputs(count))
            out[result] = given[place]
            kernel(*given, out=out)
            expect_none(unlike(kernel, out, expected, batch), (output.name, operand.name))


@pytest.mark.parametrize("shift", [1, 3, 8, 100])
def test_out_may_overlap_an_input(kernel, shift):
    batch = operands.mixed(kernel, 1_000)
    expected = kernel(*batch)
    for place, operand in enumerate(kernel.operation.inputs):
        for forward in (True, False):
            store = np.empty(1_000 + shift)
            first, second = store[: -shift or None], store[shift:]
            source, target = (first, second) if forward else (second, first)
            source[:] = batch[place]
            given = [source if index == place else x for index, x in enumerate(batch)]
            out = list(kernel.outputs(1_000))
            if out[0].dtype != np.float64:
                continue
            out[0] = target
            kernel(*given, out=out)
            expect_none(unlike(kernel, out, expected, batch), (operand.name, forward))


def test_out_in_another_order_of_axes_is_right(kernel):
    batch = [x.reshape(25, 40) for x in operands.mixed(kernel, 1_000)]
    out = [x.T for x in kernel.outputs((40, 25))]
    kernel(*batch, out=out)
    expect_none(unlike(kernel, out, kernel(*batch), batch))
