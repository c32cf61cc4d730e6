"""Functions of operations that other packages declare have commands, made from the declarations."""

import csv
import json
import os
from math import exp
from pathlib import Path
from statistics import NormalDist

import pytest

import quantforge
from quantforge.cli import declared

pytest.importorskip("rich")

PACKAGE = str(Path(__file__).parents[1] / "digital")
# At the money forward with sigma sqrt(T) = 0.2 the digital pays with probability N(-+0.1).
OPTION = ("--spot", 100, "--strike", 100, "--time", 1, "--rate", 0.05, "--dividend", 0.05)
CALL, PUT = (exp(-0.05) * NormalDist().cdf(d2) for d2 in (-0.1, 0.1))


@pytest.fixture
def run_digital(run_apart):
    """A function running ``quantforge`` where the package with the digitals is installed."""
    path = os.pathsep.join(filter(None, [PACKAGE, os.environ.get("PYTHONPATH")]))
    return lambda *words: run_apart(*words, env={**os.environ, "PYTHONPATH": path})


def test_the_command_has_an_option_for_each_input_as_it_is_declared(run_digital):
    listed = run_digital("--help")
    assert (listed.code, listed.err) == (0, "")
    assert "digital" in listed.out
    about = " ".join(run_digital("digital", "--help").out.split())
    for words in (
        "Cash-or-nothing option on a lognormal underlying.",
        "--spot X price of the underlying, currency",
        "--sigma X volatility, 1/sqrt(year)",
        "--forward X forward price, for --model black76",
        "--kind X call or put",
        "--model {black_scholes,merton,black76,garman_kohlhagen}",
        "example: quantforge digital --spot 100 --strike 100",
    ):
        assert words in about


def test_the_example_of_the_help_can_be_run(run_digital):
    text = " ".join(run_digital("digital", "--help").out.split())
    words = text.partition("example: quantforge ")[2].split()
    ended = run_digital(*words)
    assert ended.code == 0, ended.err
    assert "1 option on digital_numpy" in ended.out


def test_each_default_output_is_a_column(run_digital):
    ended = run_digital("digital", *OPTION, "--sigma", 0.2, "--kind", "call,put", "--json")
    assert ended.code == 0, ended.err
    report = json.loads(ended.out)
    assert (report["operation"], report["backend"]) == ("digital", "digital_numpy")
    assert report["columns"]["value"] == pytest.approx([CALL, PUT], rel=1e-14)


def test_columns_of_a_file_are_valued_and_every_row_is_kept(run_digital, tmp_path):
    source, target = tmp_path / "options.csv", tmp_path / "valued.csv"
    source.write_text(
        "id,forward,strike,time,rate,sigma,kind\n"
        "007,100,100,1,0.05,0.2,call\n"
        "008,100,100,1,0.05,0.2,P\n"
        "009,100,100,-1,0.05,0.2,P\n"
    )
    words = ("--model", "black76", "--column", "digital_", "--output", target)
    ended = run_digital("digital", source, *words)
    assert ended.code == 0, ended.err
    assert "3 options on digital_numpy, 1 without a value" in ended.out
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["007", "008", "009"]
    assert [float(row["digital_value"]) for row in rows[:2]] == pytest.approx([CALL, PUT])
    assert rows[2]["digital_value"] == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "spot is missing: give it with --spot"),
        (["--model", "bachelier"], "invalid choice: 'bachelier'"),
        ([*OPTION, "--sigma", "0.2", "--backend", "numpy"], "does not implement 'digital'"),
    ],
)
def test_bad_usage_is_told_in_one_line(run_digital, words, message):
    ended = run_digital("digital", *words)
    assert ended.code in (1, 2)
    assert ended.err.startswith("quantforge digital: ")
    assert ended.err.count("\n") == 1
    assert message in ended.err


def test_explain_autotune_and_doctor_know_the_operation(run_digital):
    assert "digital" in run_digital("explain", "--help").out
    decision = json.loads(run_digital("explain", "digital", "10", "--json").out)
    assert (decision["operation"], decision["backend"]) == ("digital", "digital_numpy")
    gaps = json.loads(run_digital("autotune", "--check", "--json").out)["gaps"]
    expected = {"backend": "digital_numpy", "operation": "digital", "reason": "not measured"}
    assert expected in gaps
    findings = json.loads(run_digital("doctor", "--json").out)
    assert {"digital_numpy": ["digital"]}.items() <= {
        each["name"]: each["operations"] for each in findings["backends"]
    }.items()
    assert findings["problems"] == []


@pytest.mark.filterwarnings("always")  # in a command they are lines, not errors
@pytest.mark.parametrize(
    ("function", "operand", "message"),
    [
        ("chain", "spot", "there is a command of this name already"),
        ("odd", "json", "argument --json: conflicting option string: --json"),
    ],
)
def test_a_function_without_room_for_its_command_costs_no_other_command(
    run, monkeypatch, function, operand, message
):
    odd = quantforge.Operation(
        name=function,
        summary="100 % odd",
        inputs=(quantforge.Operand(operand, "anything", "", (0.0, 1.0)),),
        outputs=(quantforge.Output("value", "anything", ""),),
        numerics=1,
        function=function,
    )
    monkeypatch.setattr(declared, "functions", lambda: ("price", function))
    catalogue = {**declared.operands.OPERATIONS, function: odd}
    monkeypatch.setattr(declared.operands, "OPERATIONS", catalogue)
    monkeypatch.setattr("quantforge.errors._said", set())
    ended = run("--help")
    assert ended.code == 0
    assert ended.err == f"quantforge: warning: function {function!r} has no command: {message}\n"
