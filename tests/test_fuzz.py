"""What a run on fresh examples promises: rounds, seeds, and how to repeat and keep a failure."""

import importlib.util
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

SCRIPT = Path(__file__).parent / "fuzz.py"


class Pytest:
    """Answers in pytest's place, and remembers what it was asked."""

    def __init__(self, code=0, output="    - 40 passing, 0 failing, and 4 invalid test cases\n"):
        self.code, self.output, self.asked = code, output, []

    def __call__(self, words, left):
        self.asked.append(words)
        if len(self.asked) > 6:
            raise subprocess.TimeoutExpired("pytest", left)
        return subprocess.CompletedProcess(words, self.code, self.output, "")


@pytest.fixture
def fuzz(monkeypatch):
    """The script as a module, with one suite of which every round runs."""
    spec = importlib.util.spec_from_file_location("fuzz", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "suites", lambda seed: [["tests", f"--hypothesis-seed={seed}"]])
    monkeypatch.setattr(module, "pytest", Pytest())
    monkeypatch.chdir(Path.cwd())
    ticks = iter(range(10**6))
    monkeypatch.setattr(module.time, "monotonic", lambda: next(ticks))
    return module


def test_ordinary_runs_draw_the_same_examples_every_time():
    profile = settings.get_profile("repeatable")
    assert profile.derandomize
    assert profile.database is None
    assert not settings.get_profile("fuzz").derandomize


def test_rounds_have_a_fresh_seed_each_and_add_up_their_examples(fuzz, capsys):
    assert fuzz.main(["0.1"]) == 0
    told = capsys.readouterr().out
    assert "round 1 passed, 40 examples so far" in told
    assert "round 2 passed, 80 examples so far" in told
    assert len({*map(tuple, fuzz.pytest.asked)}) == len(fuzz.pytest.asked) > 1


def test_a_failure_tells_the_example_how_to_repeat_it_and_where_to_keep_it(fuzz, capsys):
    fuzz.pytest = Pytest(1, "Falsifying example: test_parity(option=7)\n")
    assert fuzz.main(["5", "-k", "parity"]) == 1
    told = capsys.readouterr().out
    [asked] = fuzz.pytest.asked
    assert "Falsifying example: test_parity(option=7)" in told
    assert f"./dev test {' '.join(asked)}" in told
    assert asked[-2:] == ["-k", "parity"]
    assert "@example(...)" in told
    assert "data/worst_cases" in told


def test_a_round_that_is_cut_off_is_no_failure(fuzz, capsys):
    fuzz.pytest.asked = [[]] * 6
    assert fuzz.main(["0.05"]) == 0
    assert "the minutes are over within round 1" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["ten"], ["0"], ["-1"]])
def test_without_minutes_the_usage_is_printed(fuzz, words, capsys):
    assert fuzz.main(words) == 2
    assert "--fuzz MINUTES" in capsys.readouterr().err
    assert fuzz.pytest.asked == []
