"""Where outputs can be chosen, those that are asked for are the same whatever else is."""

import numpy as np
import pytest

from quantforge_conformance import operands
from quantforge_conformance.checks import bits, unlike

COUNT = 700


def choices(operation):
    """Each output alone, left out, and with the next; the default; every second; ten at random."""
    every = operation.all_outputs
    alone = [1 << place for place in range(len(operation.outputs))]
    drawn = np.random.default_rng(6).integers(1, every, 10).tolist()
    chosen = operation.wanted(operation.default_outputs)
    pairs = [one | one << 1 for one in alone[:-1]]
    left = [every ^ one for one in alone]
    return [*alone, *left, *pairs, chosen, every & 0x55555555, every & 0xAAAAAAAA, *drawn]


@pytest.fixture
def full(kernel):
    """A batch and all its results; skips where there is no choice."""
    if not kernel.operation.default_outputs:
        pytest.skip(f"{kernel.name} always writes all its outputs")
    batch = operands.mixed(kernel, COUNT)
    return batch, dict(zip(kernel.operation.outputs, kernel(*batch), strict=True))


def test_any_choice_of_outputs_has_the_results_of_all(kernel, full):
    batch, every = full
    for wanted in choices(kernel.operation):
        chosen = kernel.of(wanted)
        expected = [every[output] for output in chosen.operation.outputs]
        assert not unlike(chosen, chosen(*batch), expected, batch), hex(wanted)


@pytest.mark.parametrize("step", [1, -2, 3])
def test_a_choice_goes_where_out_says_and_nowhere_else(kernel, full, step):
    batch, every = full
    for wanted in choices(kernel.operation)[::3]:
        chosen = kernel.of(wanted)
        around = chosen.outputs(COUNT * abs(step) + 64)
        before = [x.copy() for x in around]
        out = [x[32:-32][::step] for x in around]
        chosen(*batch, out=out)
        expected = [every[output] for output in chosen.operation.outputs]
        assert not unlike(chosen, out, expected, batch), hex(wanted)
        for x, results, untouched in zip(around, out, before, strict=True):
            results[:] = untouched[32:-32][::step]
            assert (bits(x) == bits(untouched)).all(), hex(wanted)


def test_one_option_with_a_choice_gives_scalars(kernel, full):
    batch, every = full
    chosen = kernel.of(kernel.operation.wanted(kernel.operation.default_outputs))
    for place in range(3):
        results = chosen(*(float(x[place]) for x in batch))
        assert [np.shape(result) for result in results] == [()] * len(results)
        expected = [every[output][place] for output in chosen.operation.outputs]
        assert not unlike(chosen, results, expected, [x[place] for x in batch])
