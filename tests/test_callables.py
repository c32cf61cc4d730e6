"""What a plugin's callable is given and may return, however the user calls."""

import itertools
import sys
import types

import numpy as np
import pytest

import quantforge
from quantforge import BackendError, testing
from quantforge.operations import OPERATIONS

OPTION = {"spot": 100.0, "strike": 105.0, "time": 0.5, "rate": 0.03, "sigma": 0.2}
NAMES = [operand.name for operand in OPERATIONS["price"].inputs]


@pytest.fixture
def seen(install, describe):
    """A function that installs a callable as the only backend; returns what its calls are given."""

    def backend(kernel, name="price", **changes):
        calls = []

        def spy(*operands, out, **options):
            calls.append((operands, out, options))
            return kernel(*operands, out=out, **options)

        numerics = {name: OPERATIONS[name].numerics}
        install(
            mine=describe("mine", numerics=numerics, load=lambda: {name: spy}, **changes),
        )
        return calls

    return backend


def spots(*operands, out):
    """The spots themselves: enough to see what becomes of shapes and types."""
    spot = np.add(operands[0], np.zeros(np.broadcast_shapes(*(each.shape for each in operands))))
    if out is None:
        return spot
    out[0][...] = spot
    return out[0]


def doubled(*operands, out, outputs):
    """Two times the spot for each output, in a tuple."""
    results = tuple(2.0 * operands[0] + 0.0 * operands[1] for _ in outputs)
    if out is None:
        return results
    for each, result in zip(out, results, strict=True):
        each[...] = result
    return out


SPOTS = {
    "a float": (100.0, ()),
    "an integer": (100, ()),
    "single precision": (np.float32(100.0), ()),
    "no dimension": (np.array(100.0), ()),
    "a list": ([100.0, 101.0], (2,)),
    "integers": (np.array([100, 101], np.int16), (2,)),
    "floats of single precision": (np.array([100.0, 101.0], np.float32), (2,)),
    "swapped bytes": (np.array([100.0, 101.0]).astype(">f8"), (2,)),
    "booleans": (np.array([True, False]), (2,)),
    "every second": (np.linspace(90, 110, 8)[::2], (4,)),
    "a column": (np.array([[100.0], [101.0]]), (2, 1)),
    "nothing": (np.array([]), (0,)),
}


@pytest.mark.parametrize(("spot", "shape"), SPOTS.values(), ids=SPOTS)
@pytest.mark.parametrize("chunk", [None, 3])
def test_operands_are_arrays_of_float64_with_a_dimension_and_results_as_the_user_expects(
    seen, spot, shape, chunk
):
    calls = seen(spots, chunk=chunk)
    found = quantforge.price(**{**OPTION, "spot": spot}, backend="mine")
    for operands, out, _ in calls:
        assert out is None
        assert {(type(each), each.dtype.str) for each in operands} == {(np.ndarray, "<f8")}
        assert min(each.ndim for each in operands) >= 1
        np.broadcast_shapes(*(each.shape for each in operands))
    assert np.shape(found) == shape
    assert (found == np.asarray(spot, np.float64)).all()
    assert type(found) is (np.ndarray if shape else np.float64)


def test_a_results_memory_is_the_users_own(seen):
    def frozen(*operands, out):
        result = spots(*operands, out=None)
        result.flags.writeable = False
        return result

    seen(frozen)
    found = quantforge.price(**{**OPTION, "spot": np.arange(3.0)}, backend="mine")
    found += 1.0
    assert found.tolist() == [1.0, 2.0, 3.0]


OUTS = {
    "fresh": lambda spot: np.empty(4),
    "of no dimension": lambda spot: np.empty(()),
    "strided": lambda spot: np.empty(8)[::2],
    "backwards": lambda spot: np.empty(4)[::-1],
    "single precision": lambda spot: np.empty(4, np.float32),
    "swapped bytes": lambda spot: np.empty(4, ">f8"),
    "an operand": lambda spot: spot,
    "beside an operand": lambda spot: spot.base[1:],
    "larger": lambda spot: np.empty((2, 4)),
}


