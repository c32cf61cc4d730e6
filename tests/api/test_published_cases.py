"""Published prices, greeks and volatilities come out, to their stated tolerance."""

import csv
import os
from pathlib import Path

import pytest

import quantforge
from quantforge.conventions import MODELS
from quantforge.operations import find

CASES = (
    Path(
        os.environ.get("QUANTFORGE_SHARED_DATA")
        or Path(__file__).resolve().parents[3] / "shared" / "data"
    )
    / "reference_cases.csv"
)
EXPECTED = {"price": 45, "greek": 20, "iv": 10}  # at least so many rows, and of every model
BACKENDS = [info.name for info in quantforge.backends() if info.state == "available"]


def published(kind):
    """Return the European rows of prices, of greeks or of implied volatilities."""
    with CASES.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["style"] == "european"]
    return [row for row in rows if kind_of(row) == kind]


def kind_of(row):
    return row["quantity"] if row["quantity"] in ("price", "iv") else "greek"


def computed(row, backend):
    """Return what the public function for the row's quantity says."""
    options = {"kind": row["kind"], "model": row["model"], "backend": backend}
    if row["dividend_or_foreign_rate"]:
        options["dividend"] = float(row["dividend_or_foreign_rate"])
    names = ("spot_or_forward", "strike", "time", "rate")
    numbers, last = [float(row[name]) for name in names], float(row["sigma"])
    if row["quantity"] == "iv":  # the column holds the price
        return quantforge.implied_volatility(last, *numbers, **options)
    if row["quantity"] == "price":
        return quantforge.price(*numbers, last, **options)
    return quantforge.greeks(*numbers, last, which=row["quantity"], **options)[row["quantity"]]


def implements(backend, row):
    function = {"price": "price", "iv": "implied_volatility"}.get(row["quantity"], "greeks")
    operation = find(function, row["model"]).name
    return operation in next(one.operations for one in quantforge.backends() if one.name == backend)


@pytest.mark.skipif(not CASES.is_file(), reason=f"{CASES} is absent")
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", EXPECTED)
def test_published_values_hold(backend, kind):
    rows = published(kind)
    assert len(rows) >= EXPECTED[kind]
    held = [row for row in rows if implements(backend, row)]
    if not held:
        pytest.skip(f"{backend} computes none of these")
    for row in held:
        error = abs(computed(row, backend) - float(row["expected"]))
        assert error <= float(row["tolerance"]), row


@pytest.mark.skipif(not CASES.is_file(), reason=f"{CASES} is absent")
def test_the_published_cases_cover_every_model_and_greek_of_the_first_order():
    rows = [row for kind in EXPECTED for row in published(kind)]
    assert {row["model"] for row in rows} == set(MODELS)
    assert {row["quantity"] for row in rows} >= set(quantforge.FIRST_ORDER) - {"phi"}
