"""What the conformance suite, which runs beside this, does not ask for."""

from importlib.metadata import version

import numpy as np
import quantforge
from quantforge.testing import fallback

OPTIONS = (np.array([80.0, 100.0, 125.0]), 0.75, 0.05, 0.2)


def test_it_is_worth_a_call_and_a_put():
    strike, time, rate, sigma = OPTIONS
    value = quantforge.function("NAME")(100.0, *OPTIONS)
    call, put = (
        fallback("price")(100.0, strike, time, rate, 0.0, sigma, sign) for sign in (1.0, -1.0)
    )
    np.testing.assert_allclose(value, call + put, rtol=1e-13)


def test_on_a_forward_it_is_worth_as_much():
    on_spot = quantforge.function("NAME")(100.0, *OPTIONS, dividend=0.05)
    on_forward = quantforge.function("NAME")(100.0, *OPTIONS, model="black76")
    np.testing.assert_allclose(on_forward, on_spot, rtol=1e-13)


def test_the_version_is_that_of_the_distribution():
    [described] = [each for each in quantforge.backends() if each.name == "NAME"]
    assert described.version == version("quantforge-NAME")
