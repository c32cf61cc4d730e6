"""Tuning for real, in a process of its own that is killed in the middle."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

TUNE = [sys.executable, "-m", "quantforge.autotune", "--json"]


@pytest.fixture
def settings(tmp_path):
    return {**os.environ, "QUANTFORGE_PROFILE": str(tmp_path / "new" / "profile.json")}


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_tuning_keeps_each_operation_that_it_has_finished(settings, tmp_path, kill):
    settings["QUANTFORGE_BLOCK"] = "numba"  # which only takes longer
    profile = tmp_path / "new" / "profile.json"
    tuning = subprocess.Popen(
        TUNE, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 60
        while not profile.exists() and time.monotonic() < end:
            time.sleep(0.01)
        tuning.send_signal(kill)
        assert tuning.wait(60) in {130, -kill}
    finally:
        tuning.kill()
        tuning.wait()
    (section,) = json.loads(profile.read_text())["sections"]
    assert "price" in section["rows"]
    assert "bachelier_implied_volatility" not in section["rows"]  # the last one
    asked = "import quantforge; print(quantforge.explain('price').profile)"
    done = subprocess.run(
        [sys.executable, "-c", asked], env=settings, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(profile)
