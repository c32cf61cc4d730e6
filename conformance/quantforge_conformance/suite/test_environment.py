"""Results do not depend on the caller's floating-point environment, and it stays as it was."""

import ctypes

import numpy as np
import pytest

from quantforge_conformance import floating_point, operands
from quantforge_conformance.checks import expect_none, unlike
from quantforge_conformance.floating_point import (
    DEFAULT,
    DENORMALS_ARE_ZERO,
    FLAGS,
    FLUSH_TO_ZERO,
    ROUND_DOWN,
    ROUND_TO_ZERO,
    ROUND_UP,
)

ENVIRONMENTS = {
    floating_point.modes(value): value
    for value in (
        DEFAULT,
        DEFAULT | FLUSH_TO_ZERO,
        DEFAULT | DENORMALS_ARE_ZERO,
        DEFAULT | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO,
        DEFAULT | ROUND_DOWN,
        DEFAULT | ROUND_UP,
        DEFAULT | ROUND_TO_ZERO,
    )
}


@pytest.fixture(autouse=True)
def _machine():
    try:
        floating_point.control()
    except floating_point.Unavailable as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_callers_environment_changes_no_result(kernel, environment):
    batch = operands.mixed(kernel, 3_000)
    expected = kernel(*batch)
    out = kernel.outputs(3_000)
    with floating_point.environment(ENVIRONMENTS[environment]):
        kernel(*batch, out=out)
    expect_none(unlike(kernel, out, expected, batch))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("count", [1, 100])
def test_the_environment_stays_as_it_was(kernel, environment, count):
    batch = operands.mixed(kernel, count)
    out = kernel.outputs(count)
    with floating_point.environment(ENVIRONMENTS[environment]):
        kernel(*batch, out=out)
        after = floating_point.control()
    if after & ~FLAGS != ENVIRONMENTS[environment]:
        left = floating_point.modes(after)
        pytest.fail(f"MXCSR was {environment}, and is left as {left}", pytrace=False)


@pytest.mark.parametrize("flags", [0, FLAGS], ids=["clear", "all set"])
def test_a_loop_neither_sets_nor_clears_a_flag_for_options_in_the_domain(kernel, flags):
    if not isinstance(kernel.call, np.ufunc):
        pytest.skip(f"{kernel.backend} gives a plain callable, NumPy's loops set flags")
    loop = floating_point.inner_loop(kernel.call)
    arrays = [*operands.mixed(kernel, 1_000), *kernel.outputs(1_000)]
    args = (ctypes.c_void_p * len(arrays))(*[x.ctypes.data for x in arrays])
    steps = (ctypes.c_ssize_t * len(arrays))(*[x.itemsize for x in arrays])
    dims = (ctypes.c_ssize_t * 1)(1_000)
    with floating_point.environment(DEFAULT | flags):
        loop(args, dims, steps, None)
        after = floating_point.control()
    if after & FLAGS != flags:
        were, are = floating_point.flags(flags), floating_point.flags(after)
        pytest.fail(f"the flags set in MXCSR were {were}, and are {are}", pytrace=False)
