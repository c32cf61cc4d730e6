"""``quantforge chain``: the report, the files it writes, and what it says when it cannot."""

import csv
import gzip
import json
import os
import subprocess
import sys
import time
from datetime import datetime
from zoneinfo import ZoneInfoNotFoundError

import numpy as np
import pytest

import quantforge
from quantforge.chain import SAMPLE, Reason, price, read
from quantforge.plugins import State

pytest.importorskip("rich")
needs_american = pytest.mark.skipif(
    not any(
        one.state is State.AVAILABLE and "american_price" in one.operations
        for one in quantforge.backends()
    ),
    reason="no backend has American options",
)


def one_line(err):
    assert err.startswith("quantforge chain: ")
    assert err.count("\n") == 1
    return err


@pytest.fixture(scope="module")
def priced():
    return price(read(SAMPLE))


def test_without_a_file_the_sample_is_priced(run, priced):
    ended = run("chain")
    assert ended.code == 0
    assert ended.err == ""
    assert "QuantForge Sample Index, invented" in ended.out
    assert f"{priced.inside_share:.1%} of model prices inside bid-ask" in ended.out
    assert "2032-09-17" in ended.out
    for words in ("42 expired", "no vendor volatility", "no quote", "crossed"):
        assert words in ended.out


def test_the_table_shows_each_expiry_with_its_figures(run, priced):
    lines = run("chain", SAMPLE).out.splitlines()
    row = next(line for line in lines if "2032-03-19" in line).split()
    place = priced.expiries.date.astype(str).tolist().index("2032-03-19")
    assert row[1] == "SPX"
    assert float(row[6].replace(",", "")) == pytest.approx(priced.fit.forward[place], abs=0.01)
    assert row[7] == f"{priced.fit.rate[place]:.2%}"
    assert row[8] == f"{priced.implied.at_the_money[place]:.2%}"
    count = np.count_nonzero(priced.reason[priced.expiries.of_option == place] == Reason.PRICED)
    assert row[-1] == quantforge.explain("price", count, model="black76").backend


def test_json_has_the_documented_keys_and_no_nan(run, priced):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    report = json.loads(run("chain", SAMPLE, "--json").out, parse_constant=refuse)
    assert list(report) == [
        "source", "name", "quoted", "quoted_until", "american_roots", "remarks", "options",
        "priced", "unpriced", "compared", "inside", "inside_share", "implied", "expiries",
        "seconds",
    ]  # fmt: skip
    assert report["options"] == report["priced"] + sum(report["unpriced"].values())
    assert report["inside_share"] == priced.inside_share
    assert list(report["expiries"][0]) == [
        "quoted", "date", "root", "exercise", "time", "options", "priced", "compared", "inside",
        "inside_share", "spot", "forward", "forward_source", "vendor_forward", "vendor_time",
        "rate", "rate_error", "carry", "dividends", "pairs", "atm_iv", "inverted", "liquid",
        "iv_median", "iv_p95", "reason", "seconds", "backend",
    ]  # fmt: skip
    assert report["expiries"][0]["reason"] == "expired"
    assert report["expiries"][0]["forward"] is None
    assert sum(each["inside"] for each in report["expiries"]) == report["inside"]
    assert set(report["seconds"]) == {"read", "fit_and_price", "price", "invert", "greeks"}
    implied = report["implied"]
    assert list(implied) == [
        "inverted", "codes", "liquid", "failures", "off_vendor", "backend",
    ]  # fmt: skip
    assert sum(implied["codes"].values()) == report["options"]
    assert implied["inverted"] == implied["codes"]["OK"] + implied["codes"]["LOW_PRECISION"]
    assert implied["failures"] == {}
    assert list(implied["off_vendor"]) == ["volatility", "delta", "gamma"]
    assert sum(each["liquid"] for each in report["expiries"]) == implied["liquid"]


