"""An operation that a package of somebody's own brings is called as ours are."""

import json
import os
import subprocess
import sys
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

    def run(code, setup="", **environment):
        path = os.pathsep.join(filter(None, [HERE, os.environ.get("PYTHONPATH")]))
        code = f"import json, quantforge\n{setup}\nprint(json.dumps({code}))"
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


def test_its_backend_passes_the_conformance_suite_by_the_oracle_it_brings():
    path = os.pathsep.join(filter(None, [HERE, os.environ.get("PYTHONPATH")]))
    suite = [sys.executable, "-m", "pytest", "-q", "--pyargs", "quantforge_conformance"]
    done = subprocess.run(
        [*suite, "--backend", "digital_numpy"],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "digital, ordinary: at most, in rounding of what goes in" in done.stdout


def test_it_is_tuned_as_ours_are(answer, tmp_path):
    tuned = answer(
        "[*tune('quick', seconds=4.0).section.backends['digital_numpy'].operations]",
        QUANTFORGE_BLOCK="rust,c,numba,numpy",
        QUANTFORGE_PROFILE=str(tmp_path / "profile.json"),
        setup="from quantforge.tuning.session import tune",
    )
    assert tuned == ["digital"]
