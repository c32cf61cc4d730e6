"""Tuning for real, in processes of their own: killed in the middle, and beside a busy one."""

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


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="needs two processors and a way to name one",
)
def test_beside_a_busy_process_threads_are_not_given_up(settings):
    """With one of two processors taken, whoever measures two threads measures the other process."""
    mine = sorted(os.sched_getaffinity(0))[:2]
    settings["QUANTFORGE_BLOCK"] = "numba"

    def pin(*processors):
        return lambda: os.sched_setaffinity(0, processors)

    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"], preexec_fn=pin(mine[1]))
    try:
        done = subprocess.run(
            [*TUNE, "--budget", "4"], env=settings, preexec_fn=pin(*mine),
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
    finally:
        busy.kill()
        busy.wait()
    for operation, found in json.loads(done.stdout)["operations"].items():
        starts = [row["from_n"] for row in found["rows"] if row["threads"] == 2]
        assert starts, operation
        assert min(starts) <= 65_536, operation