def test_each_expiry_with_a_price_has_its_time_and_its_backend(run):
    report = json.loads(run("chain", "--json").out)
    for expiry in report["expiries"]:
        assert (expiry["seconds"] is not None) == bool(expiry["backend"]) == (expiry["priced"] > 0)
    seconds = [expiry["seconds"] for expiry in report["expiries"] if expiry["priced"]]
    assert report["seconds"]["price"] == pytest.approx(sum(seconds))
    assert all(spent > 0.0 for spent in [*seconds, *report["seconds"].values()])


def test_a_time_is_that_of_the_fastest_of_three_calls_after_the_pricing(run, monkeypatch):
    solve, calls = quantforge.implied_volatility, []

    def count(*operands, **settings):
        calls.append(time.perf_counter())
        time.sleep(0.05 if len(calls) == 3 else 0.2)
        return solve(*operands, **settings)

    monkeypatch.setattr(quantforge, "implied_volatility", count)
    seconds = json.loads(run("chain", "--json", "--asof", "file").out)["seconds"]
    assert len(calls) == 1 + 3
    assert 0.05 <= seconds["invert"] < 0.2
    assert seconds["fit_and_price"] >= 0.2


def test_the_summary_tells_how_far_volatilities_are_off_and_what_could_not_be_inverted(run):
    implied = json.loads(run("chain", "--json").out)["implied"]
    off = implied["off_vendor"]["volatility"]
    lines = run("chain").out.splitlines()
    assert (
        f"implied volatilities differ from the vendor's by {off['median']:.5f} in the median and "
        f"{off['p95']:.5f} at the 95th percentile of {implied['liquid']} liquid options, no failure"
    ) in lines
    delta, gamma = (implied["off_vendor"][name] for name in ("delta", "gamma"))
    assert (
        f"their deltas by {delta['median']:.5f} and {delta['p95']:.5f}, "
        f"their gammas by {gamma['median']:.5f} and {gamma['p95']:.5f}"
    ) in lines
    inverted = next(line for line in lines if "mid prices inverted on" in line)
    assert f"{implied['codes']['BELOW_INTRINSIC']} below intrinsic" in inverted


def test_failures_of_liquid_options_are_counted_by_code(run, monkeypatch):
    solve = quantforge.implied_volatility

    def fail(*operands, **settings):
        values, codes = solve(*operands, **settings)
        return values, np.where(codes == quantforge.Code.OK, quantforge.Code.AT_MAXIMUM, codes)

    monkeypatch.setattr(quantforge, "implied_volatility", fail)
    implied = json.loads(run("chain", "--json").out)["implied"]
    assert implied["failures"] == {"AT_MAXIMUM": implied["liquid"]}
    assert f"failures: {implied['liquid']} at maximum" in run("chain").out


def test_output_and_plot_are_written(run, tmp_path):
    pytest.importorskip("matplotlib")
    table, picture = tmp_path / "rows.csv", tmp_path / "model.png"
    ended = run("chain", SAMPLE, "--output", table, "--plot", picture)
    assert ended.code == 0
    assert f"wrote {table}" in ended.out
    with table.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(read(SAMPLE))
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["model.png", "rows.csv"]


def test_asof_moves_the_clock(run):
    report = json.loads(run("chain", SAMPLE, "--json", "--asof", "2031-10-07T15:00-04:00").out)
    assert report["quoted"] == "2031-10-07T15:00:00-04:00"
    assert report["expiries"][0]["time"] == pytest.approx(3600 / (365 * 86400))


def test_am_roots_say_what_settles_at_the_open(run):
    words = ("chain", SAMPLE, "--json", "--am-roots")
    apart = {
        roots: [each["time"] for each in json.loads(run(*words, roots).out)["expiries"]]
        for roots in ("SPX", "spx,spxw")
    }
    moved = [
        (a - b) * 365 * 24 for a, b in zip(apart["SPX"][:2], apart["spx,spxw"][:2], strict=True)
    ]
    assert moved == pytest.approx([6.5, 6.5])


