"""What the documentation says of accuracy is what the conformance suite holds backends to."""

import json
import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
from quantforge_conformance.oracles import IN_THE_MONEY, ORACLES, OUT_OF_THE_MONEY
from quantforge_conformance.reference import PRECISE

from bench import attained, page, speed
from bench.american import measuring, picture, report
from bench.american.books import BOOKS, STRIKE
from quantforge import FIRST_ORDER
from quantforge.exercises import STYLES

ROOT = Path(__file__).resolve().parents[2]


def tolerances(operation, output):
    """The tolerance of each of an output's bounds, by the unit's name."""
    return {bound.name: bound.tolerance for bound in ORACLES[operation].bounds[output]}


def roundings(output):
    """The k of a greek's contract."""
    return tolerances("greeks", output)["(1 + cond) 2^-53"]


PRICE, BACHELIER = tolerances("price", "price"), tolerances("bachelier_price", "price")
OUT, IN = PRICE[OUT_OF_THE_MONEY], PRICE[IN_THE_MONEY]
BACHELIER_OUT, BACHELIER_IN = BACHELIER[OUT_OF_THE_MONEY], BACHELIER[IN_THE_MONEY]
OWN = tolerances("greeks", "delta")[OUT_OF_THE_MONEY]
IMPLIED, BACHELIER_IMPLIED = (
    tolerances(name, "sigma")["of the attainable error"]
    for name in ("implied_volatility", "bachelier_implied_volatility")
)
CANCELLING = ("charm", "veta", "color", "speed")

SAID = {
    "README.md": {r"price out of the money is within (\d+) ulp of the exact one": (OUT,)},
    "docs/numerics.md": {
        r"\|error\| ≤ \*\*(\d+) ulp of the price itself\*\*": (OUT,),
        r"\|error\| ≤ (\d+) ulp of max\(A, B\)": (IN,),
        r"k is (\d+) for price, delta, gamma, vega, theta, rho and phi, and (\d+) for all others": (
            roundings("delta"),
            roundings("vanna"),
        ),
        r"charm \((\d+)\), veta \((\d+)\), color \((\d+)\) and speed \((\d+)\)": tuple(
            map(roundings, CANCELLING)
        ),
        r"within \*\*(\d+) ulp of themselves\*\*": (OWN,),
        r"attainable error is beyond (1e-\d+) σ": (float(PRECISE),),
        r"correctly rounded, is ([\d.]+) times that": (IMPLIED,),
        r"contract is (\d+) ulp of the price itself out of the money, and in the money (\d+) ulp of"
        r" max\(\|F\|, \|K\|\)": (BACHELIER_OUT, BACHELIER_IN),
        r"contract is ([\d.]+) attainable errors": (BACHELIER_IMPLIED,),
    },
    "quantforge/api.py": {
        r"within (\d+) ulp of the exact price, in the money within (\d+) ulp of max\(S": (OUT, IN),
        r"within (\d+) ulp of the exact price out of the money, and in the money within (\d+) ulp"
        r" of max\(abs\(F\)": (BACHELIER_OUT, BACHELIER_IN),
        r"within ([\d.]+) times the attainable error, or ([\d.]+) times under Bachelier's": (
            IMPLIED,
            BACHELIER_IMPLIED,
        ),
    },
    "quantforge/results.py": {r"leaves more than (1e-\d+) of the volatility": (float(PRECISE),)},
}
WORST_FOUND = {
    r"worst they found is ([\d.]+) ulp out of the money and ([\d.]+) in it": (OUT, IN),
    r"hill climbs found ([\d.]+), ([\d.]+), ([\d.]+) and ([\d.]+); elsewhere": tuple(
        map(roundings, CANCELLING)
    ),
    r"hill climbs found is ([\d.]+) times the attainable error": (IMPLIED,),
    r"\(hill climbs found ([\d.]+) and ([\d.]+)\)": (BACHELIER_OUT, BACHELIER_IN),
    r"\(hill climbs found ([\d.]+)\)": (BACHELIER_IMPLIED,),
}
PROMISE = r"(?:within|at most|≤|contract is|correctly rounded, is) \**[\d.]+ (?:ulp|times|attain)"


@cache
def prose(name):
    """A file as one line."""
    return " ".join((ROOT / name).read_text("utf-8").split())


def only(pattern, text):
    """The only match of a pattern."""
    (found,) = re.finditer(pattern, text)
    return found


def figures(found):
    return tuple(map(float, found.groups()))


@pytest.mark.parametrize(
    ("name", "pattern"), [(name, pattern) for name, said in SAID.items() for pattern in said]
)
def test_a_promise_of_accuracy_is_the_one_that_is_tested(name, pattern):
    assert figures(only(pattern, prose(name))) == SAID[name][pattern]


def test_greeks_have_the_contract_that_the_page_sorts_them_by():
    for operation in ("greeks", "bachelier_greeks"):
        for output in ORACLES[operation].bounds:
            assert tolerances(operation, output) == tolerances("greeks", output)
    assert {roundings(output) for output in FIRST_ORDER} == {roundings("delta")}
    others = ORACLES["greeks"].bounds.keys() - {*FIRST_ORDER, *CANCELLING}
    assert {roundings(output) for output in others} == {roundings("vanna")}


