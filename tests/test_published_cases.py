"""Published prices come out of the public function, to their stated tolerance."""

import csv
import os
from pathlib import Path

import pytest

import quantforge

CASES = (
    Path(
        os.environ.get("QUANTFORGE_SHARED_DATA")
        or Path(__file__).resolve().parents[2] / "shared" / "data"
    )
    / "reference_cases.csv"
)
MODELS = ("black_scholes", "merton", "black76", "garman_kohlhagen")


def published():
    """Return the European prices of the lognormal models."""
    with CASES.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["style"] == "european"]
    return [row for row in rows if row["model"] in MODELS and row["quantity"] == "price"]


def price(row, **options):
    if row["dividend_or_foreign_rate"]:
        options["dividend"] = float(row["dividend_or_foreign_rate"])
    names = ("spot_or_forward", "strike", "time", "rate", "sigma")
    numbers = [float(row[name]) for name in names]
    return quantforge.price(*numbers, kind=row["kind"], model=row["model"], **options)


@pytest.mark.skipif(not CASES.is_file(), reason=f"{CASES} is absent")
@pytest.mark.parametrize(
    "backend", [info.name for info in quantforge.backends() if info.state == "available"]
)
def test_published_prices_hold(backend):
    rows = published()
    assert {row["model"] for row in rows} == set(MODELS)
    assert len(rows) >= 35
    for row in rows:
        error = abs(price(row, backend=backend) - float(row["expected"]))
        assert error <= float(row["tolerance"]), row
