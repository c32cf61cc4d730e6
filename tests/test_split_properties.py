"""Split calls, drawn at random: whatever shapes, layouts and outputs, they are the whole call."""

import functools
import math
from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from quantforge_conformance import operands
from quantforge_conformance.checks import unlike
from quantforge_conformance.subject import Kernel

from quantforge import threads
from quantforge.operations import OPERATIONS
from quantforge.plugins import State, backends, registry

GUARD = 16  # elements around the results that nobody may touch
UNTOUCHED = 0xA5
MOST_INPUTS, MOST_OUTPUTS = 8, 17
MOST_SINGLE = float(np.finfo(np.float32).max)


@functools.cache
def kernels():
    """Every kernel of an exact backend; others have other bits on other paths."""
    found, usable = registry(), [one.name for one in backends() if one.state is State.AVAILABLE]
    return [
        Kernel.load(name, operation)
        for name in usable
        for operation in OPERATIONS
        if found.exact(name, operation)
    ]


# --- operands -----------------------------------------------------------------------------------

LAYOUTS = (
    lambda x: x,
    np.asfortranarray,
    lambda x: x[::-1] if x.ndim else x,
    lambda x: np.repeat(x, 3, axis=-1)[..., ::3] if x.ndim else x,
    lambda x: np.clip(x, -MOST_SINGLE, MOST_SINGLE).astype(np.float32),
    lambda x: x.astype(">f8"),
    lambda x: float(x.flat[0]) if x.size else x,
)


@dataclass(frozen=True)
class Shaped:
    """Which axes of the batch an operand lacks, which it has with length 1, and its layout."""

    lacks: int
    ones: int
    layout: int

    def of(self, values, shape):
        kept = shape[min(self.lacks, len(shape)) :]
        kept = [1 if self.ones >> axis & 1 else length for axis, length in enumerate(kept)]
        return LAYOUTS[self.layout](np.resize(values, kept))


SHAPED = st.builds(
    Shaped,
    lacks=st.sampled_from([0, 0, 0, 1, 2]),
    ones=st.sampled_from([0, 0, 0, 1, 2, 4, 7]),
    layout=st.integers(0, len(LAYOUTS) - 1),
)

# --- results ------------------------------------------------------------------------------------

PLACES = {
    "contiguous": (1, lambda store, shape: store.reshape(shape)),
    "Fortran": (1, lambda store, shape: store.reshape(shape[::-1]).T),
    "backwards": (1, lambda store, shape: store[::-1].reshape(shape)),
    "every other": (2, lambda store, shape: store[::2].reshape(shape)),
}


@dataclass
class Place:
    """Where results go, and the memory around it."""

    how: str

    def make(self, shape, dtype):
        step, view = PLACES[self.how]
        size = (step * math.prod(shape) + 2 * GUARD) * np.dtype(dtype).itemsize
        self.store = np.full(size, UNTOUCHED, np.uint8)
        self.results = view(self.store.view(dtype)[GUARD:-GUARD], shape)
        return self.results

    def is_clean_around(self):
        """Say whether nothing else was written; that erases the results."""
        self.results[...] = np.frombuffer(bytes([UNTOUCHED] * 8), self.results.dtype)[0]
        return bool((self.store == UNTOUCHED).all())


PLACED = st.builds(Place, st.sampled_from(list(PLACES)))

SHAPES = st.one_of(
    st.tuples(st.integers(0, 700)),
    st.tuples(st.integers(0, 40), st.integers(0, 40)),
    st.tuples(st.integers(1, 9), st.integers(0, 9), st.integers(1, 20)),
)


def observed(call):
    """Return the results of a call, and the signals it raised."""
    signals = set()
    with np.errstate(all="call", call=lambda kind, flags: signals.add(kind)):
        results = call()
    return results if isinstance(results, tuple) else (results,), signals


def split(kernel, given, outs, pieces):
    shape = np.broadcast_shapes(
        *map(np.shape, given), *[np.shape(x) for x in outs if x is not None]
    )
    types = "".join(one.type for one in kernel.operation.outputs)
    return lambda: threads.split(kernel.call, tuple(given), shape, tuple(outs), types, pieces)


def whole(kernel, given, shape):
    """Return a call in one piece with copies of the operands, all of the full shape."""
    full = [np.array(np.broadcast_to(x, shape), np.float64) for x in given]
    return full, lambda: kernel(*full, out=kernel.outputs(shape))


def draw_operands(kernel, shape, shaped, seed):
    batch = operands.edged(kernel, max(math.prod(shape), 1), seed)
    return [one.of(x, shape) for one, x in zip(shaped, batch, strict=False)]


ALL_SHAPED = st.lists(SHAPED, min_size=MOST_INPUTS, max_size=MOST_INPUTS)
PIECES = st.integers(2, 5)
SEEDS = st.integers(0, 2**16)


@settings(max_examples=800)
@given(
    which=st.integers(0, 2**16),
    shape=SHAPES,
    shaped=ALL_SHAPED,
    places=st.lists(st.none() | PLACED, min_size=MOST_OUTPUTS, max_size=MOST_OUTPUTS),
    pieces=PIECES,
    seed=SEEDS,
)
def test_pieces_have_the_bits_of_the_whole_and_touch_nothing_else(
    which, shape, shaped, places, pieces, seed
):
    kernel = kernels()[which % len(kernels())]
    given = draw_operands(kernel, shape, shaped, seed)
    shape = np.broadcast_shapes(*map(np.shape, given))
    places = places[: len(kernel.operation.outputs)]
    outs = [
        place and place.make(shape, output.type)
        for place, output in zip(places, kernel.operation.outputs, strict=True)
    ]
    full, call = whole(kernel, given, shape)
    expected, signals = observed(call)
    results, raised = observed(split(kernel, given, outs, pieces))
    assert raised == signals
    assert not unlike(kernel, results, expected, full)
    for out, result, place in zip(outs, results, places, strict=True):
        assert out is None or out is result
        assert place is None or place.is_clean_around()


@settings(max_examples=400)
@given(
    which=st.integers(0, 2**16),
    size=st.integers(2, 700),
    place=st.integers(0, MOST_INPUTS - 1),
    shift=st.integers(-9, 9),
    pieces=PIECES,
    seed=SEEDS,
)
def test_pieces_may_write_over_an_operand_or_beside_its_beginning(
    which, size, place, shift, pieces, seed
):
    kernel = kernels()[which % len(kernels())]
    given = list(operands.edged(kernel, size, seed))
    full, call = whole(kernel, given, (size,))
    expected, _ = observed(call)
    store = np.zeros(size + abs(shift))
    low, high = (slice(0, size), slice(abs(shift), None))
    source, target = (low, high) if shift > 0 else (high, low)
    place %= len(given)
    store[source] = given[place]
    given[place] = store[source]
    outs = [None] * len(kernel.operation.outputs)
    outs[0] = store[target]
    results, _ = observed(split(kernel, given, outs, pieces))
    assert not unlike(kernel, results, expected, full)