@needs_american
@pytest.mark.parametrize(
    ("words", "american"),
    [
        ([], []),
        (["none"], []),
        (["spx"], ["SPX"]),
        (["SPXW,SPY"], ["SPXW"]),
        (["All"], ["SPX", "SPXW"]),
    ],
)
def test_american_roots_are_named_or_all_or_none(run, words, american):
    options = ["--american-roots", *words] if words else []
    report = json.loads(run("chain", SAMPLE, "--asof", "file", "--json", *options).out)
    assert report["american_roots"] == american
    assert report["remarks"] == []
    for expiry in report["expiries"]:
        taken = expiry["root"] in american
        assert expiry["exercise"] == ("american" if taken else "european")
        assert (expiry["carry"] is not None) == (taken and expiry["reason"] == "")


@needs_american
def test_the_table_says_which_roots_are_american_and_what_each_expiry_carries(run):
    report = json.loads(run("chain", SAMPLE, "--json", "--american-roots", "SPX").out)
    lines = run("chain", SAMPLE, "--american-roots", "SPX").out.splitlines()
    assert "taken as American: SPX; --american-roots says otherwise" in lines
    assert next(line for line in lines if "expiry" in line).split().index("carry") == 8
    row = next(line for line in lines if "2032-03-19" in line).split()
    expiry = next(each for each in report["expiries"] if each["date"] == "2032-03-19")
    assert row[8] == f"{expiry['carry']:.2%}"
    assert "carry" not in run("chain", SAMPLE).out


@needs_american
def test_dividends_are_read_from_a_table_and_counted(run, tmp_path):
    table = tmp_path / "dividends.csv"
    table.write_text("ex_date,amount\n2031-11-10,3.5\n2032-02-09,3.5\n")
    options = ["--american-roots", "all", "--asof", "file", "--dividends", table]
    report = json.loads(run("chain", SAMPLE, "--json", *options).out)
    for expiry in report["expiries"]:
        days = [expiry["date"] >= "2031-11-10", expiry["date"] >= "2032-02-09"]
        assert expiry["dividends"] == 3.5 * sum(days)
    assert any("SPX 2, 7 in all" in remark for remark in report["remarks"])
    printed = run("chain", SAMPLE, *options)
    assert printed.code == 0
    assert "dividends" in next(line for line in printed.out.splitlines() if "expiry" in line)
    assert "dividends" not in run("chain", SAMPLE, *options[:-2]).out


@pytest.mark.parametrize(
    ("text", "message"),
    [(None, "No such file"), ("date,amount\nsoon,1\n", "line 2: 'soon' is not a date")],
)
def test_a_bad_table_of_dividends_is_refused_in_one_line(run, tmp_path, text, message):
    table = tmp_path / "dividends.csv"
    if text:
        table.write_text(text)
    ended = run("chain", SAMPLE, "--dividends", table)
    assert ended.code == 2
    assert message in one_line(ended.err)


def test_the_close_and_the_time_of_the_quotes_are_told_in_words(run):
    """The sample was exported on 7 October 2031 at 16:31; an expiry is on that day."""
    quoted = {}
    for asof in ("close", "file", "2031-10-07T12:00-04:00"):
        words = ("chain", SAMPLE, "--asof", asof, "--close", "15:30", "--json")
        report = json.loads(run(*words).out)
        assert not any(remark.startswith("exported") for remark in report["remarks"])
        quoted[asof] = report["quoted"]
        first = report["expiries"][0]
        settled = datetime.fromisoformat("2031-10-07T15:30-04:00")
        seconds = (settled - datetime.fromisoformat(first["quoted"])).total_seconds()
        assert first["time"] == pytest.approx(seconds / (365 * 86400), rel=1e-12)
    assert list(quoted.values()) == [
        "2031-10-07T16:15:00-04:00",
        "2031-10-07T16:31:00-04:00",
        "2031-10-07T12:00:00-04:00",
    ]
    assert "'25:00' is not a time of day" in one_line(run("chain", "--close", "25:00").err)