@pytest.mark.parametrize("out", OUTS.values(), ids=OUTS)
@pytest.mark.parametrize("chunk", [None, 3])
def test_out_is_a_whole_tuple_of_arrays_apart_from_the_operands(seen, out, chunk):
    calls = seen(spots, chunk=chunk)
    spot = np.arange(5.0)[:-1]
    expected = spot.copy()
    to = out(spot)
    given = spot if to.ndim else 3.0
    found = quantforge.price(**{**OPTION, "spot": given}, backend="mine", out=to)
    assert found is to
    assert (to == (expected if to.ndim else 3.0)).all()
    for operands, outs, _ in calls:
        if outs is None:
            continue
        assert type(outs) is tuple
        [only] = outs
        assert (type(only), only.dtype) == (np.ndarray, np.float64)
        assert only.shape == np.broadcast_shapes(*(each.shape for each in operands))
        assert not any(np.may_share_memory(only, each) for each in operands)


@pytest.mark.parametrize("chunk", [None, 3])
def test_of_several_outputs_out_has_an_array_for_each(seen, chunk):
    calls = seen(doubled, "greeks", chunk=chunk)
    spot, delta = np.arange(4.0), np.empty(4)
    found = quantforge.greeks(
        **{**OPTION, "spot": spot}, which=["price", "delta", "vega"], out={"delta": delta},
        backend="mine",
    )  # fmt: skip
    assert found["delta"] is delta
    assert [found[name].tolist() for name in found] == [[0.0, 2.0, 4.0, 6.0]] * 3
    for _, outs, options in calls:
        assert options == {"outputs": ("price", "delta", "vega")}
        assert outs is None or [each.dtype.char for each in outs] == ["d"] * 3
        if outs:
            pairs = itertools.combinations(outs, 2)
            assert not any(np.may_share_memory(*pair) for pair in pairs)


def test_a_piece_always_has_as_many_options_as_the_backend_says(seen):
    calls = seen(spots, chunk=4)
    spot = np.arange(22.0).reshape(2, 11)
    found = quantforge.price(
        **{**OPTION, "spot": spot, "strike": np.arange(11.0)}, kind=[["call"], ["put"]],
        backend="mine",
    )  # fmt: skip
    assert (found == spot).all()
    assert len(calls) == 6
    assert {each.shape for operands, _, _ in calls for each in operands} == {(4,)}
    assert {float(x) for x in calls[-1][0][0]} <= {20.0, 21.0}  # filled up with options of its own


WRONG = {
    "single precision": (
        lambda *x, out: x[0].astype(np.float32),
        "'price' is float32, not float64",
    ),
    "integers": (lambda *x, out: np.zeros(3, np.int64), "'price' is int64, not float64"),
    "a number": (lambda *x, out: 1.0, r"'price' has shape \(\), not \(3,\)"),
    "too few": (lambda *x, out: np.zeros(2), r"'price' has shape \(2,\), not \(3,\)"),
    "two of them": (lambda *x, out: (np.zeros(3), np.zeros(3)), "it returned 2 results, not 1"),
    "nothing": (lambda *x, out: None, "'price' is object, not float64"),
}


