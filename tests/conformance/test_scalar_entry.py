"""A loop's scalar entry has the bits of the loop, one option at a time."""

import functools
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points

import numpy as np
import pytest
from quantforge_conformance import operands
from quantforge_conformance.oracles import ORACLES
from quantforge_conformance.subject import Kernel

from quantforge import Loop
from quantforge.operations import OPERATIONS
from quantforge.plugins import State, backends, registry

AVAILABLE = {info.name for info in backends() if info.state is State.AVAILABLE}


@functools.cache
def loops(backend):
    [plugin] = entry_points(group="quantforge", name=backend)
    return plugin.load().quantforge_backend().load()


def scalar_entries():
    for plugin in entry_points(group="quantforge"):
        if plugin.name in AVAILABLE:
            for operation, given in loops(plugin.name).items():
                if isinstance(given, Loop) and given.scalar is not None:
                    yield plugin.name, operation


ENTRIES = list(scalar_entries())
FEW = {
    "price": [1],
    "exercise_boundary": [1],
    "implied_volatility": [1, 2, 3],
    "greeks": [1, 0b10, 127, 0b1010101, 0x1FFFF],
}


def options(backend, operation):
    """Options of every region, with special values among others, and of special values alone."""
    kernel = Kernel.load(backend, operation)
    special = [ORACLES[operation].special[one.name] for one in OPERATIONS[operation].inputs]
    rng = np.random.default_rng(8)
    draws = operands.mixed(kernel, 1_000), operands.edged(kernel, 500)
    return [
        np.concatenate(columns)
        for columns in zip(*draws, [rng.choice(x, 1_000) for x in special], strict=True)
    ]


@pytest.mark.parametrize(("backend", "operation"), ENTRIES)
def test_one_option_has_the_bits_it_has_in_an_array(backend, operation):
    batch = options(backend, operation)
    every = OPERATIONS[operation].all_outputs
    for wanted in sorted({few & every for few in FEW[OPERATIONS[operation].function]}):
        call = loops(backend)[operation].scalar(wanted)
        one_by_one = [call(*lane) for lane in zip(*map(np.ndarray.tolist, batch), strict=True)]
        with np.errstate(invalid="ignore"):
            results = registry().kernel(backend, operation, wanted)(*batch)
        if not isinstance(results, tuple):
            results, one_by_one = (results,), [(x,) for x in one_by_one]
        for expected, got in zip(results, zip(*one_by_one, strict=True), strict=True):
            assert np.array(got, expected.dtype).tobytes() == expected.tobytes(), wanted


@pytest.mark.parametrize("backend", sorted({backend for backend, _ in ENTRIES}))
def test_threads_do_not_disturb_one_another(backend):
    lanes = list(zip(*map(np.ndarray.tolist, options(backend, "greeks")), strict=True))
    call = loops(backend)["greeks"].scalar(0x1FFFF)

    def results(_):
        return np.array([call(*lane) for lane in lanes]).tobytes()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(results, range(20))) == {results(None)}


@pytest.mark.parametrize(("backend", "operation"), ENTRIES)
def test_a_wrong_call_of_a_scalar_entry_is_a_type_error(backend, operation):
    call, inputs = loops(backend)[operation].scalar(1), len(OPERATIONS[operation].inputs)
    for given in ([1.0] * (inputs - 1), [1.0] * (inputs + 1), [*[1.0] * (inputs - 1), "call"]):
        with pytest.raises(TypeError):
            call(*given)