@needs_american
def test_american_options_without_a_spot_take_that_of_the_nearest_expiry_and_it_is_said(
    run, tmp_path
):
    """The sample's index stands at 2000."""
    path = tmp_path / "chain.csv"
    path.write_bytes(SAMPLE.read_bytes().replace(b",Last: 2000.00", b""))
    words = ("chain", path, "--american-roots", "SPXW", "--asof", "file", "--json")
    report = json.loads(run(*words).out)
    (remark,) = report["remarks"]
    assert remark.startswith("no value of SPXW is given: taken from its nearest expiry, ")
    assert report["american_roots"] == ["SPXW"]
    assert report["expiries"][1]["spot"] == pytest.approx(2000.0, rel=5e-4)
    report = json.loads(run(*words, "--spot", "2001").out)
    assert report["remarks"] == []
    assert {each["spot"] for each in report["expiries"]} == {2001.0}


def test_american_options_without_a_spot_are_taken_as_european_and_it_is_said(run, tmp_path):
    """The nearest expiry that is left is six weeks ahead."""
    path = tmp_path / "chain.csv"
    lines = SAMPLE.read_bytes().replace(b",Last: 2000.00", b"").splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b" Oct " not in line))
    words = ("chain", path, "--american-roots", "all", "--asof", "file")
    remark = "no value of the underlying: SPX, SPXW taken as European"
    assert remark in run(*words).out.splitlines()
    report = json.loads(run(*words, "--json").out)
    assert report["remarks"] == [remark]
    assert report["american_roots"] == []
    assert {each["exercise"] for each in report["expiries"]} == {"european"}


def test_american_options_are_refused_in_one_line_by_a_backend_without_them(run):
    ended = run("chain", "--american-roots", "all", "--backend", "numpy")
    assert ended.code == 1
    assert "backend 'numpy' does not implement" in one_line(ended.err)


def test_another_backend_does_the_work_when_asked(run):
    report = json.loads(run("chain", "--json", "--backend", "numpy").out)
    assert {each["backend"] for each in report["expiries"]} == {"", "numpy"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"symbol,price\nA,1\n", "not an option chain"),
        (bytes(range(256)) * 10, "not an option chain"),
        (SAMPLE.read_bytes()[:-40], "the file is cut off"),
        (SAMPLE.read_bytes().replace(b"October 7", b"Smarch 7"), "time of the quotes unknown"),
    ],
    ids=["empty", "not a chain", "binary", "truncated", "no date"],
)
def test_bad_files_are_told_in_one_line_and_nothing_is_written(run, tmp_path, content, message):
    path, target = tmp_path / "bad.csv", tmp_path / "rows.csv"
    path.write_bytes(content)
    ended = run("chain", path, "--output", target)
    assert ended.code == 2
    assert ended.out == ""
    assert message in one_line(ended.err)
    assert str(path) in ended.err
    assert [each.name for each in tmp_path.iterdir()] == ["bad.csv"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
def test_encodings_of_spreadsheets_are_read(run, tmp_path, encoding):
    path = tmp_path / "chain.csv"
    path.write_bytes(SAMPLE.read_text().encode(encoding))
    assert run("chain", path).code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["/nowhere/chain.csv"], "/nowhere/chain.csv: No such file or directory"),
        (["/"], "/: Is a directory"),
        (["--asof", "2031-10-07T15:00"], "no time zone"),
        (["--asof", "noon"], "not an ISO 8601 time"),
        (["--output", "rows.xlsx"], "must end in .csv or .parquet"),
        (["--plot", "model.bmp"], "must end in .png, .pdf, .svg"),
        (["--format", "abacus"], "unknown format 'abacus'; known: cboe, "),
        (["--map", "strike=K"], "the reader 'cboe' has no use for --map"),
        (["--map", "strike"], "--map strike: write NAME=COLUMN, with commas between"),
        (["--spot", "2_000"], "argument --spot: '2_000' is not a number"),
        (["--rate", "nan"], "argument --rate: 'nan' is not a number"),
        (["--backend", "abacus"], "unknown backend 'abacus'"),
        (["--threads", "0"], "0 is not 1 or more"),
        (["--output", "/nowhere/rows.csv"], "chain: /nowhere/rows.csv: No such file or directory"),
        (["--output", "/proc/rows.csv"], "chain: /proc/rows.csv: "),
    ],
)
def test_bad_usage_is_told_in_one_line(run, words, message):
    ended = run("chain", *words)
    assert ended.code == 2
    assert message in one_line(ended.err)


