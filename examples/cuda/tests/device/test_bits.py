"""The backend has the bits of the C backend, and copies no more than it says.

It runs where there is a GPU; `tests/test_host.py` runs it on the host.
"""

import numpy as np
import pytest
from quantforge_conformance.oracles import oracle
from quantforge_cuda import Transfers, transfers

import quantforge
from quantforge import testing

cupy = pytest.importorskip("cupy")
[INFO] = [info for info in quantforge.backends() if info.name == "cuda"]
if INFO.state != "available":
    pytest.skip(f"cuda is {INFO.state}: {INFO.reason}", allow_module_level=True)

REGIONS = [(name, region) for name in INFO.operations for region in oracle(name).regions]
OPTION = (100.0, 95.0, 0.5, 0.03, 0.01, 0.2, 1.0)
COUNT = 500


def bits(results):
    results = results if isinstance(results, tuple) else (results,)
    return [cupy.asarray(result).get().tobytes() for result in results]


@pytest.fixture
def counted():
    """What was transferred since the test began."""
    before = Transfers(**vars(transfers))

    def since():
        return {name: value - vars(before)[name] for name, value in vars(transfers).items()}

    return since


@pytest.mark.parametrize(
    ("name", "region"), REGIONS, ids=[f"{name}-{region.name}" for name, region in REGIONS]
)
def test_a_region_has_the_bits_of_the_c_backend(name, region):
    batch = [np.array(each) for each in region.draw(np.random.default_rng(7), COUNT)]
    with np.errstate(invalid="ignore"):
        expected = bits(testing.kernel("c", name)(*batch))
        assert bits(testing.kernel("cuda", name)(*batch)) == expected
        on_device = testing.kernel("cuda", name)(*map(cupy.asarray, batch))
        assert bits(on_device) == expected


@pytest.mark.parametrize("name", INFO.operations)
def test_edge_cases_have_the_bits_of_the_c_backend(name):
    cases = oracle(name).edge_cases()
    batch = [np.array(column) for column in zip(*(case.operands for case in cases), strict=True)]
    with np.errstate(invalid="ignore"):
        expected = bits(testing.kernel("c", name)(*batch))
        assert bits(testing.kernel("cuda", name)(*batch)) == expected


def test_arrays_of_the_device_stay_there(counted):
    spots = cupy.asarray(np.linspace(80.0, 120.0, 50))
    operands = [spots, *(cupy.asarray(np.array(number)) for number in OPTION[1:])]
    before = counted()
    price = testing.kernel("cuda", "price")(*operands)
    assert isinstance(price, cupy.ndarray)
    assert counted() == before


def test_arrays_of_the_host_are_transferred_once_each_way(counted):
    spots = np.linspace(80.0, 120.0, 50)
    call = testing.kernel("cuda", "price")
    before = counted()
    call(spots, *OPTION[1:])
    after = counted()
    assert {name: after[name] - before[name] for name in after} == {
        "arrays_to_device": 7,
        "bytes_to_device": 8 * (50 + 6),
        "arrays_to_host": 1,
        "bytes_to_host": 8 * 50,
    }


def test_a_public_call_with_arrays_of_the_device_returns_them():
    spots = np.linspace(80.0, 120.0, 50)
    found = quantforge.greeks(cupy.asarray(spots), *OPTION[1:4], 0.2, which=("price", "vega"))
    expected = quantforge.greeks(spots, *OPTION[1:4], 0.2, which=("price", "vega"), backend="c")
    for name in ("price", "vega"):
        assert isinstance(found[name], cupy.ndarray)
        assert bits(found[name]) == bits(expected[name])


def test_what_is_not_contiguous_is_read_as_it_lies():
    spots = cupy.asarray(np.linspace(80.0, 120.0, 100))[::-2]
    strikes = cupy.asarray(np.linspace(80.0, 120.0, 3))[:, None]
    found = testing.kernel("cuda", "price")(spots, strikes, *OPTION[2:])
    expected = testing.kernel("c", "price")(spots.get(), strikes.get(), *OPTION[2:])
    assert bits(found) == bits(expected)


def test_invalid_is_signalled_for_arrays_of_the_device_too():
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        testing.kernel("cuda", "price")(cupy.asarray(np.array([-1.0])), *OPTION[1:])