@pytest.mark.parametrize("pattern", WORST_FOUND)
def test_the_worst_that_was_found_is_within_the_contract(pattern):
    found = figures(only(pattern, prose("docs/numerics.md")))
    assert all(
        worst <= tolerance for worst, tolerance in zip(found, WORST_FOUND[pattern], strict=True)
    )


def test_no_other_place_promises_an_accuracy():
    files = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("quantforge/**/*.py")]
    for file in files:
        name = str(file.relative_to(ROOT))
        known = [only(pattern, prose(name)).span() for pattern in SAID.get(name, ())]
        for promise in re.finditer(PROMISE, prose(name)):
            is_known = any(start < promise.end() and promise.start() < end for start, end in known)
            assert is_known, f"{name}: {promise[0]!r} is compared with nothing"


def test_the_page_of_accuracies_is_what_its_figures_make():
    stored = json.loads(page.FIGURES.read_text("utf-8"))
    assert page.PAGE.read_text("utf-8") == page.text(stored)


def test_the_table_of_peers_in_the_readme_is_what_the_figures_make():
    stored, readme = json.loads(page.FIGURES.read_text("utf-8")), page.README.read_text("utf-8")
    assert readme == page.filled(readme, stored)
    assert "<!-- accuracy: peers -->" in readme
    quoted = only(r"(\d+) nanoseconds a price and (\d+) an implied volatility", prose("README.md"))
    ours = next(one for one in stored["libraries"] if one["library"] == "QuantForge")["speed"]
    assert figures(quoted) == (round(ours["price"]), round(ours["implied_volatility"]))


@pytest.mark.parametrize("written", speed.PAGES, ids=lambda file: file.name)
def test_the_tables_of_times_are_what_their_figures_make(written):
    stored, text = json.loads(speed.FIGURES.read_text("utf-8")), written.read_text("utf-8")
    assert text == speed.filled(text, stored)
    assert {"measured", "price"} <= {*re.findall(r"<!-- speed: (\w+) -->", text)}


def test_the_tables_of_attained_errors_are_what_their_figures_make():
    stored, written = (
        json.loads(attained.FIGURES.read_text("utf-8")),
        attained.PAGE.read_text("utf-8"),
    )
    assert written == attained.filled(written, stored)
    for name in stored["errors"]:
        assert f"<!-- attained: {name} -->" in written


@pytest.mark.parametrize("operation", attained.MEASURED)
def test_attained_errors_are_those_of_every_region_and_bound_and_keep_the_contract(operation):
    stored = json.loads(attained.FIGURES.read_text("utf-8"))["errors"][operation]
    oracle = ORACLES[operation]
    most = {
        attained.column(operation, output, bound): bound.tolerance
        for output, bounds in oracle.bounds.items()
        for bound in bounds
    }
    assert list(stored) == [region.name for region in oracle.regions]
    for errors in stored.values():
        assert errors.keys() == most.keys()
        assert all(error <= most[column] for column, error in errors.items())


def test_the_compared_errors_of_quantforge_keep_the_contract():
    most = {"price": max(OUT, IN), "implied_volatility": IMPLIED}
    ours = [
        one
        for one in json.loads(page.FIGURES.read_text("utf-8"))["errors"]
        if one["library"] == "QuantForge"
    ]
    assert {one["operation"] for one in ours} == {*most}
    for one in ours:
        assert one["maximum"] <= most[one["operation"]]
        assert not one["failed"]


def test_the_errors_that_the_readme_quotes_are_those_of_the_page():
    quoted = only(r"QuantForge's (\d+) and (\d+)", prose("README.md"))
    largest = {
        one["region"]: one["maximum"]
        for one in json.loads(page.FIGURES.read_text("utf-8"))["errors"]
        if (one["library"], one["operation"], one["group"]) == ("QuantForge", "price", "unit")
    }
    ordinary, tails = largest["ordinary, out of the money"], largest["20-35 sd"]
    assert figures(quoted) == (round(ordinary), round(tails))


def american():
    """The figures of docs/american.md, and the entries of QuantForge by book."""
    stored = json.loads(report.FIGURES.read_text("utf-8"))
    books = stored["entries"].items()
    return stored, {
        book: [one for one in its if one["library"] == measuring.OURS] for book, its in books
    }


def test_the_tables_of_american_options_are_what_their_figures_make():
    stored, _ = american()
    written = report.PAGE.read_text("utf-8")
    assert written == report.filled(written, stored)
    for name in (*report.tables(stored), "measured"):
        assert f"<!-- american: {name} -->" in written


def test_the_picture_of_american_errors_is_of_the_same_measurement():
    words = [each.text for each in ElementTree.parse(picture.PICTURE).iter() if each.text]
    assert [*report.headings(american()[0]).values()] == [one for one in words if "RMSE" in one]
    assert f"({picture.PICTURE.name})" in report.PAGE.read_text("utf-8")


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
def test_the_published_errors_of_american_options_keep_the_contract(book):
    _, ours = american()
    [bound] = ORACLES["american_price"].bounds["price"]
    assert {one["way"] for one in ours[book.name]} == {*STYLES}
    for one in ours[book.name]:
        far = (book.spot[1], STRIKE, book.years, 0.0, 0.0, book.sigma[1], 1.0)
        limit = bound.tolerance * bound.unit((*far, float(STYLES[one["way"]])), 0.0)
        assert one["largest"] <= limit, one
        assert not one["failed"]
