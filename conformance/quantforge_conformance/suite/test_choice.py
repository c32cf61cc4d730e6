"""Where outputs can be chosen, those that are asked for are the same whatever else is."""

from itertools import pairwise

import numpy as np
import pytest

from quantforge_conformance import operands
from quantforge_conformance.checks import bits, expect_none, unlike

COUNT = 700


def choices(operation):
    """Each output alone, left out, and with the next; the default; every second; ten at random."""
    names = tuple(output.name for output in operation.outputs)
    alone = [(name,) for name in names]
    left = [tuple(other for other in names if other != name) for name in names]
    masks = np.random.default_rng(6).integers(1, (1 << len(names)) - 1, 10).tolist()
    drawn = [tuple(name for place, name in enumerate(names) if mask >> place & 1) for mask in masks]
    return [
        *alone,
        *left,
        *pairwise(names),
        operation.default_outputs,
        names[::2],
        names[1::2],
        *drawn,
    ]


@pytest.fixture
def full(kernel):
    """A batch and all its results; skips where there is no choice."""
    if not kernel.operation.default_outputs:
        pytest.skip(f"{kernel.name} always writes all its outputs")
    batch = operands.mixed(kernel, COUNT)
    return batch, dict(zip(kernel.operation.outputs, kernel(*batch), strict=True))


def test_any_choice_of_outputs_has_the_results_of_all(kernel, full):
    batch, every = full
    for names in choices(kernel.operation):
        chosen = kernel.of(names)
        expected = [every[output] for output in chosen.operation.outputs]
        expect_none(unlike(chosen, chosen(*batch), expected, batch), names)


@pytest.mark.parametrize("step", [1, -2, 3])
def test_a_choice_goes_where_out_says_and_nowhere_else(kernel, full, step):
    batch, every = full
    for names in choices(kernel.operation)[::3]:
        chosen = kernel.of(names)
        around = chosen.outputs(COUNT * abs(step) + 64)
        before = [x.copy() for x in around]
        out = [x[32:-32][::step] for x in around]
        chosen(*batch, out=out)
        expected = [every[output] for output in chosen.operation.outputs]
        expect_none(unlike(chosen, out, expected, batch), names)
        for x, results, untouched in zip(around, out, before, strict=True):
            results[:] = untouched[32:-32][::step]
            assert (bits(x) == bits(untouched)).all(), names


def test_one_option_with_a_choice_gives_scalars(kernel, full):
    batch, every = full
    chosen = kernel.of(kernel.operation.default_outputs)
    for place in range(3):
        results = chosen(*(float(x[place]) for x in batch))
        assert [np.shape(result) for result in results] == [()] * len(results)
        expected = [every[output][place] for output in chosen.operation.outputs]
        expect_none(unlike(chosen, results, expected, [x[place] for x in batch]))
