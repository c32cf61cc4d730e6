"""Results do not depend on how operands lie in memory, and operands stay as they were."""

import numpy as np
import pytest

from quantforge_conformance import operands
from quantforge_conformance.checks import bits, expect_none, unlike

COUNTS = (1, 2, 7, 8, 9, 127, 128, 129, 1_000)


def in_steps(step):
    """Return a layout: every `step`-th element of an array whose others are NaN."""

    def lay(array):
        spread = np.full(array.size * abs(step), np.nan)
        view = spread[::step]
        view[:] = array
        return view

    return lay


def unaligned(offset):
    """Return a layout: `offset` bytes past an address that float64 may have."""

    def lay(array):
        view = np.empty(array.nbytes + 16, np.uint8)[offset : offset + array.nbytes]
        view = view.view(np.float64)
        view[:] = array
        return view

    return lay


def read_only(array):
    copied = array.copy()
    copied.flags.writeable = False
    return copied


LAYOUTS = {
    "in steps of 2": in_steps(2),
    "in steps of 3": in_steps(3),
    "backwards": in_steps(-1),
    "backwards in steps of 5": in_steps(-5),
    "1 byte off": unaligned(1),
    "4 bytes off": unaligned(4),
    "8 bytes off": unaligned(8),
    "read-only": read_only,
    "of the other byte order": lambda array: array.astype(array.dtype.newbyteorder()),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_changes_no_result(kernel, layout):
    lay = LAYOUTS[layout]
    for count in COUNTS:
        batch = operands.mixed(kernel, count)
        expected = kernel(*batch)
        expect_none(unlike(kernel, kernel(*map(lay, batch)), expected, batch), count)
        for place, operand in enumerate(kernel.operation.inputs):
            one = [lay(x) if place == index else x for index, x in enumerate(batch)]
            expect_none(unlike(kernel, kernel(*one), expected, batch), (count, operand.name))


@pytest.mark.parametrize("count", COUNTS)
def test_a_scalar_stands_for_a_whole_operand(kernel, count):
    batch = operands.mixed(kernel, count)
    for chosen in range(1, 1 << len(batch)):
        scalars = [bool(chosen >> place & 1) for place in range(len(batch))]
        full = [np.full(count, x[0]) if one else x for x, one in zip(batch, scalars, strict=True)]
        given = [x[0] if one else x for x, one in zip(batch, scalars, strict=True)]
        if all(scalars):
            given[0] = np.broadcast_to(given[0], count)
        names = [x.name for x, one in zip(kernel.operation.inputs, scalars, strict=True) if one]
        with np.errstate(invalid="ignore"):  # a price may not be that of another's operands
            expect_none(unlike(kernel, kernel(*given), kernel(*full), full), names)


def test_shapes_broadcast_as_in_numpy(kernel):
    batch = operands.mixed(kernel, 24)
    shapes = [(2, 3, 4), (3, 4), (4,), (3, 1), (2, 1, 1), (1, 1, 4), ()]
    given = [np.resize(x, shapes[place % len(shapes)]) for place, x in enumerate(batch)]
    full = [np.ascontiguousarray(np.broadcast_to(x, (2, 3, 4))) for x in given]
    with np.errstate(invalid="ignore"):
        expect_none(unlike(kernel, kernel(*given), kernel(*full), full))


def test_columns_and_fortran_order_change_no_result(kernel):
    batch = operands.mixed(kernel, 600)
    expected = kernel(*batch)
    table = np.stack(batch, axis=1)
    expect_none(unlike(kernel, kernel(*table.T), expected, batch), "columns of a table")
    square = [x.reshape(20, 30) for x in batch]
    expected = tuple(x.reshape(20, 30) for x in expected)
    fortran = [np.asfortranarray(x) for x in square]
    expect_none(unlike(kernel, kernel(*fortran), expected, square), "Fortran order")
    halves = [fortran[0], *square[1:]]
    expect_none(unlike(kernel, kernel(*halves), expected, square), "one in Fortran order")


def test_no_options_give_no_results(kernel):
    empty = [np.empty((3, 0)) for _ in kernel.operation.inputs]
    assert [result.shape for result in kernel(*empty)] == [(3, 0)] * len(kernel.operation.outputs)


def test_one_option_gives_scalars(kernel):
    results = kernel(*(float(x[0]) for x in operands.ordinary(kernel, 1)))
    assert [np.shape(result) for result in results] == [()] * len(kernel.operation.outputs)
    assert not any(isinstance(result, np.ndarray) for result in results)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.int16, np.bool])
def test_other_numbers_are_converted_and_computed_in_double_precision(kernel, dtype):
    batch = [x.astype(dtype) for x in operands.ordinary(kernel, 100)]
    batch[-1] = np.ones(100, dtype)
    converted = [x.astype(np.float64) for x in batch]
    with np.errstate(invalid="ignore"):
        results, expected = kernel(*batch), kernel(*converted)
    expect_none(unlike(kernel, results, expected, converted))


@pytest.mark.parametrize("count", [1, 8, 100, 1_000, 10_000])
def test_operands_stay_as_they_were(kernel, count):
    batch = operands.mixed(kernel, count)
    kept = [x.copy() for x in batch]
    kernel(*batch)
    kernel(*batch, out=kernel.outputs(count))
    for operand, x, before in zip(kernel.operation.inputs, batch, kept, strict=True):
        changed = np.flatnonzero(bits(x) != bits(before))
        assert not changed.size, f"{operand.name}[{changed[0]}] was written to"
