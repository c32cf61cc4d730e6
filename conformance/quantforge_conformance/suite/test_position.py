"""An option's result depends on its own inputs: not on the batch's size nor its place in it."""

import numpy as np
import pytest

from quantforge_conformance import operands
from quantforge_conformance.checks import expect_none, unlike

PERIOD = 997  # a prime: every option meets every place in any block


def wrong_sizes(kernel, batch, expected, sizes):
    """Return the sizes at which the first options of the batch have other results."""
    return [
        size
        for size in sizes
        if unlike(
            kernel,
            kernel(*operands.at(batch, slice(size))),
            operands.at(expected, slice(size)),
            operands.at(batch, slice(size)),
        )
    ]


@pytest.mark.parametrize("draw", [operands.ordinary, operands.mixed])
def test_every_batch_size_to_1000_gives_the_same(kernel, draw):
    batch = draw(kernel, 1_000)
    expected = kernel(*batch)
    assert wrong_sizes(kernel, batch, expected, range(1, 1_001)) == []


def test_large_batches_give_the_same(kernel):
    lanes = operands.mixed(kernel, PERIOD)
    expected = kernel(*lanes)
    sizes = [2**k + off for k in range(10, 20, 3) for off in (-1, 0, 1)]
    sizes += [10_000, 100_000, int(1_000_000 * kernel.oracle.share)]
    batch = [np.resize(x, max(sizes)) for x in lanes]
    expected = [np.resize(x, max(sizes)) for x in expected]
    assert wrong_sizes(kernel, batch, expected, sizes) == []


def test_every_place_in_a_batch_gives_the_same(kernel):
    batch = operands.mixed(kernel, PERIOD)
    expected = kernel(*batch)
    for start in range(260):
        part = slice(start, start + 300)
        got = kernel(*operands.at(batch, part))
        expect_none(
            unlike(kernel, got, operands.at(expected, part), operands.at(batch, part)),
            f"from {start} on",
        )


def test_an_option_alone_gives_the_same(kernel):
    batch = operands.mixed(kernel, PERIOD)
    alone = [kernel(*lane) for lane in zip(*batch, strict=True)]
    got = [np.array(column) for column in zip(*alone, strict=True)]
    expect_none(unlike(kernel, got, kernel(*batch), batch))
