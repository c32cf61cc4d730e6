"""An operation that a package of somebody's own brings is called as ours are."""

import json
import os
from pathlib import Path

import pytest
from mpmath import erfc, exp, log, mp, mpf, sqrt

HERE = str(Path(__file__).parent)


def worth(spot, strike, time, rate, dividend, sigma, sign):
    """exp(-r T) N(+-d2) at 50 digits."""
    with mp.workdps(50):
        spot, strike, time, rate, dividend, sigma = map(
            mpf, (spot, strike, time, rate, dividend, sigma)
        )
        drift = (rate - dividend - sigma**2 / 2) * time
        d2 = (log(spot / strike) + drift) / (sigma * sqrt(time))
        return float(exp(-rate * time) * erfc(-sign * d2 / sqrt(mpf(2))) / 2)


@pytest.fixture
def answer(python):
    """A function running code where the package is installed; what it prints, read as JSON."""

    def run(code, **environment):
        path = os.pathsep.join(filter(None, [HERE, os.environ.get("PYTHONPATH")]))
        code = f"import json, quantforge\nprint(json.dumps({code}))"
        return json.loads(python(code, PYTHONPATH=path, **environment))

    return run


def test_its_function_takes_the_inputs_it_declares_with_kinds_models_and_dividends(answer):
    assert answer(
        "quantforge.function('digital')(100.0, [90.0, 110.0], 0.5, 0.03, 0.2,"
        " dividend=0.01, kind=['call', 'put']).tolist()"
    ) == pytest.approx(
        [worth(100, 90, 0.5, 0.03, 0.01, 0.2, 1), worth(100, 110, 0.5, 0.03, 0.01, 0.2, -1)],
        rel=1e-13,
    )
    on_forward = answer(
        "quantforge.function('digital')(100.0, 90.0, 0.5, 0.03, 0.2, model='black76').tolist()"
    )
    assert on_forward == pytest.approx(worth(100, 90, 0.5, 0.03, 0.03, 0.2, 1), rel=1e-13)


def test_the_first_thing_a_process_asks_may_be_about_it(answer):
    assert answer("quantforge.explain('digital', 1000).backend") == "digital_numpy"
    bound = answer("quantforge.bind('digital', kind='put')(100.0, 110.0, 0.5, 0.03, 0.2)")
    assert bound == pytest.approx(worth(100, 110, 0.5, 0.03, 0, 0.2, -1), rel=1e-13)


def test_its_backend_is_listed_with_it(answer):
    found = answer("{one.name: one.operations for one in quantforge.backends()}")
    assert found["digital_numpy"] == ["digital"]
    assert "digital" not in found["numpy"]
