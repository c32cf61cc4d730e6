"""``--forward parity``: forwards and rates of each quote time and expiry, from lines known here."""

import io
import json
import sys
from math import log

import numpy as np
import pytest

import quantforge

pytest.importorskip("rich")

STRIKES = np.arange(80.0, 121.0, 5.0)
PUTS = np.arange(2.0, 11.0)
MADE = {  # forward and discount by the time of the quotes and the expiry
    ("2024-03-08T16:00-05:00", "2025-03-08"): (101.0, 0.98),
    ("2024-03-08T16:00-05:00", "2026-03-08"): (103.0, 0.95),
    ("2024-03-11T16:00-04:00", "2025-03-08"): (90.0, 0.97),
}
BLACK = ("--model", "black76", "--forward", "parity")
DATED = ("--expiry", "expiry", "--quoted", "quoted")


def rows(made=MADE):
    """Bid and ask of calls and puts with call - put = discount (forward - strike)."""
    for (quoted, expiry), (forward, discount) in made.items():
        for strike, put in zip(STRIKES, PUTS, strict=True):
            call = put + discount * (forward - strike)
            for kind, mid in (("C", call), ("P", put)):
                if mid > 0.1:
                    yield [quoted, expiry, strike, kind, f"{mid - 0.05:.12g}", f"{mid + 0.05:.12g}"]


@pytest.fixture
def file(tmp_path):
    """A function writing a file of such rows."""

    def write(made=MADE, change=lambda each: each, header="quoted,expiry,strike,kind,bid,ask"):
        path = tmp_path / "quotes.csv"
        lines = [header, *(",".join(map(str, change(each))) for each in rows(made))]
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def done(run, *words):
    ended = run(*words, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)["columns"], ended.err


def check(columns, years):
    """Every row has the forward and the rate of its own group."""
    for place, key in enumerate(zip(columns["quoted"], columns["expiry"], strict=True)):
        forward, discount = MADE[key]
        assert columns["forward"][place] == pytest.approx(forward, abs=1e-3), key
        assert columns["rate"][place] == pytest.approx(-log(discount) / years[key], abs=2e-4), key


def test_each_quote_time_and_expiry_has_its_own_forward_and_rate(run, file):
    years = {key: float(quantforge.years_between(*key)) for key in MADE}
    columns, said = done(run, "iv", file(), *BLACK, *DATED)
    check(columns, years)
    assert "forward and rate by parity for 3 of 3 expiries" in said
    # a call and a put of one strike then have one volatility
    found = {}
    for key in zip(
        *(columns[each] for each in ("quoted", "expiry", "strike", "iv_mid")), strict=True
    ):
        found.setdefault(key[:3], []).append(key[3])
    for volatilities in found.values():
        if None not in volatilities:
            assert max(volatilities) - min(volatilities) < 1e-4


@pytest.mark.parametrize("command", ["price", "greeks"])
@pytest.mark.parametrize("many", [False, True])
def test_prices_and_greeks_are_at_these_forwards(run, file, command, many, monkeypatch):
    from quantforge.files import columns as files

    if many:
        monkeypatch.setattr(files, "BATCH", 5)
        monkeypatch.setattr(files, "_BLOCK", 200)
    columns, _ = done(run, command, file(), *BLACK, *DATED, "--sigma", 0.2)
    check(columns, {key: float(quantforge.years_between(*key)) for key in MADE})
    expected = quantforge.price(
        np.array(columns["forward"]), np.array(columns["strike"], float), np.array(columns["time"]),
        np.array(columns["rate"]), 0.2, model="black76",
        kind=np.array(["call" if each == "C" else "put" for each in columns["kind"]]),
    )  # fmt: skip
    assert columns["price"] == expected.tolist()


def test_a_rate_that_is_given_is_kept_and_one_pair_is_enough(run, tmp_path):
    path = tmp_path / "pair.csv"
    path.write_text("strike,kind,price,time\n100,C,5,0.5\n100,P,4,0.5\n")
    columns, said = done(run, "iv", path, *BLACK, "--rate", 3, "--rate-unit", "percent")
    assert columns["forward"] == pytest.approx([100 + np.exp(0.015)] * 2, abs=1e-12)
    assert columns["rate"] == [3.0, 3.0]
    assert "forward by parity for 1 of 1 expiry" in said
    ended = run("iv", path, *BLACK)
    assert ended.code == 1
    assert "no forward by parity: 1 strikes with usable call and put, 3 are needed" in ended.err


def test_times_in_years_are_told_apart_by_a_date_of_known_name(run, file):
    path = file(
        change=lambda each: [each[0][:10], 1 if each[1] == "2025-03-08" else 2, *each[2:]],
        header="quote_date,time,strike,kind,bid,ask",
    )
    columns, said = done(run, "price", path, *BLACK, "--sigma", 0.2)
    assert "'quote_date' tells quotes apart" in said
    assert sorted({round(each, 2) for each in columns["forward"]}) == [90.0, 101.0, 103.0]


def test_times_that_nothing_tells_apart_are_refused(run, file):
    path = file(
        change=lambda each: [each[0][:10], 1, *each[2:]], header="batch,time,strike,kind,bid,ask"
    )
    ended = run("price", path, *BLACK, "--sigma", 0.2)
    assert ended.code == 2
    assert "rows have time, strike and kind of another one" in ended.err
    assert "--by COLUMN" in ended.err
    words = ("--sigma", 0.2, "--by", "batch,nothing")
    assert "no such column as 'nothing'" in run("price", path, *BLACK, *words).err