@pytest.fixture
def short(tmp_path):
    """A table whose columns have names of its maker's own."""
    path = tmp_path / "short.csv"
    path.write_text("K,R,T,Q,B,A\n90,call,2031-03-21,2031-01-02,12.4,12.7\n")
    return path


def test_columns_may_be_named_in_a_file(run, short, tmp_path):
    named = {"strike": "K", "kind": "R", "expiry": "T", "quoted": "Q", "bid": "B", "ask": "A"}
    written = tmp_path / "columns.toml"
    written.write_text("".join(f'{name} = "{column}"\n' for name, column in named.items()))
    words = ("chain", str(short), "--format", "long", "--json", "--map")
    inline = run(*words, ",".join("=".join(pair) for pair in named.items()))
    from_file = run(*words, str(written))
    assert json.loads(from_file.out)["options"] == json.loads(inline.out)["options"] == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("strike = K\n", "columns.toml: no TOML: Invalid value (at line 1, column 10)"),
        ("[long]\nstrike = 'K'\n", 'columns.toml: long: write NAME = "COLUMN", one a line'),
        (None, "columns.toml: No such file or directory"),
    ],
)
def test_a_file_that_names_no_columns_is_refused(content, message, run, short, tmp_path):
    written = tmp_path / "columns.toml"
    if content:
        written.write_text(content)
    ended = run("chain", str(short), "--format", "long", "--map", str(written))
    assert ended.code != 0
    assert message in ended.err


def test_help_lists_the_formats(run):
    assert "Formats: cboe, " in run("chain", "--help").out


PLUGIN = """
import numpy as np
from quantforge import hookimpl
from quantforge.chain import Quotes

class Mine:
    name, seeks, takes_map = "mine", "#mine", False

    def sniff(self, head, path):
        return float(head.startswith(b"#mine"))

    def read(self, raw, source, options):
        strike = np.array(raw.split()[1:], dtype=float)
        return Quotes(
            strike=strike, kind=-1, expiry="2031-03-21", quoted=options.asof, name="Mine's",
            bid=strike / 20, ask=strike / 18,
        )

@hookimpl
def quantforge_reader():
    return Mine()
"""


def test_a_plugin_that_is_installed_reads_and_one_that_fails_costs_a_line(tmp_path, run_apart):
    for name, code in {"mine": PLUGIN, "bad": "raise ImportError('no module\\nxlrd')"}.items():
        (tmp_path / f"{name}_reader.py").write_text(code)
        metadata = tmp_path / f"{name}_reader-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}_reader\nVersion: 1"
        )
        points = f"[quantforge.readers]\n{name} = {name}_reader\n"
        (metadata / "entry_points.txt").write_text(points)
    path = tmp_path / "strikes.txt"
    path.write_text("#mine\n90\n100\n")
    words = ["--asof", "2031-01-02T15:30Z", "--spot", "95", "--rate", "0.04"]
    before = os.environ.get("PYTHONPATH", "")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{before}"}
    ended = run_apart("chain", path, *words, "--american-roots", "none", env=environment)
    assert ended.code == 0
    assert ended.out.startswith("Mine's, quoted 2031-01-02T15:30:00+00:00")
    assert ended.err == (
        "quantforge: warning: reader 'bad' is left out: ImportError: no module xlrd\n"
    )


@pytest.fixture
def puts(tmp_path):
    """The puts of the sample's second March, in the columns of yfinance."""
    quotes = read(SAMPLE)
    rows = [
        "contractSymbol,lastTradeDate,strike,lastPrice,bid,ask,volume,openInterest,impliedVolatility"
    ]
    wanted = (quotes.kind < 0) & (quotes.expiry == np.datetime64("2032-03-19"))
    rows += [
        f"{quotes.symbol[row]},2031-10-07 20:31:00Z,{quotes.strike[row]},,"
        f"{quotes.bid[row]},{quotes.ask[row]},,,"
        for row in np.flatnonzero(wanted)
    ]
    path = tmp_path / "puts.csv"
    path.write_text("\n".join((*rows, "")))
    return path


