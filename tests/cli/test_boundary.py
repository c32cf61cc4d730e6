"""``quantforge exercise_boundary``: a command from the declaration, without a choice of exercise.

The kernel returns strike + 1000 style + sign, so that a result tells what arrived.
"""

import json

import numpy as np
import pytest

pytest.importorskip("rich")

OPTION = ("--strike", "42", "--time", "0.5", "--rate", "0.1", "--sigma", "0.2")


@pytest.fixture(autouse=True)
def styled(install, describe):
    """A backend with exercise boundaries."""

    def kernel(strike, time, rate, dividend, sigma, sign, style, out=None):
        return np.add(strike + sign, np.multiply(1000.0, style), out=out)

    given = {"exercise_boundary": 1}
    install(one=describe("one", numerics=given, load=lambda: {"exercise_boundary": kernel}))


def test_the_boundary_is_a_column_of_puts_unless_calls_are_asked_for(run):
    ended = run("exercise_boundary", *OPTION, "--kind", "put,call", "--json")
    assert ended.code == 0, ended.err
    report = json.loads(ended.out)
    assert (report["operation"], report["backend"]) == ("exercise_boundary", "one")
    assert report["columns"]["boundary"] == [2041.0, 2043.0]
    ended = run("exercise_boundary", *OPTION, "--accuracy", "high", "--json")
    assert json.loads(ended.out)["columns"]["boundary"] == [3041.0]


def test_the_help_offers_no_choice_of_exercise_and_says_that_a_put_is_meant(run):
    text = " ".join(run("exercise_boundary", "--help").out.split())
    assert "--accuracy {fast,standard,high}" in text
    assert "call or put (default: put)" in text
    assert "--exercise" not in text
    assert "--spot" not in text
    assert "call or put (default: call)" in " ".join(run("price", "--help").out.split())


def test_the_example_of_the_help_can_be_run(run):
    text = " ".join(run("exercise_boundary", "--help").out.split())
    words = text.partition("example: quantforge ")[2].split()
    ended = run(*words)
    assert ended.code == 0, ended.err
    assert "1 option on one" in ended.out


def test_a_column_of_exercises_beside_the_options_is_left_alone(run, tmp_path):
    path = tmp_path / "options.csv"
    path.write_text("strike,time,rate,sigma,kind,exercise\n42,0.5,0.1,0.2,put,european\n")
    ended = run("exercise_boundary", path, "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["columns"]["boundary"] == [2041.0]