@pytest.mark.parametrize(("kernel", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_no_result_for_each_option_is_the_backends_fault(seen, kernel, reason):
    seen(kernel)
    with pytest.raises(BackendError, match=f"'mine' failed to run 'price': TypeError: {reason}"):
        quantforge.price(**{**OPTION, "spot": np.arange(3.0)}, backend="mine")


def test_who_ignores_out_is_told(seen):
    seen(lambda *operands, out: spots(*operands, out=None))
    arguments = {**OPTION, "spot": np.arange(3.0), "backend": "mine"}
    with pytest.raises(BackendError, match="'price' was to be written to `out`, and was not"):
        quantforge.price(**arguments, out=np.empty(3))
    assert quantforge.price(**arguments).tolist() == [0.0, 1.0, 2.0]


def test_what_would_lose_something_as_an_array_is_refused(seen):
    calls = seen(spots)
    price = testing.kernel("mine", "price")
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    with pytest.raises(TypeError, match="backend 'mine' takes plain arrays, not MaskedArray"):
        price(masked, 1.0, 1.0, 0.0, 0.0, 0.2, 1.0)
    with pytest.raises(TypeError, match="cannot become float64 without loss"):
        price(np.longdouble(1), 1.0, 1.0, 0.0, 0.0, 0.2, 1.0)
    assert not calls


# --- arrays of other libraries -----------------------------------------------------------------


class Array:
    """An array on a device: NumPy can copy it, and nothing else."""

    def __init__(self, values):
        self.values = np.asarray(values, np.float64)

    dtype = property(lambda self: self.values.dtype)
    shape = property(lambda self: self.values.shape)
    size = property(lambda self: self.values.size)
    ndim = property(lambda self: self.values.ndim)

    def __array__(self, dtype=None, copy=None):
        return self.values.astype(dtype or np.float64)

    def __array_namespace__(self):
        return NAMESPACE

    def __mul__(self, other):
        return Array(self.values * np.asarray(other))


NAMESPACE = types.SimpleNamespace(
    add=lambda x, y: Array(np.add(x, y)),
    multiply=lambda x, y: Array(np.multiply(x, y)),
    where=lambda which, x, y: Array(np.where(which, x, y))[()],
    isnan=lambda x: np.isnan(np.asarray(x)),
)
Array.__getitem__ = lambda self, index: self
TYPE = f"{__name__}.Array"


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.setitem(sys.modules, __name__, types.SimpleNamespace(Array=Array))


def on_device(*operands, out):
    if any(isinstance(each, Array) for each in operands):
        assert out is None
        return Array(np.add(*map(np.asarray, operands[:2])))
    return np.add(*operands[:2])


@pytest.mark.parametrize("spot", [100.0, [100.0], [100.0, 101.0]], ids=str)
@pytest.mark.parametrize("backend", ["auto", "mine"])
def test_arrays_that_a_backend_takes_stay_on_their_device(seen, spot, backend):
    calls = seen(on_device, arrays=(TYPE,), device="tty:0")
    for call in (quantforge.price, lambda *x, **y: quantforge.bind("price", **y)(*x)):
        with quantforge.using(exact=False):
            found = call(
                Array(spot), *(float(x) for x in list(OPTION.values())[1:]), backend=backend
            )
        assert type(found) is Array
        assert (found.values == np.array(spot) + 105.0).all()
    for operands, out, _ in calls:
        assert out is None
        assert [type(each) for each in operands] == [Array] + [np.ndarray] * 6


def test_greeks_of_a_forward_stay_there_too(seen):
    def greeks(*operands, out, outputs):
        return tuple(Array(np.asarray(operands[0]) + place) for place, _ in enumerate(outputs))

    seen(greeks, "greeks", arrays=(TYPE,))
    found = quantforge.greeks(
        Array([100.0]), 105.0, 0.5, 0.03, 0.2, model="black76", which=["delta", "rho", "phi"],
        backend="mine",
    )  # fmt: skip
    assert {name: type(its) for name, its in found.items()} == dict.fromkeys(found, Array)
    # delta 100 + its place; rho = -T V of the price, the first output; phi is zero.
    assert [its.values.item() for its in found.values()] == [101.0, -50.0, 0.0]


def test_other_backends_take_them_as_numpys_arrays(seen):
    seen(spots)
    found = quantforge.price(**{**OPTION, "spot": Array([1.0, 2.0])}, backend="mine")
    assert (type(found), found.tolist()) == (np.ndarray, [1.0, 2.0])


def test_auto_leaves_the_tier_for_no_device(install, describe):
    """Better results of another backend are copied sooner than that worse ones stay there."""
    rough = {"load": lambda: {"price": on_device}, "approximate": {"price": 1e9}}
    install(rough=describe("rough", arrays=(TYPE,), **rough), good=describe("good"))
    arguments = {**OPTION, "spot": Array([100.0])}
    found = quantforge.price(**arguments)
    assert (type(found), found.item()) == (np.ndarray, quantforge.price(**OPTION, backend="good"))
    with quantforge.using(tier="approximate"):
        assert type(quantforge.price(**arguments)) is Array


def test_out_and_errors_are_for_numpys_arrays(seen):
    seen(on_device, arrays=(TYPE,))
    arguments = {**OPTION, "spot": Array([1.0]), "backend": "mine"}
    with pytest.raises(TypeError, match="`out` is for NumPy arrays"):
        quantforge.price(**arguments, out=np.empty(1))
    with pytest.raises(TypeError, match="pass NumPy arrays, not Array"):
        quantforge.price(**arguments, errors="raise")


def single(values):
    """An array of single precision, as JAX makes them unless it is told not to."""
    made = Array(values)
    made.values = made.values.astype(np.float32)
    return made


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda spot: np.asarray(spot), "'price' is of type ndarray, not of "),
        (lambda spot: single(spot.values), "'price' is float32, not float64"),
        (lambda spot: Array(spot.values.sum()), r"'price' has shape \(\), not \(2,\)"),
    ],
    ids=["type", "precision", "shape"],
)
def test_results_of_another_kind_are_the_backends_fault(seen, result, message):
    seen(lambda *operands, out: result(operands[0]), arrays=(TYPE,))
    with pytest.raises(BackendError, match=message):
        quantforge.price(**{**OPTION, "spot": Array([1.0, 2.0])}, backend="mine")
