"""Names and numbers in the guides are those of the code."""

import re
from pathlib import Path

import pytest

from quantforge import ALL, CONTRACT, Backend, Code, backends, greeks
from quantforge.chain import EUROPEAN_ROOTS
from quantforge.operations import OPERATIONS
from quantforge.plugins import State
from quantforge.profile import curves, decision
from quantforge.tuning import clock, measurement, session

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = {
    "half": 0.5,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "ten": 10,
    "tenth": 0.1,
}
NUMBERS |= {"twice": 2, "seventeen": 17, "quarter": 0.25}
QUICK, MEASURE = session.RIGORS["quick"], session.RIGORS["measure"]

SAID = {
    "docs/tuning.md": {
        r"in blocks of (\w+) a millisecond, (\w+) or more times each": (
            1e3 * measurement._BLOCK,
            QUICK.rounds,
        ),
        r"until the best three blocks agree within (\d+) %": (
            pytest.approx(100 * (measurement._CONFIRMED - 1)),
        ),
        r"wall time above ([\d.]+) of its processor time": (clock._OTHER_LOAD,),
        r"more than a (\w+) of the measurements never came to (\w+) undisturbed blocks": (
            session._HOPELESS,
            measurement.ENOUGH,
        ),
        r"grow by a factor of (\w+) \(`measure`: (\w+)\)": (QUICK.step, MEASURE.step),
        r"gets (\w+) the time of any other": (session._LARGER,),
        r"Beyond (\w+) times its largest batch": (curves.REACH,),
        r"An additional row must save (\d+) % .* What differs by less than (\d+) %": (
            100 * decision._SWITCH,
            100 * decision.MARGIN,
        ),
        r"the backend that loads faster, by a (\w+) of a second": (decision._NOTICED,),
    },
    "docs/design.md": {r"has to win by (\d+) %": (100 * decision.MARGIN,)},
    "docs/numerics.md": {r"(\w+) outputs in one pass": (len(ALL),)},
    "README.md": {
        r"contract=(\d+), numerics={\"price\": (\d+)}": (CONTRACT, OPERATIONS["price"].numerics)
    },
    "CONTRIBUTING.md": {r"numerics={\"price\": (\d+)}": (OPERATIONS["price"].numerics,)},
    "docs/backends.md": {
        r"contract=(\d+), numerics={\"price\": (\d+)}": (CONTRACT, OPERATIONS["price"].numerics)
    },
}


def text(name):
    return (ROOT / name).read_text("utf-8")


def number(word):
    return NUMBERS[word.lower()] if word.lower() in NUMBERS else float(word)


@pytest.mark.parametrize(
    ("name", "pattern"), [(name, pattern) for name, said in SAID.items() for pattern in said]
)
def test_a_number_in_a_guide_is_the_one_in_the_code(name, pattern):
    (found,) = re.finditer(pattern, " ".join(text(name).split()))
    assert tuple(map(number, found.groups())) == SAID[name][pattern]


def test_the_roots_of_european_options_are_those_of_the_code():
    (listed,) = re.finditer(
        r"unless their root is one of (.*?), or", " ".join(text("docs/cli.md").split())
    )
    assert sorted(EUROPEAN_ROOTS) == re.findall(r"`(\w+)`", listed[1])


def rows(name, heading):
    """The first cells of the rows below a table's heading."""
    table = text(name).partition(heading)[2].partition("\n\n")[0]
    return [line.split("|")[1].strip(" `") for line in table.splitlines()[2:]]


def test_the_guide_has_every_status_code():
    assert {*rows("docs/numerics.md", "| code | when | value |")} == {*Code.__members__}


def test_the_guide_has_every_field_of_a_backend():
    tables = text("docs/backends.md").split("| field | meaning |")[1:]
    cells = [
        line.split("|")[1]
        for table in tables
        for line in table.partition("\n\n")[0].split("\n")[2:]
    ]
    fields = re.findall(r"`(\w+)`", " ".join(cells))
    assert sorted(fields) == sorted(Backend.__dataclass_fields__)


def test_the_guide_has_every_state_of_a_backend():
    states = text("docs/backends.md").partition("## States")[2]
    assert all(f"`{state.value}`" in states for state in State)


def test_the_guide_has_every_greek_with_its_unit_and_what_it_is_divided_by():
    heading = '| greek | derivative | unit, raw | `units="market"` | divided by |'
    table = text("docs/tools.md").partition(heading)[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table]
    assert [row[0] for row in cells] == list(ALL)
    raw, market = (
        greeks(100.0, 105.0, 0.5, 0.03, 0.2, which=ALL, units=units) for units in ("raw", "market")
    )
    for (name, derivative, unit, _, divisor), output in zip(
        cells, OPERATIONS["greeks"].outputs, strict=True
    ):
        assert unit == output.unit
        assert derivative == ("V" if name == "price" else output.meaning.partition(",")[0])
        assert market[name] == raw[name] / float(divisor.replace(",", ""))


def test_the_known_backends_are_those_of_this_repository_and_what_they_have():
    table = text("docs/known-backends.md").partition("| backend |")[2].splitlines()[2:]
    lines = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table if "|" in line]
    known = {line[0]: line for line in lines}
    assert known.keys() >= {
        "numpy",
        *(path.parent.name for path in ROOT.glob("backends/*/README.md")),
    }
    groups = {
        "all": {*OPERATIONS},
        "European": {name for name, each in OPERATIONS.items() if each.exercise == "european"},
    }
    for info in backends():
        if info.name in known and info.state is State.AVAILABLE:
            _, _, _, exact, has, _ = known[info.name]
            assert exact == ("yes" if info.exact else "no")
            assert {*info.operations} == groups.get(has, {*re.findall(r"\w+", has)})