def test_puts_alone_without_a_vendor_s_volatility_need_a_forward_and_say_where_it_is_from(
    run, puts
):
    alone = run("chain", puts, "--json")
    assert alone.code == 1
    assert "no option could be priced" in one_line(alone.err)
    assert "1 of 1 expiries without a forward: --forward, or --spot and --rate" in alone.out
    for words, source in (
        (["--forward", "2023", "--rate", "0.0417"], "given"),
        (["--spot", "2000", "--rate", "0.0417"], "spot and rate"),
    ):
        ended = run("chain", puts, *words)
        assert ended.code == 0
        assert f" {source} " in next(
            line for line in ended.out.splitlines() if "2032-03-19" in line
        )
        assert "no option has a vendor's volatility and a forward to compare with" in ended.out
        report = json.loads(run("chain", puts, *words, "--json").out)
        assert report["expiries"][0]["forward_source"] == source
        assert report["implied"]["inverted"] > 20
        assert report["priced"] == 0


def test_standard_input_is_read_compressed_or_not():
    for raw in (SAMPLE.read_bytes(), gzip.compress(SAMPLE.read_bytes())):
        done = subprocess.run(
            [sys.executable, "-m", "quantforge", "chain", "-", "--json"],
            input=raw,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0
        report = json.loads(done.stdout)
        assert report["source"] == "standard input"
        assert report["options"] == 468


def test_a_folder_that_cannot_be_written_gets_nothing_half_written(run_apart, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    target = folder / "rows.csv"
    target.mkdir()  # what cannot be replaced, even by root
    (target / "inside").touch()
    ended = run_apart("chain", "--output", target)
    assert ended.code == 2
    assert one_line(ended.err) == f"quantforge chain: {target}: Is a directory\n"
    assert [each.name for each in folder.iterdir()] == ["rows.csv"]


def test_nothing_priced_is_exit_code_1_and_the_rows_are_written_all_the_same(run, tmp_path):
    path = tmp_path / "rows.csv"
    ended = run("chain", "--asof", "2040-01-01T00:00Z", "--output", path)
    assert ended.code == 1
    assert "no option could be priced" in one_line(ended.err)
    with path.open(newline="") as file:
        assert {row["reason"] for row in csv.DictReader(file)} == {"expired"}


@pytest.mark.parametrize(
    ("module", "words", "purpose"),
    [
        ("pyarrow", ["--output", "rows.parquet"], "a Parquet file"),
        ("matplotlib", ["--plot", "model.png"], "a plot"),
    ],
)
def test_a_missing_extra_is_named_before_any_work(
    run, without, tmp_path, monkeypatch, module, words, purpose
):
    monkeypatch.chdir(tmp_path)
    without(module)
    ended = run("chain", *words)
    assert ended.code == 1
    told = f"quantforge chain: {purpose} needs {module}: pip install 'quantforge-core[cli]'\n"
    assert ended.err == told
    assert not list(tmp_path.iterdir())


def test_missing_time_zones_are_told_with_what_to_install(run, monkeypatch):
    def missing(name):
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr("quantforge.chain.instants.ZoneInfo", missing)
    ended = run("chain")
    assert ended.code == 1
    assert "no time zone data for America/New_York" in one_line(ended.err)
    assert "pip install tzdata" in ended.err


def test_a_backend_that_cannot_be_used_is_told_with_its_cause(run, monkeypatch):
    def refuse(*words, **settings):
        raise quantforge.BackendError("backend 'abacus' is broken: a bead fell off")

    monkeypatch.setattr(quantforge, "bind", refuse)
    ended = run("chain")
    assert ended.code == 1
    assert one_line(ended.err) == (
        "quantforge chain: backend 'abacus' is broken: a bead fell off\n"
    )


def test_json_and_csv_need_no_extra(run, without, tmp_path):
    without("rich", "pyarrow", "matplotlib", "platformdirs")
    assert run("chain", "--json", "--output", tmp_path / "rows.csv").code == 0
