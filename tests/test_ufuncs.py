"""From the address of an inner loop to a ufunc that behaves like NumPy's own."""

import ctypes
import gc

import numpy as np
import pytest

from quantforge.ufuncs import from_address

LOOP = ctypes.CFUNCTYPE(
    None,
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.POINTER(ctypes.c_ssize_t),
    ctypes.POINTER(ctypes.c_ssize_t),
    ctypes.c_void_p,
)
DOUBLE = ctypes.c_double
alive = []  # ctypes frees a callback that nobody holds


def address(function, inputs):
    """An inner loop in Python: ``function(*inputs, data)`` returns the outputs as ctypes values."""

    def loop(args, dims, steps, data):
        for i in range(dims[0]):
            places = [args[k] + i * steps[k] for k in range(inputs)]
            results = function(*(DOUBLE.from_address(place).value for place in places), data)
            for k, result in enumerate(results, inputs):
                type(result).from_address(args[k] + i * steps[k]).value = result.value

    alive.append(LOOP(loop))
    return ctypes.cast(alive[-1], ctypes.c_void_p).value


@pytest.fixture(scope="module")
def third():
    """``a - b / 3``, which no single precision gets right."""
    return from_address(
        address(lambda a, b, data: [DOUBLE(a - b / 3)], 2), "third", "a - b / 3.", inputs=2
    )


def test_it_is_a_ufunc_with_its_name_and_docstring(third):
    assert type(third) is np.ufunc
    assert (third.__name__, third.nin, third.nout, third.types) == ("third", 2, 1, ["dd->d"])
    assert third.__doc__.endswith("a - b / 3.")


def test_scalars_arrays_and_broadcasting(third):
    assert third(1.0, 1.0) == 1.0 - 1.0 / 3
    a, b = np.arange(4.0), np.arange(3.0)[:, None]
    assert (third(a, b) == a - b / 3).all()
    assert third(np.empty((0, 4)), a).shape == (0, 4)


def test_strides_out_and_where(third):
    a, out = np.arange(10.0), np.full(10, -1.0)
    assert third(a[::-2], 1.0, out=out[::2]).base is out
    assert (out[::2] == a[::-2] - 1.0 / 3).all()
    assert (out[1::2] == -1.0).all()
    third(a, 1.0, out=out, where=a < 5)
    assert (out[:5] == a[:5] - 1.0 / 3).all()
    assert (out[5::2] == -1.0).all()


@pytest.mark.parametrize("dtype", ["f4", "f2", "i2", "i8", "u8", "?", ">f8"])
def test_every_smaller_type_is_computed_in_double_precision(third, dtype):
    one = np.ones(3, dtype)
    for result in (third(one, one), third(one, np.float32(1)), third(np.int16(1), one)):
        assert result.dtype == np.float64
        assert (result == 1.0 - 1.0 / 3).all()


@pytest.mark.parametrize("wrong", [np.longdouble(1), 1j, "1", None, np.array([1.0], object)])
def test_what_does_not_fit_into_a_double_is_refused(third, wrong):
    with pytest.raises(TypeError):
        third(wrong, 1.0)


def test_outputs_may_be_several_and_of_mixed_types():
    split = from_address(
        address(lambda x, data: [DOUBLE(abs(x)), ctypes.c_int8(-1 if x < 0 else 1)], 1),
        "split",
        "|x| and its sign.",
        inputs=1,
        output_types="db",
    )
    size, sign = split(np.array([2.0, -3.0]))
    assert (size.dtype, sign.dtype) == (np.float64, np.int8)
    assert (size.tolist(), sign.tolist()) == ([2.0, 3.0], [1, -1])


def test_the_data_a_loop_is_given_lives_as_long_as_the_ufunc():
    def scaled(x, data):
        return [DOUBLE(x * DOUBLE.from_address(data).value)]

    times = from_address(address(scaled, 1), "times", "7 x.", inputs=1, data=DOUBLE(7.0))
    gc.collect()
    assert [bytearray(8) for _ in range(1_000)]  # what was freed would be written over
    assert times(6.0) == 42.0


def test_many_ufuncs_live_side_by_side():
    made = [
        from_address(
            address(lambda x, data, i=i: [DOUBLE(x + i)], 1), f"add_{i}", f"x + {i}.", inputs=1
        )
        for i in range(50)
    ]
    gc.collect()
    assert [ufunc(0.5) for ufunc in made] == [i + 0.5 for i in range(50)]
    assert [ufunc.__name__ for ufunc in made] == [f"add_{i}" for i in range(50)]