def test_a_forward_may_be_negative_under_bachelier(run, tmp_path):
    path = tmp_path / "rates.csv"
    text = "strike,kind,price,time\n"
    for strike, put in zip(np.linspace(-0.03, 0.03, 7), np.linspace(0.002, 0.03, 7), strict=True):
        text += f"{strike},C,{put + 0.96 * (-0.002 - strike)},2\n{strike},P,{put},2\n"
    path.write_text(text)
    words = ("--model", "bachelier", "--forward", "parity", "--sigma", 0.01, "--column", "model")
    columns, _ = done(run, "price", path, *words)
    assert columns["forward"] == pytest.approx([-0.002] * 14, abs=1e-9)
    assert columns["rate"] == pytest.approx([-log(0.96) / 2] * 14, abs=1e-6)


def test_an_expiry_without_a_forward_costs_its_rows_and_is_said(run, file):
    def change(each):
        if each[1] == "2026-03-08" and each[3] == "P":
            each[4] = each[5] = ""
        return each

    columns, said = done(run, "price", file(change=change), *BLACK, *DATED, "--sigma", 0.2)
    lost = [each == "2026-03-08" for each in columns["expiry"]]
    assert [each is None for each in columns["price"]] == lost
    assert f"1 expiry, {sum(lost)} rows, without a forward, the first: 0 strikes" in said


def test_rows_without_a_kind_have_no_part_in_the_fit(run, file):
    def change(each):
        return [*each[:3], "", 1, 1.2] if each[1] == "2026-03-08" or each[2] == 100 else each

    columns, said = done(run, "price", file(change=change), *BLACK, *DATED, "--sigma", 0.2)
    lost = [each == "" for each in columns["kind"]]
    assert [each is None for each in columns["price"]] == lost
    for forward, key in zip(
        columns["forward"], zip(columns["quoted"], columns["expiry"], strict=True), strict=True
    ):
        if key[1] == "2025-03-08":
            assert forward == pytest.approx(MADE[key][0], abs=1e-3)
    assert "by parity for 2 of 3 expiries" in said
    path = file()
    path.write_text("strike,kind,price,time\n100,,50,0.5\n100,C,5,0.5\n100,P,4,0.5\n")
    columns, _ = done(run, "iv", path, *BLACK, "--rate", 0.03)
    assert columns["forward"] == pytest.approx([100 + np.exp(0.015)] * 3, abs=1e-12)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--forward", "parity", *DATED), "--forward parity needs --model black76 or bachelier"),
        ((*BLACK, *DATED, "--exercise", "american"), "and some are American"),
        ((*BLACK, *DATED, "--bid", "bid", "--price", "ask"), "--price has no meaning beside --bid"),
        (("--model", "black76", *DATED, "--by", "quoted"), "--by has no meaning without --forward"),
        (("--model", "black76", *DATED, "--bid", "bid"), "--bid has no meaning without --forward"),
    ],
)
def test_what_parity_does_not_hold_for_is_refused(run, file, words, what):
    ended = run("price", file(), "--sigma", 0.2, *words)
    assert ended.code == 2
    assert what in ended.err
    assert ended.err.count("\n") == 1


def test_without_a_file_that_can_be_read_twice_it_is_refused(run, file, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file().read_bytes())))
    ended = run("price", "-", "--format", "csv", "--sigma", 0.2, *BLACK, *DATED)
    assert "reads the file twice, and standard input passes once: save it first" in ended.err
    option = ("--strike", 100, "--time", 1, "--rate", 0.03, "--sigma", 0.2)
    ended = run("price", *BLACK, *option)
    assert ended.err == "quantforge price: --forward parity needs a FILE of calls and puts\n"


def test_calls_and_puts_that_are_exchanged_are_refused(run, file):
    path = file(change=lambda each: [*each[:3], "CP"[each[3] == "C"], *each[4:]])
    ended = run("price", path, *BLACK, *DATED, "--sigma", 0.2)
    assert ended.code == 1
    assert "no forward by parity: calls and puts do not obey parity" in ended.err


def test_strikes_in_another_unit_than_prices_are_refused(run, file):
    path = file(change=lambda each: [*each[:2], 1000 * each[2], *each[3:]])
    ended = run("price", path, *BLACK, *DATED, "--sigma", 0.2)
    assert ended.code != 0
    assert "look at the units of strikes" in ended.err or "do not obey parity" in ended.err
    words = ("--sigma", 0.2, "--strike-scale", 0.001)
    columns, _ = done(run, "price", path, *BLACK, *DATED, *words)
    check(columns, {key: float(quantforge.years_between(*key)) for key in MADE})


def test_parquet_needs_only_some_columns_first(run, file, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    from pyarrow import csv

    path = tmp_path / "quotes.parquet"
    parquet.write_table(csv.read_csv(file()), path)
    columns, _ = done(run, "iv", path, *BLACK, "--expiry", "expiry", "--quoted", "quoted")
    assert sorted({round(each, 2) for each in columns["forward"]}) == [90.0, 101.0, 103.0]
