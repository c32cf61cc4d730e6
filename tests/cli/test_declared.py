"""Functions of operations that other packages declare have commands, made from the declarations."""

import csv
import json
import os
from math import exp
from statistics import NormalDist

import pytest

import quantforge
from quantforge.cli import declared

pytest.importorskip("rich")

DIGITAL, NUMPY = "digitals_cash_or_nothing", "digitals_numpy"
# At the money forward with sigma sqrt(T) = 0.2 the digital pays with probability N(-+0.1).
OPTION = ("--spot", 100, "--strike", 100, "--time", 1, "--rate", 0.05, "--dividend", 0.05)
CALL, PUT = (exp(-0.05) * NormalDist().cdf(d2) for d2 in (-0.1, 0.1))


@pytest.fixture
def run_digital(run_apart, example):
    """A function running ``quantforge`` where the package with the digitals is installed."""
    path = os.pathsep.join(filter(None, [str(example("digitals")), os.environ.get("PYTHONPATH")]))
    return lambda *words: run_apart(*words, env={**os.environ, "PYTHONPATH": path})


def test_the_command_has_an_option_for_each_input_as_it_is_declared(run_digital):
    listed = run_digital("--help")
    assert (listed.code, listed.err) == (0, "")
    assert DIGITAL in listed.out
    about = " ".join(run_digital(DIGITAL, "--help").out.split())
    for words in (
        "Option that pays 1 at expiry if it is in the money.",
        "--spot X price of the underlying, currency",
        "--sigma X volatility, 1/sqrt(year)",
        "--forward X forward price, for --model black76",
        "--kind X call or put",
        "--model {black_scholes,merton,black76,garman_kohlhagen}",
        "example: quantforge digitals_cash_or_nothing --spot 100 --strike 100",
    ):
        assert words in about


def test_the_example_of_the_help_can_be_run(run_digital):
    text = " ".join(run_digital(DIGITAL, "--help").out.split())
    words = text.partition("example: quantforge ")[2].split()
    ended = run_digital(*words)
    assert ended.code == 0, ended.err
    assert "1 option on digitals_c" in ended.out


def test_each_default_output_is_a_column(run_digital):
    ended = run_digital(
        DIGITAL, *OPTION, "--sigma", 0.2, "--kind", "call,put", "--backend", NUMPY, "--json"
    )
    assert ended.code == 0, ended.err
    report = json.loads(ended.out)
    assert (report["operation"], report["backend"]) == (DIGITAL, "digitals_numpy")
    assert report["columns"]["price"] == pytest.approx([CALL, PUT], rel=1e-14)


def test_columns_of_a_file_are_valued_and_every_row_is_kept(run_digital, tmp_path):
    source, target = tmp_path / "options.csv", tmp_path / "valued.csv"
    source.write_text(
        "id,forward,strike,time,rate,sigma,kind\n"
        "007,100,100,1,0.05,0.2,call\n"
        "008,100,100,1,0.05,0.2,P\n"
        "009,100,100,-1,0.05,0.2,P\n"
    )
    words = ("--model", "black76", "--column", "digital_", "--output", target, "--backend", NUMPY)
    ended = run_digital(DIGITAL, source, *words)
    assert ended.code == 0, ended.err
    assert "3 options on digitals_numpy, 1 without a price" in ended.out
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["007", "008", "009"]
    assert [float(row["digital_price"]) for row in rows[:2]] == pytest.approx([CALL, PUT])
    assert rows[2]["digital_price"] == ""


def test_results_are_chosen_and_derivatives_are_per_steps_of_the_market(run_digital):
    words = (DIGITAL, *OPTION, "--sigma", 0.2, "--which", "vega,price", "--units", "market")
    ended = run_digital(*words, "--column", "my_")
    assert ended.code == 0, ended.err
    # vega is -exp(-rT) phi(d2) d1/sigma with d1 = 0.1 = -d2.
    vega = -exp(-0.05) * NormalDist().pdf(0.1) * 0.1 / 0.2 / 100
    headings, values = (line.split("  ") for line in ended.out.splitlines()[1:4:2])
    assert [word.strip() for word in headings if word][-2:] == ["my_price", "my_vega per 1 %"]
    assert [float(word) for word in values if word][-2:] == pytest.approx([CALL, vega], rel=1e-8)
    wrong = run_digital(*words[:-4], "--which", "vgea")
    assert "unknown result 'vgea'; valid: all, price, delta" in wrong.err
    assert "did you mean 'vega'?" in wrong.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "spot is missing: give it with --spot"),
        (["--model", "bachelier"], "invalid choice: 'bachelier'"),
        (
            [*OPTION, "--sigma", "0.2", "--backend", "numpy"],
            "does not implement 'digitals_cash_or_nothing'",
        ),
    ],
)
def test_bad_usage_is_told_in_one_line(run_digital, words, message):
    ended = run_digital(DIGITAL, *words)
    assert ended.code in (1, 2)
    assert ended.err.startswith(f"quantforge {DIGITAL}: ")
    assert ended.err.count("\n") == 1
    assert message in ended.err


def test_explain_autotune_and_doctor_know_the_operation(run_digital, monkeypatch, tmp_path):
    monkeypatch.setenv("QUANTFORGE_PROFILE", str(tmp_path / "profile.json"))
    assert DIGITAL in run_digital("explain", "--help").out
    decision = json.loads(run_digital("explain", DIGITAL, "10", "--backend", NUMPY, "--json").out)
    assert (decision["operation"], decision["backend"]) == (DIGITAL, "digitals_numpy")
    gaps = json.loads(run_digital("autotune", "--check", "--json").out)["gaps"]
    expected = {"backend": NUMPY, "operation": DIGITAL, "reason": "not measured"}
    assert expected in gaps
    tuned = run_digital("autotune", "--operation", DIGITAL, "--budget", "5", "--json")
    assert tuned.code == 0, tuned.err
    assert set(json.loads(tuned.out)["operations"]) == {DIGITAL}
    findings = json.loads(run_digital("doctor", "--json").out)
    assert {NUMPY: [DIGITAL, "digitals_asset_or_nothing"]}.items() <= {
        each["name"]: each["operations"] for each in findings["backends"]
    }.items()
    assert findings["problems"] == []


@pytest.mark.filterwarnings("always")  # in a command they are lines, not errors
@pytest.mark.parametrize(
    ("function", "operand", "message"),
    [
        ("chain", "spot", "there is a command of this name already"),
        ("odd", "json", "argument --json: conflicting option string: --json"),
        ("odd", "file", "an input of it is called 'file', as something else is"),
        ("odd", "run", "an input of it is called 'run', as something else is"),
        ("odd", "command", "an input of it is called 'command', as something else is"),
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
