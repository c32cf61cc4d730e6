"""The specification step by step: its page, the vectors of its functions, and the command."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from quantforge_conformance import steps
from quantforge_conformance.spec import elementary

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "bits.md").read_text("utf-8")
OPTION = (100.0, 110.0, 0.5, 0.05, 0.02, 0.2, 1.0)


@pytest.mark.parametrize("generator", ["generate_bits", "generate_steps"])
def test_page_and_vectors_are_those_of_the_specification(generator, monkeypatch, capsys):
    monkeypatch.syspath_prepend(ROOT / "conformance")
    found = runpy.run_path(str(ROOT / "conformance" / f"{generator}.py"))
    assert found["main"](["--check"]) == 0, capsys.readouterr().out


def test_every_function_of_the_page_has_vectors_but_operations_which_have_golden_bits():
    functions = set(re.findall(r"^### (?!Record|Operation)(\S+)$", PAGE, re.M))
    golden = {path.stem for path in (steps.VECTORS.parent / "golden").glob("*.txt")}
    vectors = {path.stem for path in steps.VECTORS.glob("*.txt")}
    assert functions == vectors | (golden & functions) | {"polynomial"}


def test_every_function_that_a_step_names_is_on_the_page():
    blocks = "".join(re.findall(r"^```\n\w+\(.*?^```", PAGE, re.S | re.M))
    without_remarks = re.sub(r"# .*", "", blocks)
    named = set(re.findall(r"(\w+)\(", without_remarks))
    explained = set(re.findall(r"`(\w+)\(", PAGE.partition("## File")[0]))
    assert named <= explained | set(re.findall(r"^### (?:Record )?(\S+)$", PAGE, re.M))


def test_a_reduction_shows_as_the_page_computes_it():
    reductions = [step for step in steps.trace("price", OPTION) if step.path[-1] == "reduce"]
    step = next(step for step in reductions if step.given["x"] == -0.025)
    assert step.path == ("price", "legs_general", "reduce")
    # -0.025 / ln 2 is nearer to 0 than to 1, so that nothing is taken away
    assert step.returned == {"n": 0.0, "n_magic": 1.5 * 2.0**52, "r": -0.025}


def test_the_last_step_is_the_operation_with_the_option_itself():
    last = steps.trace("price", OPTION)[-1]
    assert last.path == ("price",)
    assert list(last.given.values()) == list(OPTION)


def test_the_specification_differs_nowhere_from_its_vectors():
    assert steps.first_difference("two_sum", elementary.two_sum) is None
    assert steps.first_difference("reduce", elementary.reduce) is None


def test_a_function_without_fusion_is_told_apart_by_the_first_case_that_shows_it():
    def gauss_exponent(x, low):
        half = -0.5 * x
        square = half * x
        return elementary.reduce(square, -x * low + (half * x - square))

    assert re.fullmatch(
        r"gauss_exponent, x=\S+, low=\S+: r is [0-9a-f]{16}, expected [0-9a-f]{16}",
        steps.first_difference("gauss_exponent", gauss_exponent),
    )


def test_a_bound_that_lies_on_the_wrong_side_is_told_apart():
    wrong = steps.first_difference("at_least", lambda x, bound: bound if x < bound else x)
    assert wrong.startswith("at_least, x=nan, bound=")


def test_both_sides_of_the_range_of_the_mills_ratio_are_among_the_vectors():
    inputs, _, cases = steps.vectors("tails_at")
    place = inputs.index("points.near")
    nears = [elementary.from_bits(int(case[place], 16)) for case in cases]
    assert any(-0.5 < near < -0.5 + 1e-12 for near in nears)
    assert any(-0.5 - 1e-12 < near <= -0.5 for near in nears)


def run(*arguments):
    command = [sys.executable, "-m", "quantforge_conformance.steps", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_command_prints_the_steps_that_are_kept_as_a_trace():
    option = "spot=100 strike=0x1.b8p6 time=0.5 rate=0.05 dividend=0.02 sigma=0.2"
    ended = run("price", *option.split(), "sign=bits:3ff0000000000000")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout in (steps.VECTORS.with_name("traces") / "price.txt").read_text("ascii")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "operations: price"),
        (("prices",), "operations: price"),
        (("price", "spot=1"), "price needs spot=... strike=..."),
        (("price", "spot=1", "vol=2"), "price needs spot=... strike=..."),
    ],
)
def test_the_command_says_what_it_needs(arguments, said):
    ended = run(*arguments)
    assert ended.returncode == 2
    assert said in ended.stderr
